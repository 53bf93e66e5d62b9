// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// BlockKind is what a block stands on.
type BlockKind string

// The kinds. A provisional block is one officer's and ends by itself; a legal
// one names an authority's decision.
const (
	BlockProvisional BlockKind = "provisional"
	BlockEmergency   BlockKind = "emergency"
	BlockLegal       BlockKind = "legal"
)

// BlockKinds lists the kinds.
func BlockKinds() []BlockKind { return []BlockKind{BlockProvisional, BlockEmergency, BlockLegal} }

// Key is the locale key of the kind's name.
func (k BlockKind) Key() string { return "casework.block." + string(k) }

// longestEmergency is the life of an emergency block.
const longestEmergency = 7 * 24 * time.Hour

// BlockCommand refuses a domain in schools.
type BlockCommand struct {
	Case      string `json:"case"`
	Domain    string `json:"domain"`
	Category  string `json:"category"` // may be empty
	Kind      string `json:"kind"`     // BlockKind
	Basis     string `json:"basis"`
	Authority string `json:"authority"` // legal: who decided
	Number    string `json:"number"`    // legal: the decision's number
	Date      string `json:"date"`      // legal: its day, 2026-11-23
	Until     string `json:"until"`     // last day, 2026-12-31; "" for a provisional one
	Reason    string `json:"reason"`    // sealed
}

// Validate lists every faulty field.
func (c *BlockCommand) Validate() error {
	c.Domain = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(c.Domain)), ".")
	p := problem.New("input/faulty")
	if c.Domain == "" {
		p.Field("domain", "input/required")
	} else if strings.ContainsAny(c.Domain, "/ :@?") || !strings.Contains(c.Domain, ".") {
		p.Field("domain", "casework/not-a-domain")
	}
	if !slices.Contains(BlockKinds(), BlockKind(c.Kind)) {
		p.Field("kind", "input/not-a-choice")
	}
	if c.Basis == "" {
		p.Field("basis", "input/required")
	}
	day := func(name, v string, needed bool) {
		if v == "" && needed {
			p.Field(name, "input/required")
		} else if _, err := duty.ParseDate(v); v != "" && err != nil {
			p.Field(name, "input/not-a-date")
		}
	}
	legal := BlockKind(c.Kind) == BlockLegal
	day("date", c.Date, legal)
	day("until", c.Until, legal)
	if legal && c.Authority == "" {
		p.Field("authority", "input/required")
	}
	if legal && c.Number == "" {
		p.Field("number", "input/required")
	}
	return p.OrNil()
}

// until is the end of the block: each has one.
func (s *Service) until(cmd BlockCommand, now time.Time) time.Time {
	limit := time.Time{}
	switch BlockKind(cmd.Kind) {
	case BlockProvisional:
		limit = now.Add(s.Provisional)
	case BlockEmergency:
		limit = now.Add(longestEmergency)
	}
	day, err := duty.ParseDate(cmd.Until)
	if err != nil { // empty: Validate let nothing else through
		return limit
	}
	if limit.IsZero() || day.End().Before(limit) {
		return day.End()
	}
	return limit
}

// BlockAnswer is what came of asking for a block.
type BlockAnswer struct {
	Decision string // set: in force with the commit
	Proposal string // set: waits for a second person
	Assessment
}

// DecideBlock decides that schools refuse a domain. A name that many people
// need, and every emergency block, waits for a second person; everything else
// takes force with the commit. flow hands it to schools inside the
// transaction.
func (s *Service) DecideBlock(ctx context.Context, actor authz.Actor, cmd BlockCommand) (answer BlockAnswer, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		answer, err = s.DecideBlockIn(ctx, tx, actor, cmd)
		return err
	})
	return answer, err
}

