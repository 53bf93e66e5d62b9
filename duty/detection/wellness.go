// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Exposure is a kind of what a person has had to take in.
type Exposure string

// The kinds.
const (
	SawPicture Exposure = "picture"
	HeardSound Exposure = "sound"
	ReadWords  Exposure = "words" // a child's own
)

// Exposures lists the kinds.
func Exposures() []Exposure { return []Exposure{SawPicture, HeardSound, ReadWords} }

// Key is the locale key of the kind's name.
func (e Exposure) Key() string { return "detection.exposure." + string(e) }

// Budget is what a person has seen today and may still see. Only the person
// reads it.
type Budget struct {
	Used, Of map[Exposure]int
	Away     bool      // takes nothing for now
	Rest     time.Time // rests until; zero: does not
}

// Spent reports whether one of the kinds is used up.
func (b Budget) Spent() bool {
	for _, e := range Exposures() {
		if b.Used[e] >= b.Of[e] {
			return true
		}
	}
	return false
}

// Refusal is why a person gets no further item now; nil: he does.
func (b Budget) Refusal(now time.Time) error {
	switch {
	case b.Away:
		return problem.New("detection/away")
	case b.Spent():
		return problem.New("detection/budget-spent")
	case now.Before(b.Rest):
		return problem.New("detection/resting", "until", b.Rest.In(clock.Vietnam).Format("15:04"))
	}
	return nil
}

// Care is how a person wants to be shown what must be seen. The province's
// floor holds for all: a person may choose more care, never less.
type Care struct {
	Blur  int // 1 to 3
	Grey  bool
	Mute  bool
	Small bool
}

var (
	queryExposure = sqldb.Register("detection.exposure", `SELECT kind, units FROM detection_exposure WHERE person = $1 AND day = $2`)
	queryExpose   = sqldb.Register("detection.expose", `
		INSERT INTO detection_exposure (person, day, kind, units) VALUES ($1,$2,$3,1)
		ON CONFLICT (person, day, kind) DO UPDATE SET units = detection_exposure.units + 1`)
	queryExposureOld = sqldb.Register("detection.exposure_old", `DELETE FROM detection_exposure WHERE day < $1`)
	queryReviewer    = sqldb.Register("detection.reviewer", `SELECT blur, grey, mute, small, away, rest_until FROM detection_reviewer WHERE person = $1`)
	queryReviewerPut = sqldb.Register("detection.reviewer_put", `
		INSERT INTO detection_reviewer (person, blur, grey, mute, small, away, rest_until) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (person) DO UPDATE SET blur = excluded.blur, grey = excluded.grey, mute = excluded.mute, small = excluded.small,
			away = excluded.away, rest_until = excluded.rest_until`)
	queryOpened    = sqldb.Register("detection.opened", `SELECT made FROM detection_opened WHERE item = $1 AND part = $2 AND person = $3`)
	queryOpenedPut = sqldb.Register("detection.opened_put", `
		INSERT INTO detection_opened (item, part, person, made) VALUES ($1,$2,$3,$4)
		ON CONFLICT (item, part, person) DO UPDATE SET made = excluded.made`)
)

type reviewer struct {
	Care
	away bool
	rest time.Time
}

// reviewer is what is known of a person; who never chose gets the gentlest of
// everything.
func (s *Service) reviewer(ctx context.Context, q sqldb.Queryer, person string) (reviewer, error) {
	r, err := sqldb.One(ctx, q, queryReviewer, func(row sqldb.Row) (v reviewer, err error) {
		var grey, mute, small, away int
		var rest int64
		err = row.Scan(&v.Blur, &grey, &mute, &small, &away, &rest)
		v.Grey, v.Mute, v.Small, v.away, v.rest = grey != 0, mute != 0, small != 0, away != 0, fromMicro(rest)
		return v, err
	}, person)
	if errors.Is(err, sqldb.ErrNoRows) {
		return reviewer{Care: Care{Blur: 3, Grey: true, Mute: true, Small: true}}, nil
	}
	r.Blur = max(r.Blur, s.Settings.BlurFloor)
	return r, err
}

func (s *Service) saveReviewer(ctx context.Context, tx *sqldb.Tx, person string, r reviewer) error {
	_, err := sqldb.Exec(ctx, tx, queryReviewerPut, person, r.Blur, flag(r.Grey), flag(r.Mute), flag(r.Small), flag(r.away), toMicro(r.rest))
	return err
}

