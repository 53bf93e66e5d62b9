// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Query is one registered statement.
type Query struct {
	Name string // "casework.report_by_receipt"
	Text string
}

// catalogue is the list of all registered statements. It grows while the
// program's packages are initialised and never after.
var catalogue struct {
	sync.Mutex
	byName map[string]*Query
}

// Register adds a statement to the catalogue. It is called to initialise a
// package variable beside the method that uses it. A name used twice is a
// fault of the program.
func Register(name, text string) *Query {
	catalogue.Lock()
	defer catalogue.Unlock()
	if catalogue.byName == nil {
		catalogue.byName = map[string]*Query{}
	}
	if _, twice := catalogue.byName[name]; twice {
		panic("sqldb: query registered twice: " + name)
	}
	q := &Query{Name: name, Text: strings.TrimSpace(text)}
	catalogue.byName[name] = q
	return q
}

// Registered lists the catalogue by name, for the test that prepares all.
func Registered() []*Query {
	catalogue.Lock()
	defer catalogue.Unlock()
	all := make([]*Query, 0, len(catalogue.byName))
	for _, q := range catalogue.byName {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b *Query) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// Exec runs a statement without rows and returns how many rows it touched.
func Exec(ctx context.Context, on Queryer, q *Query, args ...any) (int64, error) {
	res, err := on.exec(ctx, q, args)
	if err != nil {
		return 0, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	return n, nil
}

// One runs a statement and reads its first row; ErrNoRows (wrapped) if there
// is none.
func One[T any](ctx context.Context, on Queryer, q *Query, scan func(Row) (T, error), args ...any) (T, error) {
	var zero T
	rows, err := on.query(ctx, q, args)
	if err != nil {
		return zero, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, fmt.Errorf("sqldb: %s: %w", q.Name, err)
		}
		return zero, fmt.Errorf("sqldb: %s: %w", q.Name, ErrNoRows)
	}
	v, err := scan(rows)
	if err != nil {
		return zero, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	// The rows are closed before the next statement of the transaction:
	// PostgreSQL allows one at a time.
	if err := rows.Close(); err != nil {
		return zero, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	return v, nil
}

// All runs a statement and reads all its rows before it returns.
func All[T any](ctx context.Context, on Queryer, q *Query, scan func(Row) (T, error), args ...any) ([]T, error) {
	rows, err := on.query(ctx, q, args)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("sqldb: %s: %w", q.Name, err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqldb: %s: %w", q.Name, err)
	}
	return all, nil
}

// Scalar reads the single column of a row, for One and All.
func Scalar[T any](r Row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}
