// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/duty/reporting"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// totalsQuery reads what a page of totals is about: the year, the map, the
// unit. Each has a default, so that the bare address shows the whole province
// now.
func (s *Server) totalsQuery(c *visit) (reporting.TotalsQuery, *reporting.Directive, error) {
	d, err := s.Reporting.Directive(s.Directive)
	if err != nil {
		return reporting.TotalsQuery{}, nil, err
	}
	q := reporting.TotalsQuery{Directive: d.ID, Year: s.reportYear(d), Frame: org.FrameKind(c.query("frame")), Node: c.query("unit")}
	if q.Frame == "" {
		q.Frame = org.AsReported
	}
	faults := problem.New("input/faulty")
	if text := c.query("period"); text != "" {
		if q.Year, err = strconv.Atoi(text); err != nil || q.Year < 2000 || q.Year > 2100 {
			faults.Field("period", "input/not-a-choice")
		}
	}
	if q.Frame == org.AsOf {
		day, err := readDay(c.query("as_of"))
		if err != nil || day.IsZero() {
			faults.Field("as_of", "input/not-a-date")
		}
		q.Day = org.Day(day.String())
	}
	return q, d, faults.OrNil()
}

// totals is the consolidation as it stands at this moment. A unit's head who
// may not see the province is shown the own unit.
func (s *Server) totals(c *visit) error {
	c.in("reporting", c.p.T("pages.totals.title"))
	p, _, err := s.totalsPage(c)
	if err != nil && problem.KindOf(err) == problem.Invalid {
		p.Problem = problem.From(err)
		return c.showFault("reporting/totals", p, err)
	}
	if err != nil {
		return err
	}
	return c.show("reporting/totals", p)
}

func (s *Server) totalsPage(c *visit) (page.Consolidation, *reporting.Totals, error) {
	q, d, err := s.totalsQuery(c)
	p := page.Consolidation{Base: c.base, AsOf: c.query("as_of"), Indicator: c.query("indicator"), Unit: q.Node}
	p.CanBuild = c.may("reporting.build", authz.Resource{Type: "reporting.directive", ID: s.Directive})
	if d != nil {
		p.Periods, p.Frames = s.periods(c, d, q.Year), c.frames(q.Frame)
		p.Period = strconv.Itoa(q.Year)
	}
	if err != nil {
		return p, nil, err
	}
	t, err := s.Reporting.Totals(c.r.Context(), c.who.Actor, q)
	if err != nil && problem.KindOf(err) == problem.Forbidden && q.Node == "" {
		q.Node = c.who.Unit
		t, err = s.Reporting.Totals(c.r.Context(), c.who.Actor, q)
	}
	if err != nil {
		return p, nil, err
	}
	last := q
	last.Year--
	before, err := s.Reporting.Totals(c.r.Context(), c.who.Actor, last)
	if problem.Is(err, "reporting/not-on-this-map") {
		before, err = nil, nil // the unit is younger than that year's map
	}
	if err != nil {
		return p, nil, err
	}
	p.Unit, p.UnitName, p.At = t.Node.ID, t.Node.Name, t.Pin
	p.Ready, p.Expected = t.Coverage.Submitted, t.Coverage.Expected
	here := func(more ...string) string {
		pairs := append([]string{"period", p.Period, "frame", string(q.Frame), "as_of", p.AsOf, "indicator", p.Indicator, "unit", q.Node}, more...)
		return withQuery("/reporting/totals", pairs...)
	}
	var above []string
	for _, u := range s.Org.Frame(t.Frame, t.Day).Tree().Path(t.Node.ID) {
		crumb := page.KV{Value: u.Name}
		about := authz.Resource{Type: "reporting.report", ID: u.ID, Attrs: map[string]any{"unit": u.ID, "under": above}}
		if u.ID != t.Node.ID && c.may("reporting.view", about) {
			crumb.Href = here("unit", u.ID)
		}
		p.Crumbs, above = append(p.Crumbs, crumb), append(above, u.ID)
	}
	p.Lights = c.coverageLights(t, here)
	s.totalRows(c, &p, t, before, here)
	p.CSV = withQuery("/reporting/totals.csv", "period", p.Period, "frame", string(q.Frame), "as_of", p.AsOf, "unit", q.Node)
	return p, t, nil
}

// periods are the years that reports exist for, the newest first.
func (s *Server) periods(c *visit, d *reporting.Directive, chosen int) []page.Option {
	now := s.reportYear(d)
	var all []page.Option
	for year := now; year > now-5 && year >= max(2000, d.DueRules[d.MainRule()].FromYear); year-- {
		all = append(all, page.Option{Value: strconv.Itoa(year), Label: strconv.Itoa(year), On: year == chosen})
	}
	return all
}

func (c *visit) frames(chosen org.FrameKind) []page.Option {
	var all []page.Option
	for _, f := range []org.FrameKind{org.AsReported, org.Today, org.AsOf} {
		all = append(all, page.Option{Value: string(f), Label: c.p.T("pages.frame." + string(f)), On: f == chosen})
	}
	return all
}

