// SPDX-License-Identifier: Apache-2.0

// Package testkit gives tests real parts: a database with the product's own
// schema, on SQLite or PostgreSQL. It is imported by tests only.
//
// With LACHAN_TEST_PG unset a test gets a SQLite file of its own. With it set
// to a PostgreSQL URL, each test gets a fresh database on that server,
// dropped at the end, so that the same suite runs on both.
package testkit

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lachan/internal/id"
	"lachan/internal/sqldb"
)

// PostgresEnv names the variable that holds the test server's URL.
const PostgresEnv = "LACHAN_TEST_PG"

// DB opens a migrated, empty database for one test.
func DB(t testing.TB) *sqldb.DB {
	t.Helper()
	return Open(t, URL(t))
}

// URL makes an empty database for one test and returns its URL.
func URL(t testing.TB) string {
	t.Helper()
	if server := os.Getenv(PostgresEnv); server != "" {
		return postgresDatabase(t, server)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Open opens and migrates the database at dbURL and closes it with the test.
func Open(t testing.TB, dbURL string) *sqldb.DB {
	t.Helper()
	ctx := context.Background()
	db, err := sqldb.Open(ctx, dbURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return db
}

func postgresDatabase(t testing.TB, server string) string {
	t.Helper()
	ctx := context.Background()
	admin, err := sqldb.Open(ctx, server)
	if err != nil {
		t.Fatalf("%s: %v", PostgresEnv, err)
	}
	name := "lachan_" + strings.ReplaceAll(id.New(), "-", "")
	if _, err := admin.Writer().ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		admin.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Writer().ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping %s: %v", name, err)
		}
		admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
