// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"cmp"
	"fmt"
	"slices"

	"lachan/internal/problem"
)

// Marks says with which tone and vowel marks a pattern is found.
type Marks string

// The marks of a pattern.
const (
	MarksOwn  Marks = ""     // as the pattern has them
	MarksLess Marks = "less" // also where the writer left out the tones, or all marks; another tone is another word
	MarksAny  Marks = "any"  // under whatever marks: for what is no Vietnamese word
)

// Pattern is a word or phrase to be found.
type Pattern struct {
	Text     string   `json:"text"`
	Label    string   `json:"label"`
	Marks    Marks    `json:"marks,omitempty"`
	Inside   bool     `json:"inside,omitempty"`   // also inside words
	Innocent []string `json:"innocent,omitempty"` // phrases around the pattern in which it means something else, each with the pattern in it
}

// Hit is where a pattern stands in the original text.
type Hit struct {
	Pattern int // index of those compiled
	Range
}

// Bounds of patterns.
const (
	MaxPatterns      = 100_000
	MaxPatternLength = 64 // letters, of a pattern and of an innocent phrase
)

// Patterns are many patterns, looked for at once. They are safe for use by
// several goroutines.
type Patterns struct {
	list   []Pattern
	marked *search // forms for the readings with marks
	bare   *search // and for those without
}

// search is an automaton with what its words are.
type search struct {
	words [][]rune
	forms []form
	index map[string][]int // spelling: forms, while it is built
	auto  *automaton
}

type form struct {
	pattern  int
	length   int
	innocent bool
	inside   bool
}

// Compile makes patterns ready. It reports code vntext/bad-pattern with a
// field "pattern N", counted from 1, for each that has no label, is empty or
// too long, or has an innocent phrase without the pattern in it.
func Compile(list []Pattern) (*Patterns, error) {
	bad := problem.New("vntext/bad-pattern")
	if len(list) > MaxPatterns {
		return nil, bad
	}
	p := &Patterns{list: slices.Clone(list), marked: &search{}, bare: &search{}}
	for i, one := range list {
		if !p.add(i, one) {
			bad.Field(fmt.Sprintf("pattern %d", i+1), "vntext/bad-pattern")
		}
	}
	if err := bad.OrNil(); err != nil {
		return nil, err
	}
	p.marked.auto = newAutomaton(p.marked.words)
	p.bare.auto = newAutomaton(p.bare.words)
	return p, nil
}

// Valid reports whether Compile takes a pattern.
func (one Pattern) Valid() bool {
	base := Base(one.Text)
	known := one.Marks == MarksOwn || one.Marks == MarksLess || one.Marks == MarksAny
	if one.Label == "" || !known || len(base) == 0 || len(base) > MaxPatternLength || len(Stripped(base)) == 0 {
		return false
	}
	return !slices.ContainsFunc(one.Innocent, func(text string) bool {
		phrase := Base(text)
		return len(phrase) > MaxPatternLength || !contains(Stripped(Squeezed(phrase)), Stripped(Squeezed(base)))
	})
}

func (p *Patterns) add(i int, one Pattern) bool {
	if !one.Valid() {
		return false
	}
	p.addForms(form{pattern: i, inside: one.Inside}, Base(one.Text), one.Marks)
	around := MarksLess
	if one.Marks == MarksAny {
		around = MarksAny
	}
	for _, text := range one.Innocent {
		p.addForms(form{pattern: i, innocent: true}, Base(text), around)
	}
	return true
}

// addForms adds each spelling in which a text of the readings may have v.
func (p *Patterns) addForms(f form, v View, marks Marks) {
	spellings := []View{v, Squeezed(v)}
	if marks == MarksLess {
		spellings = append(spellings, toneless(v), toneless(Squeezed(v)), Stripped(v), Stripped(Squeezed(v)))
	}
	for _, s := range spellings {
		p.marked.add(f, s)
	}
	if marks == MarksAny {
		p.bare.add(f, Stripped(v))
		p.bare.add(f, Stripped(Squeezed(v)))
	}
}

func (s *search) add(f form, v View) {
	word := make([]rune, len(v))
	for i, l := range v {
		word[i] = l.R
	}
	if s.index == nil {
		s.index = map[string][]int{}
	}
	f.length = len(word)
	for _, at := range s.index[string(word)] {
		if s.forms[at] == f {
			return
		}
	}
	s.index[string(word)] = append(s.index[string(word)], len(s.forms))
	s.words, s.forms = append(s.words, word), append(s.forms, f)
}

func contains(v, part View) bool {
	for i := 0; i+len(part) <= len(v); i++ {
		if sameText(v[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// Pattern is one of those compiled.
func (p *Patterns) Pattern(i int) Pattern { return p.list[i] }

// Find looks for all patterns in all readings of a text, which may be any
// bytes. Hits are in the order of the text; a pattern that several readings
// show at one place is one hit.
func (p *Patterns) Find(text string) []Hit {
	var hits []Hit
	innocent := map[int][]Range{}
	for _, reading := range markedViews(text) {
		hits = p.marked.find(reading, hits, innocent)
		if len(p.bare.words) > 0 {
			hits = p.bare.find(Stripped(reading), hits, innocent)
		}
	}
	for _, ranges := range innocent {
		reach(ranges)
	}
	hits = slices.DeleteFunc(hits, func(h Hit) bool { return within(innocent[h.Pattern], h.Range) })
	if len(hits) == 0 {
		return nil
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Pattern, b.Pattern))
	})
	return slices.Compact(hits)
}

// reach sorts ranges and lets each end where the farthest up to it ends, so
// that within needs one look.
func reach(ranges []Range) {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(ranges); i++ {
		ranges[i].To = max(ranges[i].To, ranges[i-1].To)
	}
}

// within reports whether one of the ranges holds all of r.
func within(ranges []Range, r Range) bool {
	after, _ := slices.BinarySearchFunc(ranges, r.From+1, func(a Range, from int) int { return cmp.Compare(a.From, from) })
	return after > 0 && ranges[after-1].To >= r.To
}

// find appends the hits in one reading to hits, and the innocent phrases to
// innocent.
func (s *search) find(v View, hits []Hit, innocent map[int][]Range) []Hit {
	s.auto.find(v, func(word int32, end int) {
		f := s.forms[word]
		from := end - f.length
		if !f.inside && (!v.edge(from) || !v.edge(end)) {
			return
		}
		at := v.Original(from, end)
		if f.innocent {
			innocent[f.pattern] = append(innocent[f.pattern], at)
			return
		}
		hits = append(hits, Hit{f.pattern, at})
	})
	return hits
}

// edge reports whether a word begins or ends before the letter at i, or none
// stands there.
func (v View) edge(i int) bool {
	return i == 0 || i == len(v) || !inWord(v[i-1].R) || !inWord(v[i].R)
}
