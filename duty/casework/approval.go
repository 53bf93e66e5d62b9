// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// proposalsWaiting lists what waits in the cases that an actor may know of,
// except what he proposed himself. The subquery is the scope of every list.
var proposalsWaiting = sqldb.Register("casework.proposals_waiting", `SELECT p.id, p.case_id, p.kind, p.payload, p.state, p.by_whom, p.at,
	p.decided_by, p.decided_at FROM casework_proposal p
	WHERE p.state = 'waiting' AND p.by_whom <> $2 AND EXISTS (SELECT 1`+scope+` AND a.case_id = p.case_id)
	ORDER BY p.at, p.id`)

// Approvals lists the proposals on which the actor may decide as second
// person, the oldest first. A case has at most one of each kind waiting, so the
// list is as short as the unit's arrears.
func (s *Service) Approvals(ctx context.Context, actor authz.Actor) ([]Proposal, error) {
	if _, err := s.Authz.Check(ctx, actor, "casework.list", authz.Resource{Type: "casework.queue"}); err != nil {
		return nil, err
	}
	q := s.DB.Read()
	// What was only offered is nobody's to decide.
	waiting, err := sqldb.All(ctx, q, proposalsWaiting, scanProposal, actor.Unit, actor.Person, false)
	if err != nil {
		return nil, err
	}
	var mine []Proposal
	for _, p := range waiting {
		action, attrs := p.Asks()
		c, _, err := s.load(ctx, q, actor, p.Case, action, attrs)
		if err == nil {
			p.Code = c.Code
			err = s.mayKnow(ctx, q, actor, &p)
		}
		switch k := problem.KindOf(err); {
		case err == nil:
			mine = append(mine, p)
		case k != problem.NotFound && k != problem.Forbidden:
			return nil, err
		}
	}
	return mine, nil
}

// mayKnow refuses a proposal to join a case that the actor may not decide on:
// he would learn from it that the two are about the same thing. It fills in
// the other case's code.
func (s *Service) mayKnow(ctx context.Context, q sqldb.Queryer, actor authz.Actor, p *Proposal) error {
	if p.Kind != ProposeMerge {
		return nil
	}
	target, _, err := s.load(ctx, q, actor, p.About.Into, "casework.decide", nil)
	if err != nil {
		return err
	}
	p.About.Code = target.Code
	return nil
}

// visibleProposals drops those that mayKnow refuses to the reader.
func (s *Service) visibleProposals(ctx context.Context, q sqldb.Queryer, actor authz.Actor, all []Proposal) ([]Proposal, error) {
	var kept []Proposal
	for _, p := range all {
		err := s.mayKnow(ctx, q, actor, &p)
		if k := problem.KindOf(err); k == problem.NotFound || k == problem.Forbidden {
			continue
		}
		if err != nil {
			return nil, err
		}
		kept = append(kept, p)
	}
	return kept, nil
}
