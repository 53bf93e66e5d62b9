// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// A name is looked at by the department for one of these reasons. The locale
// has a sentence for each: schools.asked.<code>.
const (
	AskedPassed  = "passed"  // a school passed it on
	AskedPrivate = "private" // only the department may know that it was asked for
	AskedSeveral = "several" // several schools ask
	AskedWrong   = "wrong"   // refused by a list that was wrong before
)

const (
	// severalSchools is from how many schools on a wish is the province's affair.
	severalSchools = 2
	// oftenWrong is how many different names must have been opened again for a
	// list to count as one that is often wrong, within wrongWithin.
	oftenWrong  = 3
	wrongWithin = 90 * 24 * time.Hour
	// schoolAnswers is when a request counts as overdue at a school, as D07 counts.
	schoolAnswers = answerWithin
)

// Asked is a name that schools ask to have opened, as the department sees it:
// which schools only where they said so themselves.
type Asked struct {
	Domain   string
	Unicode  string
	Category string // why it was refused when last asked for; "": it no longer was
	Bands    []bundle.Band
	Schools  int      // how many ask
	Passed   []string // ids of the schools that passed it on
	Times    int
	Since    time.Time
	Due      time.Time // of the department's answer; zero while only schools have to answer
	Why      []string
	Blame    []Blame
}

// Private reports whether no school may know of the request.
func (a Asked) Private() bool { return slices.Contains(a.Why, AskedPrivate) }

// ForBands are the bands that ask.
func (a Asked) ForBands() bundle.Bands { return bundle.BandsOf(a.Bands...) }

// Blame is a list that refuses an asked name.
type Blame struct {
	ID, Name string
	Wrong    int // different names of it that were opened again lately
}

// KeepReasons are the codes with which the department keeps a name closed.
func KeepReasons() []string { return []string{"harms", "list-right", "other"} }

var (
	queryRequestsOpen = sqldb.Register("schools.requests_open", `
		SELECT `+requestColumns+` FROM schools_request WHERE state = 'open' ORDER BY created, id LIMIT 2000`)
	queryRequestsOpenFor = sqldb.Register("schools.requests_open_for", `
		SELECT `+requestColumns+` FROM schools_request WHERE state = 'open' AND domain = $1 ORDER BY created, id`)
	queryRequestsGranted = sqldb.Register("schools.requests_granted", `
		SELECT `+requestColumns+` FROM schools_request WHERE state = 'granted' AND answered >= $1 ORDER BY answered, id LIMIT 5000`)
)

// Review is what the department should look at, what is due first in front.
func (s *Service) Review(ctx context.Context, actor authz.Actor) ([]Asked, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.review", room("request", "")); err != nil {
		return nil, err
	}
	open, err := sqldb.All(ctx, s.db.Read(), queryRequestsOpen, scanRequest)
	if err != nil {
		return nil, wrap("review", err)
	}
	wrong, err := s.wrongLists(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := sqldb.All(ctx, s.db.Read(), queryLists, scanList)
	if err != nil {
		return nil, wrap("review", err)
	}
	byName := map[string][]Request{}
	var order []string
	for _, r := range open {
		if byName[r.Domain] == nil {
			order = append(order, r.Domain)
		}
		byName[r.Domain] = append(byName[r.Domain], r)
	}
	var all []Asked
	for _, domain := range order {
		a, err := s.asked(byName[domain])
		if err != nil {
			return nil, err
		}
		for _, r := range byName[domain] {
			for _, list := range r.Blame {
				i := slices.IndexFunc(lists, func(l List) bool { return l.Name == list })
				if i >= 0 && !slices.ContainsFunc(a.Blame, func(b Blame) bool { return b.Name == list }) {
					a.Blame = append(a.Blame, Blame{lists[i].ID, list, wrong[list]})
				}
			}
		}
		if slices.ContainsFunc(a.Blame, func(b Blame) bool { return b.Wrong >= oftenWrong }) {
			a.Why = append(a.Why, AskedWrong)
		}
		if len(a.Why) > 0 {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Asked) int {
		switch {
		case a.Due.IsZero() != b.Due.IsZero():
			if a.Due.IsZero() {
				return 1
			}
			return -1
		case !a.Due.Equal(b.Due):
			return a.Due.Compare(b.Due)
		default:
			return b.Schools - a.Schools
		}
	})
	return all, nil
}

// asked joins the open requests for one name.
func (s *Service) asked(rs []Request) (Asked, error) {
	a := Asked{Domain: rs[0].Domain, Unicode: rs[0].Domain, Since: rs[0].Created}
	if name, err := bundle.ParseName(a.Domain); err == nil {
		a.Unicode = name.Unicode()
	}
	why := map[string]bool{}
	schools := map[string]bool{}
	for _, r := range rs {
		schools[r.School] = true
		a.Times += r.Asked
		a.Category = r.Category
		if !slices.Contains(a.Bands, r.Band) {
			a.Bands = append(a.Bands, r.Band)
		}
		if r.Desk != ProvinceDesk {
			continue
		}
		from := r.Created
		if r.private() {
			why[AskedPrivate] = true
		} else {
			why[AskedPassed], from = true, r.Passed
			if !slices.Contains(a.Passed, r.School) {
				a.Passed = append(a.Passed, r.School)
			}
		}
		due, err := s.requestDue(from)
		if err != nil {
			return a, err
		}
		if a.Due.IsZero() || due.Before(a.Due) {
			a.Due = due
		}
	}
	slices.Sort(a.Bands)
	a.Schools = len(schools)
	if a.Schools >= severalSchools {
		why[AskedSeveral] = true
	}
	for _, code := range []string{AskedPrivate, AskedPassed, AskedSeveral} {
		if why[code] {
			a.Why = append(a.Why, code)
		}
	}
	return a, nil
}