func (s *Service) budget(ctx context.Context, q sqldb.Queryer, person string) (Budget, error) {
	b := Budget{Used: map[Exposure]int{}, Of: map[Exposure]int{
		SawPicture: s.Settings.Pictures, HeardSound: s.Settings.Sounds, ReadWords: s.Settings.Words,
	}}
	r, err := s.reviewer(ctx, q, person)
	if err != nil {
		return b, err
	}
	b.Away, b.Rest = r.away, r.rest
	type used struct {
		kind  Exposure
		units int
	}
	all, err := sqldb.All(ctx, q, queryExposure, func(row sqldb.Row) (u used, err error) {
		err = row.Scan(&u.kind, &u.units)
		return u, err
	}, person, clock.Day(s.now()))
	for _, u := range all {
		b.Used[u.kind] = u.units
	}
	return b, err
}

// Budget is the reader's own.
func (s *Service) Budget(ctx context.Context, actor authz.Actor) (Budget, error) {
	if _, err := s.check(ctx, actor, "detection.review", "queue", ""); err != nil {
		return Budget{}, err
	}
	b, err := s.budget(ctx, s.DB.Read(), actor.Person)
	return b, wrap("budget", err)
}

// Care is how the reader wants to be shown things.
func (s *Service) Care(ctx context.Context, actor authz.Actor) (Care, error) {
	if _, err := s.check(ctx, actor, "detection.review", "queue", ""); err != nil {
		return Care{}, err
	}
	r, err := s.reviewer(ctx, s.DB.Read(), actor.Person)
	return r.Care, wrap("care", err)
}

// SetCare keeps how the reader wants to be shown things. Less blur than the
// province's floor is detection/below-floor.
func (s *Service) SetCare(ctx context.Context, actor authz.Actor, c Care) error {
	if c.Blur < s.Settings.BlurFloor || c.Blur > 3 {
		return problem.New("detection/below-floor").Field("blur", "detection/below-floor", "least", s.Settings.BlurFloor)
	}
	return s.editReviewer(ctx, actor, func(r *reviewer) { r.Care = c })
}

// SetAway says that a reviewer takes nothing for now, or does again. Nobody is
// asked why, and nothing is written down of it.
func (s *Service) SetAway(ctx context.Context, actor authz.Actor, away bool) error {
	return s.editReviewer(ctx, actor, func(r *reviewer) { r.away = away })
}

func (s *Service) editReviewer(ctx context.Context, actor authz.Actor, change func(*reviewer)) error {
	if _, err := s.check(ctx, actor, "detection.review", "queue", ""); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		r, err := s.reviewer(ctx, tx, actor.Person)
		if err != nil {
			return err
		}
		change(&r)
		return s.saveReviewer(ctx, tx, actor.Person, r)
	})
}

// expose charges a person once for a part of an item, and has him rest after
// the worst. again is whether he had it before.
func (s *Service) expose(ctx context.Context, tx *sqldb.Tx, person string, i *Item, part string, kind Exposure) (again bool, err error) {
	now := s.now()
	if _, err = sqldb.One(ctx, tx, queryOpened, sqldb.Scalar[int64], i.ID, part, person); err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return false, err
	}
	again = err == nil
	if _, err := sqldb.Exec(ctx, tx, queryOpenedPut, i.ID, part, person, clock.Micro(now)); err != nil || again {
		return again, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryExpose, person, clock.Day(now), string(kind)); err != nil {
		return false, err
	}
	if kind == ReadWords || !s.label(i.Label).Severe {
		return false, nil
	}
	r, err := s.reviewer(ctx, tx, person)
	if err != nil {
		return false, err
	}
	r.rest = now.Add(s.Settings.RestAfter)
	return false, s.saveReviewer(ctx, tx, person, r)
}

// ForgetExposure deletes what people had to see before the last 30 days: the
// budget needs a day, care for a person some weeks, nobody a history.
func (s *Service) ForgetExposure(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryExposureOld, clock.Day(s.now().Add(-30*24*time.Hour)))
		return err
	})
}

// Free says which of the persons can take an item now. Heads see this, and
// never why somebody cannot.
func (s *Service) Free(ctx context.Context, actor authz.Actor, persons []string) (map[string]bool, error) {
	if _, err := s.check(ctx, actor, "detection.roster", "queue", ""); err != nil {
		return nil, err
	}
	free := map[string]bool{}
	for _, p := range persons {
		b, err := s.budget(ctx, s.DB.Read(), p)
		if err != nil {
			return nil, wrap("free", err)
		}
		free[p] = b.Refusal(s.now()) == nil
	}
	return free, nil
}
