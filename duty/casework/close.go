// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// CloseCommand proposes how a case ends. A head who did not handle it and did
// not propose it agrees (Agree) or sends it back (Refuse).
type CloseCommand struct {
	Case    string `json:"case"`
	Outcome string `json:"outcome"` // O1 … O15
	Note    string `json:"note"`    // for the file; sealed
	Text    string `json:"text"`    // to the reporter, besides the outcome's own words; personal
}

// closing is the stored form of a proposed end.
type closing struct {
	Outcome Outcome `json:"outcome"`
}

// Close proposes the end of a case. Every open track must have an end code.
// The extra words for the reporter are sent when they are written: they must
// be true whatever the head decides.
func (s *Service) Close(ctx context.Context, actor authz.Actor, cmd CloseCommand) (proposal string, err error) {
	if !Outcome(cmd.Outcome).Valid() {
		return "", problem.New("input/faulty").Field("outcome", "input/not-a-choice")
	}
	now := s.now()
	err = s.change(ctx, actor, cmd.Case, step{action: "casework.close", kind: "casework.proposed", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if actor.Unit != c.Owner {
			return nil, problem.New("casework/owner-only")
		}
		s.look(c, now)
		open, err := s.openTracks(ctx, tx, c.ID)
		if err != nil {
			return nil, err
		}
		if c.State, err = (Standing{State: c.State, OpenTracks: open}).Next(ActPropose); err != nil {
			return nil, err
		}
		if c.Handler == "" {
			c.Handler = actor.Person
		}
		if proposal, err = s.propose(ctx, tx, actor, c, ProposeClose, closing{Outcome(cmd.Outcome)}, now); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, "proposed", map[string]string{"kind": string(ProposeClose), "outcome": cmd.Outcome}, cmd.Note, now); err != nil {
			return nil, err
		}
		if cmd.Text != "" {
			text, err := checkMessage("text", cmd.Text)
			if err != nil {
				return nil, err
			}
			if err := s.tellAll(ctx, tx, actor, c, text, now); err != nil {
				return nil, err
			}
		}
		return map[string]any{"proposal": proposal, "outcome": cmd.Outcome}, nil
	}})
	if err != nil {
		return "", err
	}
	return proposal, nil
}

func (s *Service) tellAll(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, text string, now time.Time) error {
	reports, err := sqldb.All(ctx, tx, reportsOfCase, scanReport, c.ID)
	if err != nil {
		return err
	}
	for _, p := range reports {
		m := Message{ID: id.New(), At: now, Actor: actor.Person, Text: text}
		if err := s.send(ctx, tx, p, m); err != nil {
			return err
		}
		if err := s.Emit(ctx, tx, Answered{Case: c.ID, Report: p.ID, Message: m.ID, At: now}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) openTracks(ctx context.Context, q sqldb.Queryer, caseID string) (int, error) {
	tracks, err := sqldb.All(ctx, q, tracksOfCase, scanTrack, caseID)
	n := 0
	for _, t := range tracks {
		if t.Open() {
			n++
		}
	}
	return n, err
}

// conclude gives a case its outcome and closes it: every reporter reads it by
// receipt from now on. Where the outcome is unfounded, the blocks of the case
// lift in this transaction, its links and hashes expire, and nothing of it
// weighs in a later score.
func (s *Service) conclude(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, o Outcome, now time.Time) error {
	open, err := s.openTracks(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if c.State, err = (Standing{State: c.State, OpenTracks: open}).Next(ActConclude); err != nil {
		return err
	}
	if c.State, err = (Standing{State: c.State}).Next(ActClose); err != nil {
		return err
	}
	c.Outcome, c.ClosedAt, c.Urgent = o, now, false
	if _, err := sqldb.Exec(ctx, tx, reportOutcome, c.ID, string(o)); err != nil {
		return err
	}
	if err := s.meet(ctx, tx, c.ID, now, func(Clock) bool { return true }); err != nil {
		return err
	}
	if o.Unfounded() {
		if err := s.unstain(ctx, tx, actor, c, now); err != nil {
			return err
		}
	}
	if err := s.note(ctx, tx, actor, c, "closed", map[string]string{"outcome": string(o)}, "", now); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Closed{Case: c.ID, Outcome: o, Unfounded: o.Unfounded(), At: now})
}

// unstain lifts what was done on an unfounded report.
func (s *Service) unstain(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, now time.Time) error {
	decisions, err := sqldb.All(ctx, tx, decisionsOfCase, scanDecision, c.ID)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		if d.Kind == "block" && d.Lifted.IsZero() {
			if err := s.lift(ctx, tx, actor, c, d, "unfounded", now); err != nil {
				return err
			}
		}
	}
	if _, err := sqldb.Exec(ctx, tx, hashExpire, c.ID, true); err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, linkExpire, c.ID, clock.Micro(now))
	return err
}

// Reopen takes a closed case up again; its receipt time and clocks stay. The
// note says why and is sealed; it is required. A case whose reports joined
// another stays closed: they are handled there.
func (s *Service) Reopen(ctx context.Context, actor authz.Actor, caseID, note string) error {
	if locale.Normalize(note) == "" {
		return problem.New("input/faulty").Field("note", "input/required")
	}
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.triage", kind: "casework.reopened", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if c.MergedInto != "" {
			return nil, problem.New("casework/wrong-state", "act", string(ActReopen), "state", string(c.State))
		}
		var err error
		if c.State, err = (Standing{State: c.State}).Next(ActReopen); err != nil {
			return nil, err
		}
		c.ClosedAt, c.Outcome = time.Time{}, ""
		if _, err := sqldb.Exec(ctx, tx, reportOutcome, c.ID, ""); err != nil {
			return nil, err
		}
		if _, err := sqldb.Exec(ctx, tx, hashExpire, c.ID, false); err != nil {
			return nil, err
		}
		return nil, s.note(ctx, tx, actor, c, "reopened", nil, note, now)
	}})
}
