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

// OverrideCommand changes a score. Points are 0 to 100.
type OverrideCommand struct {
	Case   string `json:"case"`
	Points int    `json:"points"`
	Reason string `json:"reason"` // sealed; required
}

// Override sets a score by a person's judgement, in both directions, with a
// reason. Below a floor that was hit it waits for a second person; proposal is
// then its id.
func (s *Service) Override(ctx context.Context, actor authz.Actor, cmd OverrideCommand) (proposal string, err error) {
	p := problem.New("input/faulty")
	if cmd.Points < 0 || cmd.Points > 100 {
		p.Field("points", "input/out-of-range", "min", 0, "max", 100)
	}
	if locale.Normalize(cmd.Reason) == "" {
		p.Field("reason", "input/required")
	}
	if err := p.OrNil(); err != nil {
		return "", err
	}
	now := s.now()
	err = s.change(ctx, actor, cmd.Case, step{action: "casework.override", kind: "casework.scored", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		s.look(c, now)
		was, err := sqldb.One(ctx, tx, scoreOfCase, scanScore, c.ID)
		if err != nil {
			return nil, err
		}
		score := was.Score
		score.Points, score.Tier = cmd.Points, s.weights.TierOf(cmd.Points)
		lowered := false
		for _, f := range append(slices.Clone(score.Floors), score.Floor) {
			lowered = lowered || cmd.Points < s.weights.Floors[f]
		}
		details := map[string]any{"from": was.Points, "to": cmd.Points, "below_floor": lowered}
		event := map[string]string{"kind": string(ProposeLower)}
		if lowered {
			if proposal, err = s.propose(ctx, tx, actor, c, ProposeLower, score, now); err != nil {
				return nil, err
			}
			return details, s.note(ctx, tx, actor, c, "proposed", event, cmd.Reason, now)
		}
		if err := s.setScore(ctx, tx, c, score, actor.Person, "", now); err != nil {
			return nil, err
		}
		return details, s.note(ctx, tx, actor, c, "scored", nil, cmd.Reason, now)
	}})
	return proposal, err
}

func (s *Service) setScore(ctx context.Context, tx *sqldb.Tx, c *caseRow, score Score, by, second string, now time.Time) error {
	c.Score, c.Tier = int64(score.Points), score.Tier
	if err := putScore(ctx, tx, c.ID, score, now, by, second); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Triaged{Case: c.ID, Points: score.Points, Tier: score.Tier, By: by})
}
