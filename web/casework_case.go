// SPDX-License-Identifier: Apache-2.0

package web

import (
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
		Safe: c.safe(v), Locked: v.Locked, Acts: c.acts(v), Facts: c.facts(v, names), Ring: c.ring(v, names),
	}
	if v.State.Open() && c.may("casework.triage", c.about(v)) {
		p.Exclude = casePath(v.ID) + "/exclude"
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
		ids = append(ids, e.Actor)
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
		if !o.Waiting() {
			continue
		}
		two := page.TwoPerson{ID: o.ID, Act: c.p.T(o.Kind.Key()), First: names[o.By], At: o.At, Mine: o.By == c.who.Actor.Person}
		if c.maySecond(v, o) {
			two.Confirm = casePath(v.ID) + "/proposals"
		}
		p.Waiting = append(p.Waiting, two)
	}
	for _, l := range v.Links {
		other := l.Other
		if other == v.ID {
			other = l.Case
		}
		p.Links = append(p.Links, page.CaseRow{ID: other, Href: casePath(other), Title: c.p.T(casework.LinkKey(l.State)), Code: c.p.Date(l.At)})
	}
}

// maySecond reports whether the reader may be the second person of a proposal.
func (c *visit) maySecond(v casework.CaseView, o casework.Proposal) bool {
	r := c.about(v)
	r.Attrs["first_person"] = o.By
	action := "casework.decide"
	switch o.Kind {
	case casework.ProposeClose:
		action, r.Attrs["approving"] = "casework.close", true
	case casework.ProposeLower:
		action = "casework.override"
	}
	return o.By != c.who.Actor.Person && c.may(action, r)
}

func (c *visit) track(v casework.CaseView, t casework.TrackState) page.Track {
	out := page.Track{Kind: string(t.Track), Open: t.Open(), Clock: page.Clock{State: "wait", Wide: true, Rule: c.p.T("web.case.noclock")}}
	var first *casework.Clock
	for i, k := range v.Clocks {
		if k.Track == t.Track && k.Met.IsZero() && (first == nil || k.Due.Before(first.Due)) {
			first = &v.Clocks[i]
		}
	}
	if first != nil {
		out.Clock = c.clock(*first)
		out.Clock.Wide = true
	}
	switch {
	case !t.Open():
		out.Clock.State = "done"
		out.Note = c.p.T(casework.TrackEndKey(t.End))
	case !t.Registered.IsZero():
		out.Note = c.p.T("web.track.registered", "number", t.Number, "at", c.p.Date(t.Registered))
	default:
		out.Note = c.p.T("web.track.open", "at", c.p.Date(t.Opened))
	}
	return out
}
