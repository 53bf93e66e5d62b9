// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"slices"
	"strconv"

	"lachan/internal/officedoc"
	"lachan/org"
)

// workbook is the Excel annex: all figures, the figures of each unit of the
// map, and where each unit's report stands.
func (r yearly) workbook() officedoc.Workbook {
	return officedoc.Workbook{
		Title:  r.words.T("reporting.document.subject", "number", r.Directive.Number, "year", strconv.Itoa(r.Year)),
		Sheets: []officedoc.Sheet{r.figuresSheet(), r.unitsSheet(), r.statesSheet()},
	}
}

func (r yearly) heading(key string) []string {
	return []string{r.words.T(key, "year", strconv.Itoa(r.Year), "number", r.Directive.Number), r.pinned()}
}

func (r yearly) value(i Indicator, cell int) officedoc.Value {
	v, ok := r.Total.Get(cell)
	if shown := r.shown(i, cell); !ok || shown != r.words.Int(v) {
		return officedoc.Text(shown)
	}
	return officedoc.Number(v)
}

func (r yearly) figuresSheet() officedoc.Sheet {
	s := officedoc.Sheet{
		Name: r.words.T("reporting.sheet.figures"), Title: r.heading("reporting.document.annex-title"),
		Head: []string{
			r.words.T("reporting.table.code"), r.words.T("reporting.table.indicator"), r.words.T("reporting.table.breakdown"),
			r.words.T("reporting.table.value"), r.words.T("reporting.table.unit"), r.words.T("reporting.table.reported"),
		},
		Widths: []float64{32, 60, 36, 16, 18, 12},
	}
	for n, c := range r.Form.Cells {
		i, _ := r.cat.Get(c.Indicator)
		if c.Total >= 0 && r.Hidden(i) {
			continue
		}
		label, unit := r.Form.CellLabel(c, r.cat), ""
		if label == i.Name {
			label = ""
		}
		if len(i.Measures) == 1 {
			unit = i.Unit // several measures say their own
		}
		s.Rows = append(s.Rows, []officedoc.Value{
			officedoc.Text(c.Printed()), officedoc.Text(i.Name), officedoc.Text(label), r.value(i, n),
			officedoc.Text(unit), officedoc.Number(int64(r.Reported[n])),
		})
		s.Strong = append(s.Strong, c.Total < 0)
	}
	for _, code := range r.Form.Indicators() {
		i, _ := r.cat.Get(code)
		for _, ratio := range i.Ratios {
			value := officedoc.Text(r.words.T("reporting.value.missing"))
			if share, ok := r.RatioOf(i, ratio, r.Total); ok && !r.Hidden(i) && !r.hiddenPart(ratio) {
				value = officedoc.Percent(float64(share) / 10000)
			}
			s.Rows = append(s.Rows, []officedoc.Value{
				officedoc.Text(Prefix + code), officedoc.Text(i.Name), officedoc.Text(ratio.Label), value,
				officedoc.Text(""), officedoc.Text(""),
			})
			s.Strong = append(s.Strong, true)
		}
	}
	return s
}

// unitsSheet is a column for each total that is not secret and a row for each
// unit directly below, what it reports itself, and each bucket.
func (r yearly) unitsSheet() officedoc.Sheet {
	s := officedoc.Sheet{
		Name: r.words.T("reporting.sheet.units"), Title: r.heading("reporting.document.units-title"),
		Head: []string{r.words.T("reporting.table.unit-name")}, Widths: []float64{44},
	}
	var columns []int
	for n, c := range r.Form.Cells {
		if c.Total < 0 && c.SecretBelow == 0 {
			columns = append(columns, n)
			s.Head = append(s.Head, c.Printed())
			s.Widths = append(s.Widths, 13)
		}
	}
	row := func(name string, cells Cells, strong bool) {
		line := []officedoc.Value{officedoc.Text(name)}
		for _, n := range columns {
			if v, ok := cells.Get(n); ok {
				line = append(line, officedoc.Number(v))
			} else {
				line = append(line, officedoc.Text(""))
			}
		}
		s.Rows = append(s.Rows, line)
		s.Strong = append(s.Strong, strong)
	}
	row(r.Node.Name, r.Total, true)
	for _, p := range r.Parts {
		row(p.Unit.Name, p.Cells, false)
	}
	for _, p := range r.Buckets {
		row(r.words.T("reporting.table.bucket", "name", p.Unit.Name), p.Cells, false)
	}
	return s
}

func (r yearly) statesSheet() officedoc.Sheet {
	s := officedoc.Sheet{
		Name: r.words.T("reporting.sheet.states"), Title: r.heading("reporting.document.states-title"), Portrait: true,
		Head: []string{r.words.T("reporting.table.unit-name"), r.words.T("reporting.table.state"), r.words.T("reporting.table.on-time")}, Widths: []float64{50, 24, 18},
	}
	has := func(list []org.Unit, u org.Unit) bool {
		return slices.ContainsFunc(list, func(v org.Unit) bool { return v.ID == u.ID })
	}
	for _, u := range r.plan.Expected() {
		state, time := "accepted", "yes"
		switch {
		case has(r.Coverage.Missing, u):
			state, time = "not_started", "none"
		case has(r.Coverage.Returned, u):
			state = "returned"
		case has(r.Coverage.Waiting, u):
			state = "submitted"
		}
		if has(r.Coverage.Late, u) {
			time = "no"
		}
		s.Rows = append(s.Rows, []officedoc.Value{officedoc.Text(u.Name), officedoc.Text(r.words.T("reporting.state." + state)), officedoc.Text(r.words.T("reporting.on-time." + time))})
	}
	return s
}
