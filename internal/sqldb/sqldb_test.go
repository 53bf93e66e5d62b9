// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

var (
	testPut = sqldb.Register("sqldb_test.put", `
		INSERT INTO hub_setting (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
	testPutOnce = sqldb.Register("sqldb_test.put_once", `INSERT INTO hub_setting (name, value) VALUES ($1, $2)`)
	testGet     = sqldb.Register("sqldb_test.get", `SELECT value FROM hub_setting WHERE name = $1`)
	testUp      = sqldb.Register("sqldb_test.up", `
		INSERT INTO hub_setting (name, value) VALUES ('counted', '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(hub_setting.value AS BIGINT) + 1 AS TEXT)`)
	testCounted = sqldb.Register("sqldb_test.counted", `SELECT CAST(value AS BIGINT) FROM hub_setting WHERE name = 'counted'`)
	testCount   = sqldb.Register("sqldb_test.count", `SELECT COUNT(*) FROM hub_setting`)
)

func TestTxCommitsAndRollsBack(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	ran := 0
	err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		tx.OnCommit(func() { ran++ })
		_, err := sqldb.Exec(ctx, tx, testPut, "a", "1")
		return err
	})
	if err != nil || ran != 1 {
		t.Fatalf("err %v, OnCommit ran %d times", err, ran)
	}
	boom := errors.New("boom")
	err = db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		tx.OnCommit(func() { ran++ })
		if _, err := sqldb.Exec(ctx, tx, testPut, "a", "2"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || ran != 1 {
		t.Fatalf("err %v, OnCommit ran %d times", err, ran)
	}
	got, err := sqldb.One(ctx, db.Read(), testGet, sqldb.Scalar[string], "a")
	if err != nil || got != "1" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestOneWithoutRows(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	_, err := sqldb.One(ctx, db.Read(), testGet, sqldb.Scalar[string], "nobody")
	if !errors.Is(err, sqldb.ErrNoRows) {
		t.Fatalf("got %v", err)
	}
}

func TestReadPoolRefusesToWrite(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	if _, err := sqldb.Exec(ctx, db.Read(), testPut, "a", "1"); err == nil {
		t.Fatal("wrote through the read pool")
	}
}

func TestUniqueIsRecognised(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	put := func() error {
		return db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := sqldb.Exec(ctx, tx, testPutOnce, "once", "1")
			return err
		})
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if err := put(); !sqldb.IsUnique(err) {
		t.Fatalf("got %v", err)
	}
}

func TestNoTransactionInsideATransaction(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	err := db.Tx(ctx, func(ctx context.Context, _ *sqldb.Tx) error {
		return db.Tx(ctx, func(context.Context, *sqldb.Tx) error { return nil })
	})
	if err == nil {
		t.Fatal("a nested transaction was let through")
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					n, err := sqldb.One(ctx, tx, testCount, sqldb.Scalar[int64])
					if err != nil {
						return err
					}
					_, err = sqldb.Exec(ctx, tx, testPut, string(rune('a'+n%26))+string(rune('a'+n/26)), "x")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n, err := sqldb.One(ctx, db.Read(), testCount, sqldb.Scalar[int64])
	if err != nil || n != writers*each {
		t.Fatalf("%d rows, %v; want %d", n, err, writers*each)
	}
}

// Everybody wants the one row that numbers things, and holds it for a while: a
// transaction that the database turns away is not lost.
func TestManyWritersOfOneRowAllComeThrough(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	const writers, each = 24, 5
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					if _, err := sqldb.Exec(ctx, tx, testUp); err != nil {
						return err
					}
					time.Sleep(2 * time.Millisecond)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n, err := sqldb.One(ctx, db.Read(), testCounted, sqldb.Scalar[int64])
	if err != nil || n != writers*each {
		t.Fatalf("counted to %d, %v; want %d", n, err, writers*each)
	}
}

func TestMigrateTwiceAndRefuseNewer(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); !problem.Is(err, "store/newer-schema") {
		t.Fatalf("got %v", err)
	}
}
