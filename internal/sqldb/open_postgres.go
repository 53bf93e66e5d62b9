// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens one pool for reading and writing. The default execution
// mode of pgx prepares and caches statements by text; our texts are constant.
// shut ends the pool under the sql.DB, which knows nothing of it: closing the
// sql.DB alone would leave connections and their caches behind.
func openPostgres(ctx context.Context, url string) (db *sql.DB, shut func(), err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, nil, errors.New("the URL is not one that PostgreSQL takes") // the cause may show a password
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	return stdlib.OpenDBFromPool(pool), func() {
		done := make(chan struct{})
		go func() {
			pool.Close() // waits for every statement that still runs
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(shutWait):
		}
	}, nil
}

// shutWait is how long Close waits for statements that still run.
const shutWait = 5 * time.Second

func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func postgresIsUnique(err error) bool { return postgresCode(err) == "23505" }

// 40001 serialization_failure, 40P01 deadlock_detected.
func postgresIsRetryable(err error) bool {
	code := postgresCode(err)
	return code == "40001" || code == "40P01"
}

// 53100 disk_full.
func postgresIsFull(err error) bool { return postgresCode(err) == "53100" }
