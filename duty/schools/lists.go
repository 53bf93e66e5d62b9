// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// List is one list of names of one category.
type List struct {
	ID       string
	Name     string
	Category string
	Format   Format
	Trust    Trust
	Source   string // where it comes from, as a reader can find it
	Licence  string
	Names    int
	Report   Report // of the last import
	Updated  time.Time
	Since    time.Time // when it was first taken
	// Lists and GetList fill these; nil for none.
	Subscription *Subscription
	Held         *Held
	edition      int64
}

// Trust is how far a list is believed.
type Trust string

// The steps of trust.
const (
	Ours     Trust = "ours"     // made or checked by the province
	Known    Trust = "known"    // kept by people with a name
	Unproven Trust = "unproven" // new here
)

// ListMeta says what is being imported. A list of the same name is replaced.
type ListMeta struct {
	Name     string // up to 80 letters
	Category string // code of a category or service
	Format   Format // Auto: found out
	File     string // name of its file, a hint for Auto; may be empty
	Trust    Trust  // Unproven if empty
	Source   string // up to 300 letters
	Licence  string // up to 80 letters
}

// Validate lists the faulty fields.
func (m ListMeta) validate(c *Catalogue) error {
	p := problem.New("input/faulty")
	needText(p, "name", m.Name, 80, true)
	needText(p, "source", m.Source, 300, false)
	needText(p, "licence", m.Licence, 80, false)
	if !c.knows(m.Category) {
		p.Field("category", "input/not-a-choice")
	}
	if !slices.Contains(Formats(), m.Format) {
		p.Field("format", "input/not-a-choice")
	}
	if m.Trust != Ours && m.Trust != Known && m.Trust != Unproven {
		p.Field("trust", "input/not-a-choice")
	}
	return p.OrNil()
}

func needText(p *problem.Error, field, text string, longest int, must bool) {
	switch n := len([]rune(text)); {
	case n == 0 && must:
		p.Field(field, "input/required")
	case n > longest:
		p.Field(field, "input/too-long", "max", longest)
	}
}

// knows reports whether code is a category or a service.
func (c *Catalogue) knows(code string) bool {
	for _, s := range c.Services {
		if s.Code == code {
			return true
		}
	}
	_, ok := c.Category(code)
	return ok
}

// ListImport reads a list of any size and puts it in the place of the one of
// the same name. Names are written beside those in force, in short
// transactions that hold nobody up; the switch to them, with the ledger entry,
// is one transaction at the end. A list that fails half-way changes nothing.
// The names count from the next bundle on (BuildBundle).
func (s *Service) ListImport(ctx context.Context, actor authz.Actor, meta ListMeta, r io.Reader) (List, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", ""))
	if err != nil {
		return List{}, err
	}
	meta = meta.normal()
	if err := meta.validate(s.catalogue); err != nil {
		return List{}, err
	}
	read, err := s.readList(meta, r)
	if err != nil {
		return List{}, err
	}
	return s.replaceList(ctx, meta, read, step{kind: "schools.list_imported", actor: actor.Name(), permit: permit})
}

// readList reads a list by the rules of its category; schools/empty-list if
// nothing is left of it.
func (s *Service) readList(meta ListMeta, r io.Reader) (*Reading, error) {
	read, err := ReadList(r, ReadOptions{Format: meta.Format, File: meta.File, Guard: s.catalogue.guard(meta.Category)})
	if err == nil && read.Report.Taken == 0 {
		err = problem.New("schools/empty-list", "lines", read.Report.Lines, "skipped", read.Report.Skipped)
	}
	return read, err
}

// replaceList compares, writes and switches.
func (s *Service) replaceList(ctx context.Context, meta ListMeta, read *Reading, r step) (List, error) {
	before, err := sqldb.One(ctx, s.db.Read(), queryListByName, scanList, meta.Name)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return List{}, wrap("import list", err)
	}
	changes, same, err := s.compare(ctx, read, before.edition)
	if err != nil {
		return List{}, err
	}
	read.Report.Changes = changes
	edition := before.edition
	if !same || before.Category != meta.Category { // the category is part of what a bundle was built from
		if edition, err = s.writeEdition(ctx, read); err != nil {
			return List{}, err
		}
	}
	list, old, err := s.switchEdition(ctx, meta, read.Report, before.edition, edition, r)
	switch {
	case err != nil && edition != before.edition:
		return List{}, errors.Join(err, s.dropEdition(context.WithoutCancel(ctx), edition))
	case err != nil:
		return List{}, err
	}
	// What waits for a person was weighed against the edition that has gone.
	return list, errors.Join(s.dropEdition(ctx, old), s.dropHeld(ctx, list.ID))
}

