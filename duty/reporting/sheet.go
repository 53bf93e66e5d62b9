// SPDX-License-Identifier: Apache-2.0

package reporting

import "math"

// sheet is the cube of one form and year: a dense table of units and cells,
// four bytes a cell. 10,000 units with 360 cells are 14 MB; regrouping all of
// it along any map is one pass. A number too large for four bytes stands in a
// table beside. It is not safe for concurrent use.
type sheet struct {
	cells int
	row   map[string]int
	units []string
	flat  []int32
	large map[int]int64
}

// The two marks of flat that are no numbers.
const (
	cellMissing = math.MinInt32
	cellLarge   = math.MinInt32 + 1
)

func newSheet(cells int) *sheet {
	return &sheet{cells: cells, row: map[string]int{}, large: map[int]int64{}}
}

// put replaces a unit's row. A submission of an older form version, with
// fewer cells, leaves the rest missing.
func (s *sheet) put(unit string, c Cells) {
	r, ok := s.row[unit]
	if !ok {
		r = len(s.units)
		s.row[unit] = r
		s.units = append(s.units, unit)
		for range s.cells {
			s.flat = append(s.flat, cellMissing)
		}
	}
	for i := range s.cells {
		at := r*s.cells + i
		delete(s.large, at)
		v, ok := c.Get(i)
		switch {
		case !ok:
			s.flat[at] = cellMissing
		case v <= cellLarge || v > math.MaxInt32:
			s.flat[at], s.large[at] = cellLarge, v
		default:
			s.flat[at] = int32(v)
		}
	}
}

// get is one cell of one unit.
func (s *sheet) get(unit string, cell int) (int64, bool) {
	r, ok := s.row[unit]
	if !ok {
		return 0, false
	}
	return s.at(r*s.cells + cell)
}

func (s *sheet) at(i int) (int64, bool) {
	switch v := s.flat[i]; v {
	case cellMissing:
		return 0, false
	case cellLarge:
		return s.large[i], true
	default:
		return int64(v), true
	}
}

// groups is a regrouped sheet: sums and how many units reported, by group and
// cell.
type groups struct {
	cells int
	sum   []int64
	seen  []int32
}

// regroup adds the rows of each group. group[r] is the group of row r, below
// 0 for a row that is left out.
func (s *sheet) regroup(group []int32, n int) groups {
	g := groups{s.cells, make([]int64, n*s.cells), make([]int32, n*s.cells)}
	for r := range s.units {
		to := int(group[r])
		if to < 0 {
			continue
		}
		row := s.flat[r*s.cells : (r+1)*s.cells]
		sum := g.sum[to*s.cells : (to+1)*s.cells]
		seen := g.seen[to*s.cells : (to+1)*s.cells]
		for i, v := range row {
			if v > cellLarge {
				sum[i] += int64(v)
				seen[i]++
			} else if v == cellLarge {
				sum[i] += s.large[r*s.cells+i]
				seen[i]++
			}
		}
	}
	return g
}

// cellsOf reads one group as cells, by the way each cell is added: a cell
// that is never added is known only where one unit reported it, and of a
// distinct count a part is 1 if anybody used it and the total is how many
// parts were.
func (g groups) cellsOf(n int, form *Form) Cells {
	out := NewCells(g.cells)
	used := map[int]int64{}
	for i, c := range form.Cells {
		sum, seen := g.sum[n*g.cells+i], g.seen[n*g.cells+i]
		if seen == 0 {
			continue
		}
		switch c.Agg {
		case AggNone:
			if seen == 1 {
				out.Set(i, sum)
			}
		case AggDistinct:
			if c.Total >= 0 {
				one := min(sum, 1)
				used[c.Total] += one
				out.Set(i, one)
			} else {
				out.Set(i, sum)
			}
		default:
			out.Set(i, sum)
		}
	}
	for i, n := range used {
		out.Set(i, n)
	}
	return out
}