// requestDue is the last instant of the working day on which the department
// answers what came to it at from.
func (s *Service) requestDue(from time.Time) (time.Time, error) {
	day := duty.DateOf(from)
	for left, rest := s.settings.RequestDays, 0; left > 0; {
		day = day.AddDays(1)
		if s.days.IsWorkingDay(day) {
			left, rest = left-1, 0
		} else if rest++; rest > 31 {
			return time.Time{}, fmt.Errorf("schools: no working day in the 31 days up to %s", day)
		}
	}
	return day.End(), nil
}

// wrongLists counts for each list the different names on it that were opened
// again lately.
func (s *Service) wrongLists(ctx context.Context) (map[string]int, error) {
	granted, err := sqldb.All(ctx, s.db.Read(), queryRequestsGranted, scanRequest, clock.Micro(s.clock.Now().Add(-wrongWithin)))
	if err != nil {
		return nil, wrap("wrong lists", err)
	}
	seen := map[[2]string]bool{}
	wrong := map[string]int{}
	for _, r := range granted {
		for _, list := range r.Blame {
			if k := [2]string{list, r.Domain}; !seen[k] {
				seen[k] = true
				wrong[list]++
			}
		}
	}
	return wrong, nil
}

// answerAll closes every open request for a name.
func (s *Service) answerAll(ctx context.Context, tx *sqldb.Tx, domain string, state RequestState, code, by string) error {
	open, err := sqldb.All(ctx, tx, queryRequestsOpenFor, scanRequest, domain)
	if err != nil {
		return err
	}
	for _, r := range open {
		if err := s.answer(ctx, tx, r, state, code, by); err != nil {
			return err
		}
	}
	return nil
}

// KeepClosed answers every request for a name: it stays closed. reason is one
// of KeepReasons.
func (s *Service) KeepClosed(ctx context.Context, actor authz.Actor, domain, reason string) error {
	if !slices.Contains(KeepReasons(), reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	return s.reviewed(ctx, actor, domain, Kept, reason, func(ctx context.Context, tx *sqldb.Tx, open []Request) error {
		return s.answerAll(ctx, tx, open[0].Domain, Kept, reason, actor.Name())
	})
}

// OpenWhereAsked opens a name in the schools that passed it on, for the bands
// that asked, and nowhere else. What is private is opened for all or not at
// all: a rule in one school would tell it what was asked.
func (s *Service) OpenWhereAsked(ctx context.Context, actor authz.Actor, domain, reason string, until time.Time) error {
	if !slices.Contains(RuleReasons(), reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	return s.reviewed(ctx, actor, domain, Granted, reason, func(ctx context.Context, tx *sqldb.Tx, open []Request) error {
		done := 0
		for _, r := range open {
			if r.Desk != ProvinceDesk || r.private() {
				continue
			}
			school, err := sqldb.One(ctx, tx, querySchool, scanSchool, r.School)
			if err != nil {
				return notFound(err, "schools/no-school")
			}
			if err := s.grantIn(ctx, tx, r, &school, reason, until, actor.Name()); err != nil {
				return err
			}
			if err := s.answer(ctx, tx, r, Granted, reason, actor.Name()); err != nil {
				return err
			}
			done++
		}
		if done == 0 {
			return problem.New("schools/no-request")
		}
		return nil
	})
}

func (s *Service) reviewed(ctx context.Context, actor authz.Actor, domain string, state RequestState, reason string,
	do func(ctx context.Context, tx *sqldb.Tx, open []Request) error,
) error {
	permit, err := s.authz.Check(ctx, actor, "schools.review", room("request", ""))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		open, err := sqldb.All(ctx, tx, queryRequestsOpenFor, scanRequest, domain)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return problem.New("schools/no-request")
		}
		if err := do(ctx, tx, open); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.request_reviewed", actor: actor.Name(), object: open[0].ID, permit: permit,
			details: map[string]any{"domain": domain, "requests": len(open), "state": state, "reason": reason},
		})
	})
}

// Overdue counts the open requests of a school that it should have answered.
func (s *Service) Overdue(ctx context.Context, actor authz.Actor, schoolID string) (overdue int, err error) {
	open, err := s.Requests(ctx, actor, schoolID, Open)
	if err != nil {
		return 0, err
	}
	now := s.clock.Now()
	for _, r := range open {
		if r.Desk == SchoolDesk && now.Sub(r.Created) > schoolAnswers {
			overdue++
		}
	}
	return overdue, nil
}
