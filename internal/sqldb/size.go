// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Size is how much room the database takes, in bytes: its file and the log
// beside it for SQLite, what the server says for PostgreSQL.
func (db *DB) Size(ctx context.Context) (bytes int64, err error) {
	if db.dialect == Postgres {
		err = db.read.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&bytes)
		if err != nil {
			return 0, fmt.Errorf("sqldb: size: %w", err)
		}
		return bytes, nil
	}
	file := strings.TrimPrefix(db.url, "sqlite:")
	for _, part := range []string{file, file + "-wal"} {
		info, err := os.Stat(part)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("sqldb: size: %w", err)
		}
		bytes += info.Size()
	}
	return bytes, nil
}
