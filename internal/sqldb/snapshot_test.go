// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

func TestSnapshotAndRestore(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	const rows = 2000
	err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		for i := range rows {
			if _, err := sqldb.Exec(ctx, tx, testPut, fmt.Sprint("key", i), "tab\there, new\nline, \\ and tiếng Việt"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if err := db.Snapshot(ctx, &copied, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	target := testkit.URL(t)
	if err := sqldb.Restore(ctx, target, bytes.NewReader(copied.Bytes())); err != nil {
		t.Fatal(err)
	}
	restored := testkit.Open(t, target)
	n, err := sqldb.One(ctx, restored.Read(), testCount, sqldb.Scalar[int64])
	if err != nil || n != rows {
		t.Fatalf("%d rows, %v", n, err)
	}
	got, err := sqldb.One(ctx, restored.Read(), testGet, sqldb.Scalar[string], "key1999")
	if err != nil || got != "tab\there, new\nline, \\ and tiếng Việt" {
		t.Fatalf("got %q, %v", got, err)
	}
	if faults, err := restored.Check(ctx); err != nil || len(faults) != 0 {
		t.Fatalf("faults %v, %v", faults, err)
	}
	if err := sqldb.Restore(ctx, target, bytes.NewReader(copied.Bytes())); err == nil {
		t.Fatal("restored over a database that was there")
	}
}

func TestACutPostgresSnapshotIsRefused(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	if db.Dialect() != sqldb.Postgres {
		t.Skip("the stream of tables is PostgreSQL's; a cut SQLite file is found by Check")
	}
	var copied bytes.Buffer
	if err := db.Snapshot(ctx, &copied, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	cut := copied.Bytes()[:copied.Len()-20]
	if err := sqldb.Restore(ctx, testkit.URL(t), bytes.NewReader(cut)); err == nil {
		t.Fatal("a cut stream was taken for whole")
	}
}
