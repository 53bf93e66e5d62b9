// SPDX-License-Identifier: Apache-2.0

// Package backup copies a running hub into a folder and brings it back.
//
// The database is copied first, at one instant; the sealed files after it.
// Since a file is always stored before the row that names it, every row of
// the copy finds its file. Files that came later are harmless orphans, which
// fsck sweeps.
//
// A backup is as sealed as the hub: whoever holds it opens nothing without a
// person's passphrase, and confirms no guess without the hub's secrets. These
// go to a file of their own (Secrets), to be kept in another place: database
// and secrets together let phone numbers and addresses of sites be guessed
// (SECURITY.md).
//
// manifest.json names every part with its length and SHA-256. Restore checks
// all of them before it changes anything.
package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lachan/internal/blobs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// The names of the parts.
const (
	manifestName = "manifest.json"
	databaseName = "database.snapshot"
	blobsName    = "blobs.tar"
)

// format is the number of the layout; a program refuses what it does not know.
const format = 1

// Manifest says what a backup holds.
type Manifest struct {
	Format   int       `json:"format"`
	Made     time.Time `json:"made"`
	Version  string    `json:"version"` // of the program
	Database string    `json:"database"`
	Schema   int64     `json:"schema"`
	Blobs    int       `json:"blobs"`
	// LedgerSize and LedgerRoot are the tree head inside the snapshot, so
	// that a restored hub can be compared with what an auditor noted.
	LedgerSize int64  `json:"ledger_size"`
	LedgerRoot string `json:"ledger_root"`
	Parts      []Part `json:"parts"`
}

// Part is one file of the backup.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Source is what is to be copied.
type Source struct {
	DB      *sqldb.DB
	Blobs   blobs.Store
	Version string
	Now     time.Time
	// Head gives size and root of the ledger before the snapshot is taken.
	Head func(ctx context.Context) (size int64, root string, err error)
}

// Write makes a backup in dir, which must not exist or be empty. progress is
// called with the name of each part as it begins.
func Write(ctx context.Context, src Source, dir string, progress func(part string)) (Manifest, error) {
	if err := emptyFolder(dir); err != nil {
		return Manifest{}, err
	}
	have, _, err := src.DB.SchemaVersions(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: format, Made: src.Now.UTC().Truncate(time.Second), Version: src.Version, Database: string(src.DB.Dialect()), Schema: have}
	if m.LedgerSize, m.LedgerRoot, err = src.Head(ctx); err != nil {
		return Manifest{}, err
	}
	progress(databaseName)
	err = m.part(dir, databaseName, func(w io.Writer) error { return src.DB.Snapshot(ctx, w, dir) })
	if err != nil {
		return Manifest{}, err
	}
	progress(blobsName)
	err = m.part(dir, blobsName, func(w io.Writer) error {
		m.Blobs, err = packBlobs(ctx, src.Blobs, w)
		return err
	})
	if err != nil {
		return Manifest{}, err
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	return m, writeFile(filepath.Join(dir, manifestName), append(data, '\n'))
}

func (m *Manifest) part(dir, name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	count := &counter{}
	if err := fill(io.MultiWriter(f, sum, count)); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	m.Parts = append(m.Parts, Part{Name: name, Bytes: count.n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

func packBlobs(ctx context.Context, store blobs.Store, w io.Writer) (n int, err error) {
	tw := tar.NewWriter(w)
	err = store.List(ctx, "", func(i blobs.Info) error {
		r, err := store.Get(ctx, i.Key)
		if errors.Is(err, blobs.ErrNotFound) {
			return nil // deleted since it was listed
		}
		if err != nil {
			return err
		}
		defer r.Close()
		if err := tw.WriteHeader(&tar.Header{Name: i.Key, Size: i.Size, Mode: 0o600, ModTime: i.Modified.Truncate(time.Second)}); err != nil {
			return err
		}
		n++
		_, err = io.Copy(tw, r)
		return err
	})
	if err == nil {
		err = tw.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("backup: blobs: %w", err)
	}
	return n, nil
}

// Target is where a backup is brought back to: an empty database and an empty
// store.
type Target struct {
	DatabaseURL string
	Blobs       blobs.Store
	// Before makes the tables of the job queue (see sqldb.Restore).
	Before []func(context.Context, *sqldb.DB) error
}

// Restore brings the backup in dir back. Every part is checked first.
func Restore(ctx context.Context, dir string, to Target, progress func(part string)) (Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return Manifest{}, err
	}
	if err := m.verify(dir); err != nil {
		return Manifest{}, err
	}
	progress(blobsName)
	if err := unpackBlobs(ctx, filepath.Join(dir, blobsName), to.Blobs); err != nil {
		return Manifest{}, err
	}
	progress(databaseName)
	f, err := os.Open(filepath.Join(dir, databaseName))
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	return m, sqldb.Restore(ctx, to.DatabaseURL, f, to.Before...)
}

// Read reads the manifest of the backup in dir.
func Read(dir string) (Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return Manifest{}, problem.New("backup/no-backup", "folder", dir).Wrap(err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Format != format {
		return Manifest{}, problem.New("backup/unknown-format", "folder", dir).Wrap(err)
	}
	return m, nil
}

func (m Manifest) verify(dir string) error {
	for _, want := range []string{databaseName, blobsName} {
		found := false
		for _, p := range m.Parts {
			if p.Name != want {
				continue
			}
			found = true
			f, err := os.Open(filepath.Join(dir, p.Name))
			if err != nil {
				return problem.New("backup/damaged", "part", p.Name).Wrap(err)
			}
			sum := sha256.New()
			n, err := io.Copy(sum, f)
			f.Close()
			if err != nil || n != p.Bytes || hex.EncodeToString(sum.Sum(nil)) != p.SHA256 {
				return problem.New("backup/damaged", "part", p.Name).Wrap(err)
			}
		}
		if !found {
			return problem.New("backup/damaged", "part", want)
		}
	}
	return nil
}

func unpackBlobs(ctx context.Context, file string, store blobs.Store) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	tr := tar.NewReader(f)
	for {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("backup: blobs: %w", err)
		}
		if err := store.Put(ctx, head.Name, tr); err != nil {
			return err
		}
	}
}

func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("backup: %w", err)
	case len(entries) > 0:
		return problem.New("backup/not-empty", "folder", dir)
	}
	return nil
}

func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
