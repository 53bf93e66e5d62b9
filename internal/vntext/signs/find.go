// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"slices"
	"unicode/utf8"

	"lachan/internal/vntext"
)

// Reach is how far, in letters of the original, a phrase may stand from a
// pattern that asks for it (with) or against it (without).
const Reach = 80

const maxWeight = 5

// Hit is where a pattern stands.
type Hit struct {
	*Entry
	Line int // index of the line read, 0 for a single text
	vntext.Range
}

// finder looks for all entries of a library at once.
type finder struct {
	entries  []Entry
	patterns *vntext.Patterns
	near     *vntext.Patterns // phrases of With and Without; nil if no entry has any
	with     [][]int          // of each entry: their numbers in near
	without  [][]int
}

func newFinder(entries []Entry) (*finder, error) {
	f := &finder{entries: entries}
	var list, near []vntext.Pattern
	numbers := map[string]int{}
	number := func(texts []string) []int {
		var out []int
		for _, t := range texts {
			if _, known := numbers[t]; !known {
				numbers[t] = len(near)
				near = append(near, nearby(t))
			}
			out = append(out, numbers[t])
		}
		return out
	}
	for _, e := range entries {
		list = append(list, e.Pattern)
		f.with = append(f.with, number(e.With))
		f.without = append(f.without, number(e.Without))
	}
	var err error
	if f.patterns, err = vntext.Compile(list); err != nil {
		return nil, err
	}
	if len(near) > 0 {
		f.near, err = vntext.Compile(near)
	}
	return f, err
}

// find is all hits in one line, in the order of the text.
func (f *finder) find(text string, line int) []Hit {
	var out []Hit
	var around []vntext.Hit
	looked := false
	for _, h := range f.patterns.Find(text) {
		with, without := f.with[h.Pattern], f.without[h.Pattern]
		if len(with)+len(without) > 0 && !looked {
			around, looked = f.near.Find(text), true
		}
		if len(with) > 0 && !beside(text, around, with, h.Range) || beside(text, around, without, h.Range) {
			continue
		}
		out = append(out, Hit{&f.entries[h.Pattern], line, h.Range})
	}
	return out
}

// beside reports whether one of the phrases stands within Reach of a place and
// not upon it.
func beside(text string, around []vntext.Hit, phrases []int, place vntext.Range) bool {
	return slices.ContainsFunc(around, func(a vntext.Hit) bool {
		if !slices.Contains(phrases, a.Pattern) || a.From < place.To && place.From < a.To {
			return false
		}
		from, to := a.To, place.From
		if a.From >= place.To {
			from, to = place.To, a.From
		}
		return to-from <= Reach*utf8.UTFMax && utf8.RuneCountInString(text[from:to]) <= Reach
	})
}

// strength of a weight, 0 to 1.
func strength(weight int) float64 {
	return [...]float64{0, 0.2, 0.35, 0.6, 0.8, 0.95}[min(max(weight, 0), maxWeight)]
}
