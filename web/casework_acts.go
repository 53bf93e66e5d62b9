// SPDX-License-Identifier: Apache-2.0

package web

import (
	"maps"
	"slices"

	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

// caseAct is something that is done with a case on a page of its own. The bar
// of a case offers it and its page opens by the same rule; the service asks
// again when it is sent.
type caseAct struct {
	key    string // ui.act.*
	page   string // last part of its address; "": the key
	action string // of the policies
	attrs  map[string]any
	two    bool // it waits for a second person
	when   func(v casework.CaseView) bool
}

// shown is how many acts stand in the bar, the main one among them; all others
// are behind "other acts", which is the fourth.
const shown = 3

// caseActs lists the acts by how soon one is likely to want them. What comes
// first of those allowed is the main one.
func caseActs() []caseAct {
	const decide, triage, end = "casework.decide", "casework.triage", "casework.close"
	takedown := map[string]any{"track": string(casework.TakedownTrack)}
	head := map[string]any{"approving": true}
	road := func(act casework.Act) func(casework.CaseView) bool {
		return func(v casework.CaseView) bool { return slices.Contains(v.Acts, act) }
	}
	owner := func(v casework.CaseView) bool { return v.Mode == "owner" }
	open := func(v casework.CaseView) bool { return v.State.Open() }
	both := func(a, b func(casework.CaseView) bool) func(casework.CaseView) bool {
		return func(v casework.CaseView) bool { return a(v) && b(v) }
	}
	emergency := func(v casework.CaseView) bool { return v.State == casework.StateEmergency }
	ended := func(v casework.CaseView) bool {
		return !slices.ContainsFunc(v.Tracks, casework.TrackState.Open)
	}
	not := func(a func(casework.CaseView) bool) func(casework.CaseView) bool {
		return func(v casework.CaseView) bool { return !a(v) }
	}
	closing := both(owner, road(casework.ActPropose))
	return []caseAct{
		{key: "measure", action: decide, when: emergency},
		{key: "resume", action: end, attrs: head, when: road(casework.ActResume)},
		{key: "reopen", action: triage, when: func(v casework.CaseView) bool {
			return v.MergedInto == "" && slices.Contains(v.Acts, casework.ActReopen)
		}},
		{key: "close", action: end, two: true, when: both(closing, ended)},
		{key: "block", action: decide, attrs: takedown, when: road(casework.ActHandle)},
		{key: "answer", action: "casework.answer", when: open},
		{key: "refer", action: "casework.refer", when: open},
		{key: "measure", action: decide, when: both(road(casework.ActMeasure), not(emergency))},
		{key: "close", action: end, two: true, when: both(closing, not(ended))},
		{key: "assign", action: triage, when: both(owner, open)},
		{key: "tracks", action: decide, attrs: takedown, when: road(casework.ActHandle)},
		{key: "override", page: "score", action: "casework.override", when: open},
		{key: "merge", action: decide, two: true, when: both(owner, road(casework.ActMergeAway))},
		{key: "contact", action: "casework.override", when: open},
		{key: "exclude", action: triage, when: open},
		{key: "suspend", action: end, attrs: head, when: road(casework.ActSuspend)},
	}
}

// permitted asks the policies about an act on a case.
func (c *visit) permitted(a caseAct, v casework.CaseView) error {
	about := c.about(v)
	maps.Copy(about.Attrs, a.attrs)
	_, err := c.s.Authz.Check(c.r.Context(), c.who.Actor, a.action, about)
	return err
}

// acts are what the reader may do now: in the bar, the main one first, and
// behind it. A unit that was only offered the case accepts or returns it first.
func (c *visit) acts(v casework.CaseView) (bar, more []page.Act) {
	if v.Mode == "offered" {
		return nil, nil
	}
	for _, a := range caseActs() {
		if !a.when(v) || c.permitted(a, v) != nil {
			continue
		}
		if a.page == "" {
			a.page = a.key
		}
		act := page.Act{Key: a.key, Href: casePath(v.ID) + "/" + a.page, Main: len(bar) == 0, Two: a.two}
		if len(bar) < shown {
			bar = append(bar, act)
		} else {
			more = append(more, act)
		}
	}
	return bar, more
}

// offers reports whether the case's page offers an act to the reader.
func (c *visit) offers(v casework.CaseView, key string) bool { return c.openAct(v, key) == nil }

// openAct is nil where the reader may do an act now, and else why not: the
// policies' answer, or that the case stands elsewhere.
func (c *visit) openAct(v casework.CaseView, key string) (err error) {
	for _, a := range caseActs() {
		if a.key != key {
			continue
		}
		if err = c.permitted(a, v); err != nil {
			return err
		}
		if v.Mode != "offered" && a.when(v) {
			return nil
		}
	}
	return problem.New("casework/wrong-state", "act", key, "state", string(v.State))
}

// actView reads the case of a form, where the reader may fill it in now; it
// opens nothing sealed.
func (c *visit) actView(key string) (casework.CaseView, error) {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return v, err
	}
	return v, c.openAct(v, key)
}

// haste is the clock that is nearest, in words for the bar of decisions.
func (c *visit) haste(v casework.CaseView) (words, state string) {
	now := c.s.Clock.Now()
	var first *casework.Clock
	for i, k := range v.Clocks {
		if st := k.State(now); st != casework.ClockDone && st != casework.ClockPaused && (first == nil || k.Due.Before(first.Due)) {
			first = &v.Clocks[i]
		}
	}
	if first == nil || !v.State.Open() {
		return "", ""
	}
	if first.State(now) == casework.ClockLate {
		return c.p.T("web.haste.late", "rule", c.p.T(first.Key()), "span", c.p.Span(-first.Left(now))), "late"
	}
	return c.p.T("web.haste.left", "rule", c.p.T(first.Key()), "span", c.p.Span(first.Left(now))), string(first.State(now))
}

// ring is the call for somebody to come that nobody has answered yet.
func (c *visit) ring(v casework.CaseView, names map[string]string) *page.Ring {
	for _, r := range v.Rings {
		if r = r.At(c.s.Clock.Now()); r.Step == casework.RingTaken {
			continue
		}
		return &page.Ring{ID: r.ID, Step: c.p.T(r.Step.Key()), Who: joined(names[r.Person], names[r.StandIn]), Since: r.Opened, Red: r.Red(), Take: casePath(v.ID) + "/ring"}
	}
	return nil
}
