// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Subscription is where a list comes from by itself.
type Subscription struct {
	URL      string
	Hours    int       // between two fetches
	Due      time.Time // of the next fetch
	Fetched  time.Time // of the last try; zero: none yet
	Outcome  Outcome   // of that try
	Why      string    // code of its problem, if it failed
	Failures int       // in a row
	etag     string
	modified string
	refused  string // digest of the edition that was discarded last
}

// Outcome is what became of a try to bring a list up to date.
type Outcome string

// The outcomes.
const (
	Untried   Outcome = ""
	Unchanged Outcome = "unchanged" // the same names as before
	Applied   Outcome = "applied"   // in force with the next bundle
	HeldBack  Outcome = "held"      // waits for a person
	Failed    Outcome = "failed"    // nothing changed
)

// The bounds of a schedule, in hours.
const (
	MinHours = 1
	MaxHours = 31 * 24
)

// SubscribeCommand asks for a list to be fetched from an address. A list of the
// name that exists is brought up to date from there from now on.
type SubscribeCommand struct {
	ListMeta
	URL   string // http or https
	Hours int    // MinHours to MaxHours
}

// Subscribe notes where a list comes from. It is fetched at the next
// opportunity (ClaimDue) or by UpdateList.
func (s *Service) Subscribe(ctx context.Context, actor authz.Actor, cmd SubscribeCommand) (List, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", ""))
	if err != nil {
		return List{}, err
	}
	cmd.ListMeta = cmd.normal()
	if err := cmd.validate(s.catalogue); err != nil {
		return List{}, err
	}
	at, _ := url.Parse(strings.TrimSpace(cmd.URL)) // validate has read it
	var list List
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		before, err := sqldb.One(ctx, tx, queryListByName, scanList, cmd.Name)
		switch {
		case err == nil && before.Category != cmd.Category:
			return problem.New("input/faulty").Field("category", "schools/other-category", "category", before.Category)
		case err == nil:
			list = before
			list.Format, list.Trust, list.Source, list.Licence = cmd.Format, cmd.Trust, cmd.Source, cmd.Licence
		case errors.Is(err, sqldb.ErrNoRows):
			list = List{
				ID: id.New(), Name: cmd.Name, Category: cmd.Category, Format: cmd.Format, Trust: cmd.Trust,
				Source: cmd.Source, Licence: cmd.Licence, Updated: s.clock.Now(), Since: s.clock.Now(),
			}
		default:
			return err
		}
		if err := saveList(ctx, tx, list); err != nil {
			return err
		}
		list.Subscription = &Subscription{URL: at.String(), Hours: cmd.Hours, Due: s.clock.Now()}
		if _, err := sqldb.Exec(ctx, tx, querySubscribe, list.ID, at.String(), cmd.Hours, s.now()); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.list_subscribed", actor: actor.Name(), object: list.ID, permit: permit,
			details: map[string]any{"name": list.Name, "host": at.Hostname(), "hours": cmd.Hours, "category": list.Category, "licence": list.Licence},
		})
	})
	return list, err
}

func (c SubscribeCommand) validate(catalogue *Catalogue) error {
	p := problem.New("input/faulty")
	if err := c.ListMeta.validate(catalogue); err != nil {
		p = problem.From(err)
	}
	if _, err := fetch.CheckURL(c.URL); err != nil {
		p.Field("url", problem.From(err).Code)
	}
	if c.Hours < MinHours || c.Hours > MaxHours {
		p.Field("hours", "input/out-of-range", "min", MinHours, "max", MaxHours)
	}
	return p.OrNil()
}

// normal is the meta as it is stored.
func (m ListMeta) normal() ListMeta {
	m.Name, m.Source, m.Licence = locale.Normalize(m.Name), locale.Normalize(m.Source), locale.Normalize(m.Licence)
	if m.Trust == "" {
		m.Trust = Unproven
	}
	if m.Format == "" {
		m.Format = Auto
	}
	return m
}

