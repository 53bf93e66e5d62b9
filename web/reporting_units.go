// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strings"

	"lachan/duty/reporting"
	"lachan/internal/locale"
	"lachan/org"
	"lachan/web/page"
)

// The units behind a figure, by what they are: agencies of the province,
// wards, communes. Inside a group stands first what somebody must act on
// (overdue, then waiting for a decision), and all else in the order of the
// map: never by size, and without a colour on a figure (clause 5.3 asks for
// numbers, not for a league table).

// unitGroups are the kinds of units in the order in which they are shown.
var unitGroups = [...]string{"agency", "police", "district", "ward", "commune", "town", "zone", "hamlet", "school", "class", "other", "bucket"}

// groupOf is the group of a unit.
func groupOf(u org.Unit) string {
	switch {
	case u.Level == org.LevelProvince:
		return "agency"
	case u.Level == org.LevelDistrict && u.Kind == org.KindCommittee:
		return "district"
	case u.Level == org.LevelHamlet:
		return "hamlet"
	case u.Kind == org.KindClass:
		return "class"
	case u.Kind == org.KindSchool:
		return "school"
	case u.Kind == org.KindPolice:
		return "police"
	case u.Level == org.LevelCommune:
		switch u.Form {
		case "phuong":
			return "ward"
		case "xa":
			return "commune"
		case "thi_tran":
			return "town"
		case "dac_khu":
			return "zone"
		}
	}
	return "other"
}

// unitRow is a row with its group and, where it has a figure, its cells.
type unitRow struct {
	page.UnitTotal
	group string
	part  *reporting.Part
}

// openRows is how many rows a group shows before it is opened.
const openRows = 12

// haste is the order inside a group.
func haste(r unitRow) int { return slices.Index([]string{"late", "soon", "", "wait"}, r.Light) }

// grouped puts rows into groups, of those that the reader looks for. sum is a
// group's figure; nil where the rows have none. While only some rows are shown
// a group has no figure: it would not be theirs.
func (c *visit) grouped(rows []unitRow, sum func([]reporting.Part) string) []page.UnitGroup {
	find, light := locale.Fold(c.query("find")), c.query("light")
	byName := map[string]*page.UnitGroup{}
	parts := map[string][]reporting.Part{}
	slices.SortStableFunc(rows, func(a, b unitRow) int { return haste(a) - haste(b) })
	for _, r := range rows {
		if find != "" && !strings.Contains(locale.Fold(r.Name), find) || light != "" && r.Light != light {
			continue
		}
		g := byName[r.group]
		if g == nil {
			g = &page.UnitGroup{Name: c.p.T("pages.totals.group." + r.group), Figures: sum != nil, Lights: []page.Light{{State: "late"}, {State: "soon"}, {State: "wait"}}}
			byName[r.group] = g
		}
		g.Rows = append(g.Rows, r.UnitTotal)
		for i := range g.Lights {
			if g.Lights[i].State == r.Light {
				g.Lights[i].Count++
			}
		}
		if r.part != nil {
			parts[r.group] = append(parts[r.group], *r.part)
		}
	}
	var all []page.UnitGroup
	for _, name := range unitGroups {
		g := byName[name]
		if g == nil {
			continue
		}
		g.Open = find != "" || light != "" || len(g.Rows) <= openRows || len(byName) == 1
		if sum != nil && find == "" && light == "" {
			g.Value = sum(parts[name])
		}
		all = append(all, *g)
	}
	return all
}

// standing lists who waits for a decision, who is mending, and who has sent
// nothing: the inbox of the agency that consolidates.
func (c *visit) standing(t *reporting.Totals, skip map[string]bool) []unitRow {
	var rows []unitRow
	add := func(units []org.Unit, light, note string) {
		for _, u := range units {
			if !skip[u.ID] {
				rows = append(rows, unitRow{group: groupOf(u), UnitTotal: page.UnitTotal{
					Name: u.Name, Href: formPath(u.ID, t.Year), State: "missing", Light: light, Note: c.p.T(note),
				}})
			}
		}
	}
	add(t.Coverage.Waiting, "soon", "pages.totals.waiting")
	add(t.Coverage.Returned, "soon", "pages.totals.returned")
	light, note := "wait", "pages.totals.not-yet"
	if t.Coverage.Overdue {
		light, note = "late", "pages.totals.overdue"
	}
	add(t.Coverage.Missing, light, note)
	return rows
}

// unitTotals are the parts of one figure. The parts of a small figure about
// children are not shown at all: they could be found by subtraction.
func (c *visit) unitTotals(p *page.Consolidation, t *reporting.Totals, i reporting.Indicator, cell int, here func(...string) string) {
	if t.Hidden(i) {
		p.Own = &page.UnitGroup{Figures: true, Rows: []page.UnitTotal{{Name: c.p.T("pages.totals.hidden"), State: "missing", Note: c.p.T("pages.totals.hidden-why")}}}
		return
	}
	whole, _ := t.Total.Get(cell)
	row := func(name, href, note string, cells reporting.Cells) page.UnitTotal {
		v, ok := cells.Get(cell)
		row := page.UnitTotal{Name: name, Href: href, Note: note, State: "missing"}
		if ok {
			row.State, row.Value = "value", c.figure(t, i, cells, cell)
			if v == 0 && i.Unit != percent {
				row.State = "zero"
			}
			if whole > 0 {
				row.Share = int(v * 100 / whole)
			}
		}
		return row
	}
	if _, ok := t.Own.Get(cell); ok {
		p.Own = &page.UnitGroup{Figures: true, Rows: []page.UnitTotal{row(t.Node.Name, "", c.p.T("pages.totals.own"), t.Own)}}
	}
	have := map[string]bool{t.Node.ID: true}
	var rows []unitRow
	for n, part := range t.Parts {
		have[part.Unit.ID] = true
		rows = append(rows, unitRow{row(part.Unit.Name, here("unit", part.Unit.ID), c.p.T("pages.totals.units", "n", part.Units), part.Cells), groupOf(part.Unit), &t.Parts[n]})
	}
	for n, part := range t.Buckets {
		rows = append(rows, unitRow{row(part.Unit.Name, "", c.p.T("pages.totals.bucket"), part.Cells), "bucket", &t.Buckets[n]})
	}
	p.Groups = c.grouped(append(rows, c.standing(t, have)...), func(parts []reporting.Part) string { return c.subtotal(t, i, cell, parts) })
}

// subtotal is the figure of a group: "" where no unit of it gave one, and
// where a small one about children could be found by subtraction.
func (c *visit) subtotal(t *reporting.Totals, i reporting.Indicator, cell int, parts []reporting.Part) string {
	for n, one := range t.Form.Cells {
		for _, part := range parts {
			if v, ok := part.Cells.Get(n); ok && one.Indicator == i.Code && v > 0 && v < i.SecretBelow {
				return ""
			}
		}
	}
	return c.figure(t, i, reporting.Sum(t.Form, parts), cell)
}
