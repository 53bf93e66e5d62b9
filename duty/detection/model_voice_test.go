// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"math"
	"testing"

	"lachan/internal/vntext/learn"
)

// A model's word alone brings a text to a person only when it has shown enough.
func TestWhenAModelListsAlone(t *testing.T) {
	held := func(right, wrong int, p float32) (out []learn.Answer) {
		for i := range right + wrong {
			out = append(out, learn.Answer{Label: flag(i < right), Probabilities: []float32{1 - p, p}})
		}
		return out
	}
	quiet, loud := make([]float64, 400), make([]float64, 400)
	for i := range 3 {
		loud[i] = 0.75 // three of four hundred are more than one of two hundred
	}
	for _, c := range []struct {
		name      string
		held      []learn.Answer
		others    []float64
		threshold float64
		lists     bool
	}{
		{"sixteen of sixteen", held(16, 0, 0.6), quiet, 0.5, true},
		{"a young one, all right", held(15, 0, 0.6), quiet, 0.5, false},
		{"nine in ten of forty may be fewer than eight", held(36, 4, 0.6), quiet, 0.5, false},
		{"nine in ten of two hundred", held(180, 20, 0.6), quiet, 0.5, true},
		{"less than nine in ten", held(170, 30, 0.6), quiet, shyFrom, false},
		{"nothing above", held(100, 0, 0.4), quiet, shyFrom, false},
		{"surer is better", append(held(0, 30, 0.55), held(40, 0, 0.9)...), quiet, 0.6, true},
		{"neutral sentences are taken for it below", held(100, 0, 0.97), loud, 0.8, true},
		{"and above", held(100, 0, 0.72), loud, 0.5, false},
	} {
		if threshold, lists := speaks(c.held, c.others); threshold != c.threshold || lists != c.lists {
			t.Errorf("%s: from %v, lists %v; want %v, %v", c.name, threshold, lists, c.threshold, c.lists)
		}
	}
	for _, c := range []struct {
		right, n int
		low      float64
	}{{0, 0, 0}, {10, 10, 0.7225}, {81, 263, 0.2553}} {
		if got := wilson(c.right, c.n); math.Abs(got-c.low) > 5e-4 {
			t.Errorf("%d of %d: %v, want %v", c.right, c.n, got, c.low)
		}
	}
}
