// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// From how many verdicts that no candidate has seen learning is offered, of all
// and of the label.
const (
	offerFrom = 40
	offerYes  = 10
)

// Offer is what can be learnt anew.
type Offer struct {
	Label    string
	Yes, All int // verdicts that no candidate has seen
}

var (
	queryOfferPut = sqldb.Register("detection.offer_put", `INSERT INTO detection_offer (unit, day, person) VALUES ($1,$2,$3) ON CONFLICT (unit, day) DO NOTHING`)
	queryOffer    = sqldb.Register("detection.offer", `SELECT person FROM detection_offer WHERE unit = $1 AND day = $2`)
)

// OfferModels notes that a person unlocked. The first model keeper of the unit
// who does on a day, when there is something to learn, is offered it for that
// day (Offered). Nothing is learnt by it, and whoever keeps no model is not
// refused.
func (s *Service) OfferModels(ctx context.Context, actor authz.Actor) error {
	due, err := s.dueModels(ctx, actor)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryOfferPut, actor.Unit, s.day(), actor.Person)
		return err
	})
}

// Offered is what the actor is offered to learn today; none for everybody else.
func (s *Service) Offered(ctx context.Context, actor authz.Actor) ([]Offer, error) {
	if !s.keepsModels(ctx, actor) {
		return nil, nil
	}
	person, err := sqldb.One(ctx, s.DB.Read(), queryOffer, sqldb.Scalar[string], actor.Unit, s.day())
	if errors.Is(err, sqldb.ErrNoRows) || err == nil && person != actor.Person {
		return nil, nil
	}
	if err != nil {
		return nil, wrap("offer", err)
	}
	return s.dueModels(ctx, actor)
}

func (s *Service) keepsModels(ctx context.Context, actor authz.Actor) bool {
	_, err := s.check(ctx, actor, "detection.model", "model", "")
	return err == nil
}

func (s *Service) day() string { return s.now().In(clock.Vietnam).Format(time.DateOnly) }

func (s *Service) dueModels(ctx context.Context, actor authz.Actor) ([]Offer, error) {
	if !s.keepsModels(ctx, actor) {
		return nil, nil
	}
	all, err := s.labelModels(ctx, actor)
	if err != nil {
		return nil, err
	}
	var due []Offer
	for _, l := range all {
		c := l.Counts
		if c.Enough() && c.SinceYes >= offerYes && c.SinceYes+c.SinceNo >= offerFrom {
			due = append(due, Offer{Label: l.Label, Yes: c.SinceYes, All: c.SinceYes + c.SinceNo})
		}
	}
	return due, nil
}
