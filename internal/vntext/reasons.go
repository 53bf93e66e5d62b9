// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"cmp"
	"slices"
)

// Reason is a place of the original text and how much it weighed for a label,
// above its mean weight for all labels, on the scale of the model's scores.
type Reason struct {
	Range
	Weight float32
}

// Reasons are the places of a text that weighed most for a label, at most n,
// the heaviest first. N-grams of all views that were made of the same bytes
// count together, and of places that overlap only the heaviest is given. A
// label that the model has not has no reasons.
func (m *Model) Reasons(text string, label, n int) []Reason {
	k := len(m.params.Labels)
	if label < 0 || label >= k {
		return nil
	}
	r := m.reader()
	defer m.readers.Put(r)
	views := r.views(text)
	grams := r.read(views)
	terms := r.count(grams)
	length := m.add(terms, make([]float32, k))
	if length == 0 {
		return nil
	}
	counts := make(map[uint32]uint32, len(terms))
	for _, t := range terms {
		counts[t.bucket] = t.count
	}
	weights := map[Range]float32{}
	for _, g := range grams {
		mean := float32(0)
		for j, w := range m.weights[int(g.bucket)*k : int(g.bucket)*k+k] {
			mean += float32(w) * m.Scale[j] / float32(k)
		}
		over := float32(m.weights[int(g.bucket)*k+label])*m.Scale[label] - mean
		share := m.Shape.weight(counts[g.bucket]) / float32(counts[g.bucket])
		weights[views[g.view].Original(int(g.from), int(g.to))] += float32(m.idf[g.bucket]) / length * share * over
	}
	return heaviest(weights, n)
}

func heaviest(weights map[Range]float32, n int) []Reason {
	all := make([]Reason, 0, len(weights))
	for at, w := range weights {
		if w > 0 {
			all = append(all, Reason{at, w})
		}
	}
	slices.SortFunc(all, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	var out []Reason
	for _, r := range all {
		if len(out) >= n {
			break
		}
		if !slices.ContainsFunc(out, func(o Reason) bool { return r.From < o.To && o.From < r.To }) {
			out = append(out, r)
		}
	}
	return out
}
