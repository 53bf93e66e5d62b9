// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// EndReasons are the codes for why a block ends before its time; their words
// are schools.end.<code>.
func EndReasons() []string {
	return []string{"unfounded", "mistake", "appeal", "taken-down", "court", "other"}
}

// endByTime is the reason of a block that ran out.
const endByTime = "time"

// BlockFilter narrows a list of blocks; empty fields match all.
type BlockFilter struct {
	State    BlockState
	Decision string
	Case     string
	Limit    int // 200 if 0, at most 1,000
}

// Blocks are blocks, newest first.
func (s *Service) Blocks(ctx context.Context, actor authz.Actor, f BlockFilter) ([]Block, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("block", "")); err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 200
	}
	blocks, err := sqldb.All(ctx, s.db.Read(), queryBlocksList, scanBlock, string(f.State), f.Decision, f.Case, min(limit, 1000))
	return blocks, wrap("blocks", err)
}

// Block is one block, for whoever may see blocks.
func (s *Service) Block(ctx context.Context, actor authz.Actor, blockID string) (Block, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("block", blockID)); err != nil {
		return Block{}, err
	}
	b, err := sqldb.One(ctx, s.db.Read(), queryBlock, scanBlock, blockID)
	return b, notFound(err, "schools/no-block")
}

// BlockOfDelta is the block that a delta number speaks of, for walking a
// refusal back: entry → decision → case → report → clause.
func (s *Service) BlockOfDelta(ctx context.Context, actor authz.Actor, delta int64) (Block, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("block", "")); err != nil {
		return Block{}, err
	}
	b, err := sqldb.One(ctx, s.db.Read(), queryBlockByDelta, scanBlock, delta)
	return b, notFound(err, "schools/no-block")
}

// maySecond asks for a permit for the second person's acts on a block.
func (s *Service) maySecond(ctx context.Context, actor authz.Actor, b Block) (authz.Permit, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.block_confirm", authz.Resource{
		Type: "schools.block", ID: b.ID, Attrs: map[string]any{"needs_second": true, "first_person": b.ProposedBy},
	})
	if err != nil && actor.Person == b.ProposedBy {
		return permit, problem.New("schools/same-person").Wrap(err)
	}
	return permit, err
}

// Second agrees to a proposed block as the second person and puts it in force.
// Its time begins now.
func (s *Service) Second(ctx context.Context, actor authz.Actor, blockID string) (Block, error) {
	return s.change(ctx, blockID, func(ctx context.Context, tx *sqldb.Tx, b *Block) (step, error) {
		permit, err := s.maySecond(ctx, actor, *b)
		if err != nil {
			return step{}, err
		}
		if b.State != Proposed {
			return step{}, problem.New("schools/not-proposed", "state", string(b.State))
		}
		now := s.clock.Now()
		b.From, b.Until = now, now.Add(b.Until.Sub(b.From))
		b.SecondBy, b.State = actor.Person, Active
		if b.Kind == Legal {
			b.State = Confirmed
		}
		if b.Delta, err = s.inForce(ctx, tx, *b); err != nil {
			return step{}, err
		}
		return step{kind: "schools.block_made", actor: actor.Name(), permit: permit}, nil
	})
}

// ConfirmCommand makes a provisional or emergency block a legal one.
type ConfirmCommand struct {
	BlockID   string
	Authority Authority
	Until     time.Time // needed; a block has an end
}

// Validate lists the faulty fields.
func (c ConfirmCommand) Validate(now time.Time) error {
	p := problem.New("input/faulty")
	c.Authority.validate(p)
	switch {
	case c.Until.IsZero():
		p.Field("until", "input/required")
	case !c.Until.After(now):
		p.Field("until", "schools/end-has-passed")
	}
	return p.OrNil()
}

// ConfirmBlock records the competent authority's decision: the block now
// stands on it until the given end, at most as long as settings allow. The
// person who confirms is not the one who proposed.
func (s *Service) ConfirmBlock(ctx context.Context, actor authz.Actor, cmd ConfirmCommand) (Block, error) {
	now := s.clock.Now()
	if err := cmd.Validate(now); err != nil {
		return Block{}, err
	}
	return s.change(ctx, cmd.BlockID, func(ctx context.Context, tx *sqldb.Tx, b *Block) (step, error) {
		permit, err := s.maySecond(ctx, actor, *b)
		if err != nil {
			return step{}, err
		}
		if b.State != Active || !b.InForce(now) {
			return step{}, problem.New("schools/not-active", "state", string(b.State))
		}
		name, err := bundle.ParseName(b.Domain)
		if err != nil {
			return step{}, err
		}
		b.Kind, b.State, b.Authority = Legal, Confirmed, cmd.Authority
		b.Until = cmd.Until
		if latest := now.Add(s.settings.LegalFor); b.Until.After(latest) {
			b.Until = latest
		}
		if b.SecondBy == "" {
			b.SecondBy = actor.Person
		}
		remain, err := s.others(ctx, tx, *b, bundle.Emergency)
		if err != nil {
			return step{}, err
		}
		entry, err := b.entry()
		if err != nil {
			return step{}, err
		}
		entries := append([]bundle.Entry{entry}, restate(name, bundle.Emergency, b.Bands, remain)...)
		if b.Delta, err = s.decide(ctx, tx, b.ID, entries); err != nil {
			return step{}, err
		}
		return step{kind: "schools.block_confirmed", actor: actor.Name(), permit: permit}, nil
	})
}

