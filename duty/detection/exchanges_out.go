// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"io"
	"iter"
	"slices"
	"strconv"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// OutFormats are the formats that a bank can be written as.
func OutFormats() []exchange.Format {
	return slices.DeleteFunc(exchange.Formats(), func(f exchange.Format) bool { return f == exchange.TechAgainst })
}

var queryOut = sqldb.Register("detection.bank_out", `
	SELECT c.id, c.gone, c.disabled_until, c.note, c.meta, c.category, c.expires, c.made, s.type, s.value
	FROM detection_content c JOIN detection_signal s ON s.content = c.id
	WHERE c.bank = $1 AND (c.id > $2 OR (c.id = $2 AND (s.type > $3 OR (s.type = $3 AND s.value > $4))))
	ORDER BY c.id, s.type, s.value LIMIT $5`)

const outPage = 2000

func scanOut(r sqldb.Row) (it exchange.Item, err error) {
	var id, gone, until, expires, made int64
	var meta string
	if err := r.Scan(&id, &gone, &until, &it.Note, &meta, &it.Category, &expires, &made, &it.Type, &it.Value); err != nil {
		return it, err
	}
	it.ID, it.Quality, it.Status = strconv.FormatInt(id, 10), -1, exchange.Active
	it.Added, it.Expires = clock.FromMicro(made), fromMicro(expires)
	m := decode[map[string]string](meta)
	switch {
	case gone != 0:
		it.Status = exchange.Withdrawn
	case m["status"] == string(exchange.Harmless):
		it.Status = exchange.Harmless
	}
	for _, o := range decode[[]opinion](m["opinions"]) {
		if it.Source == "" {
			it.Source, it.Severity = o.By, o.Weight
		}
		it.Tags = append(it.Tags, o.Tags...)
	}
	return it, nil
}

// ExportBank writes a bank as a list for others, what left it as tombstones,
// and says how many signals the format has no place for. begin is called once
// nothing stands in the way and gives where to write; source is who hands the
// list on, url the hub's address.
func (s *Service) ExportBank(ctx context.Context, actor authz.Actor, bank string, f exchange.Format, head exchange.Head, begin func() io.Writer) (left int, err error) {
	permit, err := s.check(ctx, actor, "detection.exchange", "bank", bank)
	if err != nil {
		return 0, err
	}
	if _, err := s.bank(ctx, s.DB.Read(), bank); err != nil {
		return 0, err
	}
	if !slices.Contains(OutFormats(), f) {
		return 0, problem.New("input/faulty").Field("format", "input/not-a-choice")
	}
	// Before the first byte: an export that breaks off has left the house too.
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.record(ctx, tx, actor, bank, "detection.bank_exported", permit, map[string]string{"format": string(f)})
	})
	if err != nil {
		return 0, err
	}
	if head.Made.IsZero() {
		head.Made = s.now()
	}
	left, err = exchange.Write(begin(), f, head, s.items(ctx, bank))
	return left, wrap("export", err)
}

// items are the signals of a bank, one after another, with what left it.
func (s *Service) items(ctx context.Context, bank string) iter.Seq2[exchange.Item, error] {
	return func(yield func(exchange.Item, error) bool) {
		id, kind, value := int64(0), "", ""
		for {
			page, err := sqldb.All(ctx, s.DB.Read(), queryOut, scanOut, bank, id, kind, value, outPage)
			if err != nil {
				yield(exchange.Item{}, err)
				return
			}
			for _, it := range page {
				if !yield(it, nil) {
					return
				}
			}
			if len(page) < outPage {
				return
			}
			last := page[len(page)-1]
			kind, value = string(last.Type), last.Value
			if id, err = strconv.ParseInt(last.ID, 10, 64); err != nil {
				yield(exchange.Item{}, err)
				return
			}
		}
	}
}
