// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Dialect is one of the two databases.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// ErrNoRows is returned by One when nothing was found.
var ErrNoRows = sql.ErrNoRows

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	url     string
	write   *sql.DB
	read    *sql.DB
	shut    func() // ends what lies under write; nil where nothing does

	mu       sync.RWMutex
	prepared map[preparedKey]*sql.Stmt
}

type preparedKey struct {
	pool  *sql.DB
	query *Query
}

// Open opens the database at url: "sqlite:/folder/file.db", or
// "postgres://user@host/name?…" (any URL that pgx takes). It runs no
// migration. The caller closes it.
func Open(ctx context.Context, url string) (*DB, error) {
	dialect, err := parse(url)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: dialect, url: url, prepared: map[preparedKey]*sql.Stmt{}}
	if dialect == Postgres {
		db.write, db.shut, err = openPostgres(ctx, url)
		db.read = db.write
	} else {
		db.write, db.read, err = openSQLite(strings.TrimPrefix(url, "sqlite:"))
	}
	if err != nil {
		return nil, fmt.Errorf("sqldb: open %s: %w", db.dialect, err)
	}
	if err := db.write.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("sqldb: open %s: %w", db.dialect, err)
	}
	return db, nil
}

func parse(url string) (Dialect, error) {
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		return SQLite, nil
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return Postgres, nil
	}
	// The URL may hold a password, so only its scheme is named.
	scheme, _, _ := strings.Cut(url, ":")
	return "", fmt.Errorf("sqldb: unknown kind of database %q; want sqlite: or postgres://", scheme)
}

// Dialect says which of the two databases this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Writer is the pool that writes, for the packages that bring their own SQL
// (jobs, backup).
func (db *DB) Writer() *sql.DB { return db.write }

// Close closes all connections; on PostgreSQL it waits at most five seconds
// for statements that still run.
func (db *DB) Close() error {
	db.mu.Lock()
	for k, stmt := range db.prepared {
		stmt.Close()
		delete(db.prepared, k)
	}
	db.mu.Unlock()
	err := db.write.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	if db.shut != nil {
		db.shut()
	}
	return err
}

// Queryer runs registered queries: the read pool of a DB, or a Tx.
type Queryer interface {
	exec(ctx context.Context, q *Query, args []any) (sql.Result, error)
	query(ctx context.Context, q *Query, args []any) (*sql.Rows, error)
}

// Read is the read pool. On SQLite it sees the last commit and refuses to
// write.
func (db *DB) Read() Queryer { return reader{db} }

type reader struct{ db *DB }

func (r reader) exec(context.Context, *Query, []any) (sql.Result, error) {
	return nil, errors.New("sqldb: writing outside a transaction")
}

func (r reader) query(ctx context.Context, q *Query, args []any) (*sql.Rows, error) {
	stmt, err := r.db.prepare(ctx, r.db.read, q)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// prepare keeps one prepared statement a query and pool. database/sql
// prepares it anew on each connection that runs it.
func (db *DB) prepare(ctx context.Context, pool *sql.DB, q *Query) (*sql.Stmt, error) {
	key := preparedKey{pool, q}
	db.mu.RLock()
	stmt := db.prepared[key]
	db.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := pool.PrepareContext(ctx, q.Text)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if first := db.prepared[key]; first != nil {
		stmt.Close()
		return first, nil
	}
	db.prepared[key] = stmt
	return stmt, nil
}

// Tx is one write transaction. It is not safe for concurrent use.
type Tx struct {
	db       *DB
	tx       *sql.Tx
	onCommit []func()
}

// SQL is the transaction for a library that brings its own SQL. Only
// internal/jobs may use it.
func (tx *Tx) SQL() *sql.Tx { return tx.tx }

// OnCommit asks for fn to be run after the transaction has been committed.
// It is dropped when the transaction fails.
func (tx *Tx) OnCommit(fn func()) { tx.onCommit = append(tx.onCommit, fn) }

func (tx *Tx) exec(ctx context.Context, q *Query, args []any) (sql.Result, error) {
	return tx.tx.ExecContext(ctx, q.Text, args...)
}

func (tx *Tx) query(ctx context.Context, q *Query, args []any) (*sql.Rows, error) {
	return tx.tx.QueryContext(ctx, q.Text, args...)
}

// How long Tx runs fn anew when the database asks for it, and the longest pause
// between two runs.
const (
	patience     = 10 * time.Second
	longestPause = 128 * time.Millisecond
)

// Tx runs fn in a write transaction and commits it. An error of fn, or a
// panic, rolls it back. fn is run again, on a new transaction, when the
// database reports that two transactions crossed; it must therefore have no
// effect outside tx. There are no nested transactions: pass tx on.
//
// Of two transactions that cross, one always goes through, so all do in time,
// if those that step back do not come again in step: each pause is drawn by
// lot, from a span that doubles. A decision is given up only after ten seconds
// of bad luck.
func (db *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errors.New("sqldb: a transaction inside a transaction")
	}
	begun := time.Now()
	span := 2 * time.Millisecond
	for {
		err := db.once(ctx, fn)
		if err == nil || !isRetryable(err) || time.Since(begun) > patience || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(span)):
		}
		span = min(2*span, longestPause)
	}
}

type inTx struct{}

func (db *DB) once(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	raw, err := db.write.BeginTx(ctx, db.txOptions())
	if err != nil {
		return fmt.Errorf("sqldb: begin: %w", err)
	}
	tx := &Tx{db: db, tx: raw}
	done := false
	defer func() {
		if !done {
			raw.Rollback() //nolint:errcheck // the error that led here is the one to report
		}
	}()
	if err := fn(context.WithValue(ctx, inTx{}, true), tx); err != nil {
		return err
	}
	done = true
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("sqldb: commit: %w", err)
	}
	for _, fn := range tx.onCommit {
		fn()
	}
	return nil
}

func (db *DB) txOptions() *sql.TxOptions {
	if db.dialect == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	return nil
}
