// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"slices"
	"strings"

	"lachan/duty"
)

// Form is one version of a form: its sections and the fixed order of its
// cells. A cell's index is its place in a packed submission, so a form that
// changes gets a new version and old submissions keep their meaning.
type Form struct {
	ID, Label    string
	Version      int
	FilledBy     string // selector
	Due          string // due rule
	Consolidates string // another form: this one is written by the consolidating agency
	Sections     []Section
	Cells        []Cell
	index        map[string]int
	indicators   []string
}

// Cell is one number of a form.
type Cell struct {
	Code        string // "B03", "B03.cap_hoc.thcs", "E14.da_go"
	Indicator   string
	Measure     string // key of the measure
	Dim, Value  string // of a breakdown; "" for a total
	Beside      bool   // stands next to the breakdown, is not part of the total
	Total       int    // index of the cell it is a part of, -1 for a total
	Agg         Agg
	Auto        duty.ID
	SecretBelow int64
}

// Printed is the code as it is printed, with the catalogue's prefix.
func (c Cell) Printed() string { return Prefix + c.Code }

// Index is the place of a cell, and whether the form has it.
func (f *Form) Index(code string) (int, bool) {
	i, ok := f.index[code]
	return i, ok
}

// Indicators lists the form's indicators in its order.
func (f *Form) Indicators() []string { return slices.Clone(f.indicators) }

func (c *compiler) form(key ref, s srcForm) *Form {
	f := &Form{
		ID: key.S, Label: s.Label, Version: s.Version, FilledBy: c.selectorRef(s.FilledBy, "filled_by"), Due: c.dueRef(s.Due, "due"),
		Consolidates: c.formRef(s.Consolidates, "consolidates"), index: map[string]int{},
	}
	c.want(s.Version > 0, key, "version", "input/required")
	for _, one := range s.Sections {
		f.Sections = append(f.Sections, c.section(one, "forms"))
		for _, code := range one.Indicators {
			c.want(!slices.Contains(f.indicators, code.S), code, "forms.indicators", "reporting/given-twice")
			f.indicators = append(f.indicators, code.S)
		}
	}
	for _, code := range f.indicators {
		if i, ok := c.cat.Get(code); ok {
			f.layOut(i, c.cat)
		}
	}
	// A ratio may be of another indicator's cells; they must be on the form.
	for _, code := range f.indicators {
		i, _ := c.cat.Get(code)
		for _, r := range i.Ratios {
			for _, part := range []string{r.Num, r.Den} {
				_, ok := f.Index(cellOf(i, part))
				c.want(ok, key, "ratio "+code+" "+part, "reporting/unknown-cell")
			}
		}
	}
	return f
}

// cellOf is the full code of a ratio's part.
func cellOf(i Indicator, part string) string {
	for _, m := range i.Measures {
		if m.Key == part {
			return measureCode(i, m)
		}
	}
	return part
}

// measureCode is the code of a measure's total cell: the indicator's own for
// the only or plain measure "n".
func measureCode(i Indicator, m Measure) string {
	if m.Key == "n" && len(i.Measures) == 1 {
		return i.Code
	}
	return i.Code + "." + m.Key
}

func (f *Form) add(c Cell) int {
	f.index[c.Code] = len(f.Cells)
	f.Cells = append(f.Cells, c)
	return len(f.Cells) - 1
}

// layOut gives an indicator its cells: for each measure the total, then each
// breakdown in turn.
func (f *Form) layOut(i Indicator, cat *Catalogue) {
	for _, m := range i.Measures {
		base := measureCode(i, m)
		cell := Cell{Code: base, Indicator: i.Code, Measure: m.Key, Total: -1, Agg: m.Agg, Auto: i.Auto, SecretBelow: i.SecretBelow}
		total := f.add(cell)
		parts := map[string]int{}
		put := func(dim Dim, of int) {
			for n, v := range append(slices.Clone(dim.Values), dim.Beside...) {
				part := cell
				part.Code, part.Dim, part.Value, part.Total = base+"."+dim.Key+"."+v.Key, dim.Key, v.Key, of
				part.Beside = n >= len(dim.Values)
				parts[dim.Key+"."+v.Key] = f.add(part)
			}
		}
		for _, by := range m.By {
			put(cat.Dims[by], total)
		}
		if m.Within != nil {
			if of, ok := parts[m.Within.Of]; ok {
				put(cat.Dims[m.Within.Dim], of)
			}
		}
	}
}

// asked reports which cells a unit must fill: those of the indicators that
// its duties use.
func (f *Form) asked(indicators []string) []bool {
	out := make([]bool, len(f.Cells))
	for i, c := range f.Cells {
		out[i] = slices.Contains(indicators, c.Indicator)
	}
	return out
}

// CellLabel is the words for a cell under its indicator: measure and breakdown.
func (f *Form) CellLabel(c Cell, cat *Catalogue) string {
	i, _ := cat.Get(c.Indicator)
	var words []string
	for _, m := range i.Measures {
		if m.Key == c.Measure && m.Label != "" {
			words = append(words, m.Label)
		}
	}
	if c.Dim != "" {
		d := cat.Dims[c.Dim]
		for _, v := range append(slices.Clone(d.Values), d.Beside...) {
			if v.Key == c.Value {
				words = append(words, d.Label+": "+v.Label)
			}
		}
	}
	if len(words) == 0 {
		return i.Name
	}
	return strings.Join(words, "; ")
}
