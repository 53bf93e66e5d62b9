// SPDX-License-Identifier: Apache-2.0

package web

import (
	"maps"
	"slices"

	"lachan/duty/reporting"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// directive shows a dispatch as data: each clause, whom it falls on, and what
// is not yet checked against its document.
func (s *Server) directive(c *visit) error {
	ctx, actor := c.r.Context(), c.who.Actor
	d, err := s.Reporting.Directive(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	year := s.reportYear(d)
	plan, err := s.Reporting.Preview(ctx, actor, d.ID, year)
	if err != nil && problem.KindOf(err) == problem.Forbidden {
		// The text of a directive is for all; whom it falls on is not.
		plan, err = &reporting.Plan{}, nil
	}
	if err != nil {
		return err
	}
	done := map[string]bool{}
	if c.may("reporting.consolidate", authz.Resource{Type: "reporting.directive", ID: d.ID}) {
		receipts, err := s.Reporting.Receipts(ctx, actor, d.ID, year)
		if err != nil {
			return err
		}
		for _, r := range receipts {
			done[r.Unit.ID] = r.Acknowledged == r.Given
		}
	}
	c.in("mission", d.Number)
	sum := d.Summary()
	p := page.Directive{
		Base: c.base, ID: d.ID, Number: d.Number, Heading: d.Title, Issuer: d.Issuer, Issued: d.Issued.Start(),
		Counts: []page.KV{
			{Key: c.p.T("pages.directive.clauses"), Value: c.p.Int(int64(sum.Clauses))},
			{Key: c.p.T("pages.directive.duties"), Value: c.p.Int(int64(sum.Duties))},
			{Key: c.p.T("pages.directive.indicators"), Value: c.p.Int(int64(sum.Indicators))},
			{Key: c.p.T("pages.directive.reporters"), Value: c.p.Int(int64(len(expected(plan))))},
		},
	}
	for _, basis := range d.BasedOn {
		value := basis.Number
		if !basis.Date.IsZero() {
			value += ", " + c.p.Date(basis.Date.Start())
		}
		p.Parents = append(p.Parents, page.KV{Key: basis.Issuer, Value: value})
	}
	items := map[string]reporting.PlanItem{}
	for _, item := range plan.Items {
		items[item.Duty.ID] = item
	}
	for _, clause := range d.Clauses {
		out := page.Clause{Ref: string(clause.Ref), Text: clause.Text}
		for _, one := range clause.Duties {
			out.Duties = append(out.Duties, c.clauseDuty(d, one, items[one.ID], done))
		}
		p.Clauses = append(p.Clauses, out)
	}
	p.Problems = c.unverified(d, plan)
	return c.show("reporting/directive", p)
}

func expected(p *reporting.Plan) []org.Unit {
	if p.Directive == nil {
		return nil
	}
	return p.Expected()
}

// clauseDuty says how a duty stands. Acknowledged counts the units that have
// acknowledged everything they were given: receipts are kept for a unit.
func (c *visit) clauseDuty(d *reporting.Directive, one reporting.Duty, item reporting.PlanItem, done map[string]bool) page.ClauseDuty {
	out := page.ClauseDuty{
		ID: one.ID, Title: one.Title, Assignee: d.Selectors[one.Assignee].Label, Due: d.DueRules[one.Due].Label, Units: len(item.Units),
	}
	for _, u := range item.Units {
		if done[u.ID] {
			out.Acknowledged++
		}
	}
	for _, code := range one.Indicators {
		out.Indicators = append(out.Indicators, reporting.Prefix+code)
	}
	return out
}

// unverified names what stands in the data and has not been checked against
// the document that made it.
func (c *visit) unverified(d *reporting.Directive, plan *reporting.Plan) []string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, item := range plan.Items {
		for _, fn := range item.Unverified {
			add(c.p.T("pages.directive.holder-unverified", "function", c.function(fn)))
		}
	}
	for _, name := range plan.Empty {
		add(c.p.T("pages.directive.nobody", "name", name))
	}
	for _, name := range slices.Sorted(maps.Keys(d.DueRules)) {
		if rule := d.DueRules[name]; !rule.Verified {
			add(c.p.T("pages.directive.due-unverified", "rule", rule.Label))
		}
	}
	return out
}
