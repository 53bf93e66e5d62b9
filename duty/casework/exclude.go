// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// ExcludeCommand keeps a person or a unit away from a case about himself.
type ExcludeCommand struct {
	Case    string `json:"case"`
	Kind    string `json:"kind"` // person, unit
	Subject string `json:"subject"`
	Reason  string `json:"reason"` // sealed; required
}

// Exclude makes a case unknown to a person or a unit. Where the owner is
// excluded the case goes one level up, and its keys are wrapped for that unit
// first; this needs an unlocked session.
func (s *Service) Exclude(ctx context.Context, actor authz.Actor, u *vault.Unlocked, cmd ExcludeCommand) error {
	p := problem.New("input/faulty")
	if cmd.Kind != excludedPerson && cmd.Kind != excludedUnit {
		p.Field("kind", "input/not-a-choice")
	}
	if cmd.Subject == "" {
		p.Field("subject", "input/required")
	}
	if locale.Normalize(cmd.Reason) == "" {
		p.Field("reason", "input/required")
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.triage", kind: "casework.excluded", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		e := exclusionRow{cmd.Kind, cmd.Subject, "staff"}
		// Asked for before the exclusion stands: it may be the actor's own unit.
		o, err := s.opener(ctx, tx, actor, "casework.triage", c, u)
		if err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, "excluded", map[string]string{"kind": cmd.Kind}, cmd.Reason, now); err != nil {
			return nil, err
		}
		if err := putExclusion(ctx, tx, c.ID, e, now, actor.Person); err != nil {
			return nil, err
		}
		if cmd.Kind == excludedPerson && c.Handler == cmd.Subject {
			c.Handler = ""
		}
		if cmd.Kind == excludedUnit && cmd.Subject == c.Owner {
			if err := s.moveUp(ctx, tx, o, c, now); err != nil {
				return nil, err
			}
		}
		return map[string]any{"kind": cmd.Kind, "subject": cmd.Subject, "owner": c.Owner}, nil
	}})
}

func (s *Service) moveUp(ctx context.Context, tx *sqldb.Tx, o *opener, c *caseRow, now time.Time) error {
	if o.unlocked == nil {
		return problem.New("casework/unlock-first")
	}
	excluded, err := sqldb.All(ctx, tx, exclusionsOfCase, scanExclusion, c.ID)
	if err != nil {
		return err
	}
	old := c.Owner
	above, err := s.clear(ctx, old, excluded, now)
	if err != nil {
		return err
	}
	if err := s.grantAll(ctx, tx, o, c.ID, ownerGroups(), above); err != nil {
		return err
	}
	c.Owner, c.Handler = above, ""
	if err := s.regain(ctx, tx, c, above); err != nil {
		return err
	}
	if err := s.regain(ctx, tx, c, old); err != nil {
		return err
	}
	return putEvent(ctx, tx, c.ID, EventRow{ID: id.New(), Kind: "moved_up", Actor: "system:casework", At: now, Details: map[string]string{"to": above}})
}

// OverrideContact allows one contact that the reporter did not say is safe.
// It needs a reason, and stands in the ledger and in the timeline.
func (s *Service) OverrideContact(ctx context.Context, actor authz.Actor, caseID, reason string) error {
	if locale.Normalize(reason) == "" {
		return problem.New("input/faulty").Field("reason", "input/required")
	}
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.override", kind: "casework.contact-override", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		return map[string]any{"contact": c.Contact}, s.note(ctx, tx, actor, c, "contact_override", map[string]string{"contact": string(c.Contact)}, reason, now)
	}})
}
