// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// lookup says why a name is or is not refused.
func (s *Server) lookup(c *visit) error {
	c.in("schools", c.p.T("pages.lookup.title"))
	q := schools.LookupQuery{Domain: c.query("domain"), Band: c.query("band"), School: c.query("school")}
	if q.Band == "" {
		q.Band = "primary"
	}
	p := page.Lookup{Base: c.base, Domain: q.Domain, Band: q.Band, Bands: s.bandOptions(c, q.Band)}
	if q.Domain == "" {
		if !c.may("schools.lookup", authz.Resource{Type: "schools.name"}) {
			return problem.New("authz/forbidden")
		}
		return c.show("schools/lookup", p)
	}
	answer, err := s.Schools.Lookup(c.r.Context(), c.who.Actor, q)
	if err != nil && problem.KindOf(err) == problem.Invalid {
		p.Problem = problem.From(err)
		return c.showFault("schools/lookup", p, err)
	}
	if err != nil {
		return err
	}
	p.Answer = s.verdict(c, answer)
	c.w.Header().Set("Cache-Control", "no-store")
	return c.show("schools/lookup", p)
}

func (s *Server) verdict(c *visit, a schools.Answer) *page.Verdict {
	v := &page.Verdict{
		Domain: a.Unicode, Refused: a.Blocked, Band: c.p.T(schools.BandKey(a.Band)), Matched: a.Matched,
		Why: c.p.T(schools.RuleKey(a.Rule)),
	}
	if a.Code != "" {
		v.Why = c.p.T("pages.lookup.why", "rule", v.Why, "what", c.p.T(s.Schools.Catalogue().NameKey(a.Code)))
	}
	if a.As != "" && !a.Blocked {
		v.Why = c.p.T("pages.lookup.safe", "as", a.As) // open is not the whole truth
	}
	for _, step := range a.Steps {
		one := page.VerdictStep{Name: c.p.T(schools.RuleKey(step.Rule)), Hit: step.Hit, Past: step.Past}
		if step.Hit && a.Matched != "" {
			one.Text = c.p.T("pages.lookup.matched", "name", a.Matched)
		}
		v.Steps = append(v.Steps, one)
	}
	add := func(key, value, href string) {
		v.Trail = append(v.Trail, page.KV{Key: c.p.T(key), Value: value, Href: href})
	}
	if a.As != "" {
		add("pages.lookup.as", a.As, "")
	}
	for _, l := range a.Lists {
		text := c.p.T("pages.lookup.on-list", "list", l.List, "what", c.p.T(s.Schools.Catalogue().NameKey(l.Category)), "name", l.Domain)
		if l.Excepted != "" {
			text += c.p.T("pages.lookup.list-excepts", "name", l.Excepted)
		}
		if l.Pending {
			text += " (" + c.p.T(schools.PendingKey()) + ")"
		}
		add("pages.lookup.list", text, "/schools/lists")
	}
	for _, b := range a.Blocks {
		add("pages.lookup.block", c.p.T("pages.lookup.block-text", "kind", c.p.T(b.Kind.Key()), "name", b.Domain, "until", b.Until), "")
		if b.Authority.Name != "" {
			add("pages.lookup.authority", b.Authority.Name+", "+b.Authority.Number, "")
		}
		if b.Case != "" && c.may("casework.list", authz.Resource{Type: "casework.case"}) {
			add("pages.lookup.case", b.Case, "/casework/"+b.Case)
		}
		add("pages.lookup.clause", b.Basis, "/reporting/directives/"+s.Directive)
	}
	add("pages.lookup.bundle", c.p.T("pages.lookup.bundle-text", "bundle", a.Bundle, "delta", a.Delta), "")
	return v
}
