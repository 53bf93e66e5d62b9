// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// QueueFilter narrows the list of cases. The zero value is all open cases.
type QueueFilter struct {
	Closed bool
	State  string // State
	Track  string // Track that is open
	Light  string // ClockState, but done
	Limit  int    // 0: 50; at most 200
}

// QueueRow is one case in the list. It names nobody: its title is made of the
// harms.
type QueueRow struct {
	ID, Code string
	Harms    []Harm
	State    State
	Mode     string // owner, holds, offered
	Score    int
	Tier     Tier
	Urgent   bool
	Reports  int
	Received time.Time
	Clock    *Clock // the one that the queue is ordered by; else one that is paused; nil: none is open
	Tracks   []TrackState
	Next     string // casework.next.*: look, measure, accept, agree, tracks, close, wait
	Handler  string
	Why      ScoreState // the score explained: factors, floor, who changed it
}

// NextKey is the locale key of the next act.
func (r QueueRow) NextKey() string { return "casework.next." + r.Next }

// Light is how an open case stands: as its clock does. Without one a suspended
// case waits, and any other has no deadline.
func (r QueueRow) Light(now time.Time) ClockState {
	switch {
	case r.Clock != nil:
		return r.Clock.State(now)
	case r.State == StateSuspended:
		return ClockPaused
	default:
		return ClockNone
	}
}

// paused says of a case without a running clock, in SQL, what Light says of
// its row: something stands still, rather than that no deadline was set.
const paused = `(c.state = 'suspended' OR EXISTS (SELECT 1 FROM casework_clock k WHERE k.case_id = a.case_id AND k.met = 0 AND k.paused > 0))`

// scope is the part of every list query that decides what an actor may know
// of. It says the same as the policies casework.view, view-offered and
// excluded; a property test holds both together.
//
//	$1 unit, $2 person, $3 whether offered cases are for this actor
const scope = ` FROM casework_access a JOIN casework_case c ON c.id = a.case_id
	WHERE a.unit_id = $1 AND (a.mode <> 'offered' OR CAST($3 AS BOOLEAN))
	AND NOT EXISTS (SELECT 1 FROM casework_exclusion e WHERE e.case_id = a.case_id
		AND ((e.kind = 'person' AND e.subject = CAST($2 AS TEXT)) OR (e.kind = 'unit' AND e.subject = a.unit_id)))`

var (
	queuePage = sqldb.Register("casework.queue_page", `SELECT c.id, c.code, c.harms, c.state, a.mode, c.score, c.tier, c.urgent, c.reports,
		c.received_at, c.handler, a.rank, a.due, a.received_at`+scope+`
		AND a.open = $4 AND (a.rank, a.due, a.received_at, a.case_id) > ($5, $6, $7, $8)
		AND (CAST($9 AS TEXT) = '' OR c.state = CAST($9 AS TEXT))
		AND (CAST($10 AS TEXT) = '' OR EXISTS (SELECT 1 FROM casework_track t WHERE t.case_id = a.case_id AND t.track = CAST($10 AS TEXT) AND t.ended_at = 0))
		AND (CAST($11 AS TEXT) = ''
			OR (CAST($11 AS TEXT) = 'late' AND a.due < $12)
			OR (CAST($11 AS TEXT) = 'soon' AND a.due >= $12 AND c.soon_at <= $12)
			OR (CAST($11 AS TEXT) = 'ok' AND c.soon_at > $12 AND a.due < $13)
			OR (CAST($11 AS TEXT) = 'wait' AND a.due = $13 AND `+paused+`)
			OR (CAST($11 AS TEXT) = 'none' AND a.due = $13 AND NOT `+paused+`))
		ORDER BY a.rank, a.due, a.received_at, a.case_id LIMIT $14`)
	queueLights = sqldb.Register("casework.queue_lights", `SELECT COUNT(*) FILTER (WHERE a.due < $4),
		COUNT(*) FILTER (WHERE a.due >= $4 AND c.soon_at <= $4), COUNT(*) FILTER (WHERE c.soon_at > $4 AND a.due < $5),
		COUNT(*) FILTER (WHERE a.due = $5 AND `+paused+`), COUNT(*) FILTER (WHERE a.due = $5 AND NOT `+paused+`)`+scope+` AND a.open`)
)

// cursor is the place in the order where the next page begins.
type cursor struct {
	Rank     int64  `json:"r"`
	Due      int64  `json:"d"`
	Received int64  `json:"t"`
	Case     string `json:"c"`
}

func parseCursor(text string) (cursor, error) {
	start := cursor{Rank: math.MinInt64}
	if text == "" {
		return start, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &start)
	}
	if err != nil {
		return start, problem.New("input/faulty").Field("cursor", "input/not-a-choice")
	}
	return start, nil
}

