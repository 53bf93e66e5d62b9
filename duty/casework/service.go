// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// Ledger records a step in the caller's transaction.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (string, error)
}

// Checker decides whether an actor may act.
type Checker interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Units is what casework asks of org, each as of the given instant.
type Units interface {
	// DutyUnit is the unit that receives reports for the province.
	DutyUnit(ctx context.Context, at time.Time) (string, error)
	// Above is the unit one level up; "" at the top.
	Above(ctx context.Context, unit string, at time.Time) (string, error)
	// EmergencyRecipients are the commune's People's Committee and police of
	// a place (Decree 56/2017, article 26), or the province's where the place
	// is "" or unknown.
	EmergencyRecipients(ctx context.Context, place string, at time.Time) ([]string, error)
}

// Staff finds staff by a keyed hash of a phone number, so that nobody handles
// a case about himself. Nil means that no staff numbers are held.
type Staff interface {
	PersonsByPhone(ctx context.Context, hash string) ([]string, error)
}

// Assessment is what schools says about a name before it is blocked.
type Assessment struct {
	NeedsSecond   bool   // public suffix, protected, popular, shared
	TakedownFirst bool   // a large platform: ask it first
	NeverBlock    bool   // help lines, health, reporting: nothing may refuse it
	Risk          string // public_suffix, protected, popular, shared, ""
}

// Names weighs a domain. duty/schools satisfies it through a small adapter.
type Names interface {
	Assess(ctx context.Context, domain string) (Assessment, error)
}

// Deps is what the service works with.
type Deps struct {
	DB     *sqldb.DB
	Clock  clock.Clock
	Authz  Checker
	Ledger Ledger
	Vault  *vault.Vault
	Units  Units
	Days   Calendar
	Names  Names
	Staff  Staff // may be nil
	// Registrable gives the domain that somebody registered for a host.
	Registrable func(host string) string
	// Emit hands an event to flow inside the transaction.
	Emit func(ctx context.Context, tx *sqldb.Tx, event any) error
	// Provisional is the life of one officer's block; 0 means 72 hours.
	Provisional time.Duration
}

// Service is the casework of one installation. It is safe for concurrent use,
// on several hubs at once.
type Service struct {
	Deps
	cues    *Cues
	weights *Weights
	clocks  *ClockRules
	// intake lets one report of this hub at a time take its number: the
	// number is one row for all, and queuing here is cheaper than retrying.
	intake sync.Mutex
}

// New checks the data files and makes the service. It reads no database.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Clock == nil || d.Authz == nil || d.Ledger == nil || d.Vault == nil || d.Units == nil ||
		d.Days == nil || d.Names == nil || d.Registrable == nil || d.Emit == nil {
		return nil, errors.New("casework: New needs every dependency but Staff")
	}
	if d.Provisional <= 0 {
		d.Provisional = 72 * time.Hour
	}
	s := &Service{Deps: d}
	var err error
	if s.cues, err = LoadCues(); err != nil {
		return nil, err
	}
	if s.weights, err = LoadWeights(); err != nil {
		return nil, err
	}
	if s.clocks, err = LoadClocks(); err != nil {
		return nil, err
	}
	return s, nil
}

// Weights is the version of the score in use, for the page that explains it.
func (s *Service) Weights() *Weights { return s.weights }

// ClockRules is the version of the deadlines in use.
func (s *Service) ClockRules() *ClockRules { return s.clocks }

// now is the present, cut to what is stored.
func (s *Service) now() time.Time { return s.Clock.Now().Truncate(time.Microsecond) }

// step is one change of a case: it loads, asks, changes, records, in one
// transaction. do gets the loaded case and returns the entry's details.
type step struct {
	action string // for authz
	attrs  map[string]any
	kind   string // of ledger entry and event: "casework.decided"
	do     func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (details any, err error)
}

// change runs a step on a case.
func (s *Service) change(ctx context.Context, actor authz.Actor, caseID string, st step) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.changeIn(ctx, tx, actor, caseID, st)
	})
}

// changeIn runs a step inside somebody's transaction.
func (s *Service) changeIn(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, caseID string, st step) error {
	c, permit, err := s.load(ctx, tx, actor, caseID, st.action, st.attrs)
	if err != nil {
		return err
	}
	c.policies = permit.Policies()
	details, err := st.do(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := s.save(ctx, tx, c); err != nil {
		return err
	}
	return s.record(ctx, tx, actor, c.ID, st.kind, permit.Policies(), details)
}

// load reads a case and asks whether the actor may do action on it. A case
// that the actor may not know of is authz/not-found.
func (s *Service) load(ctx context.Context, q sqldb.Queryer, actor authz.Actor, caseID, action string, attrs map[string]any) (*caseRow, authz.Permit, error) {
	c, err := sqldb.One(ctx, q, caseByID, scanCase, caseID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, authz.Permit{}, problem.New("authz/not-found")
	}
	if err != nil {
		return nil, authz.Permit{}, err
	}
	r, err := s.resource(ctx, q, actor, c)
	if err != nil {
		return nil, authz.Permit{}, err
	}
	for k, v := range attrs {
		r.Attrs[k] = v
	}
	permit, err := s.Authz.Check(ctx, actor, action, r)
	if err != nil {
		return nil, authz.Permit{}, err
	}
	return c, permit, nil
}

// resource is a case as the policies see it when the actor asks.
func (s *Service) resource(ctx context.Context, q sqldb.Queryer, actor authz.Actor, c *caseRow) (authz.Resource, error) {
	access, err := sqldb.All(ctx, q, accessOfCase, scanAccess, c.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	excluded, err := sqldb.All(ctx, q, exclusionsOfCase, scanExclusion, c.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	units, offered, people, bodies := []string{}, []string{}, []string{}, []string{}
	for _, a := range access {
		if a.Mode == modeOffered {
			offered = append(offered, a.Unit)
		} else {
			units = append(units, a.Unit)
		}
	}
	for _, e := range excluded {
		if e.Kind == excludedPerson {
			people = append(people, e.Subject)
		} else {
			bodies = append(bodies, e.Subject)
		}
	}
	return authz.Resource{
		Type: "casework.case", ID: c.ID,
		// A unit without a part in the case may not know that there is one.
		Hidden: !slices.Contains(units, actor.Unit) && !slices.Contains(offered, actor.Unit),
		Attrs: map[string]any{
			"owner": c.Owner, "units": units, "offered": offered, "handler": c.Handler,
			"excluded_people": people, "excluded_units": bodies,
		},
	}, nil
}

// record writes the ledger entry of a step. Details hold ids and
// enumerations; nothing a person wrote.
func (s *Service) record(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, object, kind string, policies []string, details any) error {
	if _, err := s.Ledger.Append(ctx, tx, ledger.Entry{
		Kind: kind, Actor: actor.Name(), Object: object, Policies: policies, Details: details,
	}); err != nil {
		return fmt.Errorf("casework: ledger: %w", err)
	}
	return nil
}
