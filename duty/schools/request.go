// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Request is a wish from a block page to have a name opened. It says which
// school and band and on which day, and nobody's name or device.
//
// The school answers it, or passes it on to the department. What is asked for
// in a private category (Category.Private), or of a name that gives help, the
// school never sees: in a class of thirty a name and a day may be enough to
// know who asked, and a child who fears that does not ask again.
type Request struct {
	ID       string
	School   string
	Band     bundle.Band
	Domain   string
	Category string // what it was refused as
	Day      string // 2026-11-23
	Asked    int    // times, that day
	State    RequestState
	Answer   string // a code of RuleReasons, KeepReasons or rulings, or ""
	By       string
	Created  time.Time
	Answered time.Time
	Desk     Desk
	Passed   time.Time // when the school passed it on; zero: it did not
	Blame    []string  // names of the lists that refused it on that day
}

// private reports whether the school must not know of the request.
func (r Request) private() bool { return r.Desk == ProvinceDesk && r.Passed.IsZero() }

// Desk is whose queue a request lies in.
type Desk string

// The desks.
const (
	SchoolDesk   Desk = "school"
	ProvinceDesk Desk = "province"
)

// RequestState is what became of a request.
type RequestState string

// The states.
const (
	Open    RequestState = "open"
	Granted RequestState = "granted"
	Kept    RequestState = "kept" // looked at, stays closed
)

// maxRequests is how many names a school may have asked for on one day; more
// is a prank, not a lesson.
const maxRequests = 200

const requestColumns = `id, school, band, domain, category, day, asked, state, answer, by_person, created, answered, desk, passed, blame`