// coverageLights count reports by timeliness only: no figure of a unit is ever
// red or green.
func (c *visit) coverageLights(t *reporting.Totals, here func(...string) string) []page.Light {
	missing, late := len(t.Coverage.Missing), 0
	if t.Coverage.Overdue {
		late, missing = missing, 0
	}
	lights := []page.Light{
		{State: "late", Count: late},
		{State: "soon", Count: len(t.Coverage.Waiting) + len(t.Coverage.Returned)},
		{State: "ok", Count: t.Coverage.Accepted},
		{State: "wait", Count: missing},
	}
	for i := range lights {
		if lights[i].State != "ok" {
			lights[i].Href, lights[i].Current = here("indicator", "", "light", lights[i].State)+"#un", lights[i].State == c.query("light")
		}
	}
	return lights
}

// totalRows fills one row for each indicator's first cell and, for the chosen
// indicator, the units behind it.
func (s *Server) totalRows(c *visit, p *page.Consolidation, t, before *reporting.Totals, here func(...string) string) {
	for _, code := range t.Form.Indicators() {
		i, _ := s.Reporting.Catalogue.Get(code)
		cell, ok := t.Form.Index(firstCell(t.Form, code))
		if !ok {
			continue
		}
		row := page.TotalRow{
			Code: reporting.Prefix + code, Name: i.Name, Unit: i.Unit, Value: c.figure(t, i, t.Total, cell), Href: here("indicator", code) + "#un", // the units behind it
			Missing: t.Coverage.Expected - int(t.Reported[cell]),
		}
		if before != nil {
			row.Last = c.figure(before, i, before.Total, cell)
		}
		if target, ok := s.Reporting.Catalogue.Targets[i.Target]; ok {
			row.Target = c.p.T("pages.form.target", "percent", target.Percent, "basis", target.Basis)
		}
		row.Missing = max(0, row.Missing)
		p.Totals = append(p.Totals, row)
		p.Indicators = append(p.Indicators, page.Option{Value: code, Label: reporting.Prefix + code + " " + i.Name, On: code == p.Indicator})
	}
	if i, ok := s.Reporting.Catalogue.Get(p.Indicator); ok {
		if cell, ok := t.Form.Index(firstCell(t.Form, i.Code)); ok {
			p.Whole = c.figure(t, i, t.Total, cell)
			c.unitTotals(p, t, i, cell, here)
		}
	} else {
		p.Groups = c.grouped(c.standing(t, nil), nil)
	}
	p.Find, p.Narrowed = c.query("find"), c.query("find") != "" || c.query("light") != ""
	for _, name := range []string{"unit", "period", "frame", "as_of", "indicator", "light"} {
		if v := c.query(name); v != "" {
			p.Kept = append(p.Kept, page.Hidden{Name: name, Value: v})
		}
	}
}

// firstCell is the total of an indicator's first measure.
func firstCell(f *reporting.Form, indicator string) string {
	for _, cell := range f.Cells {
		if cell.Indicator == indicator {
			return cell.Code
		}
	}
	return ""
}

// publicValue is a figure as it may be shown; empty for one that nobody gave.
func (c *visit) publicValue(i reporting.Indicator, cells reporting.Cells, cell int) string {
	v, ok := cells.Get(cell)
	switch {
	case !ok:
		return ""
	case v > 0 && v < i.SecretBelow:
		return c.p.T("reporting.value.small", "n", i.SecretBelow)
	default:
		return c.p.Int(v)
	}
}

// percent is the unit of an indicator that is a ratio of two cells.
const percent = "%"

// figure is an indicator's value: its percentage where it is one, else the
// total of its first measure.
func (c *visit) figure(t *reporting.Totals, i reporting.Indicator, cells reporting.Cells, cell int) string {
	if i.Unit != percent || len(i.Ratios) == 0 {
		return c.publicValue(i, cells, cell)
	}
	if t.Hidden(i) {
		return c.p.T("reporting.value.small-ratio")
	}
	hundredths, ok := t.RatioOf(i, i.Ratios[0], cells)
	if !ok {
		if _, given := cells.Get(cell); given {
			return c.p.T("pages.totals.no-ratio")
		}
		return ""
	}
	return c.p.Decimal(float64(hundredths)/100, 1) + percent
}

// totalsCSV is every cell of the form, with its breakdown.
func (s *Server) totalsCSV(c *visit) error {
	_, t, err := s.totalsPage(c)
	if err != nil {
		return err
	}
	rows := [][]string{{
		c.p.T("reporting.table.code"), c.p.T("reporting.table.indicator"), c.p.T("reporting.table.breakdown"),
		c.p.T("reporting.table.value"), c.p.T("reporting.table.unit"), c.p.T("reporting.table.reported"),
	}}
	for n, cell := range t.Form.Cells {
		i, _ := s.Reporting.Catalogue.Get(cell.Indicator)
		value := ""
		if v, ok := t.Total.Get(n); ok {
			value = strconv.FormatInt(v, 10)
			switch {
			case cell.Dim != "" && t.Hidden(i):
				value = c.p.T("pages.totals.hidden")
			case v > 0 && v < i.SecretBelow:
				value = c.p.T("reporting.value.small", "n", i.SecretBelow)
			}
		}
		label := ""
		if cell.Dim != "" {
			label = t.Form.CellLabel(cell, s.Reporting.Catalogue)
		}
		rows = append(rows, []string{cell.Printed(), i.Name, label, value, i.Unit, strconv.Itoa(int(t.Reported[n]))})
	}
	return c.csv("totals-"+strconv.Itoa(t.Year)+".csv", rows)
}
