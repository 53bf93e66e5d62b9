// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"math"

	"lachan/internal/problem"
)

// Calibrate learns from examples that the model has not been trained on how
// sure it may be (one temperature for all scores) and by how much each label
// is to be preferred, so that the mean of the labels' F1 is best: a rare label
// counts as much as a frequent one. Probabilities do not take part in the
// preference. It reports code vntext/bad-training where an example has no
// label of the model or none is given.
func (m *Model) Calibrate(held []Example) error {
	k := len(m.params.Labels)
	if len(held) == 0 || !inRange(held, k) {
		return problem.New("vntext/bad-training")
	}
	scores, want := m.scoresOf(held)
	m.Temperature = temperature(scores, want)
	for _, s := range scores {
		for j := range s {
			s[j] /= m.Temperature
		}
	}
	m.Offset = offsets(scores, want, k)
	return nil
}

func (m *Model) scoresOf(examples []Example) (scores [][]float32, want []int) {
	r := m.reader()
	defer m.readers.Put(r)
	for _, e := range examples {
		scores = append(scores, m.logits(r.count(r.read(r.views(e.Text)))))
		want = append(want, e.Label)
	}
	return scores, want
}

// temperature is the divisor of scores with which the right labels are least
// surprising, between 1/8 and 8; the loss has one lowest point.
func temperature(scores [][]float32, want []int) float32 {
	p := make([]float32, len(scores[0]))
	loss := func(log float64) float64 {
		t, sum := float32(math.Exp2(log)), 0.0
		for i, s := range scores {
			for j := range s {
				p[j] = s[j] / t
			}
			softmax(p)
			sum -= math.Log(max(float64(p[want[i]]), 1e-12))
		}
		return sum
	}
	low, high := -3.0, 3.0
	for high-low > 0.01 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if loss(a) < loss(b) {
			high = b
		} else {
			low = a
		}
	}
	return float32(math.Exp2((low + high) / 2))
}

// The search for offsets: rounds over the labels, and a grid that each label's
// offset is looked for on.
const (
	offsetRounds = 3
	offsetReach  = 30 // steps to each side
	offsetStep   = 0.1
	offsetBlur   = 3 // steps to each side that a point is averaged with
)

// offsets looks for each label's offset in turn. The score at a point is the
// mean with its neighbours, since the highest single point of a jagged curve
// is luck of the held-out examples.
func offsets(scores [][]float32, want []int, k int) []float32 {
	best := make([]float32, k)
	for range offsetRounds {
		for j := 1; j < k; j++ { // the first is the measure of the others
			curve := make([]float64, 2*offsetReach+1)
			for i := range curve {
				best[j] = offsetStep * float32(i-offsetReach)
				c := NewConfusion(k)
				for n, s := range scores {
					c.Add(want[n], decide(s, best))
				}
				curve[i] = c.MacroF1()
			}
			top, at := -1.0, 0
			for i := range curve {
				sum, n := 0.0, 0
				for d := max(0, i-offsetBlur); d <= min(len(curve)-1, i+offsetBlur); d++ {
					sum, n = sum+curve[d], n+1
				}
				if mean := sum / float64(n); mean > top {
					top, at = mean, i
				}
			}
			best[j] = offsetStep * float32(at-offsetReach)
		}
	}
	return best
}
