// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// snapshotSQLite lets SQLite write a consistent copy beside the file
// (VACUUM INTO, one read transaction; writers go on), then sends it.
func (db *DB) snapshotSQLite(ctx context.Context, w io.Writer, tmp string) error {
	dir, err := os.MkdirTemp(tmp, ".snapshot-")
	if err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	defer os.RemoveAll(dir)
	copyPath := filepath.Join(dir, "copy.db")
	// The read pool refuses to write, a copy elsewhere too; the writing
	// connection would make all writers wait. So: a connection of its own.
	own, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(db.url, "sqlite:")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	defer own.Close()
	if _, err := own.ExecContext(ctx, "VACUUM INTO $1", copyPath); err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	f, err := os.Open(copyPath)
	if err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	defer f.Close()
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	return nil
}

func restoreSQLite(url string, r io.Reader) (err error) {
	path := strings.TrimPrefix(url, "sqlite:")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("sqldb: restore: the database is there already")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("sqldb: restore: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("sqldb: restore: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(path)
		}
	}()
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("sqldb: restore: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sqldb: restore: %w", err)
	}
	return f.Close()
}

// appendFaults reads the answer of a checking pragma; "ok" is no fault.
func appendFaults(faults []string, rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		parts := make([]string, len(cells))
		for i := range cells {
			parts[i] = fmt.Sprint(*cells[i].(*any))
		}
		if line := strings.Join(parts, " "); line != "ok" {
			faults = append(faults, line)
		}
	}
	return faults, rows.Err()
}
