// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// Verdict is what a person says about an item.
type Verdict string

// The verdicts. All but Dismiss say that it is harmful; Keep puts its pictures
// into a bank and does nothing else.
const (
	Dismiss  Verdict = "dismiss"
	Report   Verdict = "report"   // a case
	Takedown Verdict = "takedown" // a case that asks the platform to take it down
	Block    Verdict = "block"    // a case and a block in every school
	Keep     Verdict = "bank"
)

// Verdicts lists them in the order of the page.
func Verdicts() []Verdict { return []Verdict{Dismiss, Report, Takedown, Block, Keep} }

// Key is the locale key of the verdict's name.
func (v Verdict) Key() string { return "detection.verdict." + string(v) }

// toCase reports whether a verdict makes a case.
func (v Verdict) toCase() bool { return v == Report || v == Takedown || v == Block }

// DismissReasons lists why something is not harmful.
func DismissReasons() []string {
	return []string{"innocent_word", "education", "news", "not_children", "unreadable", "mistake"}
}

// DecideCommand is a verdict on an item and on those that go along.
type DecideCommand struct {
	Item    string
	Also    []string // items of a cluster with it, judged alike
	Verdict Verdict
	Label   string // what it is; for all but Dismiss
	Why     string // one of DismissReasons, for Dismiss
	Note    string // sealed; may be empty
	Bank    string // where the pictures go besides our own verdicts; "" for nowhere
	Domain  string // of Block and Takedown; "" for the item's own
	Wish    Wish   // and what they stand on
}

func (s *Service) validateDecide(c *DecideCommand) error {
	c.Note = locale.Normalize(c.Note)
	p := problem.New("input/faulty")
	if !slices.Contains(Verdicts(), c.Verdict) {
		p.Field("verdict", "input/not-a-choice")
	}
	if c.Verdict == Dismiss {
		c.Label = ""
		if !slices.Contains(DismissReasons(), c.Why) {
			p.Field("why", "input/not-a-choice")
		}
	} else {
		c.Why = ""
		if !s.hasLabel(c.Label) {
			p.Field("label", "input/not-a-choice")
		}
	}
	if c.Verdict == Keep && c.Bank == "" {
		p.Field("bank", "input/required")
	}
	if IsDecided(c.Bank) {
		p.Field("bank", "input/not-a-choice")
	}
	if (c.Verdict == Block || c.Verdict == Takedown) && c.Wish.Basis == "" {
		p.Field("basis", "input/required")
	}
	if len([]rune(c.Note)) > 2000 {
		p.Field("note", "input/too-long", "max", 2000)
	}
	if len(c.Also) > maxBulk {
		p.Field("also", "input/too-long", "max", maxBulk)
	}
	return p.OrNil()
}

// needsSecond: the worst is judged by two, and so is sending away what the
// machine held for the worst.
func (s *Service) needsSecond(i *Item, c DecideCommand) bool {
	if c.Verdict == Dismiss {
		return s.label(i.Label).Severe && i.Tier <= High
	}
	return s.label(c.Label).Severe
}

// Outcome is what a verdict led to.
type Outcome struct {
	Second bool   // it waits for a second person
	Case   string // id of the case; "" for none
	Code   string // and its code
	Judged int    // items that were judged, with those that went along
}

