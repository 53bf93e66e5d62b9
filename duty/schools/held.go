// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Held is an edition that waits for a person beside the one in force, because
// it changes more than a list changes from one day to the next.
type Held struct {
	Report  Report // its Changes are against the edition in force when it was found
	Reasons []Caution
	Found   time.Time
	edition int64
}

// Caution is why an update waits. The locale has a sentence for each:
// schools.caution.<code>.
type Caution string

// The cautions.
const (
	Grew        Caution = "grew"      // many names came
	Shrank      Caution = "shrank"    // many names went
	HitsGuarded Caution = "protected" // it names protected names that it did not name before
	HitsPopular Caution = "popular"   // it would refuse popular names that it did not before
)

// cautions weighs an update. A first edition has nothing to be weighed against:
// somebody has just asked for it.
func (s *Service) cautions(before List, read *Reading) []Caution {
	if before.edition == 0 {
		return nil
	}
	c := read.Report.Changes
	var all []Caution
	if c.Added >= s.settings.HoldFrom && c.Added*100 > c.Before*s.settings.HoldGrowth {
		all = append(all, Grew)
	}
	if c.Removed >= s.settings.HoldFrom && c.Removed*100 > c.Before*s.settings.HoldShrink {
		all = append(all, Shrank)
	}
	known := map[string]bool{}
	for _, name := range before.Report.Guarded {
		known[name] = true
	}
	for _, name := range read.Report.Guarded {
		if !known[name] {
			all = append(all, HitsGuarded)
			break
		}
	}
	if len(c.Popular) > 0 {
		all = append(all, HitsPopular)
	}
	return all
}

// Hits are the protected and popular names that an update brings, the first
// of each, beside those that the list brought before.
func (h Held) Hits(before Report) []string {
	known := map[string]bool{}
	for _, name := range before.Guarded {
		known[name] = true
	}
	var hits []string
	for _, name := range h.Report.Guarded {
		if !known[name] {
			hits = append(hits, name)
		}
	}
	return append(hits, h.Report.Changes.Popular...)
}

var (
	queryHeldPut = sqldb.Register("schools.held_put", `
		INSERT INTO schools_list_held (list, edition, report, reasons, found) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (list) DO UPDATE SET edition = excluded.edition, report = excluded.report, reasons = excluded.reasons, found = excluded.found`)
	queryHeld     = sqldb.Register("schools.held", `SELECT list, edition, report, reasons, found FROM schools_list_held WHERE list = $1`)
	queryAllHeld  = sqldb.Register("schools.all_held", `SELECT list, edition, report, reasons, found FROM schools_list_held ORDER BY found, list`)
	queryHeldDrop = sqldb.Register("schools.held_drop", `DELETE FROM schools_list_held WHERE list = $1`)
)

// heldOf is a held edition with the list that it is of.
type heldOf struct {
	list string
	Held
}

func scanHeld(r sqldb.Row) (h heldOf, err error) {
	var report, reasons string
	var found int64
	if err := r.Scan(&h.list, &h.edition, &report, &reasons, &found); err != nil {
		return h, err
	}
	h.Found = clock.FromMicro(found)
	return h, errors.Join(json.Unmarshal([]byte(report), &h.Report), json.Unmarshal([]byte(reasons), &h.Reasons))
}

// releaseHeld takes the held edition of a list away and says which it was, 0
// for none; it is then one that nobody points to.
func (s *Service) releaseHeld(ctx context.Context, tx *sqldb.Tx, listID string) (edition int64, err error) {
	h, err := sqldb.One(ctx, tx, queryHeld, scanHeld, listID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryHeldDrop, listID); err != nil {
		return 0, err
	}
	_, err = sqldb.Exec(ctx, tx, queryEditionBegin, h.edition, s.now())
	return h.edition, err
}

// hold keeps a written edition for a person.
func (s *Service) hold(ctx context.Context, list List, read *Reading, edition int64, why []Caution, r step) error {
	report, err := json.Marshal(read.Report)
	if err != nil {
		return err
	}
	reasons, err := json.Marshal(why)
	if err != nil {
		return err
	}
	var old int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		if _, err := sqldb.One(ctx, tx, queryListByID, scanList, list.ID); err != nil {
			return notFound(err, "schools/no-list")
		}
		if old, err = s.releaseHeld(ctx, tx, list.ID); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryHeldPut, list.ID, edition, string(report), string(reasons), s.now()); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryEditionEnd, edition); err != nil {
			return err
		}
		r.kind, r.object = "schools.list_held", list.ID
		c := read.Report.Changes
		r.details = map[string]any{"name": list.Name, "reasons": why, "before": c.Before, "added": c.Added, "removed": c.Removed, "names": read.Report.Taken}
		return s.record(ctx, tx, r)
	})
	if err != nil {
		return err
	}
	return s.dropEdition(ctx, old)
}

