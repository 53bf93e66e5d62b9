// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"time"

	"lachan/duty"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/org"
)

func monthOf(m int) time.Month { return time.Month(m) }

// ReadDirective reads a directive, schema directive/v1, against a catalogue.
// Every selector, due rule, form, indicator and clause it names must resolve;
// the problem reporting/directive-faulty names each fault by line and field.
func ReadDirective(raw []byte, cat *Catalogue) (*Directive, error) {
	var src srcDirective
	if err := decodeStrict(raw, &src, "reporting/directive-faulty"); err != nil {
		return nil, err
	}
	c := compiler{src: src, cat: cat, faults: faults{problem.New("reporting/directive-faulty")}}
	d := c.directive()
	if err := c.err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	d.Digest = hex.EncodeToString(sum[:])
	return d, nil
}

type compiler struct {
	faults
	src srcDirective
	cat *Catalogue
}

func (c *compiler) directive() *Directive {
	s := c.src
	c.want(s.Schema.S == "directive/v1", s.Schema, "schema", "reporting/unknown-schema")
	c.want(s.ID.S != "", s.ID, "id", "input/required")
	c.want(s.Territory.S != "", s.Territory, "territory", "input/required")
	issued, err := duty.ParseDate(s.Issued.S)
	c.want(err == nil, s.Issued, "issued", "input/not-a-date")
	d := &Directive{
		ID: s.ID.S, Number: s.Number, Type: s.Type, Issuer: s.Issuer, Place: s.Place, Title: locale.Normalize(s.Title), Issued: issued,
		Territory: s.Territory.S, Consolidator: c.selectorRef(s.Consolidator, "consolidator"), MainForm: c.formRef(s.MainForm, "main_form"),
		AddressedTo: c.selectorRefs(s.AddressedTo, "addressed_to"), Selectors: map[string]Selector{}, DueRules: map[string]DueRule{}, Forms: map[string]*Form{},
	}
	c.want(s.MainForm.S != "", s.MainForm, "main_form", "input/required")
	for _, b := range s.BasedOn {
		basis := Basis{Number: b.Number, Issuer: b.Issuer, Relation: b.Relation}
		basis.Date, _ = duty.ParseDate(b.Date)
		basis.Ends, _ = duty.ParseDate(b.Ends)
		d.BasedOn = append(d.BasedOn, basis)
	}
	for _, one := range s.CopiedTo {
		name := ""
		if one.Selector.S != "" {
			name = c.selectorRef(one.Selector, "copied_to")
		}
		d.CopiedTo = append(d.CopiedTo, Copied{one.Name, name})
	}
	for _, key := range s.Selectors.keys {
		sel := s.Selectors.values[key.S]
		c.selector(key, sel)
		d.Selectors[key.S] = Selector{key.S, sel.Label, sel}
	}
	for _, key := range s.DueRules.keys {
		d.DueRules[key.S] = c.due(key, s.DueRules.values[key.S])
	}
	for _, one := range s.Urging {
		d.Ladder = append(d.Ladder, c.rung(one))
	}
	for _, one := range s.Clauses {
		d.Clauses = append(d.Clauses, c.clause(one))
	}
	c.unique()
	for _, one := range s.Report {
		d.Report = append(d.Report, c.section(one, "report"))
	}
	for _, key := range s.Forms.keys {
		d.Forms[key.S] = c.form(key, s.Forms.values[key.S])
	}
	for _, one := range s.Checks {
		d.Checks = append(d.Checks, c.check(one, d))
	}
	return d
}

func (c *compiler) selectorRef(r ref, field string) string {
	_, ok := c.src.Selectors.values[r.S]
	c.want(ok, r, field, "reporting/unknown-selector")
	return r.S
}

func (c *compiler) selectorRefs(rs []ref, field string) []string {
	var out []string
	for _, r := range rs {
		out = append(out, c.selectorRef(r, field))
	}
	return out
}

func (c *compiler) formRef(r ref, field string) string {
	if r.S != "" {
		_, ok := c.src.Forms.values[r.S]
		c.want(ok, r, field, "reporting/unknown-form")
	}
	return r.S
}

func (c *compiler) dueRef(r ref, field string) string {
	_, ok := c.src.DueRules.values[r.S]
	c.want(ok, r, field, "reporting/unknown-due-rule")
	return r.S
}

func (c *compiler) indicatorRefs(rs []ref, field string) []string {
	var out []string
	for _, r := range rs {
		i, ok := c.cat.Get(r.S)
		c.want(ok, r, field, "reporting/unknown-indicator")
		c.want(!ok || len(i.Measures)+len(i.Ratios) > 0, r, field, "reporting/indicator-without-cells")
		out = append(out, r.S)
	}
	return out
}

// selector checks one selector; a chain of under and any must end.
func (c *compiler) selector(key ref, s srcSelector) {
	levels := []org.Level{org.LevelProvince, org.LevelDistrict, org.LevelCommune, org.LevelHamlet, org.LevelSchool, org.LevelClass}
	for _, l := range append(slices.Clone(s.Levels), s.OnDissolved) {
		c.want(l.S == "" || slices.Contains(levels, org.Level(l.S)), l, "levels", "reporting/unknown-level")
	}
	if s.Under.S != "" {
		c.selectorRef(s.Under, "under")
	}
	c.selectorRefs(s.Any, "any")
	c.want(s.Function != "" || len(s.Kinds)+len(s.Any)+len(s.Keys) > 0, key, "selectors", "reporting/selects-nobody")
	c.want(!c.reaches(key.S, key.S, map[string]bool{}), key, "selectors", "reporting/selector-circle")
}

