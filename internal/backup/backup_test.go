// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/backup"
	"lachan/internal/blobs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

func store(t *testing.T) blobs.Store {
	t.Helper()
	s, err := blobs.Open(context.Background(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func make1(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	s := store(t)
	if err := s.Put(ctx, "ab/sealed", strings.NewReader("ciphertext")); err != nil {
		t.Fatal(err)
	}
	db := testkit.DB(t)
	if _, err := db.Writer().ExecContext(ctx, "INSERT INTO hub_setting (name, value) VALUES ('a', 'b')"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := backup.Write(ctx, backup.Source{
		DB: db, Blobs: s, Version: "test", Now: time.Now(),
		Head: func(context.Context) (int64, string, error) { return 7, "root", nil },
	}, dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if m.Blobs != 1 || m.LedgerSize != 7 || len(m.Parts) != 2 {
		t.Fatalf("manifest %+v", m)
	}
	return dir
}

func TestWriteAndRestore(t *testing.T) {
	ctx, dir := context.Background(), make1(t)
	url, s := testkit.URL(t), store(t)
	m, err := backup.Restore(ctx, dir, backup.Target{DatabaseURL: url, Blobs: s}, func(string) {})
	if err != nil || m.LedgerRoot != "root" {
		t.Fatalf("%+v, %v", m, err)
	}
	r, err := s.Get(ctx, "ab/sealed")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || string(data) != "ciphertext" {
		t.Fatalf("blob %q, %v", data, err)
	}
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var v string
	if err := db.Writer().QueryRowContext(ctx, "SELECT value FROM hub_setting WHERE name = 'a'").Scan(&v); err != nil || v != "b" {
		t.Fatalf("%q, %v", v, err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	ctx, dir := context.Background(), make1(t)
	for _, part := range []string{"database.snapshot", "blobs.tar"} {
		path := filepath.Join(dir, part)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		url, s := testkit.URL(t), store(t)
		if _, err := backup.Restore(ctx, dir, backup.Target{DatabaseURL: url, Blobs: s}, func(string) {}); !problem.Is(err, "backup/damaged") {
			t.Fatalf("%s: %v", part, err)
		}
		if _, err := s.Get(ctx, "ab/sealed"); !errors.Is(err, blobs.ErrNotFound) {
			t.Fatal("something was restored")
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullFolderIsNotOverwritten(t *testing.T) {
	dir := make1(t)
	_, err := backup.Write(context.Background(), backup.Source{DB: testkit.DB(t), Blobs: store(t)}, dir, func(string) {})
	if !problem.Is(err, "backup/not-empty") {
		t.Fatal(err)
	}
}

func TestSecretsGoApart(t *testing.T) {
	from, file, to := t.TempDir(), filepath.Join(t.TempDir(), "secrets.tar"), filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(filepath.Join(from, "pepper"), []byte("salt and pepper"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := backup.Secrets(from, file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if err := backup.RestoreSecrets(file, to); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(to, "pepper")); err != nil || string(data) != "salt and pepper" {
		t.Fatalf("%q, %v", data, err)
	}
	if err := backup.RestoreSecrets(file, to); !problem.Is(err, "backup/not-empty") {
		t.Fatal(err)
	}
}
