// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

func TestSigningKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "bundle.pem")
	var wg sync.WaitGroup
	publics := make([]string, 8)
	for i := range publics {
		wg.Go(func() {
			s, err := loadOrCreateSigner(path)
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
	if _, err := loadOrCreateSigner(path); err == nil {
		t.Error("a damaged key was replaced or taken")
	}
}

// A key that another hub made is found once its file is here; without it this
// hub says which one it lacks.
func TestKeyringFindsWhatWasCopied(t *testing.T) {
	here, there := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "there")
	a, err := OpenKeyring(here)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenKeyring(there)
	if err != nil {
		t.Fatal(err)
	}
	id, file, err := b.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := a.use(id); !problem.Is(err, "schools/signing-key-missing") {
		t.Fatalf("%v", err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(here, filepath.Base(file)), data, 0o600); err != nil {
		t.Fatal(err)
	}
	before := a.current().Public()
	if err := a.use(id); err != nil || bundle.IDOf(a.current().Public()) != id || before.Equal(a.current().Public()) {
		t.Errorf("%v", err)
	}
}
