// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// The stream of a PostgreSQL snapshot: the magic line, then for each table a
// JSON line with its name and columns and the rows in COPY's text form, cut
// into chunks, each led by its length (4 bytes, big-endian); a chunk of
// length 0 ends the table. A JSON line without a name ends the stream, so a
// cut stream is never taken for a whole one.
const postgresMagic = "lachan-postgres-snapshot-1\n"

type tableHead struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns,omitempty"`
}

const listTables = `
	SELECT c.relname
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = current_schema() AND c.relkind = 'r'
	ORDER BY c.relname`

const listColumns = `
	SELECT column_name FROM information_schema.columns
	WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'
	ORDER BY ordinal_position`

const listReferences = `
	SELECT DISTINCT child.relname, parent.relname
	FROM pg_constraint k
	JOIN pg_class child ON child.oid = k.conrelid
	JOIN pg_class parent ON parent.oid = k.confrelid
	JOIN pg_namespace n ON n.oid = child.relnamespace
	WHERE k.contype = 'f' AND n.nspname = current_schema() AND child.oid <> parent.oid`

func withPgConn(ctx context.Context, db *sql.DB, fn func(*pgx.Conn) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error { return fn(driverConn.(*stdlib.Conn).Conn()) })
}

func (db *DB) snapshotPostgres(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(postgresMagic); err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	err := withPgConn(ctx, db.write, func(conn *pgx.Conn) error {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx) //nolint:errcheck // it has only read
		tables, err := parentsFirst(ctx, tx)
		if err != nil {
			return err
		}
		for _, table := range tables {
			columns, err := names(ctx, tx, listColumns, table)
			if err != nil {
				return err
			}
			if err := writeHead(out, tableHead{table, columns}); err != nil {
				return err
			}
			chunks := &chunkWriter{w: out}
			if _, err := conn.PgConn().CopyTo(ctx, chunks, "COPY "+quoted(table)+" ("+quotedAll(columns)+") TO STDOUT"); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			if err := chunks.end(); err != nil {
				return err
			}
		}
		return writeHead(out, tableHead{})
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("sqldb: snapshot: %w", err)
	}
	return nil
}

// parentsFirst lists all tables so that each comes after those it refers to.
func parentsFirst(ctx context.Context, tx pgx.Tx) ([]string, error) {
	tables, err := names(ctx, tx, listTables)
	if err != nil {
		return nil, err
	}
	parents := map[string][]string{}
	rows, err := tx.Query(ctx, listReferences)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var child, parent string
		if err := rows.Scan(&child, &parent); err != nil {
			return nil, err
		}
		parents[child] = append(parents[child], parent)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var ordered []string
	state := map[string]int{} // 1: being visited, 2: done
	var visit func(t string) error
	visit = func(t string) error {
		switch state[t] {
		case 1:
			return fmt.Errorf("tables refer to each other in a ring at %s", t)
		case 2:
			return nil
		}
		state[t] = 1
		for _, p := range parents[t] {
			if err := visit(p); err != nil {
				return err
			}
		}
		state[t] = 2
		ordered = append(ordered, t)
		return nil
	}
	for _, t := range tables {
		if err := visit(t); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

func names(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func restorePostgres(ctx context.Context, url string, r io.Reader, before []func(context.Context, *DB) error) error {
	in := bufio.NewReader(r)
	magic := make([]byte, len(postgresMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != postgresMagic {
		return errors.New("sqldb: restore: this is not a snapshot of a PostgreSQL database")
	}
	db, err := Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	if have, _, err := db.SchemaVersions(ctx); err != nil || have != 0 {
		return errors.Join(errors.New("sqldb: restore: the database is not empty"), err)
	}
	// The schema comes from this program's migrations; the snapshot holds the
	// rows. Migrate ran before the rows came, so its own record is replaced.
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	for _, prepare := range before {
		if err := prepare(ctx, db); err != nil {
			return err
		}
	}
	return restoreRows(ctx, db, in)
}

func restoreRows(ctx context.Context, db *DB, in *bufio.Reader) error {
	err := withPgConn(ctx, db.write, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx) //nolint:errcheck // no effect after the commit
		for {
			head, err := readHead(in)
			if err != nil {
				return err
			}
			if head.Table == "" {
				break
			}
			if err := restoreTable(ctx, tx, conn.PgConn(), head, in); err != nil {
				return fmt.Errorf("%s: %w", head.Table, err)
			}
		}
		return tx.Commit(ctx)
	})
	if err != nil {
		return fmt.Errorf("sqldb: restore: %w", err)
	}
	return nil
}

func restoreTable(ctx context.Context, tx pgx.Tx, conn *pgconn.PgConn, head tableHead, in io.Reader) error {
	if _, err := tx.Exec(ctx, "DELETE FROM "+quoted(head.Table)); err != nil {
		return err
	}
	if _, err := conn.CopyFrom(ctx, &chunkReader{r: in}, "COPY "+quoted(head.Table)+" ("+quotedAll(head.Columns)+") FROM STDIN"); err != nil {
		return err
	}
	// Counters go on after the highest restored value.
	for _, column := range head.Columns {
		const next = `SELECT pg_get_serial_sequence(quote_ident($1), $2)`
		var sequence *string
		if err := tx.QueryRow(ctx, next, head.Table, column).Scan(&sequence); err != nil {
			return err
		}
		if sequence == nil {
			continue
		}
		if _, err := tx.Exec(ctx, "SELECT setval($1::regclass, GREATEST((SELECT COALESCE(MAX("+quoted(column)+"), 0) FROM "+quoted(head.Table)+"), 1))", *sequence); err != nil {
			return err
		}
	}
	return nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func quotedAll(columns []string) string {
	q := make([]string, len(columns))
	for i, c := range columns {
		q[i] = quoted(c)
	}
	return strings.Join(q, ", ")
}

func writeHead(w io.Writer, h tableHead) error {
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

func readHead(in *bufio.Reader) (tableHead, error) {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return tableHead{}, fmt.Errorf("the snapshot is cut short: %w", err)
	}
	var h tableHead
	if err := json.Unmarshal(line, &h); err != nil {
		return tableHead{}, fmt.Errorf("the snapshot is damaged: %w", err)
	}
	return h, nil
}

type chunkWriter struct{ w io.Writer }

func (c *chunkWriter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := binary.Write(c.w, binary.BigEndian, uint32(len(p))); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

func (c *chunkWriter) end() error { return binary.Write(c.w, binary.BigEndian, uint32(0)) }

type chunkReader struct {
	r    io.Reader
	left uint32
	done bool
}

func (c *chunkReader) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := binary.Read(c.r, binary.BigEndian, &c.left); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		if c.left == 0 {
			c.done = true
			return 0, io.EOF
		}
	}
	n, err := c.r.Read(p[:min(len(p), int(c.left))])
	c.left -= uint32(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
