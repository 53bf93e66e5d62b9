// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"

	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// SuspendCommand stops, or takes up again, the handling of a case.
type SuspendCommand struct {
	Case     string   `json:"case"`
	Document Document `json:"document"` // the decision
	Reason   string   `json:"reason"`   // sealed; required to suspend
}

// Suspend stops a case by the head's decision (Criminal Procedure Code,
// article 148). Clocks that may pause do, by the same document.
func (s *Service) Suspend(ctx context.Context, actor authz.Actor, cmd SuspendCommand) error {
	return s.halt(ctx, actor, cmd, ActSuspend, "pause")
}

// Resume takes a suspended case up again; what was left of its clocks is left.
func (s *Service) Resume(ctx context.Context, actor authz.Actor, cmd SuspendCommand) error {
	return s.halt(ctx, actor, cmd, ActResume, "resume")
}

func (s *Service) halt(ctx context.Context, actor authz.Actor, cmd SuspendCommand, act Act, bend string) error {
	p := problem.New("input/faulty")
	cmd.Document.check(p)
	if act == ActSuspend && locale.Normalize(cmd.Reason) == "" {
		p.Field("reason", "input/required")
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.close", attrs: map[string]any{"approving": true}, kind: "casework." + string(act), do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		var err error
		if c.State, err = (Standing{State: c.State}).Next(act); err != nil {
			return nil, err
		}
		clocks, err := sqldb.All(ctx, tx, clocksOfCase, scanClock, c.ID)
		if err != nil {
			return nil, err
		}
		for _, k := range clocks {
			bent, err := s.bend(k, ClockCommand{Kind: bend, Document: cmd.Document}, actor.Person, now)
			if problem.Is(err, "casework/clock-fixed") {
				continue // it runs on
			}
			if err != nil {
				return nil, err
			}
			if err := putClock(ctx, tx, bent); err != nil {
				return nil, err
			}
		}
		return map[string]any{"document": cmd.Document.String()}, s.note(ctx, tx, actor, c, string(act), nil, cmd.Reason, now)
	}})
}
