// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
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
type Request struct {
	ID       string
	School   string
	Band     bundle.Band
	Domain   string
	Category string // what it was refused as
	Day      string // 2026-11-23
	Asked    int    // times, that day
	State    RequestState
	Answer   string // a code of RuleReasons, or ""
	By       string
	Created  time.Time
	Answered time.Time
}

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

const requestColumns = `id, school, band, domain, category, day, asked, state, answer, by_person, created, answered`

var (
	queryRequestPut = sqldb.Register("schools.request_put", `
		INSERT INTO schools_request (`+requestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 1, 'open', '', '', $7, 0)
		ON CONFLICT (school, band, domain, day) DO UPDATE SET asked = schools_request.asked + 1`)
	queryRequestsToday = sqldb.Register("schools.requests_today", `SELECT COUNT(*) FROM schools_request WHERE school = $1 AND day = $2`)
	queryRequests      = sqldb.Register("schools.requests", `
		SELECT `+requestColumns+` FROM schools_request
		WHERE school = $1 AND (CAST($2 AS TEXT) = '' OR state = $2) ORDER BY created DESC, id DESC LIMIT 500`)
	queryWishes = sqldb.Register("schools.wishes", `
		SELECT COUNT(*), COUNT(*) FILTER (WHERE answered > 0 AND answered - created <= $2),
			COUNT(*) FILTER (WHERE state = 'open'), COUNT(DISTINCT school) FILTER (WHERE state = 'open')
		FROM schools_request WHERE created >= $1`)
	queryRequest       = sqldb.Register("schools.request", `SELECT `+requestColumns+` FROM schools_request WHERE id = $1`)
	queryRequestAnswer = sqldb.Register("schools.request_answer", `
		UPDATE schools_request SET state = $2, answer = $3, by_person = $4, answered = $5 WHERE id = $1 AND state = 'open'`)
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
	category, err := s.refusedAs(ctx, schoolID, name, b)
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
		_, err = sqldb.Exec(ctx, tx, queryRequestPut, id.New(), schoolID, band, name.String(), category, day, clock.Micro(now))
		return err
	})
}

// refusedAs is the code under which a name is refused in a school; "" if it is
// not refused any more.
func (s *Service) refusedAs(ctx context.Context, schoolID string, name bundle.Name, band bundle.Band) (string, error) {
	school, err := sqldb.One(ctx, s.db.Read(), querySchool, scanSchool, schoolID)
	if err != nil {
		return "", notFound(err, "schools/no-school")
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return "", err
	}
	side, err := s.side(ctx, s.db.Read(), school)
	if err != nil {
		return "", err
	}
	parts.Sides = []bundle.Side{side}
	view, err := bundle.NewView(parts)
	if err != nil {
		return "", err
	}
	return view.Explain(name, bundle.Client{School: view.Schools()[0], Band: band, Period: side.Timetable.At(s.now())}, s.now()).Code, nil
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
// it closed. Emergency and legal blocks cannot be opened by a school.
func (s *Service) AnswerRequest(ctx context.Context, actor authz.Actor, cmd AnswerCommand) error {
	now := s.clock.Now()
	if !slices.Contains(RuleReasons(), cmd.Reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	if !cmd.Until.IsZero() && !cmd.Until.After(now) {
		return problem.New("input/faulty").Field("until", "schools/end-has-passed")
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		r, err := sqldb.One(ctx, tx, queryRequest, scanRequest, cmd.RequestID)
		if err != nil {
			return notFound(err, "schools/no-request")
		}
		school, err := sqldb.One(ctx, tx, querySchool, scanSchool, r.School)
		if err != nil {
			return notFound(err, "schools/no-school")
		}
		permit, err := s.authz.Check(ctx, actor, "schools.edit", ofSchool(school.ID, school.Unit))
		if err != nil {
			return err
		}
		state := Kept
		if cmd.Grant {
			state = Granted
			if r.Category == bundle.Emergency || r.Category == bundle.Legal {
				return problem.New("schools/not-the-schools-block")
			}
			name, err := bundle.ParseName(r.Domain)
			if err != nil {
				return err
			}
			rule := RuleCommand{School: school.ID, Domain: r.Domain, Allow: true, Bands: bundle.BandsOf(r.Band), Reason: cmd.Reason, Until: cmd.Until}
			if err := s.putRule(ctx, tx, school.ID, name, rule, actor.Name()); err != nil {
				return err
			}
			if err := s.touch(ctx, tx, &school); err != nil {
				return err
			}
		}
		n, err := sqldb.Exec(ctx, tx, queryRequestAnswer, r.ID, string(state), cmd.Reason, actor.Name(), clock.Micro(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New("schools/request-answered")
		}
		return s.record(ctx, tx, step{
			kind: "schools.request_answered", actor: actor.Name(), object: r.ID, permit: permit,
			details: map[string]any{"school": r.School, "domain": r.Domain, "band": r.Band.String(), "state": state, "reason": cmd.Reason, "until": clock.Micro(cmd.Until)},
		})
	})
}

func scanRequest(r sqldb.Row) (q Request, err error) {
	var band string
	var created, answered int64
	err = r.Scan(&q.ID, &q.School, &band, &q.Domain, &q.Category, &q.Day, &q.Asked, &q.State, &q.Answer, &q.By, &created, &answered)
	q.Band, _ = bundle.ParseBand(band)
	q.Created, q.Answered = clock.FromMicro(created), clock.FromMicro(answered)
	return q, err
}
