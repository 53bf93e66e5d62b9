// SPDX-License-Identifier: Apache-2.0

package filemap

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := bytes.Repeat([]byte("một tệp"), 2000)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	size := int64(len(want))
	for _, c := range []struct {
		least, most int64
		err         error
	}{{0, size, nil}, {size, size, nil}, {size + 1, 2 * size, ErrSize}, {0, size - 1, ErrSize}} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Open(f, c.least, c.most)
		f.Close()
		if !errors.Is(err, c.err) {
			t.Errorf("%d to %d: %v", c.least, c.most, err)
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(m.Bytes(), want) { // read when its descriptor is closed
			t.Errorf("%d to %d: other bytes", c.least, c.most)
		}
		m.Release()
	}
}

// An empty file has nothing to map, whatever the caller would take.
func TestOpenEmpty(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "empty"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Open(f, 0, 10); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
}
