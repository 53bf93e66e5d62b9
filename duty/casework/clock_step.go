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

// ClockCommand pauses, resumes or extends a clock, by a document.
type ClockCommand struct {
	Case     string    `json:"case"`
	Clock    string    `json:"clock"`
	Kind     string    `json:"kind"`     // pause, resume, extend
	Document string    `json:"document"` // number and date; required
	Until    time.Time `json:"until"`    // extend
}

// SetClock pauses, resumes or extends a clock. Without a document, and for an
// urgent clock, it is refused.
func (s *Service) SetClock(ctx context.Context, actor authz.Actor, cmd ClockCommand) error {
	p := problem.New("input/faulty")
	if locale.Normalize(cmd.Document) == "" {
		p.Field("document", "input/required")
	}
	if !slices.Contains([]string{"pause", "resume", "extend"}, cmd.Kind) {
		p.Field("kind", "input/not-a-choice")
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.decide", kind: "casework.clock", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		clocks, err := sqldb.All(ctx, tx, clocksOfCase, scanClock, c.ID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(clocks, func(k Clock) bool { return k.ID == cmd.Clock })
		if i < 0 {
			return nil, problem.New("authz/not-found")
		}
		k, err := s.bend(clocks[i], cmd, actor.Person, now)
		if err != nil {
			return nil, err
		}
		if err := putClock(ctx, tx, k); err != nil {
			return nil, err
		}
		return map[string]any{"clock": k.Code, "kind": cmd.Kind, "document": cmd.Document, "due": k.Due},
			s.note(ctx, tx, actor, c, "clock", map[string]string{"clock": k.Code, "kind": cmd.Kind}, "", now)
	}})
}

// bend applies a pause, a resumption or an extension to a clock.
func (s *Service) bend(k Clock, cmd ClockCommand, by string, now time.Time) (Clock, error) {
	rule, ok := s.clocks.Rule(k.Code)
	refused := !ok || k.Urgent || !k.Met.IsZero()
	switch cmd.Kind {
	case "pause":
		if refused = refused || !rule.Pause || !k.Paused.IsZero(); !refused {
			k.Paused = now
		}
	case "resume":
		if refused = refused || k.Paused.IsZero(); !refused {
			k.Due = k.Due.Add(now.Sub(k.Paused)) // what was left is left again
			k.Paused = time.Time{}
		}
	case "extend":
		if refused = refused || !rule.Extend || !cmd.Until.After(k.Due); !refused {
			k.Due = cmd.Until
		}
	}
	if refused {
		return k, problem.New("casework/clock-fixed", "clock", k.Code)
	}
	k.Notes = append(k.Notes, ClockNote{Kind: cmd.Kind, At: now, Document: cmd.Document, Until: cmd.Until, By: by})
	return k, nil
}
