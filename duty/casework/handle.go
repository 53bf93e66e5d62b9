// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Look marks the first human look: the clocks of the first look are met.
func (s *Service) Look(ctx context.Context, actor authz.Actor, caseID string) error {
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.triage", kind: "casework.looked", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		var err error
		if c.State, err = (Standing{State: c.State}).Next(ActLook); err != nil {
			return nil, err
		}
		s.look(c, now)
		if err := s.meet(ctx, tx, c.ID, now, func(k Clock) bool { return k.Code == "HL15" || k.Code == "FL1D" }); err != nil {
			return nil, err
		}
		return nil, s.note(ctx, tx, actor, c, "looked", nil, "", now)
	}})
}

// Assign gives a case to a handler of the owning unit, which does so itself.
// Who may not know of the case, or is nobody, is casework/not-a-handler on the
// field "person".
func (s *Service) Assign(ctx context.Context, actor authz.Actor, caseID, person string) error {
	now := s.now()
	return s.change(ctx, actor, caseID, step{action: "casework.triage", kind: "casework.assigned", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if actor.Unit != c.Owner {
			return nil, problem.New("casework/owner-only")
		}
		if !c.State.Open() {
			return nil, problem.New("casework/wrong-state", "act", "assign", "state", string(c.State))
		}
		excluded, err := sqldb.All(ctx, tx, exclusionsOfCase, scanExclusion, c.ID)
		if err != nil {
			return nil, err
		}
		if person == "" || slices.ContainsFunc(excluded, func(e exclusionRow) bool { return e.Kind == excludedPerson && e.Subject == person }) {
			return nil, problem.New("input/faulty").Field("person", "casework/not-a-handler")
		}
		c.Handler = person
		return map[string]any{"handler": person}, s.note(ctx, tx, actor, c, "assigned", map[string]string{"handler": person}, "", now)
	}})
}
