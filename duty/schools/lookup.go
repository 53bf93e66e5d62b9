// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"io"
	"slices"
	"sync"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// LookupQuery asks what becomes of a name.
type LookupQuery struct {
	Domain string
	Band   string // code
	Period string // code; "": that of the school's hours now, or any time
	School string // id, or "" for the rules that all schools share
}

// Answer is what becomes of a name, and why.
type Answer struct {
	Domain  string // A-labels
	Unicode string
	Band    bundle.Band
	Period  bundle.Period
	As      string // what the name answers as, safe search; "": itself
	Blocked bool
	Rule    bundle.RuleKind // which rule of the fixed order decided
	Code    string          // category, service, "emergency", "legal", "school"; "" if answered
	Matched string          // the name that decided, the asked one or a parent; "" if nothing matched
	Reason  string          // the code that the entry or the school's rule carries
	Matches []bundle.Match  // everything that had a say
	Lists   []ListHit       // the lists that carry it or a parent of it
	Blocks  []Block         // in force on it or a parent; only for whoever may see blocks
	Steps   []Step
	Bundle  int64 // number of the bundle asked; 0: there is none yet
	Delta   int64
}

// ListHit is an entry of a list.
type ListHit struct {
	List     string
	Category string
	Domain   string // as it stands on the list
	Pending  bool   // imported since the bundle was built: does not count yet
	edition  int64
	id       string
	Excepted string // the name on which the list takes the asked one out again; ""
}

// Step is one rule of the fixed order, as an answer shows it.
type Step struct {
	Rule bundle.RuleKind
	Hit  bool // this one decided
	Past bool // not reached, as an earlier one decided
}

// order is the fixed order of decision (DESIGN.md §7).
var order = [...]bundle.RuleKind{
	bundle.NeverBlock, bundle.ByEmergency, bundle.ByLegal, bundle.SchoolAllow, bundle.SchoolDeny,
	bundle.ServiceBlock, bundle.ServiceAllow, bundle.ByCategory, bundle.NoRule,
}

var queryNameHits = sqldb.Register("schools.name_hits", `
	SELECT l.id, l.name, l.category, n.domain, l.edition FROM schools_list_name n JOIN schools_list l ON l.edition = n.edition
	WHERE n.domain = $1 ORDER BY l.name, l.id`)

var queryExceptionHit = sqldb.Register("schools.exception_hit", `
	SELECT COUNT(*) FROM schools_list_exception WHERE edition = $1 AND domain = $2`)

// Lookup says whether a name is refused for a band, by the current bundle and
// the deltas over it, and explains it.
func (s *Service) Lookup(ctx context.Context, actor authz.Actor, q LookupQuery) (Answer, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.lookup", room("name", "")); err != nil {
		return Answer{}, err
	}
	p := problem.New("input/faulty")
	name, err := bundle.ParseName(q.Domain)
	if err != nil {
		p.Field("domain", problem.From(err).Code, problem.From(err).Args...)
	}
	band, ok := bundle.ParseBand(q.Band)
	if !ok {
		p.Field("band", "input/not-a-choice")
	}
	period := bundle.AnyTime
	if q.Period != "" {
		if period, ok = bundle.ParsePeriod(q.Period); !ok {
			p.Field("period", "input/not-a-choice")
		}
	}
	if err := p.OrNil(); err != nil {
		return Answer{}, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return Answer{}, err
	}
	var school School
	if q.School != "" {
		if school, err = s.loadSchool(ctx, s.db.Read(), actor, "schools.view", q.School); err != nil {
			return Answer{}, err
		}
		side, err := s.side(ctx, s.db.Read(), school)
		if err != nil {
			return Answer{}, wrap("look up", err)
		}
		parts.Sides = []bundle.Side{side}
	}
	view, err := bundle.NewView(parts)
	if err != nil {
		return Answer{}, err
	}
	who := bundle.Client{Band: band, Period: period}
	if len(parts.Sides) > 0 {
		who.School = view.Schools()[0]
		if q.Period == "" {
			who.Period = parts.Sides[0].Timetable.At(s.now())
		}
	}
	x := view.Explain(name, who, s.now())
	a := Answer{
		Domain: name.String(), Unicode: name.Unicode(), Band: band, Period: who.Period, As: x.As.String(), Blocked: x.Blocked, Rule: x.Rule, Code: x.Code,
		Matched: x.Matched.String(), Reason: x.Reason, Matches: x.Matches, Steps: steps(x.Rule), Delta: int64(view.LastDelta()),
	}
	have := map[int64]bool{}
	if info, err := s.CurrentBundle(ctx); err == nil {
		a.Bundle = info.Number
		for _, l := range info.Lists {
			have[l.Edition] = true
		}
	}
	if a.Lists, err = s.listHits(ctx, name, have); err != nil {
		return a, wrap("look up", err)
	}
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("block", "")); err == nil {
		if a.Blocks, err = s.blocksOver(ctx, s.db.Read(), name); err != nil {
			return a, wrap("look up", err)
		}
	}
	return a, nil
}