func (c *compiler) reaches(from, target string, seen map[string]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	s := c.src.Selectors.values[from]
	for _, next := range append(slices.Clone(s.Any), s.Under) {
		if next.S == target || next.S != "" && c.reaches(next.S, target, seen) {
			return true
		}
	}
	return false
}

// dayOfYear reads "12-10" and "prev:12-10".
var dayOfYear = regexp.MustCompile(`^(prev:)?(\d\d)-(\d\d)$`)

func (c *compiler) yearDay(r ref, field string) yearDay {
	m := dayOfYear.FindStringSubmatch(r.S)
	if m == nil {
		c.want(false, r, field, "input/not-a-date")
		return yearDay{}
	}
	month, err1 := strconv.Atoi(m[2])
	day, err2 := strconv.Atoi(m[3])
	d := yearDay{month: month, day: day}
	if m[1] != "" {
		d.prev = 1
	}
	real := duty.NewDate(2023, monthOf(month), day) // not a leap year: 29/02 is refused
	c.want(err1 == nil && err2 == nil && int(real.Month) == month && real.Day == day, r, field, "input/not-a-date")
	return d
}

func (c *compiler) due(key ref, s srcDue) DueRule {
	r := DueRule{Name: key.S, Label: s.Label, Kind: DueKind(s.Type), FromYear: s.FromYear, Days: s.Days, Verified: s.Verified == nil || *s.Verified}
	switch r.Kind {
	case DueContinuous:
	case DueYearly:
		c.want(s.StrictlyBefore.S != "", key, "strictly_before", "input/required")
		if s.StrictlyBefore.S != "" {
			d := c.yearDay(s.StrictlyBefore, "strictly_before")
			r.month, r.day = d.month, d.day
		}
		if s.Window.From.S != "" || s.Window.To.S != "" {
			r.window = [2]yearDay{c.yearDay(s.Window.From, "window.from"), c.yearDay(s.Window.To, "window.to")}
			c.want(r.window[0].in(2023).Before(r.window[1].in(2023)), s.Window.From, "window", "input/out-of-range")
		}
	case DueAfter:
		r.After = c.dueRef(s.Rule, "rule")
		c.want(r.After != key.S && c.src.DueRules.values[r.After].Type != string(DueAfter), s.Rule, "rule", "reporting/due-circle")
	default:
		c.want(false, key, "type", "reporting/unknown-due-rule")
	}
	return r
}

func (c *compiler) clause(s srcClause) ClauseText {
	clause, err := duty.ParseClause(s.Ref.S)
	c.want(err == nil, s.Ref, "ref", "reporting/unknown-clause")
	out := ClauseText{Ref: clause, Text: locale.Normalize(s.Text)}
	c.want(len(s.Duties) > 0, s.Ref, "duties", "reporting/clause-without-duty")
	for _, one := range s.Duties {
		d := Duty{
			ID: one.ID.S, Title: locale.Normalize(one.Title), Clause: clause, Assignee: c.selectorRef(one.Assignee, "assignee"),
			Coordinate: c.selectorRefs(one.Coordinate, "coordinate"), PassDown: c.selectorRefs(one.PassDown, "pass_down"),
			Places: c.selectorRefs(one.Places, "places"), Due: c.dueRef(one.Due, "due"), Form: c.formRef(one.Form, "form"),
			Evidence: one.Evidence, Indicators: c.indicatorRefs(one.Indicators, "indicators"),
		}
		c.want(one.Title != "", one.ID, "title", "input/required")
		if one.SubmitTo.S != "" {
			d.SubmitTo = c.selectorRef(one.SubmitTo, "submit_to")
		}
		for _, r := range one.DependsOn {
			c.want(c.hasDuty(r.S), r, "depends_on", "reporting/unknown-duty")
			d.DependsOn = append(d.DependsOn, r.S)
		}
		out.Duties = append(out.Duties, d)
	}
	return out
}

func (c *compiler) hasDuty(id string) bool {
	for _, clause := range c.src.Clauses {
		for _, d := range clause.Duties {
			if d.ID.S == id {
				return true
			}
		}
	}
	return false
}

// unique refuses a duty or clause given twice.
func (c *compiler) unique() {
	seen := map[string]bool{}
	for _, clause := range c.src.Clauses {
		c.want(!seen["clause "+clause.Ref.S], clause.Ref, "ref", "reporting/given-twice")
		seen["clause "+clause.Ref.S] = true
		for _, d := range clause.Duties {
			c.want(!seen[d.ID.S] && d.ID.S != "", d.ID, "id", "reporting/given-twice")
			seen[d.ID.S] = true
		}
	}
}

func (c *compiler) section(s srcSection, field string) Section {
	c.want(slices.Contains([]string{"", "optional", "required"}, s.Narrative.S), s.Narrative, field+".narrative", "input/not-a-choice")
	return Section{locale.Normalize(s.Title), c.indicatorRefs(s.Indicators, field+".indicators"), s.Narrative.S}
}
