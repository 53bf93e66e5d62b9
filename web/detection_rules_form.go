// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"lachan/duty/detection"
	"lachan/internal/problem"
	"lachan/web/page"
)

// How a condition stands in the form: it must hold, one of these must hold, it
// must not hold. That is all that a form in plain words needs to say.
const (
	roleAll = "all"
	roleAny = "any"
	roleNot = "not"
)

// ruleForm is a rule as it was typed.
type ruleForm struct {
	Name, Title      string
	After            int
	Sample, Posted   bool
	Rows             []formCond
	Queue, LeaveOut  bool
	Tier, Label      string
	Mark, Entity     string
	Days             string
	faulty, effected string
}

type formCond struct {
	Role        string
	Is          string
	Label, Ref  string
	Least, Most string
	Unknown     bool
	fault       string
}

// formOfRule turns a rule into rows; false where it has a shape that rows
// cannot say.
func formOfRule(b detection.RuleBody) (f ruleForm, ok bool) {
	e := b.Then
	f = ruleForm{Queue: e.Queue, LeaveOut: e.LeaveOut, Tier: e.Tier, Label: e.Label}
	if m := e.Mark; m != nil {
		f.Mark, f.Entity, f.Days = m.Mark, m.Entity, strconv.Itoa(m.Days)
	}
	parts := b.When.All
	if parts == nil {
		parts = []detection.Cond{b.When}
	}
	groups := 0
	for _, c := range parts {
		switch {
		case c.Is != "":
			f.Rows = append(f.Rows, rowOf(c, roleAll))
		case c.Not != nil && c.Not.Is != "":
			f.Rows = append(f.Rows, rowOf(*c.Not, roleNot))
		case c.Any != nil:
			groups++
			for _, one := range c.Any {
				if one.Is == "" {
					return f, false
				}
				f.Rows = append(f.Rows, rowOf(one, roleAny))
			}
		default:
			return f, false
		}
	}
	return f, groups <= 1
}

func rowOf(c detection.Cond, role string) formCond {
	row := formCond{Role: role, Is: c.Is, Label: c.Label, Ref: c.Ref, Unknown: c.Unknown}
	if form, _ := detection.TestFormOf(c.Is); form.Max > 0 {
		row.Least = strconv.FormatFloat(c.Least, 'f', -1, 64)
		if form.Most > 0 {
			row.Most = strconv.Itoa(c.Most)
		}
	}
	return row
}

// typedRule reads the form.
func (c *visit) typedRule() ruleForm {
	f := ruleForm{
		Posted: true, Name: nonEmpty(c.r.PathValue("name"), c.form("name")), Title: c.form("title"), Queue: c.form("queue") != "",
		LeaveOut: c.form("leave_out") != "", Tier: c.form("tier"), Label: c.form("label"), Mark: c.form("mark"), Entity: c.form("entity"), Days: c.form("mark_days"),
	}
	f.After, _ = strconv.Atoi(c.form("after")) // 0: new, and refused if it is not
	for n := range detection.MaxConditions + 1 {
		at := func(field string) string { return c.form(fmt.Sprintf("c%d-%s", n, field)) }
		if at("is") == "" {
			break
		}
		f.Rows = append(f.Rows, formCond{Role: at("role"), Is: at("is"), Label: at("label"), Ref: at("ref"), Least: at("least"), Most: at("most"), Unknown: at("unknown") != ""})
	}
	return f
}

// body is the rule that the form says; places leads from the place of a
// condition, as the service names it, to its row.
func (f ruleForm) body() (b detection.RuleBody, places map[string]int) {
	places = map[string]int{}
	var all, anys []detection.Cond
	var anyRows []int
	for n, row := range f.Rows {
		cond := row.cond()
		switch row.Role {
		case roleAny:
			anys, anyRows = append(anys, cond), append(anyRows, n)
			continue
		case roleNot:
			places[fmt.Sprintf("when.all[%d].not", len(all))] = n
			all = append(all, detection.Cond{Not: &cond})
		default:
			places[fmt.Sprintf("when.all[%d]", len(all))] = n
			all = append(all, cond)
		}
	}
	for n, row := range anyRows {
		places[fmt.Sprintf("when.all[%d].any[%d]", len(all), n)] = row
	}
	if anys != nil {
		all = append(all, detection.Cond{Any: anys})
	}
	b.When = detection.Cond{All: all}
	b.Then = detection.Effects{Queue: f.Queue, Tier: f.Tier, Label: f.Label, LeaveOut: f.LeaveOut}
	if f.Mark != "" {
		days, err := strconv.Atoi(f.Days)
		if err != nil {
			days = 0 // refused as out of range
		}
		b.Then.Mark = &detection.MarkEffect{Entity: f.Entity, Mark: strings.ToLower(f.Mark), Days: days}
	}
	return b, places
}

// grouped is a whole number as people write a large one: 10.000.
var grouped = regexp.MustCompile(`^\d{1,3}([.,]\d{3})+$`)