// switchEdition points the list of that name to an edition, if it still points
// to the one that was compared. It says which edition nothing points to now.
func (s *Service) switchEdition(ctx context.Context, meta ListMeta, report Report, compared, edition int64, r step) (list List, old int64, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		list = List{
			ID: id.New(), Name: meta.Name, Category: meta.Category, Format: meta.Format, Trust: meta.Trust,
			Source: meta.Source, Licence: meta.Licence, Names: report.Taken, Report: report,
			Updated: s.clock.Now(), Since: s.clock.Now(), edition: edition,
		}
		old = 0
		before, err := sqldb.One(ctx, tx, queryListByName, scanList, meta.Name)
		switch {
		case err == nil:
			list.ID, list.Since = before.ID, before.Since
		case !errors.Is(err, sqldb.ErrNoRows):
			return err
		}
		if before.edition != compared {
			return problem.New("schools/list-replaced", "name", meta.Name)
		}
		if edition != compared {
			if old = compared; old != 0 {
				if _, err := sqldb.Exec(ctx, tx, queryEditionBegin, old, s.now()); err != nil {
					return err // it is now one that nobody points to
				}
			}
			if _, err := sqldb.Exec(ctx, tx, queryEditionEnd, edition); err != nil {
				return err
			}
		}
		if err := saveList(ctx, tx, list); err != nil {
			return err
		}
		r.object = list.ID
		r.details = map[string]any{
			"name": list.Name, "category": list.Category, "format": report.Format, "source": list.Source, "licence": list.Licence,
			"lines": report.Lines, "taken": report.Taken, "duplicates": report.Duplicates, "skipped": report.Skipped,
			"exceptions": report.Kept, "before": before.Names, "added": report.Changes.Added, "removed": report.Changes.Removed,
		}
		return s.record(ctx, tx, r)
	})
	return list, old, err
}

// Lists are all lists, by name.
func (s *Service) Lists(ctx context.Context, actor authz.Actor) ([]List, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("list", "")); err != nil {
		return nil, err
	}
	lists, err := sqldb.All(ctx, s.db.Read(), queryLists, scanList)
	if err != nil {
		return nil, wrap("read lists", err)
	}
	return lists, s.withSubscriptions(ctx, lists)
}

// RemoveList takes a list away. Its names go with the next bundle.
func (s *Service) RemoveList(ctx context.Context, actor authz.Actor, listID string) error {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", listID))
	if err != nil {
		return err
	}
	var list List
	var held int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		list, err = sqldb.One(ctx, tx, queryListByID, scanList, listID)
		if err != nil {
			return notFound(err, "schools/no-list")
		}
		if held, err = s.releaseHeld(ctx, tx, listID); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryUnsubscribe, listID); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryListDrop, listID); err != nil {
			return err
		}
		if list.edition != 0 {
			if _, err := sqldb.Exec(ctx, tx, queryEditionBegin, list.edition, s.now()); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, step{
			kind: "schools.list_removed", actor: actor.Name(), object: listID, permit: permit,
			details: map[string]any{"name": list.Name, "names": list.Names},
		})
	})
	if err != nil {
		return err
	}
	return errors.Join(s.dropEdition(ctx, list.edition), s.dropEdition(ctx, held))
}

func scanList(r sqldb.Row) (List, error) {
	var l List
	var report string
	var updated, since int64
	if err := r.Scan(&l.ID, &l.Name, &l.Category, &l.Format, &l.Trust, &l.Source, &l.Licence, &l.edition, &l.Names, &report, &updated, &since); err != nil {
		return l, err
	}
	l.Updated, l.Since = clock.FromMicro(updated), clock.FromMicro(since)
	return l, json.Unmarshal([]byte(report), &l.Report)
}