// DecideBlockIn is DecideBlock inside another duty's transaction.
func (s *Service) DecideBlockIn(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, cmd BlockCommand) (BlockAnswer, error) {
	if err := cmd.Validate(); err != nil {
		return BlockAnswer{}, err
	}
	weighed, err := s.Names.Assess(ctx, cmd.Domain)
	if err != nil {
		return BlockAnswer{}, err
	}
	if weighed.NeverBlock {
		return BlockAnswer{}, problem.New("input/faulty").Field("domain", "casework/never-block")
	}
	now := s.now()
	two := weighed.NeedsSecond || BlockKind(cmd.Kind) == BlockEmergency
	until := s.until(cmd, now)
	if !until.After(now) {
		return BlockAnswer{}, problem.New("input/faulty").Field("until", "casework/until-past")
	}
	answer := BlockAnswer{Assessment: weighed}
	st := step{action: "casework.decide", attrs: map[string]any{"track": string(TakedownTrack), "proposing": two}, kind: "casework.decided"}
	if two {
		st.kind = "casework.proposed"
	}
	st.do = func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		order := BlockOrder{
			Decision: id.New(), Case: c.ID, Domain: cmd.Domain, Category: cmd.Category, Kind: BlockKind(cmd.Kind), Basis: cmd.Basis,
			Authority: cmd.Authority, Number: cmd.Number, Dated: cmd.Date, Until: until, By: actor.Person,
		}
		details := map[string]any{"decision": order.Decision, "domain": order.Domain, "kind": order.Kind, "basis": order.Basis, "until": order.Until}
		if two {
			var err error
			if answer.Proposal, err = s.propose(ctx, tx, actor, c, ProposeBlock, order, now); err != nil {
				return nil, err
			}
			return details, s.note(ctx, tx, actor, c, "proposed", map[string]string{"kind": string(ProposeBlock), "domain": order.Domain}, cmd.Reason, now)
		}
		answer.Decision = order.Decision
		if err := s.block(ctx, tx, actor, c, order, now); err != nil {
			return nil, err
		}
		return details, s.note(ctx, tx, actor, c, "block_reason", nil, cmd.Reason, now)
	}
	if err := s.changeIn(ctx, tx, actor, cmd.Case, st); err != nil {
		return BlockAnswer{}, err
	}
	return answer, nil
}

// Decision is a block or a takedown request of a case.
type Decision struct {
	ID, Case, Kind, Domain, Category string // Kind: block, takedown
	Block                            BlockKind
	Basis, Authority, Number, Dated  string
	Until, At, Lifted                time.Time
	By, Second, LiftedBy, LiftWhy    string
}

// InForce reports whether the decision's block stands at now.
func (d Decision) InForce(now time.Time) bool {
	return d.Kind == "block" && d.Lifted.IsZero() && d.Until.After(now)
}

const decisionColumns = `id, case_id, kind, domain, category, block, basis, authority, number, dated, until, by_whom, second, at, lifted_at, lifted_by, lift_why`

