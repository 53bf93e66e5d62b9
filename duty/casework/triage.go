// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"encoding/json"
	"fmt"
	"slices"

	"lachan/duty"
)

// Tier groups scores by what must follow.
type Tier string

// The tiers, with the lowest score of each in data/weights.json.
const (
	Immediate Tier = "immediate" // ring the person on call
	Urgent    Tier = "urgent"    // within 24 hours
	Standard  Tier = "standard"  // this week
	Monitor   Tier = "monitor"   // looked at again within 30 days
)

// Key is the locale key of the tier's name.
func (t Tier) Key() string { return "casework.tier." + string(t) }

// Prior is an earlier report about the same address, account or phone.
type Prior struct {
	Reporter  string // keyed hash of a contact, or kind and age of who told
	Unfounded bool   // its case was closed as unfounded: it leaves no stain
}

// Facts is all that the score rests on. It holds no text.
type Facts struct {
	Danger     Answer
	StillWith  Answer // is the person reported with the child now
	Harms      []Harm
	Cues       []Cue
	Ages       duty.Ages // of the child; 0 where nobody said
	Relation   Relation
	Reporter   ReporterKind
	ReporterID string // as in Prior
	Prior      []Prior
	Addresses  int  // links and accounts told
	KnownHash  bool // a picture already known
	Generated  bool // said to be made by a machine; never lowers
	Unreadable bool // nothing to read, a language that we do not know, an import that failed
}

// Factor is one reason for the score. Every factor is listed, applied or not.
type Factor struct {
	Code    string `json:"code"`
	Points  int    `json:"points"` // 0 where it does not apply
	Applied bool   `json:"applied"`
	Fact    string `json:"fact,omitempty"` // what it rests on: an enumeration's value
}

// Key is the locale key of the factor's reason.
func (f Factor) Key() string { return "casework.factor." + f.Code }

// Score is the explained result of triage, 0 to 100.
type Score struct {
	Points  int      `json:"points"`
	Tier    Tier     `json:"tier"`
	Floor   string   `json:"floor,omitempty"` // the highest floor that was hit
	Floors  []string `json:"floors,omitempty"`
	Factors []Factor `json:"factors"`
	Weights string   `json:"weights"`
}

// Emergency reports whether a hard floor was hit: the emergency track opens by
// itself, and no machine lowers the score again.
func (s Score) Emergency() bool { return s.Floor != "" && s.Floor != failsafe }

// failsafe is the floor of what could not be read: a person looks, nobody rings.
const failsafe = "failsafe"

// Weights is one version of the points. It does not change after loading.
type Weights struct {
	Version  string         `json:"version"`
	Points   map[string]int `json:"points"`
	Floors   map[string]int `json:"floors"`
	FailSafe int            `json:"failsafe"`
	Tiers    map[Tier]int   `json:"tiers"`
}

// LoadWeights reads the embedded weights and checks that every factor and
// floor of the code has a value and none is negative: an aggravating fact can
// then never lower a score.
func LoadWeights() (*Weights, error) {
	data, err := dataFiles.ReadFile("data/weights.json")
	if err != nil {
		return nil, fmt.Errorf("casework: weights: %w", err)
	}
	return parseWeights(data)
}

func parseWeights(data []byte) (*Weights, error) {
	var w Weights
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("casework: weights: %w", err)
	}
	for _, r := range rules() {
		if p, ok := w.Points[r.code]; !ok || p < 0 {
			return nil, fmt.Errorf("casework: weights %s: factor %s needs points of 0 or more", w.Version, r.code)
		}
	}
	for _, f := range floors() {
		if p := w.Floors[f.code]; p < 1 || p > 100 {
			return nil, fmt.Errorf("casework: weights %s: floor %s must be 1 to 100", w.Version, f.code)
		}
	}
	if w.Version == "" || w.FailSafe < w.Tiers[Urgent] || w.Tiers[Immediate] <= w.Tiers[Urgent] || w.Tiers[Urgent] <= w.Tiers[Standard] || w.Tiers[Standard] <= 0 {
		return nil, fmt.Errorf("casework: weights %s: tiers must fall, and what cannot be read must be urgent", w.Version)
	}
	return &w, nil
}

// TierOf is the tier of a score.
func (w *Weights) TierOf(points int) Tier {
	for _, t := range []Tier{Immediate, Urgent, Standard} {
		if points >= w.Tiers[t] {
			return t
		}
	}
	return Monitor
}

// Score computes the explained score of the facts: a sum of factors, cut at
// 100, never below the highest floor that was hit. It is a pure function; the
// order of the facts is irrelevant.
func (w *Weights) Score(f Facts) Score {
	s := Score{Weights: w.Version}
	sum := 0
	for _, r := range rules() {
		fact, applied := r.applies(f)
		factor := Factor{Code: r.code, Applied: applied}
		if applied {
			factor.Points, factor.Fact = w.Points[r.code], fact
			sum += factor.Points
		}
		s.Factors = append(s.Factors, factor)
	}
	s.Points = min(sum, 100)
	highest := 0
	for _, fl := range floors() {
		if !fl.hit(f) {
			continue
		}
		s.Floors = append(s.Floors, fl.code)
		if v := w.Floors[fl.code]; v > highest {
			s.Floor, highest = fl.code, v
		}
	}
	if f.Unreadable && highest == 0 {
		s.Floor, highest = failsafe, w.FailSafe
	}
	s.Points = max(s.Points, highest)
	s.Tier = w.TierOf(s.Points)
	return s
}