// Unsubscribe leaves a list as it is from now on.
func (s *Service) Unsubscribe(ctx context.Context, actor authz.Actor, listID string) error {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", listID))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		list, err := sqldb.One(ctx, tx, queryListByID, scanList, listID)
		if err != nil {
			return notFound(err, "schools/no-list")
		}
		if n, err := sqldb.Exec(ctx, tx, queryUnsubscribe, listID); err != nil || n == 0 {
			return errors.Join(err, problem.New("schools/not-subscribed"))
		}
		return s.record(ctx, tx, step{
			kind: "schools.list_unsubscribed", actor: actor.Name(), object: listID, permit: permit, details: map[string]any{"name": list.Name},
		})
	})
}

// FetchSoon makes a subscription due.
func (s *Service) FetchSoon(ctx context.Context, actor authz.Actor, listID string) error {
	if _, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", listID)); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if n, err := sqldb.Exec(ctx, tx, queryDueAt, listID, s.now()); err != nil || n == 0 {
			return errors.Join(err, problem.New("schools/not-subscribed"))
		}
		return nil
	})
}

// claimFor is how long nobody else takes a list that was claimed: longer than
// a fetch with its import may take.
const claimFor = 15 * time.Minute

// ClaimDue takes the subscriptions that are due, so that no second hub takes
// them as well, and calls with each inside the transaction. A claim of a hub
// that died lapses after 15 minutes.
func (s *Service) ClaimDue(ctx context.Context, each func(ctx context.Context, tx *sqldb.Tx, listID string) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		due, err := sqldb.All(ctx, tx, queryDue, sqldb.Scalar[string], s.now())
		if err != nil {
			return wrap("lists that are due", err)
		}
		for _, listID := range due {
			if _, err := sqldb.Exec(ctx, tx, queryDueAt, listID, s.now()+claimFor.Microseconds()); err != nil {
				return wrap("claim list", err)
			}
			if err := each(ctx, tx, listID); err != nil {
				return err
			}
		}
		return nil
	})
}

var (
	querySubscribe = sqldb.Register("schools.subscribe", `
		INSERT INTO schools_subscription (list, url, hours, etag, modified, due, fetched, outcome, why, failures, refused) VALUES ($1, $2, $3, '', '', $4, 0, '', '', 0, '')
		ON CONFLICT (list) DO UPDATE SET url = excluded.url, hours = excluded.hours, etag = '', modified = '', due = excluded.due, why = '', failures = 0`)
	queryUnsubscribe   = sqldb.Register("schools.unsubscribe", `DELETE FROM schools_subscription WHERE list = $1`)
	queryDue           = sqldb.Register("schools.subscriptions_due", `SELECT list FROM schools_subscription WHERE due <= $1 ORDER BY due, list`)
	queryDueAt         = sqldb.Register("schools.subscription_due_at", `UPDATE schools_subscription SET due = $2 WHERE list = $1`)
	querySubscriptions = sqldb.Register("schools.subscriptions", `
		SELECT list, url, hours, etag, modified, due, fetched, outcome, why, failures, refused FROM schools_subscription ORDER BY list`)
	querySubscription = sqldb.Register("schools.subscription", `
		SELECT list, url, hours, etag, modified, due, fetched, outcome, why, failures, refused FROM schools_subscription WHERE list = $1`)
	querySubscriptionRefused = sqldb.Register("schools.subscription_refused", `UPDATE schools_subscription SET refused = $2 WHERE list = $1`)
	querySubscriptionTried   = sqldb.Register("schools.subscription_tried", `
		UPDATE schools_subscription SET etag = $3, modified = $4, due = $5, fetched = $6, outcome = $7, why = $8, failures = $9
		WHERE list = $1 AND url = $2`)
)

// subscribed is a subscription with the list that it is of.
type subscribed struct {
	list string
	Subscription
}

func scanSubscription(r sqldb.Row) (s subscribed, err error) {
	var due, fetched int64
	if err := r.Scan(&s.list, &s.URL, &s.Hours, &s.etag, &s.modified, &due, &fetched, &s.Outcome, &s.Why, &s.Failures, &s.refused); err != nil {
		return s, err
	}
	s.Due = clock.FromMicro(due)
	if fetched != 0 {
		s.Fetched = clock.FromMicro(fetched)
	}
	return s, nil
}
