// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Queue is what waits for a reviewer, without a word or a picture of it.
type Queue struct {
	Items  []Item
	Counts [4]int // waiting, by tier
	Second int    // waiting for the reader as second person
	Budget Budget
}

// queueRows is how many items a page shows.
const queueRows = 50

// An item that somebody else has is not offered, nor one that the reader
// skipped, nor one where he was the first of two. One that was passed on because
// he had seen enough is his again when he may see more. The gravest first, then the
// oldest.
const queueWhere = ` FROM detection_item i WHERE i.unit = $1 AND i.state <> 'decided'
	AND (i.reviewer = '' OR i.reviewer = $2 OR i.held_until < $3)
	AND NOT (i.state = 'second' AND i.decided_by = $2)
	AND NOT EXISTS (SELECT 1 FROM detection_skip k WHERE k.item = i.id AND k.person = $2 AND k.reason <> 'spent')`

var (
	queryQueue = sqldb.Register("detection.queue", `SELECT `+itemColumns+queueWhere+` ORDER BY i.tier, i.severity DESC, i.found, i.id LIMIT $4`)
	queryTiers = sqldb.Register("detection.queue_tiers", `
		SELECT i.tier, i.state, COUNT(*)`+queueWhere+` GROUP BY i.tier, i.state`)
	queryMine = sqldb.Register("detection.queue_mine", `
		SELECT `+itemColumns+` FROM detection_item WHERE unit = $1 AND reviewer = $2 AND held_until >= $3 AND state <> 'decided' ORDER BY held_until LIMIT 1`)
	queryStarred = sqldb.Register("detection.starred", `
		SELECT `+itemColumns+` FROM detection_item WHERE unit = $1 AND id IN (SELECT item FROM detection_star WHERE person = $2) ORDER BY number DESC LIMIT $3`)
	queryStars    = sqldb.Register("detection.stars", `SELECT item FROM detection_star WHERE person = $1`)
	queryStarPut  = sqldb.Register("detection.star_put", `INSERT INTO detection_star (item, person) VALUES ($1,$2) ON CONFLICT DO NOTHING`)
	queryStarDrop = sqldb.Register("detection.star_drop", `DELETE FROM detection_star WHERE item = $1 AND person = $2`)
	querySkipPut  = sqldb.Register("detection.skip_put", `
		INSERT INTO detection_skip (item, person, reason, made) VALUES ($1,$2,$3,$4) ON CONFLICT (item, person) DO NOTHING`)
	queryItemCase = sqldb.Register("detection.item_case", `UPDATE detection_item SET case_id = $2, version = version + 1 WHERE id = $1`)
	queryHold     = sqldb.Register("detection.hold", `UPDATE detection_item SET reviewer = $2, held_until = $3 WHERE id = $1`)
)

// SkipReasons lists why an item may be passed on; "" is a reason too, nobody is
// asked.
func SkipReasons() []string { return []string{"", "unsure", "known_person", "too_much", "language"} }

// Queue lists what waits for a reviewer.
func (s *Service) Queue(ctx context.Context, actor authz.Actor) (Queue, error) {
	if _, err := s.check(ctx, actor, "detection.review", "queue", ""); err != nil {
		return Queue{}, err
	}
	var q Queue
	var err error
	now := clock.Micro(s.now())
	if q.Items, err = sqldb.All(ctx, s.DB.Read(), queryQueue, scanItem, actor.Unit, actor.Person, now, queueRows); err != nil {
		return q, wrap("queue", err)
	}
	stars, err := sqldb.All(ctx, s.DB.Read(), queryStars, sqldb.Scalar[string], actor.Person)
	if err != nil {
		return q, wrap("queue", err)
	}
	for n := range q.Items {
		q.Items[n].Starred = slices.Contains(stars, q.Items[n].ID)
	}
	type count struct {
		tier, n int
		state   ItemState
	}
	counts, err := sqldb.All(ctx, s.DB.Read(), queryTiers, func(r sqldb.Row) (c count, err error) {
		err = r.Scan(&c.tier, &c.state, &c.n)
		return c, err
	}, actor.Unit, actor.Person, now)
	if err != nil {
		return q, wrap("queue", err)
	}
	for _, c := range counts {
		q.Counts[c.tier] += c.n
		if c.state == Second {
			q.Second += c.n
		}
	}
	q.Budget, err = s.budget(ctx, s.DB.Read(), actor.Person)
	return q, wrap("queue", err)
}

// Starred lists the items that a reviewer marked for himself.
func (s *Service) Starred(ctx context.Context, actor authz.Actor) ([]Item, error) {
	if _, err := s.check(ctx, actor, "detection.review", "queue", ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryStarred, scanItem, actor.Unit, actor.Person, queueRows)
	for n := range all {
		all[n].Starred = true
	}
	return all, wrap("starred", err)
}

