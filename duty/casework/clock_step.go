// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// ClockCommand pauses, resumes, extends or meets a clock, by a document.
type ClockCommand struct {
	Case     string    `json:"case"`
	Clock    string    `json:"clock"`
	Kind     string    `json:"kind"` // of ClockKinds
	Document Document  `json:"document"`
	Until    time.Time `json:"until"` // extend: the new due
}

// ClockKinds lists what can be done with a clock.
func ClockKinds() []string { return []string{"meet", "pause", "resume", "extend"} }

// ClockKindKey is the locale key of a kind of ClockKinds.
func ClockKindKey(kind string) string { return "casework.clock-kind." + kind }

// ClockActs lists what its rule and its state let a person do with a clock, in
// the order of ClockKinds. What a look, a measure or an answer meets is not met
// by a document, and an urgent clock runs.
func (s *Service) ClockActs(k Clock) []string {
	rule, ok := s.clocks.Rule(k.Code)
	if !ok || k.Urgent || !k.Met.IsZero() {
		return nil
	}
	running := k.Paused.IsZero()
	can := map[string]bool{"meet": rule.Meet && running, "pause": rule.Pause && running, "resume": !running, "extend": rule.Extend}
	return slices.DeleteFunc(ClockKinds(), func(kind string) bool { return !can[kind] })
}

// SetClock pauses, resumes, extends or meets a clock. Without a document, and
// where ClockActs does not list it, it is refused.
func (s *Service) SetClock(ctx context.Context, actor authz.Actor, cmd ClockCommand) error {
	p := problem.New("input/faulty")
	if !slices.Contains(ClockKinds(), cmd.Kind) {
		p.Field("kind", "input/not-a-choice")
	}
	cmd.Document.check(p)
	if cmd.Kind == "extend" && cmd.Until.IsZero() {
		p.Field("until", "input/required")
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
		return map[string]any{"clock": k.Code, "kind": cmd.Kind, "document": cmd.Document.String(), "due": k.Due},
			s.note(ctx, tx, actor, c, "clock", map[string]string{"clock": k.Code, "kind": cmd.Kind}, "", now)
	}})
}

// bend applies a kind of ClockKinds to a clock.
func (s *Service) bend(k Clock, cmd ClockCommand, by string, now time.Time) (Clock, error) {
	if !slices.Contains(s.ClockActs(k), cmd.Kind) {
		return k, problem.New("casework/clock-fixed", "clock", k.Code)
	}
	switch cmd.Kind {
	case "meet":
		k.Met = now
	case "pause":
		k.Paused = now
	case "resume":
		k.Due = k.Due.Add(now.Sub(k.Paused)) // what was left is left again
		k.Paused = time.Time{}
	case "extend":
		if !cmd.Until.After(k.Due) {
			return k, problem.New("input/faulty").Field("until", "casework/until-early")
		}
		k.Due = cmd.Until
	}
	k.Notes = append(k.Notes, ClockNote{Kind: cmd.Kind, At: now, Document: cmd.Document.String(), Until: cmd.Until, By: by})
	return k, nil
}