func (c cursor) String() string {
	raw, err := json.Marshal(c)
	if err != nil { // four plain fields: cannot happen
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// seesOffered says whether cases that were only offered are for an actor: a
// takedown officer does not answer for a unit.
func seesOffered(a authz.Actor) bool {
	return slices.ContainsFunc(a.Roles, func(r string) bool {
		return r == authz.Triage || r == authz.Handler || r == authz.Police || r == authz.Head
	})
}

type queueItem struct {
	row QueueRow
	at  cursor
}

func scanQueue(r sqldb.Row) (q queueItem, err error) {
	var harms string
	var score, reports, received int64
	err = r.Scan(&q.row.ID, &q.row.Code, &harms, &q.row.State, &q.row.Mode, &score, &q.row.Tier, &q.row.Urgent, &reports, &received,
		&q.row.Handler, &q.at.Rank, &q.at.Due, &q.at.Received)
	q.row.Harms, q.row.Score, q.row.Reports = splitWords[Harm](harms), int(score), int(reports)
	q.row.Received, q.at.Case = clock.FromMicro(received), q.row.ID
	return q, err
}

// Queue lists the cases that the actor's unit holds or is offered, by score,
// then legal due time, then age; never by age alone. next is "" on the last
// page.
func (s *Service) Queue(ctx context.Context, actor authz.Actor, f QueueFilter, from string) (rows []QueueRow, next string, err error) {
	if _, err := s.Authz.Check(ctx, actor, "casework.list", authz.Resource{Type: "casework.queue"}); err != nil {
		return nil, "", err
	}
	at, err := parseCursor(from)
	if err != nil {
		return nil, "", err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 200)
	q := s.DB.Read()
	items, err := sqldb.All(ctx, q, queuePage, scanQueue, actor.Unit, actor.Person, seesOffered(actor), !f.Closed,
		at.Rank, at.Due, at.Received, at.Case, f.State, f.Track, f.Light, clock.Micro(s.now()), int64(noDue), int64(f.Limit+1))
	if err != nil {
		return nil, "", err
	}
	if len(items) > f.Limit {
		items = items[:f.Limit]
		next = items[f.Limit-1].at.String()
	}
	for _, it := range items {
		if err := s.fillRow(ctx, q, &it.row); err != nil {
			return nil, "", err
		}
		rows = append(rows, it.row)
	}
	return rows, next, nil
}

func (s *Service) fillRow(ctx context.Context, q sqldb.Queryer, r *QueueRow) error {
	clocks, err := sqldb.All(ctx, q, clocksOfCase, scanClock, r.ID)
	if err != nil {
		return err
	}
	if r.Clock = first(clocks, func(k Clock) bool { return k.Paused.IsZero() }); r.Clock == nil {
		r.Clock = first(clocks, func(Clock) bool { return true })
	}
	if r.Tracks, err = sqldb.All(ctx, q, tracksOfCase, scanTrack, r.ID); err != nil {
		return err
	}
	r.Next = nextAct(r.State, r.Mode, r.Tracks)
	r.Why, err = sqldb.One(ctx, q, scoreOfCase, scanScore, r.ID)
	return err
}

// nextAct is the one thing to do next.
func nextAct(state State, mode string, tracks []TrackState) string {
	open := slices.ContainsFunc(tracks, TrackState.Open)
	switch {
	case mode == modeOffered:
		return "accept"
	case state == StateEmergency:
		return "measure"
	case state == StateNew:
		return "look"
	case state == StateResult:
		return "agree"
	case state == StateOffered || state == StateSuspended || !state.Open():
		return "wait"
	case open:
		return "tracks"
	default:
		return "close"
	}
}

// Lights counts the open cases of the actor's unit by how their clock stands;
// None are those without a deadline that is open.
type Lights struct{ Late, Soon, OK, Wait, None int }

// All is the number of open cases.
func (l Lights) All() int { return l.Late + l.Soon + l.OK + l.Wait + l.None }

// Lights counts the actor's open cases by light.
func (s *Service) Lights(ctx context.Context, actor authz.Actor) (Lights, error) {
	if _, err := s.Authz.Check(ctx, actor, "casework.list", authz.Resource{Type: "casework.queue"}); err != nil {
		return Lights{}, err
	}
	return sqldb.One(ctx, s.DB.Read(), queueLights, func(r sqldb.Row) (l Lights, err error) {
		err = r.Scan(&l.Late, &l.Soon, &l.OK, &l.Wait, &l.None)
		return l, err
	}, actor.Unit, actor.Person, seesOffered(actor), clock.Micro(s.now()), int64(noDue))
}
