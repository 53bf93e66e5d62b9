// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"strconv"
	"strings"

	"lachan/internal/officedoc"
)

// sentences says one indicator in words: its totals, then its ratios.
func (r yearly) sentences(code string) []officedoc.Block {
	i, _ := r.cat.Get(code)
	if own, ok := r.ownRatio(i); ok {
		return []officedoc.Block{officedoc.Paragraph{Bullet: true, Text: i.Name + ": " + own + "."}}
	}
	var parts []string
	if len(i.Ratios) == 0 || len(i.Measures) != 2 || i.Measures[0].Key != "tu" {
		for _, m := range i.Measures {
			parts = append(parts, r.measureText(i, m))
		}
	}
	for _, ratio := range i.Ratios {
		text := r.ratioText(i, ratio)
		if ratio.Label != "" {
			text = ratio.Label + ": " + text
		}
		parts = append(parts, text)
	}
	return []officedoc.Block{officedoc.Paragraph{Bullet: true, Text: i.Name + ": " + strings.Join(parts, "; ") + "."}}
}

// shown is a cell of the total as it may be printed.
func (r yearly) shown(i Indicator, cell int) string {
	v, ok := r.Total.Get(cell)
	switch {
	case !ok:
		return r.words.T("reporting.value.missing")
	case r.Hidden(i) && (r.Form.Cells[cell].Total >= 0 || v > 0 && v < i.SecretBelow):
		return r.words.T("reporting.value.small", "n", i.SecretBelow)
	default:
		return r.words.Int(v)
	}
}

func (r yearly) measureText(i Indicator, m Measure) string {
	cell, ok := r.Form.Index(measureCode(i, m))
	if !ok {
		return r.words.T("reporting.value.missing")
	}
	text := r.shown(i, cell)
	if m.Label != "" {
		return m.Label + ": " + text
	}
	if r.Reported[cell] > 0 {
		return r.words.T("reporting.document.figure", "value", text, "unit", i.Unit, "n", int64(r.Reported[cell]))
	}
	return text
}

// ratioText is "98,21% (110/112)".
func (r yearly) ratioText(i Indicator, ratio Ratio) string {
	if own, ok := r.ownRatio(i); ok {
		return own
	}
	share, ok := r.RatioOf(i, ratio, r.Total)
	if !ok {
		return r.words.T("reporting.value.missing")
	}
	if r.Hidden(i) || r.hiddenPart(ratio) {
		return r.words.T("reporting.value.small-ratio")
	}
	num, _ := r.Form.Index(cellOf(i, ratio.Num))
	den, _ := r.Form.Index(cellOf(i, ratio.Den))
	n, _ := r.Total.Get(num)
	m, _ := r.Total.Get(den)
	return r.percent(share) + " (" + r.words.Int(n) + "/" + r.words.Int(m) + ")"
}

// hiddenPart reports whether a ratio of other indicators' cells would show
// what those hide.
func (r yearly) hiddenPart(ratio Ratio) bool {
	for _, part := range []string{ratio.Num, ratio.Den} {
		code, _, _ := strings.Cut(part, ".")
		if i, ok := r.cat.Get(code); ok && r.Hidden(i) {
			return true
		}
	}
	return false
}

// percent writes hundredths of a percent.
func (r yearly) percent(hundredths int64) string {
	return r.words.Decimal(float64(hundredths)/100, 2) + "%"
}

// ownRatio is what this duty itself knows: how many reported in time (A04),
// and how many reports had no blocking fault (X11), which a report cannot be
// submitted with.
func (r yearly) ownRatio(i Indicator) (string, bool) {
	var n, m int64
	switch {
	case i.Auto != "reporting":
		return "", false
	case i.Code == "A04":
		n, m = int64(r.Coverage.OnTime), int64(r.Coverage.Expected)
	case i.Code == "X11":
		n, m = int64(r.Coverage.Submitted), int64(r.Coverage.Submitted)
	}
	if m == 0 {
		return r.words.T("reporting.value.missing"), true
	}
	return r.percent((n*20000+m)/(2*m)) + " (" + r.words.Int(n) + "/" + r.words.Int(m) + ")", true
}

// annex is the table of all figures of the form, on landscape pages.
func (r yearly) annex() []officedoc.Block {
	t := officedoc.Table{
		Head:    []string{r.words.T("reporting.table.code"), r.words.T("reporting.table.indicator"), r.words.T("reporting.table.value"), r.words.T("reporting.table.unit"), r.words.T("reporting.table.reported")},
		Weights: []int{14, 46, 12, 14, 12}, Numbers: []bool{false, false, true, false, true},
	}
	for n, c := range r.Form.Cells {
		i, _ := r.cat.Get(c.Indicator)
		if c.Total >= 0 && r.Hidden(i) {
			continue
		}
		label, unit, code := r.Form.CellLabel(c, r.cat), "", ""
		if c.Total < 0 {
			code = c.Printed() // a part is known by its words; its code is in the Excel annex
			if len(i.Measures) == 1 {
				unit = i.Unit
			}
			if label != i.Name {
				label = i.Name + " – " + label
			}
		} else if c.Dim != "" {
			label = "    " + label
		}
		t.Rows = append(t.Rows, []string{code, label, r.shown(i, n), unit, strconv.Itoa(int(r.Reported[n]))})
		t.Strong = append(t.Strong, c.Total < 0)
	}
	return []officedoc.Block{
		officedoc.Paragraph{Text: r.words.T("reporting.document.annex"), Bold: true, Centre: true},
		officedoc.Paragraph{Text: r.words.T("reporting.document.annex-title", "year", strconv.Itoa(r.Year), "number", r.Directive.Number), Bold: true, Centre: true},
		officedoc.Paragraph{Text: r.pinned(), Italic: true, Centre: true},
		t,
	}
}
