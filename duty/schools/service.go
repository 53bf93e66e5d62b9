// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Ledger records a step in the transaction of the step.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (id string, err error)
}

// Authorizer decides who may act.
type Authorizer interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Files keeps bundles; internal/blobs has it. A file is on the disk when Put
// returns.
type Files interface {
	Put(ctx context.Context, key string, r io.Reader) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Publisher tells nodes at once what the database already holds. It must not
// block for long and may fail: nodes that are behind ask for what they miss.
type Publisher interface {
	PublishDelta(ctx context.Context, d SealedDelta) error
	PublishBundle(ctx context.Context, b BundleInfo) error
	PublishSide(ctx context.Context, s SealedSide) error
}

// Settings are what a province may choose. The zero value of a field means
// its default.
type Settings struct {
	ProvisionalFor time.Duration // how long one officer's block holds; 72 h
	EmergencyFor   time.Duration // the longest for two persons' emergency block; 7 days
	LegalFor       time.Duration // the longest for a legal block before it is looked at again; 2 years
	TokenFor       time.Duration // how long an enrolment token may be used; 48 h
	SilentAfter    time.Duration // when a node counts as silent; 30 min
	KeepBundles    int           // how many bundles stay; 3
	RequestDays    int           // working days in which the department answers a request; 3
	// A bundle goes to some nodes first: from StageFrom nodes on, 5 and then 25 in
	// a hundred, each for StageFor.
	StageFrom int           // 20
	StageFor  time.Duration // 20 min
	// An update of a subscribed list waits for a person if so many names in a
	// hundred come or go, from a number of them on.
	HoldGrowth int // 50
	HoldShrink int // 30
	HoldFrom   int // 100 names
}

func (s Settings) withDefaults() Settings {
	for _, d := range []struct {
		field *time.Duration
		is    time.Duration
	}{
		{&s.ProvisionalFor, 72 * time.Hour},
		{&s.EmergencyFor, 7 * 24 * time.Hour},
		{&s.LegalFor, 2 * 365 * 24 * time.Hour},
		{&s.TokenFor, 48 * time.Hour},
		{&s.SilentAfter, 30 * time.Minute},
		{&s.StageFor, 20 * time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.is
		}
	}
	for _, n := range []struct {
		field *int
		is    int
	}{{&s.KeepBundles, 3}, {&s.RequestDays, 3}, {&s.HoldGrowth, 50}, {&s.HoldShrink, 30}, {&s.HoldFrom, 100}, {&s.StageFrom, 20}} {
		if *n.field <= 0 {
			*n.field = n.is
		}
	}
	return s
}

// Deps is what the room needs.
type Deps struct {
	DB        *sqldb.DB
	Ledger    Ledger
	Authz     Authorizer
	Clock     clock.Clock
	Catalogue *Catalogue
	Keys      *Keyring
	Files     Files
	Publisher Publisher
	Log       *slog.Logger
	Settings  Settings
	Fetch     *fetch.Client // for subscribed lists; nil: none are fetched
	Seal      Sealer        // of transfer keys; nil: none are given
	// Reach says which schools lie under a unit of org; nil: those whose unit
	// or commune it is.
	Reach func(ctx context.Context, unit string) (Scope, error)
	Days  duty.WorkingDays // nil: Monday to Friday
}

// Service is the room's use-cases. It is safe for concurrent use, on several
// hubs over one database.
type Service struct {
	db        *sqldb.DB
	ledger    Ledger
	authz     Authorizer
	clock     clock.Clock
	catalogue *Catalogue
	keys      *Keyring
	files     Files
	publisher Publisher
	log       *slog.Logger
	settings  Settings
	fetch     *fetch.Client
	reach     func(ctx context.Context, unit string) (Scope, error)
	views     viewCache
	seal      Sealer
	zones     zoneState
	days      duty.WorkingDays
}

// New makes the room. It reads and writes nothing yet.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Ledger == nil || d.Authz == nil || d.Clock == nil || d.Catalogue == nil || d.Keys == nil ||
		d.Files == nil || d.Publisher == nil || d.Log == nil {
		return nil, errors.New("schools: New needs all of its parts")
	}
	if d.Days == nil {
		d.Days = duty.Weekdays{}
	}
	return &Service{
		db: d.DB, ledger: d.Ledger, authz: d.Authz, clock: d.Clock, catalogue: d.Catalogue, keys: d.Keys,
		files: d.Files, publisher: d.Publisher, log: d.Log, settings: d.Settings.withDefaults(), fetch: d.Fetch, reach: d.Reach, seal: d.Seal, days: d.Days,
	}, nil
}

// Catalogue is the room's own data.
func (s *Service) Catalogue() *Catalogue { return s.catalogue }

// now is the time as stored, microseconds since 1970 UTC.
func (s *Service) now() int64 { return clock.Micro(s.clock.Now()) }

// step is one act for the ledger.
type step struct {
	kind    string // "schools.block_made"
	actor   string
	object  string
	permit  authz.Permit
	also    []string // policies under which another room allowed it
	details any
}

func (s *Service) record(ctx context.Context, tx *sqldb.Tx, r step) error {
	_, err := s.ledger.Append(ctx, tx, ledger.Entry{
		Kind: r.kind, Actor: r.actor, Object: r.object, Policies: append(r.permit.Policies(), r.also...), Details: r.details,
	})
	return err
}

// room is the resource for acts that concern no single school.
func room(kind, id string) authz.Resource { return authz.Resource{Type: "schools." + kind, ID: id} }

var (
	queryCount = sqldb.Register("schools.count_up", `
		INSERT INTO schools_counter (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = schools_counter.value + 1
		RETURNING value`)
	queryCounter = sqldb.Register("schools.counter", `SELECT value FROM schools_counter WHERE name = $1`)
)

// next takes the next number of a counter. Two transactions that want one wait
// for each other; one that fails gives its number back.
func next(ctx context.Context, tx *sqldb.Tx, counter string) (int64, error) {
	return sqldb.One(ctx, tx, queryCount, sqldb.Scalar[int64], counter)
}

// counter is the last number taken, 0 before the first.
func counter(ctx context.Context, q sqldb.Queryer, name string) (int64, error) {
	n, err := sqldb.One(ctx, q, queryCounter, sqldb.Scalar[int64], name)
	if errors.Is(err, sqldb.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// notFound turns the absence of a row into the problem of that code.
func notFound(err error, code string) error {
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New(code).Wrap(err)
	}
	return err
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("schools: %s: %w", doing, err)
}