var (
	queryRequestPut = sqldb.Register("schools.request_put", `
		INSERT INTO schools_request (`+requestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 1, 'open', '', '', $7, 0, $8, 0, $9)
		ON CONFLICT (school, band, domain, day) DO UPDATE SET asked = schools_request.asked + 1`)
	queryRequestsToday = sqldb.Register("schools.requests_today", `SELECT COUNT(*) FROM schools_request WHERE school = $1 AND day = $2`)
	queryRequests      = sqldb.Register("schools.requests", `
		SELECT `+requestColumns+` FROM schools_request
		WHERE school = $1 AND (desk = 'school' OR passed > 0) AND (CAST($2 AS TEXT) = '' OR state = $2) ORDER BY created DESC, id DESC LIMIT 500`)
	queryWishes = sqldb.Register("schools.wishes", `
		SELECT COUNT(*), COUNT(*) FILTER (WHERE answered > 0 AND answered - created <= $2),
			COUNT(*) FILTER (WHERE state = 'open'), COUNT(DISTINCT school) FILTER (WHERE state = 'open')
		FROM schools_request WHERE created >= $1`)
	queryRequest       = sqldb.Register("schools.request", `SELECT `+requestColumns+` FROM schools_request WHERE id = $1`)
	queryRequestAnswer = sqldb.Register("schools.request_answer", `
		UPDATE schools_request SET state = $2, answer = $3, by_person = $4, answered = $5 WHERE id = $1 AND state = 'open'`)
	queryRequestPass = sqldb.Register("schools.request_pass", `
		UPDATE schools_request SET desk = 'province', passed = $2 WHERE id = $1 AND state = 'open' AND desk = 'school'`)
)

// Ask notes a wish that came through a school's node, or joins it to the same
// wish of the same day.
func (s *Service) Ask(ctx context.Context, nodeID, schoolID, band, domain, day string) error {
	b, ok := bundle.ParseBand(band)
	date, err := time.Parse(time.DateOnly, day)
	now := s.clock.Now()
	if !ok || err != nil || date.After(now.AddDate(0, 0, 1)) || date.Before(now.AddDate(0, 0, -14)) {
		return problem.New("schools/implausible")
	}
	name, err := blockable(domain)
	if err != nil {
		return err
	}
	serves, err := s.NodeServes(ctx, nodeID, schoolID)
	if err != nil {
		return err
	}
	if !serves {
		return problem.New("schools/implausible")
	}
	why, err := s.refusedAs(ctx, schoolID, name, b)
	if err != nil {
		return err
	}
	blame, err := json.Marshal(why.blame)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.One(ctx, tx, queryRequestsToday, sqldb.Scalar[int], schoolID, day)
		if err != nil {
			return err
		}
		if n >= maxRequests {
			return problem.New("schools/too-many-requests", "max", maxRequests)
		}
		_, err = sqldb.Exec(ctx, tx, queryRequestPut, id.New(), schoolID, band, name.String(), why.code, day, clock.Micro(now), string(why.desk), string(blame))
		return err
	})
}

// refusedFor is why a name is refused in a school.
type refusedFor struct {
	code  string // "" if it is not refused any more
	desk  Desk
	blame []string
}

// refusedAs says under which code a name is refused in a school, who may know
// that it was asked for, and which lists name it. A name that is in a private
// category as well is private, whatever refused it first.
func (s *Service) refusedAs(ctx context.Context, schoolID string, name bundle.Name, band bundle.Band) (why refusedFor, err error) {
	school, err := sqldb.One(ctx, s.db.Read(), querySchool, scanSchool, schoolID)
	if err != nil {
		return why, notFound(err, "schools/no-school")
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return why, err
	}
	side, err := s.side(ctx, s.db.Read(), school)
	if err != nil {
		return why, err
	}
	parts.Sides = []bundle.Side{side}
	view, err := bundle.NewView(parts)
	if err != nil {
		return why, err
	}
	x := view.Explain(name, bundle.Client{School: view.Schools()[0], Band: band, Period: side.Timetable.At(s.now())}, s.now())
	why = refusedFor{code: x.Code, desk: SchoolDesk, blame: []string{}}
	for _, m := range x.Matches {
		if k, ok := s.catalogue.Category(m.Code); ok && k.Private && !m.Takes {
			why.desk = ProvinceDesk
		}
	}
	never, err := s.neverBlock(ctx, s.db.Read())
	if err != nil {
		return why, err
	}
	if never.covers(name) {
		why.desk = ProvinceDesk
	}
	hits, err := s.listHits(ctx, name, map[int64]bool{})
	if err != nil {
		return why, wrap("request", err)
	}
	for _, h := range hits {
		if h.Category == x.Code && h.Excepted == "" && !slices.Contains(why.blame, h.List) {
			why.blame = append(why.blame, h.List)
		}
	}
	return why, nil
}

// Requests are a school's requests, newest first; state "" for all.
func (s *Service) Requests(ctx context.Context, actor authz.Actor, schoolID string, state RequestState) ([]Request, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.db.Read(), queryRequests, scanRequest, schoolID, string(state))
	return all, wrap("requests", err)
}

// Wishes sums requests over all schools.
type Wishes struct {
	Asked  int
	InTime int // answered within two days
	Open   int // not answered yet
	Where  int // schools that have an open one
}

// Wishes sums the requests made since an instant, for whoever sees all schools.
func (s *Service) Wishes(ctx context.Context, actor authz.Actor, since time.Time) (Wishes, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		return Wishes{}, err
	}
	w, err := sqldb.One(ctx, s.db.Read(), queryWishes, func(r sqldb.Row) (w Wishes, err error) {
		err = r.Scan(&w.Asked, &w.InTime, &w.Open, &w.Where)
		return w, err
	}, clock.Micro(since), answerWithin.Microseconds())
	return w, wrap("wishes", err)
}

// AnswerCommand answers a request.
type AnswerCommand struct {
	RequestID string
	Grant     bool
	Reason    string    // one of RuleReasons
	Until     time.Time // of the opening; zero: no end
}

// AnswerRequest opens the name in the school for the band that asked, or keeps
// it closed. Emergency and legal blocks cannot be opened by a school, and what
// it has passed on is no longer the school's to answer.
func (s *Service) AnswerRequest(ctx context.Context, actor authz.Actor, cmd AnswerCommand) error {
	now := s.clock.Now()
	if !slices.Contains(RuleReasons(), cmd.Reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	if !cmd.Until.IsZero() && !cmd.Until.After(now) {
		return problem.New("input/faulty").Field("until", "schools/end-has-passed")
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		r, school, permit, err := s.schoolsRequest(ctx, tx, actor, cmd.RequestID)
		if err != nil {
			return err
		}
		state := Kept
		if cmd.Grant {
			state = Granted
			if err := s.grantIn(ctx, tx, r, &school, cmd.Reason, cmd.Until, actor.Name()); err != nil {
				return err
			}
		}
		if err := s.answer(ctx, tx, r, state, cmd.Reason, actor.Name()); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.request_answered", actor: actor.Name(), object: r.ID, permit: permit,
			details: map[string]any{"school": r.School, "domain": r.Domain, "band": r.Band.String(), "state": state, "reason": cmd.Reason, "until": clock.Micro(cmd.Until)},
		})
	})
}

// PassRequest gives a request of a school to the department, which answers it
// within its own time.
func (s *Service) PassRequest(ctx context.Context, actor authz.Actor, requestID string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		r, _, permit, err := s.schoolsRequest(ctx, tx, actor, requestID)
		if err != nil {
			return err
		}
		n, err := sqldb.Exec(ctx, tx, queryRequestPass, r.ID, s.now())
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New("schools/request-answered")
		}
		return s.record(ctx, tx, step{
			kind: "schools.request_passed", actor: actor.Name(), object: r.ID, permit: permit,
			details: map[string]any{"school": r.School, "domain": r.Domain, "band": r.Band.String()},
		})
	})
}

// schoolsRequest loads a request that a school may still act on.
func (s *Service) schoolsRequest(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, requestID string) (r Request, school School, permit authz.Permit, err error) {
	if r, err = sqldb.One(ctx, tx, queryRequest, scanRequest, requestID); err != nil {
		return r, school, permit, notFound(err, "schools/no-request")
	}
	if r.private() {
		return r, school, permit, problem.New("schools/no-request")
	}
	if school, err = sqldb.One(ctx, tx, querySchool, scanSchool, r.School); err != nil {
		return r, school, permit, notFound(err, "schools/no-school")
	}
	if permit, err = s.authz.Check(ctx, actor, "schools.edit", ofSchool(school.ID, school.Unit)); err != nil {
		return r, school, permit, err
	}
	if r.Desk == ProvinceDesk && r.State == Open {
		err = problem.New("schools/request-passed")
	}
	return r, school, permit, err
}

// grantIn opens what was asked for in one school, beside the bands for which
// the name is open there already.
func (s *Service) grantIn(ctx context.Context, tx *sqldb.Tx, r Request, school *School, reason string, until time.Time, by string) error {
	if r.Category == bundle.Emergency || r.Category == bundle.Legal {
		return problem.New("schools/not-the-schools-block")
	}
	name, err := bundle.ParseName(r.Domain)
	if err != nil {
		return err
	}
	bands := bundle.BandsOf(r.Band)
	have, err := sqldb.All(ctx, tx, queryRules, scanRule, school.ID)
	if err != nil {
		return err
	}
	for _, rule := range have {
		if rule.Allow && rule.Domain == name.String() && rule.Until.Equal(until) {
			bands |= rule.Bands
		}
	}
	rule := RuleCommand{School: school.ID, Domain: r.Domain, Allow: true, Bands: bands, Reason: reason, Until: until}
	if err := s.putRule(ctx, tx, school.ID, name, rule, by); err != nil {
		return err
	}
	return s.touch(ctx, tx, school)
}

// answer closes a request once.
func (s *Service) answer(ctx context.Context, tx *sqldb.Tx, r Request, state RequestState, code, by string) error {
	n, err := sqldb.Exec(ctx, tx, queryRequestAnswer, r.ID, string(state), code, by, s.now())
	if err == nil && n == 0 {
		err = problem.New("schools/request-answered")
	}
	return err
}

func scanRequest(r sqldb.Row) (q Request, err error) {
	var band, blame string
	var created, answered, passed int64
	err = r.Scan(&q.ID, &q.School, &band, &q.Domain, &q.Category, &q.Day, &q.Asked, &q.State, &q.Answer, &q.By, &created, &answered, &q.Desk, &passed, &blame)
	if err != nil {
		return q, err
	}
	q.Band, _ = bundle.ParseBand(band)
	q.Created, q.Answered, q.Passed = clock.FromMicro(created), clock.FromMicro(answered), clock.FromMicro(passed)
	return q, json.Unmarshal([]byte(blame), &q.Blame)
}