// FailSafe is the score where scoring itself failed: urgent, for a person.
func (w *Weights) FailSafeScore() Score {
	return Score{Points: w.FailSafe, Tier: w.TierOf(w.FailSafe), Floor: failsafe, Weights: w.Version}
}

type rule struct {
	code    string
	applies func(Facts) (fact string, ok bool)
}

func told(f Facts, cue Cue, harms ...Harm) (string, bool) {
	for _, h := range harms {
		if slices.Contains(f.Harms, h) {
			return string(h), true
		}
	}
	if cue != "" && slices.Contains(f.Cues, cue) {
		return "cue:" + string(cue), true
	}
	return "", false
}

func when(ok bool, fact string) (string, bool) {
	if !ok {
		return "", false
	}
	return fact, true
}

// rules are the factors in the order in which a page lists them.
func rules() []rule {
	by := func(cue Cue, harms ...Harm) func(Facts) (string, bool) {
		return func(f Facts) (string, bool) { return told(f, cue, harms...) }
	}
	return []rule{
		{"danger", func(f Facts) (string, bool) {
			return when(f.Danger == Yes || f.Danger == Unsure, string(f.Danger))
		}},
		{"child", func(f Facts) (string, bool) {
			return when(f.Ages != 0 && duty.Under18.Has(f.Ages), "under_18")
		}},
		// An age that nobody gave may be a child's: it counts less, not nothing.
		{"child_maybe", func(f Facts) (string, bool) {
			return when(f.Ages == 0 || f.Ages.Has(duty.AgeUnknown), "unknown")
		}},
		{"young_child", func(f Facts) (string, bool) {
			return when(f.Ages != 0 && (duty.Under6|duty.From6To10).Has(f.Ages), "under_11")
		}},
		{"meeting", by(CueMeeting, WantsMeeting)},
		{"threat", by(CueThreat, ThreatPictures)},
		{"pictures", by(CuePictures, AsksPictures, ThreatPictures)},
		{"self_harm", by(CueSelfHarm, SelfHarm)},
		{"sexual", by("", Sexual)},
		{"trafficking", by("", Trafficking)},
		{"violence", by("", Violence)},
		{"bullying", by("", Bullying)},
		{"secrets", by("", PrivateSecrets)},
		{"content", by("", HarmfulContent)},
		{"fraud", by("", Fraud)},
		{"ongoing", by(CueOngoing)},
		{"several", by(CueSeveral)},
		{"secrecy", by(CueSecrecy)},
		{"still_with", func(f Facts) (string, bool) { return when(f.StillWith == Yes, string(f.StillWith)) }},
		{"near", func(f Facts) (string, bool) { return when(f.Relation.Near(), string(f.Relation)) }},
		{"known_hash", func(f Facts) (string, bool) { return when(f.KnownHash, "hash") }},
		{"prior", func(f Facts) (string, bool) { return when(f.priorReporters() > 0, "other_reporter") }},
		{"identifiers", func(f Facts) (string, bool) { return when(f.Addresses > 0, "address") }},
		{"child_speaks", func(f Facts) (string, bool) { return when(f.Reporter.Child(), string(f.Reporter)) }},
		{"generated", func(f Facts) (string, bool) { return when(f.Generated, "told") }},
	}
}

// priorReporters counts other people who told of the same thing in cases that
// were not closed as unfounded. Repeating a report is not another person, so
// one angry reporter cannot raise a score.
func (f Facts) priorReporters() int {
	others := map[string]bool{}
	for _, p := range f.Prior {
		if !p.Unfounded && p.Reporter != "" && p.Reporter != f.ReporterID {
			others[p.Reporter] = true
		}
	}
	return len(others)
}

type floor struct {
	code string
	hit  func(Facts) bool
}

// floors are the facts under which somebody is rung at once. They rest on
// this report alone, never on earlier ones.
func floors() []floor {
	has := func(f Facts, cue Cue, harms ...Harm) bool { _, ok := told(f, cue, harms...); return ok }
	return []floor{
		{"danger_now", func(f Facts) bool { return f.Danger == Yes }},
		{"meeting_planned", func(f Facts) bool { return has(f, CueMeeting, WantsMeeting) }},
		{"self_harm_now", func(f Facts) bool { return has(f, CueSelfHarm, SelfHarm) }},
		{"picture_extortion", func(f Facts) bool {
			return has(f, "", ThreatPictures) || has(f, CueThreat) && has(f, CuePictures, AsksPictures)
		}},
		{"danger_unsure", func(f Facts) bool { return f.Danger == Unsure }},
		{"with_child", func(f Facts) bool {
			grave := has(f, "", Sexual, Violence, Trafficking)
			return f.StillWith == Yes || grave && f.Relation == Family && f.StillWith != No
		}},
	}
}