// Next gives the reviewer the gravest item that nobody has, and holds it for
// him; the one he has already comes first. detection/queue-empty where there is
// none. Whoever has seen enough for today, rests or is away gets none: an
// emergency then rings the next on the roster, once.
func (s *Service) Next(ctx context.Context, actor authz.Actor) (string, error) {
	permit, err := s.check(ctx, actor, "detection.review", "queue", "")
	if err != nil {
		return "", err
	}
	var item string
	var refused error
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		item, refused = "", nil
		now := s.now()
		mine, err := sqldb.One(ctx, tx, queryMine, scanItem, actor.Unit, actor.Person, clock.Micro(now))
		if err == nil {
			item = mine.ID
			return nil
		}
		if !errors.Is(err, sqldb.ErrNoRows) {
			return err
		}
		first, err := sqldb.One(ctx, tx, queryQueue, scanItem, actor.Unit, actor.Person, clock.Micro(now), 1)
		if errors.Is(err, sqldb.ErrNoRows) {
			return problem.New("detection/queue-empty")
		}
		if err != nil {
			return err
		}
		b, err := s.budget(ctx, tx, actor.Person)
		if err != nil {
			return err
		}
		if refused = b.Refusal(now); refused != nil {
			return s.passOn(ctx, tx, actor, permit, &first)
		}
		item = first.ID
		return s.hold(ctx, tx, actor, permit, first.ID)
	})
	if err == nil {
		err = refused
	}
	return item, err
}

// passOn rings for an emergency that this reviewer is not to see, once for each
// of the two.
func (s *Service) passOn(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, permit authz.Permit, i *Item) error {
	if i.Tier != Emergency {
		return nil
	}
	fresh, err := sqldb.Exec(ctx, tx, querySkipPut, i.ID, actor.Person, "spent", clock.Micro(s.now()))
	if err != nil || fresh == 0 {
		return err
	}
	// The entry does not say why: who has seen how much is for the person alone.
	if err := s.record(ctx, tx, actor, i.ID, "detection.passed_on", permit, map[string]string{}); err != nil {
		return err
	}
	return s.ringFor(ctx, tx, actor, i)
}

// ringFor tells flow that an emergency waits, and keeps which case rings.
func (s *Service) ringFor(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, i *Item) error {
	e := &EmergencyUnseen{
		Item: i.ID, Number: i.Number, Unit: i.Unit, Harms: s.label(i.Label).Harms(), Not: actor.Person, At: s.now(), Case: i.Case,
	}
	if err := s.Emit(ctx, tx, e); err != nil || e.Case == i.Case {
		return err
	}
	_, err := sqldb.Exec(ctx, tx, queryItemCase, i.ID, e.Case)
	return err
}

func (s *Service) hold(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, permit authz.Permit, item string) error {
	if _, err := sqldb.Exec(ctx, tx, queryHold, item, actor.Person, clock.Micro(s.now().Add(s.Settings.HoldFor))); err != nil {
		return err
	}
	return s.record(ctx, tx, actor, item, "detection.taken", permit, map[string]string{})
}

// Peek is an item without a word of it, for who may review it.
func (s *Service) Peek(ctx context.Context, actor authz.Actor, item string) (Item, error) {
	i, _, err := s.load(ctx, s.DB.Read(), actor, "detection.review", item)
	return i, err
}

// Take holds a certain item for the reviewer; detection/held-by-other while
// somebody else has it.
func (s *Service) Take(ctx context.Context, actor authz.Actor, item string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, permit, err := s.load(ctx, tx, actor, "detection.review", item)
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case i.State == Decided:
			return problem.New("detection/is-decided")
		case i.heldBy(actor.Person, now):
			return nil
		case i.held(now):
			return problem.New("detection/held-by-other")
		case i.State == Second && i.By == actor.Person:
			return problem.New("detection/needs-another")
		}
		b, err := s.budget(ctx, tx, actor.Person)
		if err != nil {
			return err
		}
		// Who asks for an emergency by name is not sent away from it.
		if refused := b.Refusal(now); refused != nil && i.Tier != Emergency {
			return refused
		}
		return s.hold(ctx, tx, actor, permit, i.ID)
	})
}

func (i *Item) held(now time.Time) bool { return i.Reviewer != "" && now.Before(i.HeldTo) }

func (i *Item) heldBy(person string, now time.Time) bool { return i.Reviewer == person && i.held(now) }

// Release gives an item back without a word.
func (s *Service) Release(ctx context.Context, actor authz.Actor, item string) error {
	return s.letGo(ctx, actor, item, nil)
}

// Skip passes an item on to others, with a reason or without. It stays in the
// queue where it was.
func (s *Service) Skip(ctx context.Context, actor authz.Actor, item, reason string) error {
	if !slices.Contains(SkipReasons(), reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	return s.letGo(ctx, actor, item, &reason)
}

func (s *Service) letGo(ctx context.Context, actor authz.Actor, item string, skip *string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, permit, err := s.load(ctx, tx, actor, "detection.review", item)
		if err != nil {
			return err
		}
		if i.heldBy(actor.Person, s.now()) {
			if _, err := sqldb.Exec(ctx, tx, queryHold, i.ID, "", 0); err != nil {
				return err
			}
		}
		if skip == nil {
			return nil
		}
		if _, err := sqldb.Exec(ctx, tx, querySkipPut, i.ID, actor.Person, *skip, clock.Micro(s.now())); err != nil {
			return err
		}
		if err := s.record(ctx, tx, actor, i.ID, "detection.skipped", permit, map[string]string{}); err != nil {
			return err
		}
		if i.Tier != Emergency {
			return nil
		}
		return s.ringFor(ctx, tx, actor, &i)
	})
}

// Star marks an item for the reader alone, or takes the mark away.
func (s *Service) Star(ctx context.Context, actor authz.Actor, item string, on bool) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, _, err := s.load(ctx, tx, actor, "detection.review", item)
		if err != nil {
			return err
		}
		q := queryStarDrop
		if on {
			q = queryStarPut
		}
		_, err = sqldb.Exec(ctx, tx, q, i.ID, actor.Person)
		return err
	})
}
