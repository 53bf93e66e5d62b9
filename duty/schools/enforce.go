// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// EnforceCommand is a decision to block a name, made in another room.
type EnforceCommand struct {
	DecisionID string // id in casework; a second command for the same decision and name changes nothing
	CaseID     string
	Domain     string
	Kind       BlockKind
	Bands      bundle.Bands // 0: every band
	Basis      string       // code of the clause, "4569/2"
	Authority  Authority    // needed for Legal
	Until      time.Time    // zero: as long as the kind allows
	ProposedBy string       // id of the person who decided
	Second     string       // id of the second person, if there was one
	Policies   []string     // ids of the rules under which the decision was allowed
}

func (c EnforceCommand) validate(now time.Time) error {
	p := problem.New("input/faulty")
	if c.ProposedBy == "" {
		p.Field("proposed_by", "input/required")
	}
	if c.Second != "" && c.Second == c.ProposedBy {
		p.Field("second", "schools/same-person")
	}
	if c.Basis == "" {
		p.Field("basis", "input/required")
	}
	switch c.Kind {
	case Legal:
		c.Authority.validate(p)
	case Provisional, Emergency:
	default:
		p.Field("kind", "input/not-a-choice")
	}
	if !c.Until.IsZero() && !c.Until.After(now) {
		p.Field("until", "schools/end-has-passed")
	}
	return p.OrNil()
}

// Enforce puts a decision in force inside the transaction that made it: the
// block, its delta with the next number, the ledger entry. Whoever may decide
// has been asked by the caller.
//
// A name that needs a second person (Assess) and has none yet is kept as
// proposed: it refuses nothing and waits for Second. The same is true of an
// emergency block by one person.
func (s *Service) Enforce(ctx context.Context, tx *sqldb.Tx, cmd EnforceCommand) (Block, error) {
	now := s.clock.Now()
	if err := cmd.validate(now); err != nil {
		return Block{}, err
	}
	name, err := blockable(cmd.Domain)
	if err != nil {
		return Block{}, err
	}
	if cmd.DecisionID != "" {
		done, err := sqldb.One(ctx, tx, queryBlockOfDecision, scanBlock, cmd.DecisionID, name.String())
		if err == nil || !errors.Is(err, sqldb.ErrNoRows) {
			return done, err
		}
	}
	assessment, err := s.assess(ctx, tx, name)
	if err != nil {
		return Block{}, err
	}
	if assessment.NeverBlock {
		return Block{}, problem.New("schools/never-block", "name", assessment.Unicode)
	}
	assessment.Blocks = nil // they are rows of their own
	b := Block{
		ID: id.New(), Decision: cmd.DecisionID, Case: cmd.CaseID, Domain: name.String(), Kind: cmd.Kind, Bands: cmd.Bands,
		Basis: cmd.Basis, Authority: cmd.Authority, From: now, Until: cmd.Until, State: Active, ProposedBy: cmd.ProposedBy,
		SecondBy: cmd.Second, Assessment: assessment, Created: now,
	}
	if b.Bands == 0 {
		b.Bands = bundle.EveryBand
	}
	longest := s.longest(b.Kind)
	if b.Until.IsZero() || b.Until.Sub(now) > longest {
		b.Until = now.Add(longest)
	}
	if b.Kind == Legal {
		b.State = Confirmed
	}
	kind := "schools.block_made"
	if cmd.Second == "" && (assessment.NeedsSecond() || b.Kind == Emergency) {
		b.State, kind = Proposed, "schools.block_proposed"
	} else if b.Delta, err = s.inForce(ctx, tx, b); err != nil {
		return b, err
	}
	if err := saveBlock(ctx, tx, b); err != nil {
		return b, err
	}
	return b, s.record(ctx, tx, step{kind: kind, actor: cmd.ProposedBy, object: b.ID, also: cmd.Policies, details: b.details()})
}

// longest is how long a block of a kind may hold without being looked at again.
func (s *Service) longest(k BlockKind) time.Duration {
	switch k {
	case Legal:
		return s.settings.LegalFor
	case Emergency:
		return s.settings.EmergencyFor
	default:
		return s.settings.ProvisionalFor
	}
}

// inForce writes the delta of a block that begins to refuse.
func (s *Service) inForce(ctx context.Context, tx *sqldb.Tx, b Block) (int64, error) {
	entry, err := b.entry()
	if err != nil {
		return 0, err
	}
	return s.decide(ctx, tx, b.ID, []bundle.Entry{entry})
}

// details is what the ledger keeps of a block, sealed.
func (b Block) details() map[string]any {
	return map[string]any{
		"domain": b.Domain, "kind": b.Kind, "state": b.State, "bands": uint32(b.Bands), "basis": b.Basis, "authority": b.Authority,
		"decision": b.Decision, "case": b.Case, "from": clock.Micro(b.From), "until": clock.Micro(b.Until), "delta": b.Delta,
		"proposed_by": b.ProposedBy, "second_by": b.SecondBy, "concerns": b.Assessment.Concerns, "end_reason": b.EndReason,
	}
}

var queryBlockOfDecision = sqldb.Register("schools.block_of_decision", `
	SELECT `+blockColumns+` FROM schools_block WHERE decision = $1 AND domain = $2 ORDER BY created, id LIMIT 1`)

func saveBlock(ctx context.Context, tx *sqldb.Tx, b Block) error {
	assessment, err := json.Marshal(b.Assessment)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryBlockSave, b.ID, b.Decision, b.Case, b.Domain, string(b.Kind), int64(b.Bands), b.Basis,
		b.Authority.Name, b.Authority.Number, b.Authority.Date, clock.Micro(b.From), clock.Micro(b.Until), string(b.State),
		b.ProposedBy, b.SecondBy, b.EndedBy, clock.Micro(b.Ended), b.EndReason, b.Delta, string(assessment), clock.Micro(b.Created))
	return err
}

// blocksOver are the blocks in force on a name or a parent of it.
func (s *Service) blocksOver(ctx context.Context, q sqldb.Queryer, name bundle.Name) ([]Block, error) {
	var all []Block
	for labels := name.Labels(); labels > 1; labels-- {
		some, err := sqldb.All(ctx, q, queryBlocksOf, scanBlock, name.Suffix(labels).String(), s.now())
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
