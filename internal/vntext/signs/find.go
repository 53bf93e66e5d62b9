// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"slices"
	"strings"
	"unicode"
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
	of       []place          // of each pattern
	marked   []bool           // of each pattern: whether it has marks
	near     *vntext.Patterns // phrases of With and Without; nil if no entry has any
	with     [][]int          // of each entry: their numbers in near
	without  [][]int
}

// place is which part of which entry a pattern spells.
type place struct{ entry, part, last int }

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
	for i := range entries {
		for _, one := range entries[i].spellings() {
			list = append(list, one.Pattern)
			f.of = append(f.of, place{i, one.part, one.last})
			f.marked = append(f.marked, !plain(one.Text))
		}
		f.with = append(f.with, number(entries[i].With))
		f.without = append(f.without, number(entries[i].Without))
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
	for _, h := range f.joined(text) {
		with, without := f.with[h.entry], f.without[h.entry]
		if len(with)+len(without) > 0 && !looked {
			around, looked = f.near.Find(text), true
		}
		if len(with) > 0 && !beside(text, around, with, h) || beside(text, around, without, h) {
			continue
		}
		out = append(out, Hit{&f.entries[h.entry], line, h.Range})
	}
	slices.SortStableFunc(out, before)
	return merged(out)
}

// merged are hits with those of one entry that lie upon each other as one:
// several of its spellings may stand at one place.
func merged(hits []Hit) []Hit {
	last := map[*Entry]int{}
	out := hits[:0]
	for _, h := range hits {
		if i, seen := last[h.Entry]; seen && h.From < out[i].To {
			out[i].To = max(out[i].To, h.To)
			continue
		}
		last[h.Entry] = len(out)
		out = append(out, h)
	}
	return out
}

// standing is where all parts of an entry stand.
type standing struct {
	entry  int
	parted bool // there may be words between its parts
	vntext.Range
}

// joined puts the parts of entries together: of each part the last that was
// seen counts, and the next must follow it within Gap.
func (f *finder) joined(text string) []standing {
	var out []standing
	open := map[place]vntext.Range{} // from the first part to this one
	toned := inMarks(text)
	for _, h := range f.patterns.Find(text) {
		if at := text[h.From:h.To]; toned && f.marked[h.Pattern] && plain(at) && folded(at) == folded(f.patterns.Pattern(h.Pattern).Text) {
			continue // "qua" of somebody who writes marks is not "quà"
		}
		at := f.of[h.Pattern]
		all := h.Range
		if at.part > 0 {
			earlier, seen := open[place{at.entry, at.part - 1, at.last}]
			if !seen || earlier.To > h.From || !within(text, earlier.To, h.From, Gap) {
				continue
			}
			all.From = earlier.From
		}
		if at.part < at.last {
			open[at] = all
			continue
		}
		if n := len(out); n == 0 || out[n-1] != (standing{at.entry, at.last > 0, all}) {
			out = append(out, standing{at.entry, at.last > 0, all})
		}
	}
	return out
}

// plain reports whether a text has no letter with marks, nor any foreign one.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) })
}

// inMarks reports whether a text was typed with marks: two in five words have
// some, about half of what a text with all marks has.
func inMarks(text string) bool {
	all, with := 0, 0
	for word := range strings.FieldsSeq(text) {
		all++
		if !plain(word) {
			with++
		}
	}
	return all > 0 && 5*with >= 2*all
}

// within reports whether at most n letters stand between two places.
func within(text string, from, to, n int) bool {
	return to-from <= n*utf8.UTFMax && utf8.RuneCountInString(text[from:to]) <= n
}

// longest is how many bytes of the original a phrase near a pattern may take
// up, drawn out and with signs inside.
const longest = 1024

// beside reports whether one of the phrases stands within Reach of a place; of
// a pattern with parts, between them too, but of one without never upon it,
// since many a phrase is part of a pattern. around is in the order of the text.
func beside(text string, around []vntext.Hit, phrases []int, place standing) bool {
	first, _ := slices.BinarySearchFunc(around, place.From-Reach*utf8.UTFMax-longest, func(a vntext.Hit, from int) int { return a.From - from })
	for _, a := range around[first:] {
		if a.From > place.To+Reach*utf8.UTFMax {
			return false
		}
		if !slices.Contains(phrases, a.Pattern) {
			continue
		}
		if a.From < place.To && place.From < a.To {
			if place.parted {
				return true
			}
			continue
		}
		from, to := a.To, place.From
		if a.From >= place.To {
			from, to = place.To, a.From
		}
		if from <= to && within(text, from, to, Reach) {
			return true
		}
	}
	return false
}

func before(a, b Hit) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	if a.From != b.From {
		return a.From - b.From
	}
	return a.To - b.To
}

// strength of a weight, 0 to 1.
func strength(weight int) float64 {
	return [...]float64{0, 0.2, 0.35, 0.6, 0.8, 0.95}[min(max(weight, 0), maxWeight)]
}
