// SPDX-License-Identifier: Apache-2.0

package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// partial marks a file that is being written. One that is found at start was
// left by a crash and is nobody's.
const partial = ".partial-"

type folder struct{ root string }

func openFolder(root string) (*folder, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &folder{root: root}, nil
}

// Put writes beside, syncs, renames and syncs the directory, so that the file
// is whole or absent whenever the machine stops.
func (f *folder) Put(_ context.Context, key string, r io.Reader) (err error) {
	if err := checkKey(key); err != nil {
		return err
	}
	target := filepath.Join(f.root, filepath.FromSlash(key))
	dir := filepath.Dir(target)
	if err := f.makeDir(dir); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	tmp, err := os.CreateTemp(dir, partial)
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err := io.Copy(tmp, r); err != nil {
		return fmt.Errorf("blobs: write: %w", err)
	}
	if err := tmp.Sync(); err != nil {
		return fmt.Errorf("blobs: sync: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("blobs: close: %w", err)
	}
	if err := os.Rename(tmp.Name(), target); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	return syncDir(dir)
}

// makeDir makes dir and syncs every parent in which it made something.
func (f *folder) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if dir != f.root {
		if err := f.makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("blobs: sync folder: %w", err)
	}
	return nil
}

func (f *folder) Get(_ context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(f.root, filepath.FromSlash(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return file, nil
}

func (f *folder) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	target := filepath.Join(f.root, filepath.FromSlash(key))
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blobs: %w", err)
	}
	return nil
}

func (f *folder) List(_ context.Context, prefix string, fn func(Info) error) error {
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), partial) {
			return err
		}
		rel, err := filepath.Rel(f.root, path)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(rel)
		if !strings.HasPrefix(key, prefix) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(Info{Key: key, Size: info.Size(), Modified: info.ModTime()})
	})
	if err != nil {
		return fmt.Errorf("blobs: list: %w", err)
	}
	return nil
}

func (f *folder) Close() error { return nil }
