// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"slices"
	"strings"

	"lachan/internal/vntext/signs"
)

// loadedRule is a version that is evaluated on every finding.
type loadedRule struct {
	name    string
	version int
	staged  bool
	body    RuleBody
	tests   []Because // of the condition
}

func newLoaded(name string, version int, state RuleState, body RuleBody) *loadedRule {
	return &loadedRule{name: name, version: version, staged: state == RuleStaged, body: body, tests: body.When.tests()}
}

// Effect is what a rule did to one finding, or would have done.
type Effect string

// The effects, the strongest first; an effect that changed nothing (a tier that
// was reached already) is NoEffect.
const (
	LeftOut  Effect = "left_out"
	Queued   Effect = "queued"
	Raised   Effect = "raised"
	Marked   Effect = "marked"
	NoEffect Effect = "none"
)

// Key is the locale key of the effect's name.
func (e Effect) Key() string { return "detection.rules.effect." + string(e) }

// RuleHit is a rule that held of a finding.
type RuleHit struct {
	Rule    string
	Title   string // of the newest version
	Version int
	Staged  bool
	Effect  Effect
	Why     []Because
	then    Effects
}

// based is the judgement before any rule of the province. What a person brought
// is looked at, whatever the machine says.
func (s *Service) based(f Features, brought bool) Judgement {
	j := s.judge(f)
	if brought && !j.Queue {
		return Judgement{Queue: true, Tier: Normal, Label: OtherLabel, Reasons: []Reason{{Code: "brought", Label: OtherLabel}}}
	}
	return j
}

// never are the labels of which nothing is ever left out: what a person misses
// there cannot be made good.
func never(label string) bool {
	return label == string(signs.Grooming) || label == string(signs.SelfHarm) || label == string(signs.Sexual)
}

// mayLeaveOut: a rule against noise has no force over what the house holds for
// urgent, over a known content, over a conversation that follows a course, over
// what a person brought, nor where words that cannot wait were found.
func (s *Service) mayLeaveOut(base Judgement, f *Features, brought bool) bool {
	if !base.Queue || brought || base.Tier < Normal || harmfulHits(f) > 0 || len(f.Signs.Courses) > 0 || never(base.Label) {
		return false
	}
	return !slices.ContainsFunc(base.Reasons, func(r Reason) bool { return never(r.Label) }) &&
		!slices.ContainsFunc(f.Signs.Listed, func(l signs.Label) bool { return never(string(l)) })
}

// raise puts the effects of rules on top of the built-in judgement. Rules may
// only raise: a rule that is written in haste, or by somebody who means ill,
// can cost reviewers time but hides nothing that the house holds grave. The
// outcome does not depend on the order of the rules.
func (s *Service) raise(base Judgement, hits []RuleHit) Judgement {
	j := base
	j.Reasons = slices.Clone(base.Reasons)
	for _, h := range hits {
		j.Queue = j.Queue || h.then.Queue
	}
	if !j.Queue {
		return base
	}
	for _, h := range hits {
		if !h.then.raises() {
			continue
		}
		if t, ok := tierNamed(h.then.Tier); ok {
			j.Tier = min(j.Tier, t)
		} else if h.then.Queue && !base.Queue {
			j.Tier = min(j.Tier, defaultTier)
		}
		j.Label = s.graver(base.Label, j.Label, h.then.Label)
	}
	if j.Label == "" {
		j.Label = OtherLabel
	}
	for _, h := range hits {
		if h.then.raises() {
			label := h.then.Label
			if label == "" {
				label = j.Label
			}
			j.Reasons = append(j.Reasons, Reason{Code: "rule", Label: label, Ref: h.Rule})
		}
	}
	slices.SortStableFunc(j.Reasons[len(base.Reasons):], func(a, b Reason) int { return strings.Compare(a.Ref, b.Ref) })
	return j
}

// graver is the label that a finding gets: that of the house unless a rule's is
// of more weight; among rules' of one weight the first by name.
func (s *Service) graver(base, now, offered string) string {
	weight := func(l string) int {
		if l == "" {
			return 0
		}
		return s.label(l).Severity
	}
	switch d := weight(offered) - weight(now); {
	case d > 0, d == 0 && now != base && offered != "" && offered < now:
		return offered
	}
	return now
}

// effect is what one rule alone makes of a finding.
func (s *Service) effect(base Judgement, f *Features, brought bool, then Effects) Effect {
	if then.LeaveOut {
		if s.mayLeaveOut(base, f, brought) {
			return LeftOut
		}
		return NoEffect
	}
	j := s.raise(base, []RuleHit{{then: then}})
	switch {
	case j.Queue && !base.Queue:
		return Queued
	case j.Tier < base.Tier, j.Label != base.Label:
		return Raised
	case then.Mark != nil:
		return Marked
	}
	return NoEffect
}

// weigh evaluates rules on a finding: what becomes of it, and which held.
func (s *Service) weigh(base Judgement, m met, brought bool, rules []*loadedRule) (Judgement, []RuleHit) {
	var hits, live []RuleHit
	for _, r := range rules {
		if r.body.When.holds(m) != Yes {
			continue
		}
		h := RuleHit{
			Rule: r.name, Version: r.version, Staged: r.staged, then: r.body.Then, Why: because(r.tests, m),
			Effect: s.effect(base, m.f, brought, r.body.Then),
		}
		hits = append(hits, h)
		if !r.staged {
			live = append(live, h)
		}
	}
	if len(live) == 0 {
		return base, hits
	}
	raises := func(h RuleHit) bool { return h.then.raises() }
	leaves := func(h RuleHit) bool { return h.Effect == LeftOut }
	if slices.ContainsFunc(live, leaves) {
		if !slices.ContainsFunc(live, raises) {
			return Judgement{Tier: Low}, hits
		}
		// Who wants it seen is heard before who wants it left out.
		for i := range hits {
			if hits[i].Effect == LeftOut && !hits[i].Staged {
				hits[i].Effect = NoEffect
			}
		}
	}
	return s.raise(base, live), hits
}
