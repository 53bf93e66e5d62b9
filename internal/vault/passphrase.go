// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

// KDF is how much work a guess of a passphrase costs. The parameters are
// stored with each key, so that they can grow.
type KDF struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

// DefaultKDF is Argon2id with 64 MiB, 3 passes, 2 threads: about half a
// second of two cores.
func DefaultKDF() KDF { return KDF{MemoryKiB: 64 << 10, Passes: 3, Threads: 2} }

// MinPassphrase is the least number of characters of an unlock passphrase.
const MinPassphrase = 10

// CheckPassphrase says whether a passphrase may be chosen: vault/short-passphrase.
func CheckPassphrase(p string) error {
	if utf8.RuneCountInString(locale.Normalize(p)) < MinPassphrase {
		return problem.New("vault/short-passphrase", "min", MinPassphrase)
	}
	return nil
}

// stretch makes the key that seals a private key. At most two run at once:
// each takes KDF.MemoryKiB, and a crowd at eight in the morning must wait
// rather than exhaust the machine.
func (v *Vault) stretch(ctx context.Context, passphrase string, salt []byte, k KDF) ([]byte, error) {
	select {
	case v.stretching <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-v.stretching }()
	// NFC first: a phone and a desktop may spell the same letters differently.
	return argon2.IDKey([]byte(locale.Normalize(passphrase)), salt, k.Passes, k.MemoryKiB, k.Threads, 32), nil
}
