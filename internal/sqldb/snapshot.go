// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"fmt"
	"io"
)

// Snapshot writes the whole database, as it is at one instant, to w while
// others go on reading and writing. On SQLite the result is a database file,
// on PostgreSQL a stream of tables; Restore of the same kind reads it. tmp is
// a folder with room for the copy; nothing is left in it.
//
// What is in the snapshot is as sealed as the database is: personal content
// only as ciphertext.
func (db *DB) Snapshot(ctx context.Context, w io.Writer, tmp string) error {
	if db.dialect == Postgres {
		return db.snapshotPostgres(ctx, w)
	}
	return db.snapshotSQLite(ctx, w, tmp)
}

// Restore fills an empty place from a snapshot: for SQLite the file named in
// url must not exist, for PostgreSQL the database must hold no table. The
// schema that comes out is the snapshot's; Migrate brings it up to date.
// before makes tables that are not among our migrations (those of the job
// queue) before their rows come.
func Restore(ctx context.Context, url string, r io.Reader, before ...func(context.Context, *DB) error) error {
	dialect, err := parse(url)
	if err != nil {
		return err
	}
	if dialect == Postgres {
		return restorePostgres(ctx, url, r, before)
	}
	return restoreSQLite(url, r)
}

// Check asks the database for its own opinion of its files. The list of
// faults is empty for a sound database.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	if db.dialect == Postgres {
		// PostgreSQL checks each page as it reads it; there is no cheap
		// statement that reads them all.
		return nil, nil
	}
	var faults []string
	for _, pragma := range []string{"PRAGMA integrity_check", "PRAGMA foreign_key_check"} {
		rows, err := db.read.QueryContext(ctx, pragma)
		if err != nil {
			return nil, fmt.Errorf("sqldb: %s: %w", pragma, err)
		}
		faults, err = appendFaults(faults, rows)
		if err != nil {
			return nil, fmt.Errorf("sqldb: %s: %w", pragma, err)
		}
	}
	return faults, nil
}
