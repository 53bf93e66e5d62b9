// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/org"
)

// TotalsQuery asks for the figures of a year below a unit, along a map.
type TotalsQuery struct {
	Directive string
	Year      int
	Frame     org.FrameKind // "" is AsReported
	Day       org.Day       // for AsOf; for Today "" is today
	Node      string        // unit id; "" is the directive's territory
	Pin       int64         // read with the acceptances up to this number; 0 is all
	At        time.Time     // and with the submissions up to this instant; zero is now, or that of Pin
}

// Totals is the answer: the sum, what it is made of, and who is missing from
// it. Total = Own + all Parts + all Buckets, cell by cell, but for medians and
// distinct counts, which are not added.
type Totals struct {
	Directive *Directive
	Form      *Form
	Year      int
	Frame     org.FrameKind
	Day       org.Day // of the map
	Node      org.Unit
	Pin       int64     // number of the newest acceptance in it
	PinAt     time.Time // when that was; zero with Pin 0
	Total     Cells
	Reported  []int32 // how many units reported each cell of Total
	Own       Cells   // reported by the unit itself
	Parts     []Part  // the units directly below
	Buckets   []Part  // what no unit below can be given, by the name of who reported it
	Coverage  Coverage
}

// Part is one summand.
type Part struct {
	Unit  org.Unit
	Cells Cells
	Units int // how many units reported into it
}

// Coverage says who was expected to report and what became of it. Late means
// on the unit's first revision: a report that was on time and came back for a
// cell stays on time.
type Coverage struct {
	Expected, Submitted, Accepted, OnTime int
	Late                                  []org.Unit // reported after the due
	Missing                               []org.Unit // has not reported
	Overdue                               bool       // the due is over
	Waiting                               []org.Unit // reported, not decided
	Returned                              []org.Unit
}

// Totals reads the cube. It needs permission to view the node's report.
func (s *Service) Totals(ctx context.Context, actor authz.Actor, q TotalsQuery) (*Totals, error) {
	d, err := s.Directive(q.Directive)
	if err != nil {
		return nil, err
	}
	territory, err := s.Org.ByKey(d.Territory)
	if err != nil {
		return nil, err
	}
	top := q.Node == "" || q.Node == territory.ID
	if top {
		q.Node = territory.ID
	}
	if _, err := s.Authz.Check(ctx, actor, "reporting.view", s.about(q.Node, q.Node)); err != nil {
		return nil, err
	}
	frame, err := s.frame(d, q)
	if err != nil {
		return nil, err
	}
	node, ok := frame.Tree().Unit(q.Node)
	if !ok {
		return nil, problem.New("reporting/not-on-this-map")
	}
	c, err := s.at(ctx, d.MainForm, q.Year, q.Pin, q.At)
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(q.Directive, q.Year)
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := &Totals{Directive: d, Form: d.Forms[d.MainForm], Year: q.Year, Frame: frame.Kind, Day: frame.Day(), Node: node, Pin: c.pin, PinAt: c.pinAt()}
	t.sum(c, frame, top)
	// What is read as of then must not change with the clock.
	asked := s.now()
	switch {
	case !q.At.IsZero():
		asked = q.At
	case q.Pin != 0:
		asked = t.PinAt
	}
	t.cover(c, plan, frame, top, asked)
	return t, nil
}

func (s *Service) frame(d *Directive, q TotalsQuery) (*org.Frame, error) {
	switch q.Frame {
	case org.AsReported, "":
		return s.Org.Frame(org.AsReported, d.windowEnd(q.Year)), nil
	case org.Today:
		if q.Day != "" { // today, as it was when a report was pinned
			return s.Org.Frame(org.AsOf, q.Day), nil
		}
		return s.Org.Frame(org.Today, ""), nil
	case org.AsOf:
		if _, err := org.ParseDay(string(q.Day)); err != nil {
			return nil, problem.New("input/faulty").Field("day", "input/not-a-date")
		}
		return s.Org.Frame(org.AsOf, q.Day), nil
	default:
		return nil, problem.New("input/faulty").Field("frame", "input/not-a-choice")
	}
}

// pinAt is when the newest acceptance was made. The caller holds the lock.
func (c *cube) pinAt() time.Time {
	for _, list := range c.revisions {
		for _, sub := range list {
			if sub.Pin == c.pin && c.pin > 0 {
				return sub.DecidedAt
			}
		}
	}
	return time.Time{}
}