// ApplyHeld puts a held edition in force with the next bundle. Only a person
// may: the machine has already said that it is not sure.
func (s *Service) ApplyHeld(ctx context.Context, actor authz.Actor, listID string) (List, error) {
	return s.settleHeld(ctx, actor, listID, "schools.list_applied", func(ctx context.Context, tx *sqldb.Tx, list *List, held Held) (drop int64, err error) {
		if drop = list.edition; drop != 0 {
			if _, err := sqldb.Exec(ctx, tx, queryEditionBegin, drop, s.now()); err != nil {
				return 0, err
			}
		}
		list.edition, list.Names, list.Report, list.Updated = held.edition, held.Report.Taken, held.Report, s.clock.Now()
		return drop, saveList(ctx, tx, *list)
	})
}

// DiscardHeld drops a held edition. The list stays as it is until its source
// changes again.
func (s *Service) DiscardHeld(ctx context.Context, actor authz.Actor, listID string) (List, error) {
	return s.settleHeld(ctx, actor, listID, "schools.list_discarded", func(ctx context.Context, tx *sqldb.Tx, _ *List, held Held) (int64, error) {
		if _, err := sqldb.Exec(ctx, tx, querySubscriptionRefused, listID, held.Report.Digest); err != nil {
			return 0, err
		}
		_, err := sqldb.Exec(ctx, tx, queryEditionBegin, held.edition, s.now())
		return held.edition, err
	})
}

func (s *Service) settleHeld(ctx context.Context, actor authz.Actor, listID, kind string,
	settle func(ctx context.Context, tx *sqldb.Tx, list *List, held Held) (drop int64, err error),
) (List, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.list_apply", room("list", listID))
	if err != nil {
		return List{}, err
	}
	var list List
	var drop int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if list, err = sqldb.One(ctx, tx, queryListByID, scanList, listID); err != nil {
			return notFound(err, "schools/no-list")
		}
		held, err := sqldb.One(ctx, tx, queryHeld, scanHeld, listID)
		if err != nil {
			return notFound(err, "schools/nothing-held")
		}
		if _, err := sqldb.Exec(ctx, tx, queryHeldDrop, listID); err != nil {
			return err
		}
		if drop, err = settle(ctx, tx, &list, held.Held); err != nil {
			return err
		}
		c := held.Report.Changes
		return s.record(ctx, tx, step{kind: kind, actor: actor.Name(), object: listID, permit: permit, details: map[string]any{
			"name": list.Name, "reasons": held.Reasons, "before": c.Before, "added": c.Added, "removed": c.Removed, "names": held.Report.Taken,
		}})
	})
	if err != nil {
		return List{}, err
	}
	return list, s.dropEdition(ctx, drop)
}

// GetList is one list by its id or, where that is none, by its name, with its
// subscription and what it holds for a person.
func (s *Service) GetList(ctx context.Context, actor authz.Actor, listID string) (List, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("list", listID)); err != nil {
		return List{}, err
	}
	list, err := sqldb.One(ctx, s.db.Read(), queryListByID, scanList, listID)
	if errors.Is(err, sqldb.ErrNoRows) {
		list, err = sqldb.One(ctx, s.db.Read(), queryListByName, scanList, listID)
	}
	if err != nil {
		return List{}, notFound(err, "schools/no-list")
	}
	one := []List{list}
	err = s.withSubscriptions(ctx, one)
	return one[0], err
}

// withSubscriptions adds to lists what was subscribed and what is held.
func (s *Service) withSubscriptions(ctx context.Context, lists []List) error {
	subs, err := sqldb.All(ctx, s.db.Read(), querySubscriptions, scanSubscription)
	if err != nil {
		return wrap("read subscriptions", err)
	}
	held, err := sqldb.All(ctx, s.db.Read(), queryAllHeld, scanHeld)
	if err != nil {
		return wrap("read held lists", err)
	}
	for i := range lists {
		for _, sub := range subs {
			if sub.list == lists[i].ID {
				lists[i].Subscription = &sub.Subscription
			}
		}
		for _, h := range held {
			if h.list == lists[i].ID {
				lists[i].Held = &h.Held
			}
		}
	}
	return nil
}
