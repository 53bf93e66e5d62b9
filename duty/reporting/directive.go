// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"slices"

	"lachan/duty"
	"lachan/org"
)

// Directive is a directive whose every reference has been resolved.
type Directive struct {
	ID, Number, Type, Issuer, Title string
	Issued                          duty.Date
	Place                           string // stands before the date of its documents
	Territory                       string // unit key: where it is in force
	Consolidator                    string // selector of the agency that consolidates
	MainForm                        string
	BasedOn                         []Basis
	AddressedTo                     []string // selectors
	CopiedTo                        []Copied
	Selectors                       map[string]Selector
	DueRules                        map[string]DueRule
	Ladder                          []Rung
	Clauses                         []ClauseText
	Checks                          []Check
	Forms                           map[string]*Form
	Report                          []Section
	Digest                          string // of the source text
}

// Basis is a document that the directive rests on or continues.
type Basis struct {
	Number, Issuer, Relation string
	Date, Ends               duty.Date
}

// Copied is one entry of the recipients who are only informed.
type Copied struct{ Name, Selector string }

// Selector is a named selector, with the words of the text for it.
type Selector struct {
	Name, Label string
	src         srcSelector
}

// ClauseText is one clause as it stands in the text, with its duties.
type ClauseText struct {
	Ref    duty.Clause
	Text   string
	Duties []Duty
}

// Duty is one thing that a clause orders.
type Duty struct {
	ID, Title  string
	Clause     duty.Clause
	Assignee   string   // selector
	Coordinate []string // selectors of those who take part
	PassDown   []string // selectors down the addressee's own line
	Places     []string // selectors of the places that must be reached
	SubmitTo   string   // selector of the recipient of its report
	DependsOn  []string
	Due        string // due rule
	Form       string
	Evidence   []string
	Indicators []string
}

// Section is a heading of a form or of the report, with its indicators.
type Section struct {
	Title      string
	Indicators []string
	Narrative  string // "", "optional", "required": text that a person writes
}

// DueKind says how a due rule counts.
type DueKind string

// The kinds of due rules.
const (
	DueContinuous DueKind = "continuous" // asked every quarter, never late
	DueYearly     DueKind = "yearly"     // strictly before a day of each year
	DueAfter      DueKind = "after"      // days after another rule's due
)

// DueRule gives the due of each year.
type DueRule struct {
	Name, Label string
	Kind        DueKind
	month, day  int
	FromYear    int
	window      [2]yearDay
	After       string // the other rule
	Days        int
	Verified    bool
}

// yearDay is a day of a year, or of the year before.
type yearDay struct{ prev, month, day int }

func (d yearDay) in(year int) duty.Date { return duty.NewDate(year-d.prev, monthOf(d.month), d.day) }

// Due is the due of a rule in a year; the zero Due for a continuous one.
func (d *Directive) Due(rule string, year int) duty.Due {
	r := d.DueRules[rule]
	switch r.Kind {
	case DueYearly:
		return duty.StrictlyBefore(duty.NewDate(year, monthOf(r.month), r.day))
	case DueAfter:
		return d.Due(r.After, year).Plus(r.Days)
	default:
		return duty.Due{}
	}
}

// Window is the days whose figures belong to a year's report: that of the
// rule, of the rule it comes after, or the calendar year.
func (d *Directive) Window(rule string, year int) duty.Period {
	r := d.DueRules[rule]
	switch {
	case r.Kind == DueYearly && r.window[0].month > 0:
		return duty.Period{From: r.window[0].in(year), To: r.window[1].in(year)}
	case r.Kind == DueAfter:
		return d.Window(r.After, year)
	default:
		return duty.CalendarYear(year)
	}
}

// YearAt is the report year that a day's events belong to: the year in whose
// window the day lies. 10/12/2026 belongs to the report of 2027.
func (d *Directive) YearAt(day duty.Date) int {
	for year := day.Year; year <= day.Year+1; year++ {
		if d.Window(d.MainRule(), year).Has(day) {
			return year
		}
	}
	return day.Year
}

// MainRule is the due rule of the main form.
func (d *Directive) MainRule() string { return d.Forms[d.MainForm].Due }

// asOf is the day on which a duty's selectors are resolved: its due date, or
// that of the main form for a continuous duty.
func (d *Directive) asOf(rule string, year int) org.Day {
	due := d.Due(rule, year)
	if due.Last.IsZero() {
		due = d.Due(d.MainRule(), year)
	}
	if due.Last.IsZero() {
		due.Last = duty.CalendarYear(year).To
	}
	return org.Day(due.Last.String())
}

// Duties lists the duties in the order of the text.
func (d *Directive) Duties() []Duty {
	var out []Duty
	for _, c := range d.Clauses {
		out = append(out, c.Duties...)
	}
	return out
}

// Duty is the duty with the given id.
func (d *Directive) Duty(id string) (Duty, bool) {
	all := d.Duties()
	i := slices.IndexFunc(all, func(one Duty) bool { return one.ID == id })
	if i < 0 {
		return Duty{}, false
	}
	return all[i], true
}

// Indicators lists the codes that some duty uses, sorted.
func (d *Directive) Indicators() []string {
	var out []string
	for _, one := range d.Duties() {
		out = append(out, one.Indicators...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// selector makes a named selector ready to resolve in the territory.
func (d *Directive) selector(name, territory string) org.Selector {
	s := d.Selectors[name].src
	out := org.Selector{
		Function: s.Function, Kinds: s.Kinds, Schools: s.Schools, Keys: s.Keys,
		Territory: territory, OnDissolved: org.Level(s.OnDissolved.S),
	}
	for _, l := range s.Levels {
		out.Levels = append(out.Levels, org.Level(l.S))
	}
	if s.Under.S != "" {
		under := d.selector(s.Under.S, territory)
		out.Under = &under
	}
	for _, one := range s.Any {
		out.Any = append(out.Any, d.selector(one.S, territory))
	}
	return out
}