// slot is where a unit's row goes in a node's totals.
type slot struct {
	out    bool
	own    bool
	bucket bool
	child  string
}

// slotOf finds it. At the top nothing is left out: what has no place under
// the territory is a bucket of it.
func slotOf(frame *org.Frame, node string, unit string, top bool) slot {
	if unit == node {
		return slot{own: true}
	}
	p := frame.Place(unit)
	if p.Node == node {
		return slot{bucket: p.Bucket, own: !p.Bucket}
	}
	path := frame.Tree().Path(p.Node)
	at := slices.IndexFunc(path, func(u org.Unit) bool { return u.ID == node })
	switch {
	case at >= 0 && at+1 < len(path):
		return slot{child: path[at+1].ID}
	case top:
		return slot{bucket: true}
	default:
		return slot{out: true}
	}
}

func (t *Totals) sum(c *cube, frame *org.Frame, top bool) {
	const total, own, first = 0, 1, 2
	group := make([]int32, len(c.sheet.units))
	all := make([]int32, len(c.sheet.units))
	index := map[string]int32{}
	var parts []Part
	var bucket []bool
	for r, unit := range c.sheet.units {
		s := slotOf(frame, t.Node.ID, unit, top)
		if s.out {
			group[r], all[r] = -1, -1
			continue
		}
		if s.own {
			group[r] = own
			continue
		}
		id := s.child
		if s.bucket {
			id = unit
		}
		g, ok := index[id]
		if !ok {
			g = int32(first + len(parts))
			index[id] = g
			u, alive := frame.Tree().Unit(id)
			if !alive {
				u = org.Unit{ID: id, Name: frame.Name(id)}
			}
			parts = append(parts, Part{Unit: u})
			bucket = append(bucket, s.bucket)
		}
		group[r] = g
		parts[g-first].Units++
	}
	sums := c.sheet.regroup(group, first+len(parts))
	whole := c.sheet.regroup(all, 1)
	t.Total, t.Reported = whole.cellsOf(total, t.Form), whole.seen
	t.Own = sums.cellsOf(own, t.Form)
	for i := range parts {
		parts[i].Cells = sums.cellsOf(first+i, t.Form)
		if bucket[i] {
			t.Buckets = append(t.Buckets, parts[i])
		} else {
			t.Parts = append(t.Parts, parts[i])
		}
	}
	byName := func(a, b Part) int {
		return slices.Compare([]string{a.Unit.Key, a.Unit.Name, a.Unit.ID}, []string{b.Unit.Key, b.Unit.Name, b.Unit.ID})
	}
	slices.SortFunc(t.Parts, byName)
	slices.SortFunc(t.Buckets, byName)
}

// Sum adds parts up, cell by cell. A cell is missing where it is in all of them.
func Sum(f *Form, parts []Part) Cells {
	sum := NewCells(len(f.Cells))
	for i := range f.Cells {
		for _, part := range parts {
			if v, ok := part.Cells.Get(i); ok {
				had, _ := sum.Get(i)
				sum.Set(i, had+v)
			}
		}
	}
	return sum
}

// RatioOf is a ratio of two cells, in hundredths of a percent, and whether
// both are known and the whole is not zero.
func (t *Totals) RatioOf(i Indicator, r Ratio, cells Cells) (hundredths int64, ok bool) {
	num, ok1 := t.Form.Index(cellOf(i, r.Num))
	den, ok2 := t.Form.Index(cellOf(i, r.Den))
	if !ok1 || !ok2 {
		return 0, false
	}
	n, ok1 := cells.Get(num)
	m, ok2 := cells.Get(den)
	if !ok1 || !ok2 || m == 0 {
		return 0, false
	}
	// Rounded half up, in whole numbers, so that every machine agrees.
	return (n*20000 + m) / (2 * m), true
}

// Hidden reports whether the parts of an indicator must not be published: when
// any of its cells is below its limit and not zero. Then only the total is
// shown, and "under 5" in place of a small one, so that the small cell cannot
// be found by subtraction.
func (t *Totals) Hidden(i Indicator) bool {
	if i.SecretBelow == 0 {
		return false
	}
	for n, c := range t.Form.Cells {
		if v, ok := t.Total.Get(n); ok && c.Indicator == i.Code && v > 0 && v < i.SecretBelow {
			return true
		}
	}
	return false
}