var (
	decisionInsert = sqldb.Register("casework.decision_insert", `INSERT INTO casework_decision (`+decisionColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,0,'','')`)
	decisionLift    = sqldb.Register("casework.decision_lift", `UPDATE casework_decision SET lifted_at = $2, lifted_by = $3, lift_why = $4 WHERE id = $1 AND lifted_at = 0`)
	decisionByID    = sqldb.Register("casework.decision_by_id", `SELECT `+decisionColumns+` FROM casework_decision WHERE id = $1`)
	decisionsOfCase = sqldb.Register("casework.decisions_of_case", `SELECT `+decisionColumns+` FROM casework_decision WHERE case_id = $1 ORDER BY at DESC, id LIMIT 200`)
)

func scanDecision(r sqldb.Row) (d Decision, err error) {
	var until, at, lifted int64
	err = r.Scan(&d.ID, &d.Case, &d.Kind, &d.Domain, &d.Category, &d.Block, &d.Basis, &d.Authority, &d.Number, &d.Dated, &until,
		&d.By, &d.Second, &at, &lifted, &d.LiftedBy, &d.LiftWhy)
	d.Until, d.At, d.Lifted = clock.FromMicro(until), clock.FromMicro(at), clock.FromMicro(lifted)
	return d, err
}

// block puts a decided block in force.
func (s *Service) block(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, o BlockOrder, now time.Time) error {
	if err := s.handle(c, now); err != nil {
		return err
	}
	o.Policies = c.policies
	if _, err := sqldb.Exec(ctx, tx, decisionInsert, o.Decision, c.ID, "block", o.Domain, o.Category, string(o.Kind), o.Basis, o.Authority,
		o.Number, o.Dated, clock.Micro(o.Until), o.By, o.Second, clock.Micro(now)); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, c, "blocked", map[string]string{"decision": o.Decision, "domain": o.Domain, "kind": string(o.Kind)}, "", now); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Decided{Case: c.ID, Decision: o.Decision, Kind: "block", Block: &o, At: now})
}

// handle marks that a case is being handled.
func (s *Service) handle(c *caseRow, now time.Time) (err error) {
	s.look(c, now)
	c.State, err = Standing{State: c.State}.Next(ActHandle)
	return err
}

// WithdrawBlock takes a block back, as fast as it was made. why is an
// enumeration: mistake, appeal, cleaned, other.
func (s *Service) WithdrawBlock(ctx context.Context, actor authz.Actor, decisionID, why string) error {
	if !slices.Contains(LiftReasons(), why) {
		return problem.New("input/faulty").Field("why", "input/not-a-choice")
	}
	d, err := sqldb.One(ctx, s.DB.Read(), decisionByID, scanDecision, decisionID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New("authz/not-found")
	}
	if err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, d.Case, step{action: "casework.decide", attrs: map[string]any{"track": string(TakedownTrack)}, kind: "casework.lifted", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if err := s.lift(ctx, tx, actor, c, d, why, now); err != nil {
			return nil, err
		}
		return map[string]any{"decision": d.ID, "why": why}, nil
	}})
}

// LiftReasons lists why a block may be taken back by a person.
func LiftReasons() []string { return []string{"mistake", "appeal", "cleaned", "other"} }

func (s *Service) lift(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, d Decision, why string, now time.Time) error {
	n, err := sqldb.Exec(ctx, tx, decisionLift, d.ID, clock.Micro(now), actor.Name(), why)
	if err != nil {
		return err
	}
	if n == 0 || d.Kind != "block" {
		return problem.New("casework/already-decided")
	}
	if err := s.note(ctx, tx, actor, c, "lifted", map[string]string{"decision": d.ID, "domain": d.Domain, "why": why}, "", now); err != nil {
		return err
	}
	return s.Emit(ctx, tx, BlockLifted{Case: c.ID, Decision: d.ID, Domain: d.Domain, By: actor.Name(), Why: why, At: now})
}

// TakedownCommand asks a platform to take content down.
type TakedownCommand struct {
	Case      string `json:"case"`
	Domain    string `json:"domain"` // of the platform
	Basis     string `json:"basis"`
	Authority string `json:"authority"` // who asks
	Number    string `json:"number"`
	Date      string `json:"date"`
	Reason    string `json:"reason"` // sealed; may hold the page's address
}

// DecideTakedown records that a platform was asked; its clock runs from now.
func (s *Service) DecideTakedown(ctx context.Context, actor authz.Actor, cmd TakedownCommand) (decision string, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		decision, err = s.DecideTakedownIn(ctx, tx, actor, cmd)
		return err
	})
	return decision, err
}

// DecideTakedownIn is DecideTakedown inside another duty's transaction.
func (s *Service) DecideTakedownIn(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, cmd TakedownCommand) (decision string, err error) {
	p := problem.New("input/faulty")
	if cmd.Domain == "" {
		p.Field("domain", "input/required")
	}
	if cmd.Basis == "" {
		p.Field("basis", "input/required")
	}
	if err := p.OrNil(); err != nil {
		return "", err
	}
	now := s.now()
	decision = id.New()
	err = s.changeIn(ctx, tx, actor, cmd.Case, step{action: "casework.decide", attrs: map[string]any{"track": string(TakedownTrack)}, kind: "casework.takedown", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if err := s.handle(c, now); err != nil {
			return nil, err
		}
		if err := s.ensureTrack(ctx, tx, c, TakedownTrack, now); err != nil {
			return nil, err
		}
		if err := s.startClocks(ctx, tx, c.ID, string(TakedownTrack), "request", TakedownTrack, now); err != nil {
			return nil, err
		}
		if _, err := sqldb.Exec(ctx, tx, decisionInsert, decision, c.ID, "takedown", strings.ToLower(cmd.Domain), "", "", cmd.Basis, cmd.Authority,
			cmd.Number, cmd.Date, int64(0), actor.Person, "", clock.Micro(now)); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, "takedown", map[string]string{"decision": decision, "domain": cmd.Domain}, cmd.Reason, now); err != nil {
			return nil, err
		}
		return map[string]any{"decision": decision, "domain": cmd.Domain, "basis": cmd.Basis},
			s.Emit(ctx, tx, Decided{Case: c.ID, Decision: decision, Kind: "takedown", At: now})
	}})
	return decision, err
}
