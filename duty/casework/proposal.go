// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// ProposalKind is an act that needs two people.
type ProposalKind string

// The acts that need two people.
const (
	ProposeBlock ProposalKind = "block" // of a name that many people need
	ProposeClose ProposalKind = "close"
	ProposeLower ProposalKind = "lower" // a score below its floor
	ProposeMerge ProposalKind = "merge"
)

// Key is the locale key of the act.
func (k ProposalKind) Key() string { return "casework.proposal." + string(k) }

// Proposal is an act that waits for its second person, or was decided.
type Proposal struct {
	ID, Case, By, DecidedBy string
	Kind                    ProposalKind
	State                   string // waiting, agreed, refused
	At, Decided             time.Time
	Code                    string  // of the case
	About                   Subject // what it would do
	payload                 string
}

// Subject is what a proposal is about, by its kind.
type Subject struct {
	Domain  string  `json:"domain"`  // block
	Outcome Outcome `json:"outcome"` // close
	Points  int     `json:"points"`  // lower: the new score
	Into    string  `json:"into"`    // merge: id of the case that stays
	Code    string  `json:"-"`       // merge: its code
}

// Waiting reports whether a second person is awaited.
func (p Proposal) Waiting() bool { return p.State == "waiting" }

const proposalColumns = `id, case_id, kind, payload, state, by_whom, at, decided_by, decided_at`

var (
	proposalInsert  = sqldb.Register("casework.proposal_insert", `INSERT INTO casework_proposal (`+proposalColumns+`) VALUES ($1,$2,$3,$4,'waiting',$5,$6,'',0)`)
	proposalDecide  = sqldb.Register("casework.proposal_decide", `UPDATE casework_proposal SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'waiting'`)
	proposalByID    = sqldb.Register("casework.proposal_by_id", `SELECT `+proposalColumns+` FROM casework_proposal WHERE id = $1`)
	proposalsOfCase = sqldb.Register("casework.proposals_of_case", `SELECT `+proposalColumns+` FROM casework_proposal WHERE case_id = $1 ORDER BY at DESC, id LIMIT 100`)
)

func scanProposal(r sqldb.Row) (p Proposal, err error) {
	var at, decided int64
	err = r.Scan(&p.ID, &p.Case, &p.Kind, &p.payload, &p.State, &p.By, &at, &p.DecidedBy, &decided)
	p.At, p.Decided = clock.FromMicro(at), clock.FromMicro(decided)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(p.payload), &p.About)
}

// propose stores an act for a second person. payload holds enumerations, ids
// and a domain; no text.
func (s *Service) propose(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, kind ProposalKind, payload any, at time.Time) (string, error) {
	waiting, err := sqldb.All(ctx, tx, proposalsOfCase, scanProposal, c.ID)
	if err != nil {
		return "", err
	}
	text, err := toJSON(payload)
	if err != nil {
		return "", err
	}
	for _, p := range waiting {
		if p.Waiting() && p.Kind == kind {
			return "", problem.New("casework/already-proposed")
		}
	}
	proposal := id.New()
	_, err = sqldb.Exec(ctx, tx, proposalInsert, proposal, c.ID, string(kind), text, actor.Person, clock.Micro(at))
	return proposal, err
}

func (s *Service) proposal(ctx context.Context, q sqldb.Queryer, proposalID string) (Proposal, error) {
	p, err := sqldb.One(ctx, q, proposalByID, scanProposal, proposalID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return p, problem.New("authz/not-found")
	}
	return p, err
}

// Asks is what the policies are asked of whoever decides on a proposal: the
// action, and what they must know of the case besides. The first person is
// never the second, whatever the policies say.
func (p Proposal) Asks() (action string, attrs map[string]any) {
	attrs = map[string]any{"first_person": p.By}
	switch p.Kind {
	case ProposeClose:
		attrs["approving"] = true
		return "casework.close", attrs
	case ProposeLower:
		return "casework.override", attrs
	default:
		return "casework.decide", attrs
	}
}

// Agree is the second person's act: what was proposed takes force now. The
// second person is never the first, and a result is agreed to by a head who
// did not handle the case.
func (s *Service) Agree(ctx context.Context, actor authz.Actor, proposalID string) error {
	return s.decideProposal(ctx, actor, proposalID, true, "")
}

// Refuse lets what was proposed fall. The note is sealed.
func (s *Service) Refuse(ctx context.Context, actor authz.Actor, proposalID, note string) error {
	return s.decideProposal(ctx, actor, proposalID, false, note)
}

func (s *Service) decideProposal(ctx context.Context, actor authz.Actor, proposalID string, agree bool, note string) error {
	p, err := s.proposal(ctx, s.DB.Read(), proposalID)
	if err != nil {
		return err
	}
	action, attrs := p.Asks()
	state, kind := "agreed", "casework.agreed"
	if !agree {
		state, kind = "refused", "casework.refused"
	}
	now := s.now()
	return s.change(ctx, actor, p.Case, step{action: action, attrs: attrs, kind: kind, do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		p, err := s.proposal(ctx, tx, proposalID)
		if err != nil {
			return nil, err
		}
		if !p.Waiting() {
			return nil, problem.New("casework/already-decided")
		}
		if p.By == actor.Person {
			return nil, problem.New("casework/second-person")
		}
		if err := s.mayKnow(ctx, tx, actor, &p); err != nil {
			return nil, err
		}
		if _, err := sqldb.Exec(ctx, tx, proposalDecide, p.ID, state, actor.Person, clock.Micro(now)); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, state, map[string]string{"proposal": p.ID, "kind": string(p.Kind)}, note, now); err != nil {
			return nil, err
		}
		details := map[string]any{"proposal": p.ID, "kind": p.Kind, "first": p.By}
		if !agree {
			// An emergency may have been raised meanwhile: then it stays one.
			if p.Kind == ProposeClose && c.State == StateResult {
				c.State, err = (Standing{State: c.State}).Next(ActSendBack)
			}
			return details, err
		}
		return details, s.carryOut(ctx, tx, actor, c, p, now)
	}})
}

// carryOut does what two people have now agreed on.
func (s *Service) carryOut(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, p Proposal, now time.Time) error {
	switch p.Kind {
	case ProposeBlock:
		var order BlockOrder
		if err := json.Unmarshal([]byte(p.payload), &order); err != nil {
			return err
		}
		order.Second = actor.Person
		return s.block(ctx, tx, actor, c, order, now)
	case ProposeClose:
		var r closing
		if err := json.Unmarshal([]byte(p.payload), &r); err != nil {
			return err
		}
		return s.conclude(ctx, tx, actor, c, r.Outcome, now)
	case ProposeLower:
		var score Score
		if err := json.Unmarshal([]byte(p.payload), &score); err != nil {
			return err
		}
		return s.setScore(ctx, tx, c, score, p.By, actor.Person, now)
	case ProposeMerge:
		var m merging
		if err := json.Unmarshal([]byte(p.payload), &m); err != nil {
			return err
		}
		return s.merge(ctx, tx, actor, c, m.Into, now)
	default:
		return problem.New(problem.Unknown)
	}
}
