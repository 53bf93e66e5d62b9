// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// Checker decides whether an actor may act; *authz.Engine is one.
type Checker interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Ledger records what was done, in the caller's transaction; *ledger.Log is
// one.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (string, error)
}

// Figures is what another duty knows: numbers by cell code ("E01") for the
// events of a period under a unit. The hub hands one in for each duty that
// has one; the cells of its indicators are then filled and locked.
type Figures interface {
	Figures(ctx context.Context, period duty.Period, scope string) (map[string]int64, error)
}

// Deps is what the service stands on. Sources may be empty, all else is
// required.
type Deps struct {
	DB        *sqldb.DB
	Clock     clock.Clock
	Org       *org.Service
	Authz     Checker
	Ledger    Ledger
	Catalogue *Catalogue
	Texts     *locale.Texts // for the words of documents
	Sources   map[duty.ID]Figures
}

// Service runs the duty. It is safe for concurrent use.
type Service struct {
	Deps
	mu         sync.RWMutex
	directives map[string]*Directive
	digests    []string
	cubes      map[cubeKey]*cube
	plans      map[planKey]*Plan
	loading    sync.Mutex
}

// New returns a service that knows nothing yet; call Refresh before use.
func New(d Deps) *Service {
	return &Service{Deps: d, directives: map[string]*Directive{}, cubes: map[cubeKey]*cube{}, plans: map[planKey]*Plan{}}
}

// Refresh brings directives and totals up to the database: at start, and
// every two seconds for what other hubs have committed. When nothing has
// happened it costs two small queries.
func (s *Service) Refresh(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	if err := s.refreshDirectives(ctx); err != nil {
		return err
	}
	return s.refreshCubes(ctx)
}

func (s *Service) refreshDirectives(ctx context.Context) error {
	digests, err := sqldb.All(ctx, s.DB.Read(), qDirectiveDigests, sqldb.Scalar[string])
	if err != nil {
		return err
	}
	s.mu.RLock()
	same := slices.Equal(digests, s.digests)
	s.mu.RUnlock()
	if same {
		return nil
	}
	sources, err := sqldb.All(ctx, s.DB.Read(), qDirectives, sqldb.Scalar[string])
	if err != nil {
		return err
	}
	all := map[string]*Directive{}
	for _, raw := range sources {
		d, err := ReadDirective([]byte(raw), s.Catalogue)
		if err != nil {
			return err
		}
		all[d.ID] = d
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.directives, s.digests, s.plans = all, digests, map[planKey]*Plan{}
	return nil
}

// Directive is a loaded directive.
func (s *Service) Directive(id string) (*Directive, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if d, ok := s.directives[id]; ok {
		return d, nil
	}
	return nil, problem.New("reporting/no-such-directive")
}

// Directives lists the loaded directives, the latest issued first.
func (s *Service) Directives() []*Directive {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*Directive
	for _, d := range s.directives {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *Directive) int {
		if c := b.Issued.Compare(a.Issued); c != 0 {
			return c
		}
		return slices.Compare([]string{a.ID}, []string{b.ID})
	})
	return out
}

// Summary counts what a directive holds.
type Summary struct {
	ID, Number                                           string
	Clauses, Duties, Indicators, Selectors, Forms, Cells int
	Changed                                              bool // false: this very text was loaded before
}

// Summary counts what the directive holds.
func (d *Directive) Summary() Summary {
	s := Summary{
		ID: d.ID, Number: d.Number, Clauses: len(d.Clauses), Duties: len(d.Duties()), Indicators: len(d.Indicators()),
		Selectors: len(d.Selectors), Forms: len(d.Forms),
	}
	for _, f := range d.Forms {
		s.Cells += len(f.Cells)
	}
	return s
}

// LoadDirective checks a directive file and puts it into force. Loading the
// same text again changes nothing; a new text of the same id replaces it, and
// what was submitted stays readable by form version.
func (s *Service) LoadDirective(ctx context.Context, actor authz.Actor, raw []byte) (Summary, error) {
	permit, err := s.Authz.Check(ctx, actor, "reporting.consolidate", authz.Resource{Type: "reporting.directive"})
	if err != nil {
		return Summary{}, err
	}
	d, err := ReadDirective(raw, s.Catalogue)
	if err != nil {
		return Summary{}, err
	}
	if _, err := s.Org.ByKey(d.Territory); err != nil {
		return Summary{}, problem.New("reporting/directive-faulty").Field("territory", "org/unknown-unit").Wrap(err)
	}
	sum := d.Summary()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.Exec(ctx, tx, qDirectivePut, d.ID, d.Number, string(raw), d.Digest, clock.Micro(s.Clock.Now()), actor.Name())
		if err != nil || n == 0 {
			return err
		}
		sum.Changed = true
		return s.record(ctx, tx, "reporting.directive_loaded", actor, d.ID, permit, sum)
	})
	if err != nil {
		return Summary{}, err
	}
	return sum, s.Refresh(ctx)
}

func (s *Service) record(ctx context.Context, tx *sqldb.Tx, kind string, actor authz.Actor, object string, permit authz.Permit, details any) error {
	_, err := s.Ledger.Append(ctx, tx, ledger.Entry{Kind: kind, Actor: actor.Name(), Object: object, Policies: permit.Policies(), Details: details})
	return err
}

// about is the resource of a unit's report, with what policies read: the unit
// and all units above it.
func (s *Service) about(unit string, id string) authz.Resource {
	var under []string
	for _, u := range s.Org.At(s.Org.Today()).Path(unit) {
		if u.ID != unit {
			under = append(under, u.ID)
		}
	}
	return authz.Resource{Type: "reporting.report", ID: id, Attrs: map[string]any{"unit": unit, "under": under}}
}

// find reads a submission by id.
func (s *Service) find(ctx context.Context, q sqldb.Queryer, id string) (Submission, error) {
	sub, err := sqldb.One(ctx, q, qSubmission, scanSubmission, id)
	if errors.Is(err, sqldb.ErrNoRows) {
		return sub, problem.New("reporting/no-such-submission")
	}
	return sub, err
}

func (s *Service) now() time.Time { return s.Clock.Now() }
