// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/locale"
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

// MergeCommand proposes that a case's reports join another case.
type MergeCommand struct {
	Case   string `json:"case"`
	Into   string `json:"into"`   // code of the other case, "VV-2026-0412"
	Reason string `json:"reason"` // sealed; required
}

// Validate lists every faulty field.
func (c *MergeCommand) Validate() error {
	c.Into = strings.ToUpper(locale.Normalize(c.Into))
	p := problem.New("input/faulty")
	if c.Into == "" {
		p.Field("into", "input/required")
	}
	if locale.Normalize(c.Reason) == "" {
		p.Field("reason", "input/required")
	}
	return p.OrNil()
}

// Merge proposes that a case's reports join another case of the same owner,
// who proposes it. A second person agrees. Every receipt keeps working.
func (s *Service) Merge(ctx context.Context, actor authz.Actor, cmd MergeCommand) (proposal string, err error) {
	if err := cmd.Validate(); err != nil {
		return "", err
	}
	now := s.now()
	err = s.change(ctx, actor, cmd.Case, step{action: "casework.decide", kind: "casework.proposed", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if actor.Unit != c.Owner {
			return nil, problem.New("casework/owner-only")
		}
		target, err := s.byCode(ctx, tx, actor, cmd.Into)
		if err != nil {
			return nil, err
		}
		if _, err := mergeable(c, target); problem.Is(err, "casework/not-mergeable") {
			return nil, problem.New("input/faulty").Field("into", "casework/not-mergeable")
		} else if err != nil {
			return nil, err
		}
		if proposal, err = s.propose(ctx, tx, actor, c, ProposeMerge, merging{target.ID}, now); err != nil {
			return nil, err
		}
		return map[string]any{"proposal": proposal, "into": target.ID},
			s.note(ctx, tx, actor, c, "proposed", map[string]string{"kind": string(ProposeMerge)}, cmd.Reason, now)
	}})
	return proposal, err
}

// byCode finds the case of a code for a decision about it. One that the actor
// may not know of, or not decide on, is as if there were none.
func (s *Service) byCode(ctx context.Context, q sqldb.Queryer, actor authz.Actor, code string) (*caseRow, error) {
	none := problem.New("input/faulty").Field("into", "casework/no-such-code")
	c, err := sqldb.One(ctx, q, caseByCode, scanCase, code)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	_, _, err = s.load(ctx, q, actor, c.ID, "casework.decide", nil)
	if k := problem.KindOf(err); k == problem.NotFound || k == problem.Forbidden {
		return nil, none
	}
	return c, err
}

// mergeable is the state of a case after its reports joined target. Both must
// have one owner, so that nobody loses or gains a key.
func mergeable(c, target *caseRow) (State, error) {
	if target.ID == c.ID || target.Owner != c.Owner || !target.State.Open() {
		return "", problem.New("casework/not-mergeable")
	}
	return Standing{State: c.State}.Next(ActMergeAway)
}

// merge moves the reports; the receivers of the joined case keep what they
// hold.
func (s *Service) merge(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, into string, now time.Time) error {
	target, _, err := s.load(ctx, tx, actor, into, "casework.decide", nil)
	if err != nil {
		return err
	}
	if c.State, err = mergeable(c, target); err != nil {
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
