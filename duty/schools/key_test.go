// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSigningKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "bundle.pem")
	var wg sync.WaitGroup
	publics := make([]string, 8)
	for i := range publics {
		wg.Go(func() {
			s, err := LoadOrCreateSigner(path)
			if err != nil {
				t.Error(err)
				return
			}
			publics[i] = string(s.Public())
		})
	}
	wg.Wait()
	for _, p := range publics {
		if p == "" || p != publics[0] {
			t.Fatal("hubs that start together have different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if err := os.WriteFile(path, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateSigner(path); err == nil {
		t.Error("a damaged key was replaced or taken")
	}
}
