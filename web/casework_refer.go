// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/casework"
	"lachan/org"
	"lachan/web/page"
)

func (s *Server) referPage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("casework/refer", s.referForm(c, v, casework.ReferCommand{
		Kind: string(casework.Coordinate), Fields: []string{string(casework.Narrative)}, Consent: string(casework.ConsentLaw),
	}))
}

func (s *Server) referForm(c *visit, v casework.CaseView, cmd casework.ReferCommand) page.Refer {
	c.in("casework", v.Code)
	p := page.Refer{Base: c.base, ID: v.ID, Code: v.Code, Reason: cmd.Reason, Safe: c.safe(v)}
	for _, k := range casework.ReferralKinds() {
		p.Kinds = append(p.Kinds, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: cmd.Kind == string(k)})
	}
	for _, k := range casework.Consents() {
		p.Consents = append(p.Consents, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: cmd.Consent == string(k)})
	}
	for _, g := range casework.Groups() {
		p.Fields = append(p.Fields, page.Option{Value: string(g), Label: c.p.T(g.Key()), On: slices.Contains(cmd.Fields, string(g))})
	}
	p.Units = c.receivers(v, cmd.To)
	return p
}

// receivers are the bodies that a case may be handed to, those with a function
// in child protection or investigation first, then the communes.
func (c *visit) receivers(v casework.CaseView, on string) []page.Option {
	tree := c.s.Org.At(org.DayOf(c.s.Clock.Now()))
	out := []page.Option{{Label: c.p.T("web.refer.choose"), On: on == ""}}
	seen := map[string]bool{v.Owner: true, c.who.Actor.Unit: true}
	add := func(first bool) {
		for u := range tree.All() {
			if seen[u.ID] || u.Kind == org.KindSchool || u.Kind == org.KindClass || u.Level == org.LevelHamlet || first != (u.Level == org.LevelProvince) {
				continue
			}
			seen[u.ID] = true
			o := page.Option{Value: u.ID, Label: u.Name, On: on == u.ID}
			if parent, ok := tree.Unit(u.Parent); ok && u.Kind == org.KindPolice {
				o.Label = joined(u.Name, parent.Name)
			}
			out = append(out, o)
		}
	}
	add(true)
	add(false)
	return out
}

// refer offers the case. The receiver's keys are wrapped now, so the session
// must be unlocked.
func (s *Server) refer(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	cmd := casework.ReferCommand{Case: v.ID, Kind: c.form("kind"), To: c.form("to"), Fields: c.forms("fields"), Consent: c.form("consent"), Reason: c.form("reason")}
	if casework.Consent(cmd.Consent) == casework.ConsentLaw {
		// Whoever is told of harm to a child passes it on to the competent
		// body (Decree 56/2017, article 26).
		cmd.Basis = "decree_56_26"
	}
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	if _, err := s.Casework.Refer(c.r.Context(), c.who.Actor, u, cmd); err != nil {
		return c.againCase("casework/refer", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.referForm(c, v, cmd), nil })
	}
	return c.done(casePath(v.ID), "flash.case.referred")
}

func (s *Server) accept(c *visit) error {
	if err := s.Casework.Accept(c.r.Context(), c.who.Actor, c.r.PathValue("referral")); err != nil {
		return err
	}
	return c.done(casePath(c.r.PathValue("id")), "flash.case.accepted")
}

// giveBack returns what was offered. The reason is one of the list; words of
// the receiver's own go with it, sealed.
func (s *Server) giveBack(c *visit) error {
	if err := s.Casework.Return(c.r.Context(), c.who.Actor, c.r.PathValue("referral"), c.form("reason"), c.form("note")); err != nil {
		return err
	}
	return c.done("/casework", "flash.case.returned")
}

// revoke takes back what this unit handed over.
func (s *Server) revoke(c *visit) error {
	if err := s.Casework.Revoke(c.r.Context(), c.who.Actor, c.r.PathValue("referral")); err != nil {
		return err
	}
	return c.done(casePath(c.r.PathValue("id")), "flash.case.revoked")
}

// referral draws one hand-over.
func (c *visit) referral(v casework.CaseView, f casework.Referral) page.Referral {
	var sees []string
	for _, g := range f.Groups {
		sees = append(sees, c.p.T(g.Key()))
	}
	out := page.Referral{To: c.unit(f.To).Name, Kind: c.p.T(f.Kind.Key()), State: c.p.T(f.State.Key()), At: f.Offered, Sees: joined(sees...)}
	if f.Reason != "" {
		out.State = c.p.T("web.refer.returned", "state", out.State, "reason", c.p.T(casework.ReturnKey(f.Reason)))
	}
	now := c.s.Clock.Now()
	out.Clock = page.Clock{State: "done", At: f.Answered, Rule: c.p.T("casework.clock.RC24")}
	if f.Answered.IsZero() {
		out.Clock = page.Clock{State: "ok", Left: f.Due.Sub(now), At: f.Due, From: f.Offered, Rule: c.p.T("casework.clock.RC24")}
		if now.After(f.Due) {
			out.Clock.State = "late"
		}
	}
	if f.Revocable() && f.From == c.who.Actor.Unit && v.Mode != "offered" && c.may("casework.refer", c.about(v)) {
		out.Revoke = casePath(v.ID) + "/referrals/" + f.ID + "/revoke"
	}
	if f.State == casework.ReferralOffered && f.To == c.who.Actor.Unit {
		path := casePath(v.ID) + "/referrals/" + f.ID
		out.Accept, out.Return = path+"/accept", path+"/return"
		for _, reason := range casework.ReturnReasons() {
			out.Reasons = append(out.Reasons, page.Option{Value: reason, Label: c.p.T(casework.ReturnKey(reason))})
		}
	}
	return out
}
