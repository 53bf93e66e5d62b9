// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
	"lachan/internal/vntext/signs"
)

// Ledger records a step in the transaction of the step.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (id string, err error)
}

// Checker decides whether an actor may act.
type Checker interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Files keeps sealed pictures and captures; internal/blobs has it.
type Files interface {
	Put(ctx context.Context, key string, r io.Reader) error
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Settings are what a province may choose. The zero value of a field means
// its default.
type Settings struct {
	HoldFor   time.Duration // how long an item is one reviewer's; 20 min
	Pictures  int           // that a person sees a day; 40
	Sounds    int           // and hears; 20
	Words     int           // texts in a child's words; 60
	RestAfter time.Duration // after the worst; 3 min
	BlurFloor int           // the least blur that a person may choose, 1 to 3; 2
	WatchFor  time.Duration // how long what was judged is looked at again; 90 days
	PageTime  time.Duration // the longest for one page of a scan; 20 s
	AgeTime   time.Duration // the longest that a finding waits for the age of its domain; 4 s
	// FeaturesFor is how long numbers of what scans met are kept for back-tests
	// of rules; 90 days.
	FeaturesFor time.Duration
	Batch       int // contents of a foreign list that one transaction takes; 500
}

func (s Settings) withDefaults() Settings {
	for _, d := range []struct {
		field *time.Duration
		is    time.Duration
	}{
		{&s.HoldFor, 20 * time.Minute},
		{&s.RestAfter, 3 * time.Minute},
		{&s.WatchFor, 90 * 24 * time.Hour},
		{&s.PageTime, 20 * time.Second},
		{&s.AgeTime, 4 * time.Second},
		{&s.FeaturesFor, featuresFor},
	} {
		if *d.field <= 0 {
			*d.field = d.is
		}
	}
	for _, n := range []struct {
		field *int
		is    int
	}{{&s.Pictures, 40}, {&s.Sounds, 20}, {&s.Words, 60}, {&s.BlurFloor, 2}, {&s.Batch, 500}} {
		if *n.field <= 0 {
			*n.field = n.is
		}
	}
	return s
}

// Deps is what the room needs.
type Deps struct {
	DB     *sqldb.DB
	Clock  clock.Clock
	Authz  Checker
	Ledger Ledger
	Vault  *vault.Vault
	Files  Files
	Lists  Getter // foreign lists; nil: none is asked for
	Log    *slog.Logger
	// Unit is the unit that reviews for the province at an instant.
	Unit func(ctx context.Context, at time.Time) (string, error)
	// Registrable gives the domain that somebody registered for a host.
	Registrable func(host string) string
	// Ordinary reports whether a domain is one of no great many and of nobody
	// protected; nil: each is.
	Ordinary func(domain string) bool
	// Reported counts open cases about an address; nil: nobody asks.
	Reported func(ctx context.Context, address string) (int, error)
	// Aged says since when a domain is registered; nil: nobody is asked, as each
	// question shows a stranger which name is looked at.
	Aged Aged
	// Protected are names of schools, banks and the like, whose age says nothing;
	// nil: there are none.
	Protected func(domain string) bool
	// IndexFile keeps the index of pictures between two starts; "": it is made
	// anew from the database.
	IndexFile string
	// What follows looks at the web; without Manners nothing is scanned.
	Manners    *crawl.Manners    // through which every request goes
	Software   string            // that writes captures: "lachan/1.0"
	Examiner   Examiner          // of pictures; nil: none is fetched
	Lookalikes *lookalike.Finder // of protected names; nil: none is looked for
	// Shoot makes a picture (PNG) of a page as a visitor sees it; nil: none is
	// made.
	Shoot func(ctx context.Context, address string) ([]byte, error)
	// Emit hands an event to flow inside the transaction.
	Emit     func(ctx context.Context, tx *sqldb.Tx, event any) error
	Settings Settings
}

// Service is the room's use-cases. It is safe for concurrent use, on several
// hubs over one database.
type Service struct {
	Deps
	labels  []Label
	matcher *matcher
	rules   ruleEngine
	samples []SampleRule
	reader  atomic.Pointer[signs.Reader] // of texts; another takes its place whole
	models  models
	// intake lets one finding of this hub at a time take its number, as
	// casework does.
	intake sync.Mutex
	// aging holds one token; who has it asks for the age of a domain.
	aging chan struct{}
}

// New checks the data files and makes the room. It reads no database; the
// first match loads the banks.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Clock == nil || d.Authz == nil || d.Ledger == nil || d.Vault == nil || d.Files == nil || d.Log == nil ||
		d.Unit == nil || d.Registrable == nil || d.Emit == nil {
		return nil, errors.New("detection: New needs all of its parts")
	}
	d.Settings = d.Settings.withDefaults()
	labels, err := loadLabels()
	if err != nil {
		return nil, err
	}
	reader, err := newReader()
	if err != nil {
		return nil, err
	}
	s := &Service{Deps: d, labels: labels, matcher: newMatcher(d.IndexFile), aging: make(chan struct{}, 1)}
	s.aging <- struct{}{}
	if s.samples, err = s.loadSampleRules(); err != nil {
		return nil, err
	}
	s.reader.Store(reader)
	return s, nil
}

// Close ends the background work of the index.
func (s *Service) Close() error { return s.matcher.close() }

// now is the present, cut to what is stored.
func (s *Service) now() time.Time { return s.Clock.Now().Truncate(time.Microsecond) }

// record writes the ledger entry of a step. Details hold ids, enumerations and
// numbers; never a word or an address.
func (s *Service) record(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, object, kind string, permit authz.Permit, details any) error {
	_, err := s.Ledger.Append(ctx, tx, ledger.Entry{
		Kind: kind, Actor: actor.Name(), Object: object, Policies: permit.Policies(), Details: details,
	})
	return wrap("ledger", err)
}

// ofUnit is a resource of this room that belongs to a unit.
func ofUnit(kind, id, unit string) authz.Resource {
	return authz.Resource{Type: "detection." + kind, ID: id, Attrs: map[string]any{"unit": unit}}
}

// check asks about a resource that belongs to the unit that reviews today.
func (s *Service) check(ctx context.Context, actor authz.Actor, action, kind, id string) (authz.Permit, error) {
	unit, err := s.Unit(ctx, s.now())
	if err != nil {
		return authz.Permit{}, err
	}
	return s.Authz.Check(ctx, actor, action, ofUnit(kind, id, unit))
}

var queryCount = sqldb.Register("detection.count_up", `
	INSERT INTO detection_counter (name, value) VALUES ($1, 1)
	ON CONFLICT (name) DO UPDATE SET value = detection_counter.value + 1
	RETURNING value`)

// next takes the next number of a counter; one that fails gives its number
// back.
func next(ctx context.Context, tx *sqldb.Tx, counter string) (int64, error) {
	return sqldb.One(ctx, tx, queryCount, sqldb.Scalar[int64], counter)
}

// hash is a keyed hash that confirms no guess without the hub's secret.
func (s *Service) hash(purpose, value string) string {
	if value == "" {
		return ""
	}
	return s.Vault.Secrets().KeyedHash("detection."+purpose, value)
}

// box keeps addresses that the hub itself must use again, bound to what they
// belong to.
func (s *Service) box() vault.Box { return s.Vault.Secrets().Box("detection.address") }

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
	return fmt.Errorf("detection: %s: %w", doing, err)
}
