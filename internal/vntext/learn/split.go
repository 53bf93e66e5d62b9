// SPDX-License-Identifier: Apache-2.0

package learn

import (
	"cmp"
	"slices"
	"time"
)

// split is the indices of examples by what they are for.
type split struct {
	learn     []int
	calibrate []int
	held      []int
	cluster   []int // of each example
}

// divide holds back the newest clusters (of those that the current model has not
// seen, see Config.Since), and of the rest some to calibrate on.
// Clusters whose newest examples are of one instant come in an order that the
// seed gives.
func divide(examples []Example, cfg Config) split {
	texts := make([]string, len(examples))
	for i, e := range examples {
		texts[i] = e.Text
	}
	s := split{cluster: clusters(texts)}
	members := map[int][]int{}
	newest := map[int]time.Time{}
	seen := map[int]bool{} // the current model has had one of it
	var order []int
	for i, c := range s.cluster {
		if members[c] == nil {
			order = append(order, c)
		}
		members[c] = append(members[c], i)
		if examples[i].When.After(newest[c]) {
			newest[c] = examples[i].When
		}
		seen[c] = seen[c] || !cfg.Since.IsZero() && !examples[i].When.After(cfg.Since)
	}
	lot := func(c int) uint64 { return mix(uint64(c) ^ mix(cfg.Seed)) }
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(newest[b].Compare(newest[a]), cmp.Compare(lot(a), lot(b)))
	})
	want := int(cfg.Held * float64(len(examples)))
	if !cfg.Since.IsZero() {
		fresh := 0
		for _, c := range order {
			if !seen[c] {
				fresh += len(members[c])
			}
		}
		want = min(want, fresh/2)
	}
	var rest []int
	for _, c := range order {
		if len(s.held) < want && !seen[c] {
			s.held = append(s.held, members[c]...)
		} else {
			rest = append(rest, c)
		}
	}
	slices.SortFunc(rest, func(a, b int) int { return cmp.Compare(lot(a), lot(b)) })
	for _, c := range rest {
		if len(s.calibrate) < int(cfg.Calibrate*float64(len(examples)-len(s.held))) {
			s.calibrate = append(s.calibrate, members[c]...)
		} else {
			s.learn = append(s.learn, members[c]...)
		}
	}
	for _, part := range [][]int{s.learn, s.calibrate, s.held} {
		slices.Sort(part)
	}
	return s
}
