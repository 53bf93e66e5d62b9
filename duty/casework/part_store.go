// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/sqldb"
)

const clockColumns = `id, case_id, track, code, version, basis, legal, urgent, started, due, paused, met, notes`

var (
	clocksOfCase = sqldb.Register("casework.clocks_of_case",
		`SELECT `+clockColumns+` FROM casework_clock WHERE case_id = $1 ORDER BY started, id`)
	clockPut = sqldb.Register("casework.clock_put", `INSERT INTO casework_clock (`+clockColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)
		ON CONFLICT (id) DO UPDATE SET due = excluded.due, paused = excluded.paused, met = excluded.met, notes = excluded.notes`)
	tracksOfCase = sqldb.Register("casework.tracks_of_case",
		`SELECT track, opened_at, ended_at, end_code, number, unit_id, registered FROM casework_track WHERE case_id = $1 ORDER BY opened_at, track`)
	trackPut = sqldb.Register("casework.track_put", `INSERT INTO casework_track (case_id, track, opened_at, ended_at, end_code, number, unit_id, registered)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
		ON CONFLICT (case_id, track) DO UPDATE SET ended_at = excluded.ended_at, end_code = excluded.end_code,
		number = excluded.number, unit_id = excluded.unit_id, registered = excluded.registered`)
	eventInsert = sqldb.Register("casework.event_insert",
		`INSERT INTO casework_event (id, case_id, at, kind, actor, unit_id, details, note) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`)
	eventsOfCase = sqldb.Register("casework.events_of_case",
		`SELECT id, at, kind, actor, unit_id, details, note FROM casework_event WHERE case_id = $1 ORDER BY at DESC, id DESC LIMIT 500`)
	scoreInsert = sqldb.Register("casework.score_insert",
		`INSERT INTO casework_score (id, case_id, at, by_whom, second, points, score) VALUES ($1,$2,$3,$4,$5,$6,$7)`)
	scoreOfCase = sqldb.Register("casework.score_of_case",
		`SELECT by_whom, second, at, points, score FROM casework_score WHERE case_id = $1 ORDER BY at DESC, id DESC LIMIT 1`)
)

func scanClock(r sqldb.Row) (Clock, error) {
	var c Clock
	var started, due, paused, met int64
	var notes string
	if err := r.Scan(&c.ID, &c.Case, &c.Track, &c.Code, &c.Version, &c.Basis, &c.Legal, &c.Urgent, &started, &due, &paused, &met, &notes); err != nil {
		return c, err
	}
	c.Started, c.Due, c.Paused, c.Met = clock.FromMicro(started), clock.FromMicro(due), clock.FromMicro(paused), clock.FromMicro(met)
	if err := json.Unmarshal([]byte(notes), &c.Notes); err != nil {
		return c, fmt.Errorf("casework: clock %s: %w", c.ID, err)
	}
	return c, nil
}

func putClock(ctx context.Context, tx *sqldb.Tx, c Clock) error {
	if c.Notes == nil {
		c.Notes = []ClockNote{}
	}
	notes, err := toJSON(c.Notes)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, clockPut, c.ID, c.Case, string(c.Track), c.Code, c.Version, c.Basis, c.Legal, c.Urgent,
		clock.Micro(c.Started), clock.Micro(c.Due), clock.Micro(c.Paused), clock.Micro(c.Met), notes)
	return err
}

// newClocks makes the clocks of a purpose that start with an event.
func (s *Service) newClocks(caseID, purpose, start string, track Track, from time.Time) ([]Clock, error) {
	var out []Clock
	for _, r := range s.clocks.Starting(purpose, start) {
		due, err := r.Due(from, s.Days)
		if err != nil {
			return nil, err
		}
		out = append(out, Clock{
			ID: id.New(), Case: caseID, Track: track, Code: r.Code, Version: s.clocks.Version, Basis: r.Basis,
			Legal: r.Legal, Urgent: r.Urgent, Started: from, Due: due,
		})
	}
	return out, nil
}

// startClocks starts and stores them, except those whose code runs already.
func (s *Service) startClocks(ctx context.Context, tx *sqldb.Tx, caseID, purpose, start string, track Track, from time.Time) error {
	running, err := sqldb.All(ctx, tx, clocksOfCase, scanClock, caseID)
	if err != nil {
		return err
	}
	clocks, err := s.newClocks(caseID, purpose, start, track, from)
	if err != nil {
		return err
	}
	for _, c := range clocks {
		again := false
		for _, r := range running {
			again = again || r.Code == c.Code && r.Met.IsZero()
		}
		if again {
			continue
		}
		if err := putClock(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// meet ends the open clocks of the given codes; no codes means all.
func (s *Service) meet(ctx context.Context, tx *sqldb.Tx, caseID string, at time.Time, keep func(Clock) bool) error {
	clocks, err := sqldb.All(ctx, tx, clocksOfCase, scanClock, caseID)
	if err != nil {
		return err
	}
	for _, c := range clocks {
		if c.Met.IsZero() && keep(c) {
			c.Met = at
			if err := putClock(ctx, tx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanTrack(r sqldb.Row) (t TrackState, err error) {
	var opened, ended, registered int64
	err = r.Scan(&t.Track, &opened, &ended, &t.End, &t.Number, &t.Unit, &registered)
	t.Opened, t.Ended, t.Registered = clock.FromMicro(opened), clock.FromMicro(ended), clock.FromMicro(registered)
	return t, err
}

func putTrack(ctx context.Context, tx *sqldb.Tx, caseID string, t TrackState) error {
	_, err := sqldb.Exec(ctx, tx, trackPut, caseID, string(t.Track), clock.Micro(t.Opened), clock.Micro(t.Ended), t.End, t.Number, t.Unit, clock.Micro(t.Registered))
	return err
}

// openTrack opens a track with its clocks, which run from the case's receipt
// and not from the day on which somebody got round to it.
func (s *Service) openTrack(ctx context.Context, tx *sqldb.Tx, c *caseRow, t Track, at time.Time) error {
	if err := putTrack(ctx, tx, c.ID, TrackState{Track: t, Opened: at}); err != nil {
		return err
	}
	return s.startClocks(ctx, tx, c.ID, string(t), "receipt", t, c.Received)
}

// EventRow is one line of a case's timeline. Details are enumerations and ids.
type EventRow struct {
	ID, Kind, Actor, Unit string
	At                    time.Time
	Details               map[string]string
	HasNote               bool   // a note was written with it
	Note                  string // opened; personal
}

// Key is the locale key of the event's title.
func (e EventRow) Key() string { return "casework.event." + e.Kind }

func scanEvent(r sqldb.Row) (e EventRow, err error) {
	var at int64
	var details string
	if err = r.Scan(&e.ID, &at, &e.Kind, &e.Actor, &e.Unit, &details, &e.HasNote); err != nil {
		return e, err
	}
	e.At = clock.FromMicro(at)
	return e, json.Unmarshal([]byte(details), &e.Details)
}

func putEvent(ctx context.Context, tx *sqldb.Tx, caseID string, e EventRow) error {
	if e.Details == nil {
		e.Details = map[string]string{}
	}
	details, err := toJSON(e.Details)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, eventInsert, e.ID, caseID, clock.Micro(e.At), e.Kind, e.Actor, e.Unit, details, e.HasNote)
	return err
}

func putScore(ctx context.Context, tx *sqldb.Tx, caseID string, sc Score, at time.Time, by, second string) error {
	text, err := toJSON(sc)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, scoreInsert, id.New(), caseID, clock.Micro(at), by, second, int64(sc.Points), text)
	return err
}

// ScoreState is the score in force and who set it.
type ScoreState struct {
	Score
	By, Second string // "system:intake" for the machine
	At         time.Time
}

func scanScore(r sqldb.Row) (sc ScoreState, err error) {
	var at, points int64
	var text string
	if err = r.Scan(&sc.By, &sc.Second, &at, &points, &text); err != nil {
		return sc, err
	}
	sc.At = clock.FromMicro(at)
	return sc, json.Unmarshal([]byte(text), &sc.Score)
}
