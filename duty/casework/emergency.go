// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Raise calls an emergency by a person's judgement and rings.
func (s *Service) Raise(ctx context.Context, actor authz.Actor, caseID, reason string) error {
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.triage", kind: "casework.raised", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if c.Urgent {
			return nil, problem.New("casework/already-decided")
		}
		if err := s.raise(ctx, tx, actor, c, now); err != nil {
			return nil, err
		}
		return nil, s.note(ctx, tx, actor, c, "raise_reason", nil, reason, now)
	}})
}

func (s *Service) raise(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, now time.Time) (err error) {
	if c.State, err = (Standing{State: c.State}).Next(ActRaise); err != nil {
		return err
	}
	c.Urgent, c.UrgentAt = true, now
	if err := s.startClocks(ctx, tx, c.ID, "emergency", "receipt", NoTrack, now); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, c, "raised", nil, "", now); err != nil {
		return err
	}
	return s.openRing(ctx, tx, c, now)
}

// MeasureCommand says what was done for the child. It is the only way out of
// an emergency.
type MeasureCommand struct {
	Case string `json:"case"`
	What string `json:"what"` // sealed; required
	Who  string `json:"who"`  // body that did it: an org id or a name; sealed with What
	// Kind is an enumeration: visited, separated, medical, police, talked, other.
	Kind string `json:"kind"`
}

// MeasureKinds lists the kinds of measure.
func MeasureKinds() []string {
	return []string{"talked", "visited", "separated", "medical", "police", "other"}
}

// Measure records a named measure. In an emergency it meets the 12-hour clock
// and ends the emergency state.
func (s *Service) Measure(ctx context.Context, actor authz.Actor, cmd MeasureCommand) error {
	p := problem.New("input/faulty")
	if locale.Normalize(cmd.What) == "" {
		p.Field("what", "input/required")
	}
	if !slices.Contains(MeasureKinds(), cmd.Kind) {
		p.Field("kind", "input/not-a-choice")
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.decide", kind: "casework.measure", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		s.look(c, now)
		var err error
		if c.State, err = (Standing{State: c.State, Measures: 1}).Next(ActMeasure); err != nil {
			return nil, err
		}
		text := cmd.What
		if cmd.Who != "" {
			text += "\n— " + cmd.Who
		}
		if err := s.note(ctx, tx, actor, c, "measure", map[string]string{"measure": cmd.Kind}, text, now); err != nil {
			return nil, err
		}
		c.Urgent = false
		return map[string]any{"measure": cmd.Kind}, s.meet(ctx, tx, c.ID, now, func(k Clock) bool {
			return k.Code == "E12H" || k.Code == "HL15" || k.Code == "FL1D"
		})
	}})
}
