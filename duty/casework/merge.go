// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

type merging struct {
	Into string `json:"into"`
}

// ConfirmLink says that two cases are about the same thing; they stay two.
func (s *Service) ConfirmLink(ctx context.Context, actor authz.Actor, caseID, other string, same bool) error {
	state := "confirmed"
	if !same {
		state = "rejected"
	}
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.triage", kind: "casework.linked", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if _, _, err := s.load(ctx, tx, actor, other, "casework.view", nil); err != nil {
			return nil, err
		}
		n, err := sqldb.Exec(ctx, tx, linkState, c.ID, other, state, clock.Micro(now), actor.Person)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, problem.New("authz/not-found")
		}
		return map[string]any{"other": other, "state": state}, s.note(ctx, tx, actor, c, "linked", map[string]string{"state": state}, "", now)
	}})
}

// Merge proposes that a case's reports join another case of the same owner.
// A second person agrees. Every receipt keeps working.
func (s *Service) Merge(ctx context.Context, actor authz.Actor, caseID, into, reason string) (proposal string, err error) {
	now := s.now()
	err = s.change(ctx, actor, caseID, step{action: "casework.decide", kind: "casework.proposed", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if _, _, err := s.load(ctx, tx, actor, into, "casework.decide", nil); err != nil {
			return nil, err
		}
		if into == c.ID {
			return nil, problem.New("casework/not-a-receiver")
		}
		if proposal, err = s.propose(ctx, tx, actor, c, ProposeMerge, merging{into}, now); err != nil {
			return nil, err
		}
		return map[string]any{"proposal": proposal, "into": into}, s.note(ctx, tx, actor, c, "proposed", map[string]string{"kind": string(ProposeMerge)}, reason, now)
	}})
	return proposal, err
}

// merge moves the reports. Both cases must have one owner, so that nobody
// loses or gains a key; the receivers of the joined case keep what they hold.
func (s *Service) merge(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, into string, now time.Time) error {
	target, _, err := s.load(ctx, tx, actor, into, "casework.decide", nil)
	if err != nil {
		return err
	}
	if target.Owner != c.Owner || !target.State.Open() {
		return problem.New("casework/not-mergeable")
	}
	if c.State, err = (Standing{State: c.State}).Next(ActMergeAway); err != nil {
		return err
	}
	for _, q := range []*sqldb.Query{reportMove, messageMove, hashMove} {
		if _, err := sqldb.Exec(ctx, tx, q, c.ID, target.ID); err != nil {
			return err
		}
	}
	// Who may not handle the one may not handle the whole.
	excluded, err := sqldb.All(ctx, tx, exclusionsOfCase, scanExclusion, c.ID)
	if err != nil {
		return err
	}
	for _, e := range excluded {
		if err := putExclusion(ctx, tx, target.ID, e, now, actor.Person); err != nil {
			return err
		}
	}
	target.Reports += c.Reports
	target.Harms = append(target.Harms, c.Harms...)
	target.Mediums = append(target.Mediums, c.Mediums...)
	target.Ages |= c.Ages
	if c.Score > target.Score {
		score, err := sqldb.One(ctx, tx, scoreOfCase, scanScore, c.ID)
		if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
			return err
		}
		target.Floor = c.Floor
		if err := s.setScore(ctx, tx, target, score.Score, score.By, actor.Person, now); err != nil {
			return err
		}
	}
	c.Outcome, c.ClosedAt, c.MergedInto, c.Reports = Duplicate, now, target.ID, 0
	if err := s.meet(ctx, tx, c.ID, now, func(Clock) bool { return true }); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, target, "joined", nil, "", now); err != nil {
		return err
	}
	if err := s.save(ctx, tx, target); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Merged{Case: c.ID, Into: target.ID, At: now})
}
