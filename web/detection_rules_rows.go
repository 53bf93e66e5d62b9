// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"
	"strings"

	"lachan/duty/detection"
	"lachan/internal/locale"
	"lachan/web/page"
)

// ruleForm draws the form with what was typed.
func (c *visit) ruleForm(f ruleForm) page.RuleForm {
	out := page.RuleForm{
		Name: f.Name, Title: f.Title, After: f.After, Queue: f.Queue, LeaveOut: f.LeaveOut, Mark: f.Mark, Days: nonEmpty(f.Days, "30"),
		FaultRows: f.faulty, FaultThen: f.effected, Labels: c.ruleLabels(f.Label, true),
		Tiers:    []page.Option{{Label: c.p.T("detection.rules.leave-as-is")}},
		Entities: c.choices("detection.rules.entity.", f.Entity, detection.MarkEntities()),
	}
	out.Tiers = append(out.Tiers, c.choices("detection.tier.", f.Tier, detection.TierNames())...)
	for _, form := range detection.TestForms() {
		out.Kinds = append(out.Kinds, page.Option{Value: form.Is, Label: c.p.T("detection.rules.test." + form.Is)})
	}
	for n, row := range f.Rows {
		if !f.Posted && c.p.Lang == locale.Source {
			row.Least = strings.Replace(row.Least, ".", ",", 1)
		}
		out.Rows = append(out.Rows, c.ruleFormRow(n, row))
	}
	return out
}

func (c *visit) choices(prefix, on string, values []string) []page.Option {
	var all []page.Option
	for _, v := range values {
		all = append(all, page.Option{Value: v, Label: c.p.T(prefix + v), On: v == on})
	}
	return all
}

func (c *visit) ruleLabels(on string, none bool) []page.Option {
	var all []page.Option
	if none {
		all = append(all, page.Option{Label: c.p.T("detection.rules.leave-as-is")})
	}
	for _, l := range c.s.Detection.Labels() {
		all = append(all, page.Option{Value: l.ID, Label: c.p.T(l.Key()), On: l.ID == on})
	}
	return all
}

// ruleFormRow draws a condition with the controls that it has.
func (c *visit) ruleFormRow(n int, row formCond) page.RuleFormRow {
	out := page.RuleFormRow{
		N: n, Is: row.Is, Title: c.p.T("detection.rules.test." + row.Is), Ref: row.Ref, Least: row.Least, Most: row.Most, Unknown: row.Unknown, Fault: row.fault,
		Roles: c.choices("detection.rules.role.", row.Role, []string{roleAll, roleAny, roleNot}),
	}
	form, ok := detection.TestFormOf(row.Is)
	if !ok {
		out.Title = row.Is
		return out
	}
	if form.Label {
		out.Labels = c.ruleLabels(row.Label, false)
	}
	switch form.Ref {
	case detection.NoRef:
	case detection.KindRef:
		var kinds []string
		for _, k := range detection.Kinds() {
			kinds = append(kinds, string(k))
		}
		out.Refs = c.choices("detection.kind.", row.Ref, kinds)
	default:
		out.RefText = c.p.T("detection.rules.ref." + string(form.Ref))
	}
	switch {
	case row.Is == "hit":
		out.LeastText = c.p.T("detection.rules.least.severity")
	case row.Is == "domain_age":
		out.LeastText = c.p.T("detection.rules.least.days")
	case form.Max > 0 && form.Whole:
		out.LeastText = c.p.T("detection.rules.least.count")
	case form.Max > 0:
		out.LeastText = c.p.T("detection.rules.least.share", "min", c.p.Decimal(form.Min, 2), "max", strconv.Itoa(int(form.Max)))
	}
	if form.Most > 0 {
		out.MostText = c.p.T("detection.rules.most", "max", form.Most)
	}
	out.HasUnknown = form.Unknown
	return out
}
