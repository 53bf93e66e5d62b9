// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
)

// series is one figure from each seed.
type series []float64

func (s *series) add(v float64) { *s = append(*s, v) }

func (s series) mean() float64 {
	sum := 0.0
	for _, v := range s {
		sum += v
	}
	return sum / float64(len(s))
}

// spread is the standard deviation of the sample; 0 of a single figure.
func (s series) spread() float64 {
	if len(s) < 2 {
		return 0
	}
	sum, mean := 0.0, s.mean()
	for _, v := range s {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(s)-1))
}

func (s series) most() float64 { return slices.Max(s) }

func (s series) String() string { return fmt.Sprintf("%5.2f ± %.2f", s.mean(), s.spread()) }

// bins of confidence that a calibration error is summed over.
const bins = 15

// reliability counts how often a model that is so sure is right.
type reliability struct {
	n, right [bins]int
	sure     [bins]float64
}

func (r *reliability) add(probabilities []float32, right int) {
	best := 0
	for k, p := range probabilities {
		if p > probabilities[best] {
			best = k
		}
	}
	p := float64(probabilities[best])
	bin := min(int(p*bins), bins-1)
	r.n[bin]++
	r.sure[bin] += p
	if best == right {
		r.right[bin]++
	}
}

// ece is the expected calibration error, 0 to 1: by how much the confidence of
// the likeliest label is off in the mean.
func (r *reliability) ece() float64 {
	all, sum := 0, 0.0
	for i := range r.n {
		all += r.n[i]
		sum += math.Abs(r.sure[i] - float64(r.right[i]))
	}
	if all == 0 {
		return 0
	}
	return sum / float64(all)
}
