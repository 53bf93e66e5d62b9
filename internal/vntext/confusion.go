// SPDX-License-Identifier: Apache-2.0

package vntext

// Confusion counts labels decided for, by the label that was right.
type Confusion [][]int

// NewConfusion is empty, for k labels.
func NewConfusion(k int) Confusion {
	c := make(Confusion, k)
	for i := range c {
		c[i] = make([]int, k)
	}
	return c
}

// Add counts one decision.
func (c Confusion) Add(right, decided int) { c[right][decided]++ }

// F1 of each label, 0 to 1; 0 for one that was never right nor decided for.
func (c Confusion) F1() []float64 {
	out := make([]float64, len(c))
	for k := range c {
		right, decided := 0, 0
		for j := range c {
			right += c[k][j]
			decided += c[j][k]
		}
		if right+decided > 0 {
			out[k] = 2 * float64(c[k][k]) / float64(right+decided)
		}
	}
	return out
}

// MacroF1 is the mean of the labels' F1: each counts the same, however rare.
func (c Confusion) MacroF1() float64 {
	sum := 0.0
	for _, f := range c.F1() {
		sum += f
	}
	return sum / float64(len(c))
}

// Accuracy is the share of right decisions, 0 to 1.
func (c Confusion) Accuracy() float64 {
	right, all := 0, 0
	for i := range c {
		for j, n := range c[i] {
			all += n
			if i == j {
				right += n
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(right) / float64(all)
}
