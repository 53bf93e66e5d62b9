// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"fmt"
	"slices"
	"strings"

	"lachan/internal/vntext/signs"
)

// Held is what a condition says of a finding. Where a value is missing nothing
// is said, and that spreads: Not of Missing is Missing, so that a rule about
// old domains does not take in every domain of unknown age.
type Held int

// What a condition can say; All is the least of its parts, Any the greatest.
const (
	No      Held = -1
	Missing Held = 0
	Yes     Held = 1
)

// Because is one test of a rule and what it met, without a word of the finding.
type Because struct {
	Cond
	Place string  `json:"place"` // when.all[2].score
	Value float64 `json:"value"`
	Held  Held    `json:"held"`
	Not   bool    `json:"inverted,omitempty"` // it stands under a not
}

// met is a finding as rules see it.
type met struct {
	f      *Features
	source string // id
}

// holds says whether the condition holds of m.
func (c *Cond) holds(m met) Held {
	switch {
	case c.All != nil:
		h := Yes
		for i := range c.All {
			if h = min(h, c.All[i].holds(m)); h == No {
				break
			}
		}
		return h
	case c.Any != nil:
		h := No
		for i := range c.Any {
			if h = max(h, c.Any[i].holds(m)); h == Yes {
				break
			}
		}
		return h
	case c.Not != nil:
		return -c.Not.holds(m)
	}
	_, h := c.test(m)
	return h
}

// test says what one test meets, and whether that is enough.
func (c *Cond) test(m met) (value float64, held Held) {
	value, known := c.value(m)
	switch {
	case !known && c.Unknown:
		return value, Yes
	case !known:
		return value, Missing
	case c.Is == "domain_age":
		return value, heldIf(value < c.Least)
	case c.Least == 0: // one that is there or not
		return value, heldIf(value > 0)
	}
	return value, heldIf(value >= c.Least)
}

func heldIf(b bool) Held {
	if b {
		return Yes
	}
	return No
}

// value is the number that a test compares; known is false where the finding
// does not have it.
func (c *Cond) value(m met) (v float64, known bool) {
	f := m.f
	switch c.Is {
	case "score":
		return f.Signs.Scores[signs.Label(c.Label)], true
	case "listed":
		return one(slices.Contains(f.Signs.Listed, signs.Label(c.Label)))
	case "patterns":
		n := 0
		for _, id := range f.Signs.Patterns {
			n += flag(patternOf(id, c.Label))
		}
		return float64(n), true
	case "pattern":
		_, found := slices.BinarySearch(f.Signs.Patterns, c.Ref)
		return one(found)
	case "course":
		if c.Ref != "" {
			return f.Signs.Courses[c.Ref], true
		}
		for _, strength := range f.Signs.Courses {
			v = max(v, strength)
		}
		return v, true
	case "model":
		for _, one := range f.Signs.Models {
			if string(one.Label) == c.Label && (c.Ref == "" || one.Model == c.Ref) {
				v, known = max(v, one.Probability), true
			}
		}
		return v, known
	case "hit":
		// The gravest hit that is near enough.
		for i := range f.Hits {
			if h := &f.Hits[i]; h.Distance <= c.Most && (h.Bank == c.Ref || c.Ref == "" && h.Bank != DecidedHarmless) {
				v = max(v, float64(h.Severity))
			}
		}
		return v, true
	case "hits":
		return float64(harmfulHits(f)), true
	case "lookalike":
		return f.Lookalike, true
	case "domain_age":
		return float64(f.DomainAge), f.DomainAge >= 0
	case "reach":
		return float64(f.Reach), f.Reach >= 0
	case "reports":
		return float64(f.Reports), true
	case "again":
		return float64(f.Again), true
	case "host_recent":
		return float64(f.HostRecent), true
	case "pictures":
		return float64(f.Pictures), true
	case "films":
		return float64(f.Films), true
	case "kind":
		return one(string(f.Kind) == c.Ref)
	case "source":
		return one(c.Ref == m.source || c.Ref == f.Source)
	case "marked":
		return one(slices.ContainsFunc(f.Marked, func(is string) bool {
			_, mark, _ := strings.Cut(is, ":")
			return mark == c.Ref
		}))
	}
	return 0, false // clean lets no other through
}

func one(b bool) (float64, bool) { return float64(flag(b)), true }

// patternOf: the id of a pattern begins with its label.
func patternOf(id, label string) bool {
	at := strings.LastIndexByte(id, '-')
	return at >= 0 && id[:at] == label
}

// harmfulHits leaves out what was judged harmless before.
func harmfulHits(f *Features) (n int) {
	for i := range f.Hits {
		n += flag(f.Hits[i].Bank != DecidedHarmless)
	}
	return n
}

// tests lists every test of the condition with its place, once for all
// findings.
func (c *Cond) tests() []Because {
	var all []Because
	c.walk("when", false, func(c *Cond, place string, inverted bool) {
		all = append(all, Because{Cond: *c, Place: place + "." + c.Is, Not: inverted})
	})
	return all
}

// because fills in what the tests of a rule met.
func because(tests []Because, m met) []Because {
	all := slices.Clone(tests)
	for n := range all {
		all[n].Value, all[n].Held = all[n].test(m)
	}
	return all
}

// walk calls do for each test with its place; inverted is whether it stands
// under an odd number of nots.
func (c *Cond) walk(place string, inverted bool, do func(c *Cond, place string, inverted bool)) {
	for i := range c.All {
		c.All[i].walk(fmt.Sprintf("%s.all[%d]", place, i), inverted, do)
	}
	for i := range c.Any {
		c.Any[i].walk(fmt.Sprintf("%s.any[%d]", place, i), inverted, do)
	}
	if c.Not != nil {
		c.Not.walk(place+".not", !inverted, do)
	}
	if c.Is != "" {
		do(c, place, inverted)
	}
}
