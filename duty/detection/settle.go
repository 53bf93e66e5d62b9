// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// decision is a verdict that takes effect.
type decision struct {
	actor    authz.Actor
	permit   authz.Permit
	unlocked *vault.Unlocked
	first    string // the first of two persons; "" where one suffices
	cmd      DecideCommand
	caseOf   string // the case of the item that this one goes along with
}

// settle puts a verdict into effect.
func (s *Service) settle(ctx context.Context, tx *sqldb.Tx, i *Item, d decision, out *Outcome) error {
	now := s.now()
	k, err := keys(ctx, tx, d.unlocked, d.permit, i.ID)
	if err != nil {
		return err
	}
	c, err := openContent(ctx, tx, k, i.ID)
	if err != nil {
		return err
	}
	i.State, i.Verdict, i.VLabel, i.Why, i.Decided = Decided, d.cmd.Verdict, d.cmd.Label, d.cmd.Why, now
	i.By, i.SecondBy = d.actor.Person, ""
	if d.first != "" {
		i.By, i.SecondBy = d.first, d.actor.Person
	}
	i.Reviewer, i.HeldTo = "", time.Time{}
	if i.Verdict.toCase() {
		i.Watch, i.watchNext = There, now.Add(firstWatch)
		if err := s.hand(ctx, tx, i, c, d, out); err != nil {
			return err
		}
	}
	if err := s.keepPictures(ctx, tx, i, c, d); err != nil {
		return err
	}
	if err := saveItem(ctx, tx, i); err != nil {
		return err
	}
	out.Judged++
	return s.record(ctx, tx, d.actor, i.ID, "detection.judged", d.permit, map[string]any{
		"verdict": i.Verdict, "label": i.VLabel, "why": i.Why, "first": d.first, "case": i.Case, "capture": i.Capture.SHA256,
	})
}

// hand makes the case through flow and wraps the item's keys for the unit that
// owns it, so that the capture can be read there as evidence.
func (s *Service) hand(ctx context.Context, tx *sqldb.Tx, i *Item, c content, d decision, out *Outcome) error {
	e := &Judged{
		Item: i.ID, Number: i.Number, Verdict: i.Verdict, Label: i.VLabel, Harms: s.label(i.VLabel).Harms(), Unit: i.Unit, Actor: d.actor,
		By: i.By, Second: i.SecondBy, Address: c.Address, Words: c.Title, Domain: d.cmd.Domain, Wish: d.cmd.Wish, Capture: i.Capture, At: i.Decided,
		Case: i.Case,
	}
	if d.caseOf != "" {
		e.Case = d.caseOf
	}
	if e.Domain == "" {
		if u, err := url.Parse(c.Address); err == nil {
			e.Domain = s.Registrable(u.Hostname())
		}
	}
	if err := s.Emit(ctx, tx, e); err != nil {
		return err
	}
	i.Case = e.Case
	if out.Case == "" {
		out.Case, out.Code = e.Case, e.Code
	}
	if e.Owner == "" || e.Owner == i.Unit {
		return nil
	}
	err := d.unlocked.GrantUnit(ctx, tx, d.permit, i.ID, []vault.Group{words, visual}, e.Owner)
	if problem.Is(err, "vault/unit-without-key") {
		return nil // the capture stays with who reviewed it; the case says where
	}
	return err
}

// keepPictures puts what was judged into the bank of its kind, so that nobody
// is shown it again, and into the bank that the reviewer named.
func (s *Service) keepPictures(ctx context.Context, tx *sqldb.Tx, i *Item, c content, d decision) error {
	bank := DecidedHarmful
	if i.Verdict == Dismiss {
		bank = DecidedHarmless
	}
	for n, p := range c.Pictures {
		signals := signalsOf(p, i.Pictures[n])
		if len(signals) == 0 {
			continue
		}
		if err := s.ownBank(ctx, tx, d.actor, bank); err != nil {
			return err
		}
		meta := decidedMeta{Verdict: string(i.Verdict), Label: i.VLabel, Weight: strconv.Itoa(s.label(i.VLabel).Severity), Item: i.ID}
		if _, _, err := s.putContent(ctx, tx, d.actor, Content{Bank: bank, Signals: signals, Meta: meta.plain()}); err != nil {
			return err
		}
		if d.cmd.Bank == "" || i.Verdict == Dismiss {
			continue
		}
		if _, err := s.bank(ctx, tx, d.cmd.Bank); err != nil {
			return err
		}
		if _, _, err := s.putContent(ctx, tx, d.actor, Content{Bank: d.cmd.Bank, Signals: signals, Category: i.VLabel}); err != nil {
			return err
		}
	}
	return nil
}

func signalsOf(p contentPicture, facts PictureFacts) (signals []Signal) {
	one := []Signal{{exchange.MD5, p.MD5}, {exchange.SHA256, p.SHA256}}
	if facts.Quality >= minQuality {
		one = append(one, Signal{exchange.PDQ, p.PDQ})
	}
	for _, sig := range one {
		if v, ok := exchange.Canonical(sig.Type, sig.Value); ok {
			signals = append(signals, Signal{sig.Type, v})
		}
	}
	return signals
}
