// SPDX-License-Identifier: Apache-2.0

package vault

import "testing"

// What one guess of a passphrase costs with the parameters of production.
func BenchmarkUnlock(b *testing.B) {
	f := setUp(b)
	f.vault.kdf = DefaultKDF()
	f.person("an")
	for b.Loop() {
		if _, err := f.vault.Unlock(f.ctx, "an", passphrase); err != nil {
			b.Fatal(err)
		}
	}
}
