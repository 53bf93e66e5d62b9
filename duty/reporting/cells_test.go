// SPDX-License-Identifier: Apache-2.0

package reporting

import "testing"

func TestSumTellsMissingFromZero(t *testing.T) {
	f := &Form{Cells: make([]Cell, 3)}
	one, two := NewCells(3), NewCells(3)
	one.Set(0, 4)
	two.Set(0, 5)
	two.Set(1, 0)
	sum := Sum(f, []Part{{Cells: one}, {Cells: two}, {}})
	if v, _ := sum.Get(0); v != 9 || sum.State(1) != Zero || sum.State(2) != Missing {
		t.Fatalf("%d, %v, %v", v, sum.State(1), sum.State(2))
	}
}