// Decide gives a verdict on an item that the reviewer holds. Where two persons
// are needed it waits for the second (Agree). Everything it leads to (case,
// block, banks, keys for the case's unit) happens in one transaction.
func (s *Service) Decide(ctx context.Context, actor authz.Actor, u *vault.Unlocked, cmd DecideCommand) (Outcome, error) {
	if err := s.validateDecide(&cmd); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		out = Outcome{}
		i, permit, err := s.load(ctx, tx, actor, "detection.decide", cmd.Item)
		if err != nil {
			return err
		}
		switch {
		case i.State == Decided:
			return problem.New("detection/is-decided")
		case i.State == Second:
			return problem.New("detection/needs-another")
		case !i.heldBy(actor.Person, s.now()):
			return problem.New("detection/take-first")
		}
		if cmd.Note != "" {
			if err := s.note(ctx, tx, actor, &i, cmd.Note); err != nil {
				return err
			}
		}
		if s.needsSecond(&i, cmd) {
			if len(cmd.Also) > 0 {
				return problem.New("detection/one-by-one")
			}
			out.Second = true
			return s.propose(ctx, tx, actor, permit, &i, cmd)
		}
		if err := s.together(ctx, tx, &i, cmd.Also); err != nil {
			return err
		}
		d := decision{actor: actor, permit: permit, unlocked: u, cmd: cmd}
		if err := s.settle(ctx, tx, &i, d, &out); err != nil {
			return err
		}
		for _, other := range cmd.Also {
			j, permit, err := s.load(ctx, tx, actor, "detection.decide", other)
			if err != nil {
				return err
			}
			d.permit = permit
			d.caseOf = out.Case
			if err := s.settle(ctx, tx, &j, d, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// together makes sure that what goes along belongs to the item's clusters,
// waits, and is nobody else's: a verdict reaches only what it was shown with.
func (s *Service) together(ctx context.Context, tx *sqldb.Tx, i *Item, also []string) error {
	if len(also) == 0 {
		return nil
	}
	clusters, err := s.clusters(ctx, tx, i)
	if err != nil {
		return err
	}
	for _, other := range also {
		if !slices.ContainsFunc(clusters, func(c Cluster) bool { return slices.Contains(c.Items, other) }) {
			return problem.New("detection/moved-on")
		}
		j, err := sqldb.One(ctx, tx, queryItem, scanItem, other)
		if err != nil {
			return err
		}
		if j.held(s.now()) && j.Reviewer != i.Reviewer || s.label(j.Label).Severe && j.Tier <= High {
			return problem.New("detection/one-by-one")
		}
	}
	return nil
}

// propose keeps the first person's verdict with its wishes for the second.
func (s *Service) propose(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, permit authz.Permit, i *Item, cmd DecideCommand) error {
	i.State, i.Verdict, i.VLabel, i.Why, i.By, i.Decided = Second, cmd.Verdict, cmd.Label, cmd.Why, actor.Person, s.now()
	i.Reviewer, i.HeldTo = "", time.Time{}
	if _, err := sqldb.Exec(ctx, tx, queryProposalPut, i.ID, encode(proposal{cmd.Bank, cmd.Domain, cmd.Wish})); err != nil {
		return err
	}
	if err := saveItem(ctx, tx, i); err != nil {
		return err
	}
	return s.record(ctx, tx, actor, i.ID, "detection.proposed", permit, map[string]any{"verdict": cmd.Verdict, "label": cmd.Label, "why": cmd.Why})
}

// proposal is what a verdict wished besides, until the second person speaks.
type proposal struct {
	Bank   string `json:"bank"`
	Domain string `json:"domain"`
	Wish   Wish   `json:"wish"`
}

var (
	queryProposalPut = sqldb.Register("detection.proposal_put", `
		INSERT INTO detection_proposal (item, wishes) VALUES ($1,$2) ON CONFLICT (item) DO UPDATE SET wishes = excluded.wishes`)
	queryProposal     = sqldb.Register("detection.proposal", `SELECT wishes FROM detection_proposal WHERE item = $1`)
	queryProposalDrop = sqldb.Register("detection.proposal_drop", `DELETE FROM detection_proposal WHERE item = $1`)
)

// Agree is the second person's word: yes puts the first one's verdict into
// effect, no sends the item back to the queue for somebody new. The second
// person has to see no picture for it.
func (s *Service) Agree(ctx context.Context, actor authz.Actor, u *vault.Unlocked, item string, yes bool) (Outcome, error) {
	var out Outcome
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		out = Outcome{}
		i, permit, err := s.load(ctx, tx, actor, "detection.agree", item)
		if err != nil {
			return err
		}
		if i.State != Second {
			return problem.New("detection/moved-on")
		}
		wishes, err := sqldb.One(ctx, tx, queryProposal, sqldb.Scalar[string], i.ID)
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryProposalDrop, i.ID); err != nil {
			return err
		}
		if !yes {
			i.State, i.Verdict, i.VLabel, i.Why, i.By = Waiting, "", "", "", ""
			i.Decided, i.Reviewer, i.HeldTo = time.Time{}, "", time.Time{}
			if err := saveItem(ctx, tx, &i); err != nil {
				return err
			}
			return s.record(ctx, tx, actor, i.ID, "detection.disagreed", permit, map[string]string{})
		}
		w := decode[proposal](wishes)
		d := decision{actor: actor, permit: permit, unlocked: u, first: i.By, cmd: DecideCommand{
			Item: i.ID, Verdict: i.Verdict, Label: i.VLabel, Why: i.Why, Bank: w.Bank, Domain: w.Domain, Wish: w.Wish,
		}}
		return s.settle(ctx, tx, &i, d, &out)
	})
	return out, err
}