func (r formCond) cond() detection.Cond {
	typed := strings.Replace(r.Least, ",", ".", 1)
	if form, _ := detection.TestFormOf(r.Is); form.Whole && grouped.MatchString(r.Least) {
		typed = strings.NewReplacer(".", "", ",", "").Replace(r.Least)
	}
	least, err := strconv.ParseFloat(typed, 64)
	if err != nil || math.IsInf(least, 0) || math.IsNaN(least) {
		least = -1 // refused as out of range
	}
	most, err := strconv.Atoi(r.Most)
	if err != nil {
		most = -1
	}
	return detection.Cond{Is: r.Is, Label: r.Label, Ref: r.Ref, Least: least, Most: most, Unknown: r.Unknown}
}

// blame moves the faults that the service found to the controls of the form.
func (f *ruleForm) blame(c *visit, err error, places map[string]int) error {
	p := problem.From(err)
	for n := range p.Fields {
		field := &p.Fields[n]
		place, test := field.Name, ""
		if at := strings.LastIndexByte(place, '.'); at > 0 {
			place, test = place[:at], place[at+1:]
		}
		row, ok := places[place]
		if !ok {
			row, ok = places[field.Name]
		}
		says := c.p.Field(*field)
		switch {
		case ok:
			field.Name = fmt.Sprintf("c%d", row)
			if f.Rows[row].fault == "" {
				f.Rows[row].fault = says
			}
		case field.Name == "then", field.Name == "then.leave_out":
			field.Name, f.effected = "queue", says
		case strings.HasPrefix(field.Name, "then."):
			if field.Name = test; test == "days" {
				field.Name = "mark_days"
			}
		case strings.HasPrefix(field.Name, "when"):
			field.Name, f.faulty = "add", says
		}
	}
	return p
}

func (s *Server) newRule(c *visit) error {
	f := ruleForm{Queue: true, Days: "30"}
	for _, one := range s.Detection.SampleRules() {
		if one.Name == c.query("sample") {
			f, _ = formOfRule(one.Rule)
			f.Name, f.Title, f.Sample = one.Name, c.p.T(one.Key()), true
		}
	}
	p, err := s.newRulePage(c, f)
	if err != nil {
		return err
	}
	return c.show("detection/rule", p)
}

func (s *Server) newRulePage(c *visit, f ruleForm) (page.RulePage, error) {
	// Whoever may see the list may write; the service asks again when it saves.
	if _, err := s.Detection.LeftOut(c.r.Context(), c.who.Actor); err != nil {
		return page.RulePage{}, err
	}
	c.in("detection", c.p.T("detection.rules.new"))
	return page.RulePage{Base: c.base, Tabs: c.findTabs("rules"), New: true, Sample: f.Sample, Path: rulesPath + "/new", Form: c.ruleForm(f)}, nil
}

// writeRule adds a condition, takes one away, or saves: without a script the
// form comes back with what was typed.
func (s *Server) writeRule(c *visit) error {
	f := c.typedRule()
	act := c.form("act")
	drop, dropping := strings.CutPrefix(act, "drop-")
	switch n, err := strconv.Atoi(drop); {
	case dropping:
		if err == nil && n >= 0 && n < len(f.Rows) {
			f.Rows = append(f.Rows[:n], f.Rows[n+1:]...)
		}
		return s.ruleAgain(c, f, nil)
	case act == "add":
		if form, ok := detection.TestFormOf(c.form("add")); ok && len(f.Rows) < detection.MaxConditions {
			f.Rows = append(f.Rows, c.freshRow(form))
		}
		return s.ruleAgain(c, f, nil)
	}
	body, places := f.body()
	name := strings.ToLower(f.Name)
	_, err := s.Detection.SaveRule(c.r.Context(), c.who.Actor, detection.RuleCommand{Name: name, Title: f.Title, Body: body, After: f.After})
	if err == nil {
		return c.done(rulePath(name), "flash.detection.rule-saved")
	}
	if !mendable(err) {
		return err
	}
	return s.ruleAgain(c, f, f.blame(c, err, places))
}

// freshRow is a condition that was just added, with a number that often serves.
func (c *visit) freshRow(form detection.TestForm) formCond {
	row := formCond{Role: roleAll, Is: form.Is}
	if form.Max > 0 {
		row.Least = "1"
		if !form.Whole {
			row.Least = c.p.Decimal(0.7, 1)
		}
	}
	if form.Is == "domain_age" {
		row.Least = "30"
	}
	if form.Most > 0 {
		row.Most = strconv.Itoa(form.Most)
	}
	return row
}

func (s *Server) ruleAgain(c *visit, f ruleForm, err error) error {
	if err != nil {
		c.base.Problem = problem.From(err)
	}
	var p page.RulePage
	var failed error
	if name := c.r.PathValue("name"); name != "" {
		p, failed = s.rulePage(c, name, &f)
	} else {
		p, failed = s.newRulePage(c, f)
	}
	if failed != nil {
		return failed
	}
	if err != nil {
		return c.showFault("detection/rule", p, err)
	}
	return c.show("detection/rule", p)
}
