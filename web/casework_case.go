// SPDX-License-Identifier: Apache-2.0

package web

import (
	"maps"
	"slices"
	"strings"

	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

// view reads a case with what the session has unlocked; everything sealed
// stays covered where it is locked.
func (c *visit) view(id string) (casework.CaseView, error) {
	u, err := c.s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil && !problem.Is(err, "identity/locked") {
		return casework.CaseView{}, err
	}
	return c.s.Casework.Case(c.r.Context(), c.who.Actor, u, id)
}

// covered reads a case without opening anything sealed: for an act, which
// shows nothing and leaves no "opened" in the ledger.
func (c *visit) covered(id string) (casework.CaseView, error) {
	return c.s.Casework.Case(c.r.Context(), c.who.Actor, nil, id)
}

// againCase shows the form of a case once more, with what the reader may see.
func (c *visit) againCase(name string, err error, id string, build func(v casework.CaseView) (drawn, error)) error {
	return c.again(name, err, func() (drawn, error) {
		v, err := c.view(id)
		if err != nil {
			return nil, err
		}
		return build(v)
	})
}

// casePage shows one case. Who opens a new case for the first time has looked
// at it, which is what the clock of the first look asks for.
func (s *Server) casePage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if v.State == casework.StateNew && !v.Locked && !v.NoKey && c.may("casework.triage", c.about(v)) {
		if err := s.Casework.Look(c.r.Context(), c.who.Actor, v.ID); err != nil {
			return err
		}
		if v, err = c.view(v.ID); err != nil {
			return err
		}
	}
	c.in("casework", v.Code)
	names, err := c.names(peopleOf(v)...)
	if err != nil {
		return err
	}
	p := page.Case{
		ID: v.ID, Code: v.Code, Title: c.caseTitle(v.Harms), Urgent: v.Urgent, Reports: len(v.Reports), Lead: c.unit(v.Owner).Name, State: c.p.T(v.State.Key()),
		Score: c.caseScore(v, c.may("casework.override", c.about(v)) && v.State.Open()), States: c.caseStates(v.State), Days: c.days(v, names), Parties: c.parties(v),
		Safe: c.safe(v), Locked: v.Locked, Facts: c.facts(v, names), Ring: c.ring(v, names), Links: c.links(v),
	}
	p.Acts, p.More = c.acts(v)
	if c.offers(v, "exclude") {
		p.Exclude = casePath(v.ID) + "/exclude"
	}
	if c.offers(v, "contact") {
		p.Contact = casePath(v.ID) + "/contact"
	}
	if len(v.Clocks) > 0 && v.Mode != "offered" {
		p.Clocks = casePath(v.ID) + "/clocks"
	}
	if v.NoKey {
		p.Sealed = c.unit(v.Owner).Name
	}
	c.parts(v, names, &p)
	p.Haste, p.HasteState = c.haste(v)
	p.Base = c.base
	return c.show("casework/case", p)
}

// peopleOf lists everybody whom the page of a case names.
func peopleOf(v casework.CaseView) []string {
	ids := []string{v.Handler}
	for _, e := range v.Events {
		ids = append(ids, e.Actor, e.Details["handler"])
	}
	for _, p := range v.Proposals {
		ids = append(ids, p.By)
	}
	for _, r := range v.Rings {
		ids = append(ids, r.Person, r.StandIn, r.TakenBy)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// parts fills the lists of a case's page.
func (c *visit) parts(v casework.CaseView, names map[string]string, p *page.Case) {
	now := c.s.Clock.Now()
	for _, t := range v.Tracks {
		p.Tracks = append(p.Tracks, c.track(v, t))
	}
	for _, r := range v.Reports {
		words := strings.TrimSpace(r.Words.Words + "\n" + r.Words.More)
		if words == "" && r.Words.URL == "" {
			if why := r.Masks[casework.Narrative]; why != casework.MaskNone {
				words = c.p.T(why.Key())
			} else {
				words = c.p.T("web.case.nowords")
			}
		}
		p.Told = append(p.Told, page.Told{At: r.At, Code: v.Code, Who: c.teller(r), Words: words, URL: casework.Defang(r.Words.URL)})
	}
	for _, d := range v.Decisions {
		row := page.BlockRow{ID: d.ID, Domain: d.Domain, Basis: joined(d.Authority, d.Number, d.Dated), Until: d.Until, Provisional: d.Block == casework.BlockProvisional}
		switch {
		case d.Kind == "takedown":
			row.State, row.Until = c.p.T("casework.event.takedown"), d.At
		case !d.Lifted.IsZero():
			row.State, row.Until = c.p.T("casework.event.lifted")+": "+c.p.T(casework.LiftKey(d.LiftWhy)), d.Lifted
		case d.InForce(now):
			row.State = c.p.T(d.Block.Key())
			if c.may("casework.decide", c.about(v)) {
				row.Withdraw = casePath(v.ID) + "/withdraw"
				for _, why := range casework.LiftReasons() {
					row.Whys = append(row.Whys, page.Option{Value: why, Label: c.p.T(casework.LiftKey(why))})
				}
			}
		default:
			row.State = c.p.T("web.block.over")
		}
		p.Blocks = append(p.Blocks, row)
	}
	for _, f := range v.Referrals {
		p.Referrals = append(p.Referrals, c.referral(v, f))
	}
	for _, o := range v.Proposals {
		if o.Waiting() {
			p.Waiting = append(p.Waiting, c.proposed(v, o, names))
		}
	}
}

// proposed draws what waits for a second person.
func (c *visit) proposed(v casework.CaseView, o casework.Proposal, names map[string]string) page.TwoPerson {
	two := page.TwoPerson{ID: o.ID, Act: c.proposal(o), First: names[o.By], At: o.At, Mine: o.By == c.who.Actor.Person}
	if c.maySecond(v, o) {
		two.Confirm = casePath(v.ID) + "/proposals"
	}
	return two
}

// proposal says what two people are to agree on: the act and what it is about.
func (c *visit) proposal(o casework.Proposal) string {
	act, about := c.p.T(o.Kind.Key()), o.About.Domain
	switch o.Kind {
	case casework.ProposeClose:
		about = c.p.T(o.About.Outcome.Key())
	case casework.ProposeLower:
		about = c.p.Int(int64(o.About.Points))
	case casework.ProposeMerge:
		about = o.About.Code
	}
	return act + ": " + about
}

// maySecond reports whether the reader may be the second person of a proposal.
func (c *visit) maySecond(v casework.CaseView, o casework.Proposal) bool {
	r := c.about(v)
	action, attrs := o.Asks()
	maps.Copy(r.Attrs, attrs)
	return o.By != c.who.Actor.Person && c.may(action, r)
}
