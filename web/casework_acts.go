// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/casework"
	"lachan/web/page"
)

// acts are what the reader may do now, the main one first.
func (c *visit) acts(v casework.CaseView) []page.Act {
	if !v.State.Open() || v.Mode == "offered" {
		return nil
	}
	about, path := c.about(v), casePath(v.ID)
	var out []page.Act
	add := func(key, action string, allowed bool) {
		if allowed && c.may(action, about) {
			out = append(out, page.Act{Key: key, Href: path + "/" + key, Main: len(out) == 0, Two: key == "close"})
		}
	}
	emergency := v.State == casework.StateEmergency
	add("measure", "casework.decide", emergency)
	about.Attrs["track"] = string(casework.TakedownTrack)
	add("block", "casework.decide", v.State != casework.StateResult)
	delete(about.Attrs, "track")
	add("answer", "casework.answer", true)
	add("refer", "casework.refer", true)
	add("measure", "casework.decide", !emergency)
	add("close", "casework.close", v.Mode == "owner" && !emergency && v.State != casework.StateResult)
	return out
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
