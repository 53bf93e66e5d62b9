// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

const listColumns = `id, name, category, format, trust, source, licence, edition, names, report, updated, since`

var (
	queryLists      = sqldb.Register("schools.lists", `SELECT `+listColumns+` FROM schools_list ORDER BY name, id`)
	queryListByID   = sqldb.Register("schools.list_by_id", `SELECT `+listColumns+` FROM schools_list WHERE id = $1`)
	queryListByName = sqldb.Register("schools.list_by_name", `SELECT `+listColumns+` FROM schools_list WHERE name = $1`)
	queryListSave   = sqldb.Register("schools.list_save", `
		INSERT INTO schools_list (`+listColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET category = excluded.category, format = excluded.format, trust = excluded.trust,
			source = excluded.source, licence = excluded.licence, edition = excluded.edition, names = excluded.names,
			report = excluded.report, updated = excluded.updated`)
	queryListDrop = sqldb.Register("schools.list_drop", `DELETE FROM schools_list WHERE id = $1`)

	queryNamesPut = sqldb.Register("schools.names_put", insertRows(rowsAtOnce))
	queryNamePut  = sqldb.Register("schools.name_put", insertRows(1))

	queryExceptionPut   = sqldb.Register("schools.exception_put", `INSERT INTO schools_list_exception (edition, domain) VALUES ($1, $2)`)
	queryExceptions     = sqldb.Register("schools.exceptions", `SELECT domain FROM schools_list_exception WHERE edition = $1 ORDER BY domain`)
	queryExceptionsDrop = sqldb.Register("schools.exceptions_drop", `DELETE FROM schools_list_exception WHERE edition = $1`)

	queryNamesDrop = sqldb.Register("schools.names_drop", dropRows(rowsAtOnce))
	queryNameDrop  = sqldb.Register("schools.name_drop", dropRows(1))

	queryEditionsKept = sqldb.Register("schools.editions_kept", `
		SELECT edition FROM schools_list WHERE edition > 0 UNION SELECT edition FROM schools_list_held UNION SELECT edition FROM schools_edition`)
	queryEditionBegin = sqldb.Register("schools.edition_begin", `INSERT INTO schools_edition (edition, begun) VALUES ($1, $2)`)
	queryEditionEnd   = sqldb.Register("schools.edition_end", `DELETE FROM schools_edition WHERE edition = $1`)
	queryEditionsOld  = sqldb.Register("schools.editions_old", `SELECT edition FROM schools_edition WHERE begun < $1 ORDER BY edition`)
)

// rowsAtOnce is how many names one statement writes.
const rowsAtOnce = 500

func insertRows(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO schools_list_name (edition, domain) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "($1,$%d)", i+2)
	}
	b.WriteString(` ON CONFLICT (domain, edition) DO NOTHING`)
	return b.String()
}

func dropRows(n int) string {
	var b strings.Builder
	b.WriteString(`DELETE FROM schools_list_name WHERE edition = $1 AND domain IN (`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+2)
	}
	b.WriteByte(')')
	return b.String()
}

// insertNames writes names. One that is there already stays: the transaction
// may be tried again.
func insertNames(ctx context.Context, tx *sqldb.Tx, edition int64, names []string) error {
	return inRows(ctx, tx, queryNamePut, queryNamesPut, edition, names)
}

// deleteNames takes names of an edition out; those that are gone stay gone.
func deleteNames(ctx context.Context, tx *sqldb.Tx, edition int64, names []string) error {
	return inRows(ctx, tx, queryNameDrop, queryNamesDrop, edition, names)
}

// inRows does a statement for names, many at a time while there are as many.
func inRows(ctx context.Context, tx *sqldb.Tx, one, many *sqldb.Query, edition int64, names []string) error {
	args := make([]any, rowsAtOnce+1)
	args[0] = edition
	for len(names) > 0 {
		query, n := one, 1
		if len(names) >= rowsAtOnce {
			query, n = many, rowsAtOnce
		}
		for i, name := range names[:n] {
			args[i+1] = name
		}
		if _, err := sqldb.Exec(ctx, tx, query, args[:n+1]...); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

func saveList(ctx context.Context, tx *sqldb.Tx, l List) error {
	report, err := json.Marshal(l.Report)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryListSave, l.ID, l.Name, l.Category, string(l.Format), string(l.Trust), l.Source, l.Licence,
		l.edition, l.Names, string(report), clock.Micro(l.Updated), clock.Micro(l.Since))
	return err
}

// dropEdition deletes an edition in short transactions, its file last: it says
// which names there are.
func (s *Service) dropEdition(ctx context.Context, edition int64) error {
	if edition == 0 {
		return nil
	}
	wait := make([]string, 0, perTx)
	flush := func() error {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return deleteNames(ctx, tx, edition, wait) })
		wait = wait[:0]
		return err
	}
	err := s.eachName(ctx, edition, func(name string) error {
		if wait = append(wait, name); len(wait) < perTx {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = s.files.Delete(ctx, editionKey(edition))
	}
	if err != nil {
		return wrap("drop edition", err)
	}
	return wrap("drop edition", s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryExceptionsDrop, edition); err != nil {
			return err
		}
		_, err := sqldb.Exec(ctx, tx, queryEditionEnd, edition)
		return err
	}))
}

// importFor is the longest that an import may take before its names count as
// left behind.
const importFor = 6 * time.Hour

// SweepLists drops the names of imports and removals that were cut off more
// than six hours ago, and says how many there were.
func (s *Service) SweepLists(ctx context.Context) (editions int, err error) {
	old, err := sqldb.All(ctx, s.db.Read(), queryEditionsOld, sqldb.Scalar[int64], s.now()-importFor.Microseconds())
	if err != nil {
		return 0, wrap("sweep lists", err)
	}
	for _, e := range old {
		if err := s.dropEdition(ctx, e); err != nil {
			return editions, err
		}
		editions++
	}
	return editions, nil
}
