// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"slices"

	"lachan/internal/locale"
)

// CheckKind says what a check looks at.
type CheckKind string

// The kinds of checks. Breakdown, missing and part-of-whole hold for every
// cell of a form; a rule compares cells; change compares with the year before.
const (
	CheckRule      CheckKind = "rule"
	CheckBreakdown CheckKind = "breakdown"
	CheckMissing   CheckKind = "missing"
	CheckPart      CheckKind = "part_of_whole"
	CheckChange    CheckKind = "change"
)

// Check is one rule of a directive.
type Check struct {
	ID, Text string
	Kind     CheckKind
	Block    bool // stops a submission; otherwise it must be explained
	rule     expr
	low, top float64
	exempt   []string // indicators whose change is never remarked on
}

// Finding is a check that a form did not pass.
type Finding struct {
	Check string // id
	Cell  string // code of the cell that it is shown at
	Block bool
	Text  string // the directive's words
}

func (c *compiler) check(s srcCheck, d *Directive) Check {
	out := Check{ID: s.ID.S, Text: locale.Normalize(s.Text), Block: s.Level.S == "block"}
	c.want(s.Level.S == "block" || s.Level.S == "warn", s.Level, "level", "input/not-a-choice")
	c.want(s.Text != "", s.ID, "text", "input/required")
	switch kind := CheckKind(s.Rule.S); {
	case s.Change != nil:
		out.Kind, out.low, out.top = CheckChange, s.Change.AtLeast, s.Change.AtMost
		out.exempt = c.indicatorRefs(s.Change.Exempt, "exempt")
	case slices.Contains([]CheckKind{CheckBreakdown, CheckMissing, CheckPart}, kind):
		out.Kind = kind
	default:
		out.Kind = CheckRule
		var err error
		out.rule, err = parseExpr(s.Rule.S)
		c.want(err == nil, s.Rule, "rule", "reporting/rule-not-understood")
		for _, code := range out.rule.codes() {
			found := false
			for _, f := range d.Forms {
				_, ok := f.Index(code)
				found = found || ok
			}
			c.want(found, ref{code, s.Rule.Line}, "rule", "reporting/unknown-cell")
		}
	}
	return out
}

// judge runs all checks of a directive over the cells of a form. asked says
// which cells the unit must fill; prev is the accepted submission of the year
// before, nil if there is none.
func (d *Directive) judge(f *Form, cat *Catalogue, cells Cells, asked []bool, prev Cells) []Finding {
	var out []Finding
	for _, c := range d.Checks {
		report := func(cell string) { out = append(out, Finding{c.ID, cell, c.Block, c.Text}) }
		switch c.Kind {
		case CheckMissing:
			missing(f, cells, asked, report)
		case CheckBreakdown:
			breakdown(f, cells, report)
		case CheckPart:
			partOfWhole(f, cat, cells, report)
		case CheckChange:
			change(f, c, cells, prev, report)
		case CheckRule:
			value := func(code string, before bool) (int64, bool) {
				i, ok := f.Index(code)
				if !ok {
					return 0, false
				}
				if before {
					return prev.Get(i)
				}
				return cells.Get(i)
			}
			if ok, known := c.rule.holds(value); known && !ok {
				report(c.rule.codes()[0])
			}
		}
	}
	return out
}

// missing finds asked cells that are not filled. A breakdown of an explicit
// zero need not be.
func missing(f *Form, cells Cells, asked []bool, report func(string)) {
	for i, c := range f.Cells {
		if !asked[i] || cells.State(i) != Missing {
			continue
		}
		if c.Total >= 0 && !c.Beside {
			if v, ok := cells.Get(c.Total); ok && v == 0 || !ok {
				continue // a zero has no parts; a missing total is named itself
			}
		}
		if c.Beside {
			if v, ok := cells.Get(c.Total); !ok || v == 0 {
				continue
			}
		}
		report(c.Code)
	}
}

// breakdown finds totals whose parts along one dimension are all there and do
// not add up to them.
func breakdown(f *Form, cells Cells, report func(string)) {
	type key struct {
		total int
		dim   string
	}
	sums, known := map[key]int64{}, map[key]bool{}
	var order []key
	for i, c := range f.Cells {
		if c.Total < 0 || c.Beside {
			continue
		}
		k := key{c.Total, c.Dim}
		if _, seen := known[k]; !seen {
			known[k] = true
			order = append(order, k)
		}
		v, ok := cells.Get(i)
		sums[k] += v
		known[k] = known[k] && ok
	}
	for _, k := range order {
		if total, ok := cells.Get(k.total); ok && known[k] && sums[k] != total {
			report(f.Cells[k.total].Code)
		}
	}
}

// partOfWhole finds ratios above one.
func partOfWhole(f *Form, cat *Catalogue, cells Cells, report func(string)) {
	for _, code := range f.indicators {
		i, _ := cat.Get(code)
		for _, r := range i.Ratios {
			n, ok1 := f.Index(cellOf(i, r.Num))
			m, ok2 := f.Index(cellOf(i, r.Den))
			if !ok1 || !ok2 {
				continue
			}
			num, ok1 := cells.Get(n)
			den, ok2 := cells.Get(m)
			if ok1 && ok2 && num > den {
				report(f.Cells[n].Code)
			}
		}
	}
}

// change finds totals that moved by more than the allowed factors since the
// year before. From or to zero is no factor and is not remarked on.
func change(f *Form, c Check, cells, prev Cells, report func(string)) {
	for i, cell := range f.Cells {
		if cell.Total >= 0 || slices.Contains(c.exempt, cell.Indicator) {
			continue
		}
		now, ok1 := cells.Get(i)
		was, ok2 := prev.Get(i)
		if !ok1 || !ok2 || now == 0 || was == 0 {
			continue
		}
		if q := float64(now) / float64(was); q < c.low || q > c.top {
			report(cell.Code)
		}
	}
}
