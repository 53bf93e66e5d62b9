// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"strconv"
	"strings"
	"time"

	"lachan/duty"
	"lachan/internal/locale"
	"lachan/internal/officedoc"
	"lachan/org"
)

// yearly writes the consolidated report of a year from its totals.
type yearly struct {
	*Totals
	words  *locale.Printer
	cat    *Catalogue
	cmd    BuildReport
	plan   *Plan
	agency string
	at     time.Time // of the figures
}

func (r yearly) day(d duty.Date) string { return r.words.Date(d.Start()) }

// document is the Word file: outline of the directive, each figure a sentence.
func (r yearly) document() officedoc.Document {
	d := r.Directive
	year := strconv.Itoa(r.Year)
	w := d.Window(d.MainRule(), r.Year)
	doc := officedoc.Document{
		Superior: d.Issuer, Agency: r.agency, Symbol: r.words.T("reporting.document.symbol"), Place: d.Place, Year: r.at.Year(),
		Type:      r.words.T("reporting.document.type"),
		Subject:   r.words.T("reporting.document.subject", "number", d.Number, "year", year),
		Title:     r.words.T("reporting.document.subject", "number", d.Number, "year", year),
		Signature: officedoc.Signature{Position: r.words.T("reporting.document.position")},
		Note:      r.pinned(),
	}
	doc.Body = append(doc.Body, officedoc.Paragraph{Text: r.words.T("reporting.document.intro", "number", d.Number, "date", r.day(d.Issued), "issuer", d.Issuer,
		"title", strings.TrimPrefix(d.Title, "V/v "), "agency", r.agency, "year", year, "from", r.day(w.From), "to", r.day(w.To))})
	for _, s := range d.Report {
		doc.Body = append(doc.Body, officedoc.Heading{Level: levelOf(s.Title), Text: s.Title})
		for _, code := range s.Indicators {
			doc.Body = append(doc.Body, r.sentences(code)...)
		}
		if s.Narrative != "" {
			if hasTarget(r.cat, s.Indicators) {
				doc.Body = append(doc.Body, r.targets()...)
			}
			doc.Body = append(doc.Body, r.narrative(s))
		}
	}
	doc.Body = append(doc.Body, r.coverage()...)
	doc.Body = append(doc.Body, officedoc.Paragraph{Text: r.words.T("reporting.document.closing", "agency", r.agency, "issuer", d.Issuer)})
	doc.Recipients = r.recipients()
	doc.Annex = r.annex()
	return doc
}

// levelOf tells "II.1. …" from "I. …".
func levelOf(title string) int {
	number, _, _ := strings.Cut(title, " ")
	if strings.Count(strings.TrimSuffix(number, "."), ".") > 0 {
		return 2
	}
	return 1
}

// pinned says which figures these are: when, which number, which map.
func (r yearly) pinned() string {
	frame := r.words.T("reporting.frame." + string(r.cmd.Frame))
	return r.words.T("reporting.document.pin", "at", r.words.DateTime(r.at), "pin", strconv.FormatInt(r.Pin, 10),
		"frame", frame, "day", r.words.Date(r.Day.Time()))
}

func (r yearly) narrative(s Section) officedoc.Block {
	if text := locale.Normalize(r.cmd.Narrative[s.Title]); text != "" {
		return officedoc.Paragraph{Text: text}
	}
	return officedoc.Paragraph{Text: r.words.T("reporting.document.narrative-open"), Italic: true}
}

func (r yearly) recipients() []string {
	out := []string{r.Directive.Issuer}
	for _, c := range r.Directive.CopiedTo {
		if !strings.Contains(c.Name, ":") || c.Selector != "" {
			out = append(out, c.Name)
		}
	}
	return append(out, r.words.T("reporting.document.archive"))
}

// coverage names who is not in the figures. A report that leaves units out
// says which.
func (r yearly) coverage() []officedoc.Block {
	c := r.Coverage
	out := []officedoc.Block{
		officedoc.Heading{Level: 2, Text: r.words.T("reporting.document.coverage-title")},
		officedoc.Paragraph{Text: r.words.T("reporting.document.coverage", "expected", c.Expected, "submitted", c.Submitted, "accepted", c.Accepted, "ontime", c.OnTime)},
	}
	list := func(key string, units []org.Unit) {
		if len(units) > 0 {
			out = append(out, officedoc.Paragraph{Bullet: true, Text: r.words.T(key, "n", len(units), "names", names(units))})
		}
	}
	list("reporting.document.late", c.Late)
	list("reporting.document.missing", c.Missing)
	list("reporting.document.undecided", c.Waiting)
	list("reporting.document.returned", c.Returned)
	if len(r.Buckets) > 0 {
		var units []org.Unit
		for _, b := range r.Buckets {
			units = append(units, b.Unit)
		}
		list("reporting.document.buckets", units)
	}
	if len(r.plan.Empty) > 0 {
		out = append(out, officedoc.Paragraph{Bullet: true, Text: r.words.T("reporting.document.nobody", "names", strings.Join(r.plan.Empty, "; "))})
	}
	return out
}

func names(units []org.Unit) string {
	var out []string
	for _, u := range units {
		out = append(out, u.Name)
	}
	return strings.Join(out, ", ")
}

func hasTarget(cat *Catalogue, codes []string) bool {
	for _, code := range codes {
		if i, _ := cat.Get(code); i.Target != "" {
			return true
		}
	}
	return false
}

// targets is the table of the programme's targets. A programme that has ended
// is shown as ended.
func (r yearly) targets() []officedoc.Block {
	t := officedoc.Table{Head: []string{r.words.T("reporting.table.target"), r.words.T("reporting.table.goal"), r.words.T("reporting.table.result")}, Weights: []int{6, 2, 4}}
	var ended []string
	for _, code := range r.Directive.Indicators() {
		i, _ := r.cat.Get(code)
		target, ok := r.cat.Targets[i.Target]
		if !ok {
			continue
		}
		t.Rows = append(t.Rows, []string{target.Label, strconv.FormatInt(target.Percent, 10) + "%", r.ratioText(i, i.Ratios[0])})
		if target.Until.Before(duty.DateOf(r.at)) {
			ended = []string{r.day(target.Until), target.Basis}
		}
	}
	out := []officedoc.Block{t}
	if ended != nil {
		out = append(out, officedoc.Paragraph{Italic: true, Text: r.words.T("reporting.document.programme-ended", "until", ended[0], "basis", ended[1])})
	}
	return out
}