// WithdrawBlock lifts a block before its time, as fast as it was made. reason
// is one of EndReasons.
func (s *Service) WithdrawBlock(ctx context.Context, actor authz.Actor, blockID, reason string) (Block, error) {
	if !slices.Contains(EndReasons(), reason) {
		return Block{}, problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	return s.change(ctx, blockID, func(ctx context.Context, tx *sqldb.Tx, b *Block) (step, error) {
		permit, err := s.authz.Check(ctx, actor, "schools.block_withdraw", room("block", b.ID))
		if err != nil {
			return step{}, err
		}
		if err := s.lift(ctx, tx, b, actor.Name(), reason); err != nil {
			return step{}, err
		}
		return step{kind: "schools.block_withdrawn", actor: actor.Name(), permit: permit}, nil
	})
}

// LiftCommand lifts the blocks of a case whose ground is gone.
type LiftCommand struct {
	CaseID   string
	Decision string // only those of this decision; empty: all of the case
	Reason   string // one of EndReasons
	By       string // id of the person who decided
	Policies []string
}

// LiftCase lifts the blocks of a case inside the transaction that closes it,
// so that they end the same moment.
func (s *Service) LiftCase(ctx context.Context, tx *sqldb.Tx, cmd LiftCommand) (lifted []Block, err error) {
	if cmd.CaseID == "" || cmd.By == "" || !slices.Contains(EndReasons(), cmd.Reason) {
		return nil, problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	blocks, err := sqldb.All(ctx, tx, queryBlocksList, scanBlock, "", "", cmd.CaseID, 1000)
	if err != nil {
		return nil, wrap("lift case", err)
	}
	for _, b := range blocks {
		if cmd.Decision != "" && b.Decision != cmd.Decision || b.State != Proposed && !b.InForce(s.clock.Now()) {
			continue
		}
		if err := s.lift(ctx, tx, &b, cmd.By, cmd.Reason); err != nil {
			return nil, err
		}
		if err := saveBlock(ctx, tx, b); err != nil {
			return nil, wrap("lift case", err)
		}
		if err := s.record(ctx, tx, step{kind: "schools.block_withdrawn", actor: cmd.By, object: b.ID, also: cmd.Policies, details: b.details()}); err != nil {
			return nil, err
		}
		lifted = append(lifted, b)
	}
	return lifted, nil
}

// lift ends a block and, if it was in force, says so to the nodes.
func (s *Service) lift(ctx context.Context, tx *sqldb.Tx, b *Block, by, reason string) error {
	now := s.clock.Now()
	wasInForce := b.InForce(now)
	if b.State != Proposed && !wasInForce {
		return problem.New("schools/not-active", "state", string(b.State))
	}
	b.State, b.EndedBy, b.Ended, b.EndReason = Withdrawn, by, now, reason
	if !wasInForce {
		return nil
	}
	name, err := bundle.ParseName(b.Domain)
	if err != nil {
		return err
	}
	remain, err := s.others(ctx, tx, *b, b.source())
	if err != nil {
		return err
	}
	b.Delta, err = s.decide(ctx, tx, b.ID, restate(name, b.source(), b.Bands, remain))
	return err
}

// others are the blocks in force on the same name, of one source, besides b.
func (s *Service) others(ctx context.Context, tx *sqldb.Tx, b Block, source string) ([]Block, error) {
	all, err := sqldb.All(ctx, tx, queryBlocksOf, scanBlock, b.Domain, s.now())
	return slices.DeleteFunc(all, func(o Block) bool { return o.ID == b.ID || o.source() != source }), err
}

// change loads a block, lets do change it, saves it and writes the ledger.
func (s *Service) change(ctx context.Context, blockID string, do func(context.Context, *sqldb.Tx, *Block) (step, error)) (Block, error) {
	var b Block
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		var err error
		if b, err = sqldb.One(ctx, tx, queryBlock, scanBlock, blockID); err != nil {
			return notFound(err, "schools/no-block")
		}
		done, err := do(ctx, tx, &b)
		if err != nil {
			return err
		}
		if err := saveBlock(ctx, tx, b); err != nil {
			return err
		}
		done.object, done.details = b.ID, b.details()
		return s.record(ctx, tx, done)
	})
	return b, err
}

// ExpireBlocks marks the blocks whose time is over. Nodes need not be told:
// each entry carries its own end. At most 500 a run; safe to run twice.
func (s *Service) ExpireBlocks(ctx context.Context) (expired int, err error) {
	actor := authz.System("schools.expire")
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		expired = 0
		over, err := sqldb.All(ctx, tx, queryBlocksOver, scanBlock, s.now())
		if err != nil {
			return err
		}
		for _, b := range over {
			b.State, b.EndedBy, b.Ended, b.EndReason = Expired, actor.Name(), b.Until, endByTime
			if err := saveBlock(ctx, tx, b); err != nil {
				return err
			}
			if err := s.record(ctx, tx, step{kind: "schools.block_expired", actor: actor.Name(), object: b.ID, details: b.details()}); err != nil {
				return err
			}
			expired++
		}
		return nil
	})
	return expired, wrap("expire blocks", err)
}