func steps(decided bundle.RuleKind) []Step {
	all := make([]Step, 0, len(order))
	past := false
	for _, r := range order {
		all = append(all, Step{Rule: r, Hit: r == decided, Past: past})
		past = past || r == decided
	}
	return all
}

func (s *Service) listHits(ctx context.Context, name bundle.Name, bundled map[int64]bool) ([]ListHit, error) {
	people, err := s.offList(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	var all []ListHit
	for labels := name.Labels(); labels > 1; labels-- {
		hits, err := sqldb.All(ctx, s.db.Read(), queryNameHits, func(r sqldb.Row) (h ListHit, err error) {
			var edition int64
			err = r.Scan(&h.id, &h.List, &h.Category, &h.Domain, &edition)
			h.Pending, h.edition = !bundled[edition], edition
			return h, err
		}, name.Suffix(labels).String())
		if err != nil {
			return nil, err
		}
		for i := range hits {
			if hits[i].Excepted, err = s.exceptedAt(ctx, hits[i].edition, people[hits[i].id], name, labels); err != nil {
				return nil, err
			}
		}
		all = append(all, hits...)
	}
	return all, nil
}

// exceptedAt finds the longest exception of an edition, its own or one that
// people made, that is above labels of name, or name itself.
func (s *Service) exceptedAt(ctx context.Context, edition int64, people []string, name bundle.Name, labels int) (string, error) {
	for n := name.Labels(); n >= labels; n-- {
		text := name.Suffix(n).String()
		if slices.Contains(people, text) {
			return text, nil
		}
		if n == labels {
			break // a list does not take out again what it names itself
		}
		count, err := sqldb.One(ctx, s.db.Read(), queryExceptionHit, sqldb.Scalar[int], edition, text)
		if err != nil || count > 0 {
			return text, err
		}
	}
	return "", nil
}

// viewCache keeps the current bundle and the deltas over it in memory, so that
// a look-up does not read ten megabytes. It is asked for by number, and so is
// right on every hub.
type viewCache struct {
	mu     sync.Mutex
	number int64
	bundle *bundle.Bundle
	upTo   int64
	deltas []bundle.Delta
}

// parts are the bundle and deltas that nodes have, or are about to have.
func (s *Service) parts(ctx context.Context) (bundle.Parts, error) {
	info, err := s.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return bundle.Parts{}, err
	}
	highest, err := s.HighestDelta(ctx)
	if err != nil {
		return bundle.Parts{}, err
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	c := &s.views
	if info.Number != c.number {
		b, err := s.parseBundle(ctx, info.Number)
		if err != nil {
			return bundle.Parts{}, err
		}
		c.bundle, c.number, c.upTo = b, info.Number, -1
	}
	if c.upTo != highest {
		if c.deltas, err = s.openDeltas(ctx, info.Folded); err != nil {
			return bundle.Parts{}, err
		}
		c.upTo = highest
	}
	return bundle.Parts{Bundle: c.bundle, Deltas: c.deltas}, nil
}

func (s *Service) parseBundle(ctx context.Context, number int64) (*bundle.Bundle, error) {
	_, file, err := s.OpenBundle(ctx, number)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, wrap("read bundle", err)
	}
	return bundle.Parse(data, s.keys.trust())
}

func (s *Service) openDeltas(ctx context.Context, since int64) ([]bundle.Delta, error) {
	var all []bundle.Delta
	trust := s.keys.trust()
	for {
		some, err := s.Deltas(ctx, since)
		if err != nil {
			return nil, err
		}
		for _, d := range some {
			opened, err := bundle.OpenDelta(d.Sealed, trust)
			if err != nil {
				return nil, err
			}
			all = append(all, opened)
			since = d.Number
		}
		if len(some) < maxDeltas {
			return all, nil
		}
	}
}
