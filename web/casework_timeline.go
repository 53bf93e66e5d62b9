// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strings"
	"time"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/web/page"
)

// caseStates is the road of a case in five steps; where it stands off the
// road (an emergency, a hand-over) it stands beside the nearest.
func (c *visit) caseStates(now casework.State) []page.State {
	road := []casework.State{casework.StateNew, casework.StateTriage, casework.StateHandling, casework.StateResult, casework.StateClosed}
	at := map[casework.State]int{
		casework.StateNew: 0, casework.StateTriage: 1, casework.StateEmergency: 1, casework.StateOffered: 1, casework.StateAccepted: 2,
		casework.StateHandling: 2, casework.StateSuspended: 2, casework.StateReopened: 2, casework.StateResult: 3, casework.StateConcluded: 3, casework.StateClosed: 4,
	}[now]
	out := make([]page.State, len(road))
	for i, st := range road {
		out[i] = page.State{Name: c.p.T(st.Key()), Is: "next"}
		switch {
		case i < at || now == casework.StateClosed:
			out[i].Is = "done"
		case i == at:
			out[i].Name, out[i].Is = c.p.T(now.Key()), "now"
		}
	}
	return out
}

// days groups the timeline, newest first.
func (c *visit) days(v casework.CaseView, names map[string]string) []page.Day {
	var out []page.Day
	evidence := v.Mode != "offered" && c.may("detection.capture", authz.Resource{Type: "detection.item", Attrs: map[string]any{"case_units": []string{c.who.Actor.Unit}}})
	for _, e := range v.Events {
		on := e.At.In(clock.Vietnam)
		day := time.Date(on.Year(), on.Month(), on.Day(), 0, 0, 0, 0, clock.Vietnam)
		if len(out) == 0 || !out[len(out)-1].On.Equal(day) {
			out = append(out, page.Day{On: day})
		}
		last := &out[len(out)-1]
		by := names[e.Actor]
		if e.Unit != "" {
			by = joined(by, c.unit(e.Unit).Name)
		}
		event := page.Event{At: e.At, Kind: eventKind(e.Kind), Title: c.eventTitle(e, names), By: by, Quote: e.Note}
		if e.Kind == "exhibit" && e.Details["sha256"] != "" && evidence {
			event.Href, event.Link = itemPath(e.Details["item"])+"/capture?case="+v.ID, c.p.T("detection.item.capture.get")
		}
		last.Events = append(last.Events, event)
	}
	return out
}

func eventKind(kind string) string {
	switch kind {
	case "blocked", "lifted", "takedown", "closed", "agreed", "refused", "measure":
		return "decision"
	case "received", "replied":
		return "child"
	case "raised", "proposed", "unanswered":
		return "need"
	default:
		return "event"
	}
}

// eventTitle adds to an event's name the one thing that tells it from others
// of its kind.
func (c *visit) eventTitle(e casework.EventRow, names map[string]string) string {
	title, what := c.p.T(e.Key()), ""
	switch {
	case e.Details["domain"] != "":
		what = e.Details["domain"]
	case e.Details["measure"] != "":
		what = c.p.T(casework.MeasureKey(e.Details["measure"]))
	case e.Details["outcome"] != "":
		what = c.p.T(casework.Outcome(e.Details["outcome"]).Key())
	case casework.Track(e.Details["track"]).Valid():
		what = c.p.T(casework.Track(e.Details["track"]).Key())
		if end := e.Details["end"]; end != "" {
			what = joined(what, c.p.T(casework.TrackEndKey(end)))
		}
	case e.Details["clock"] != "":
		what = joined(c.p.T(casework.Clock{Code: e.Details["clock"]}.Key()), c.p.T(casework.ClockKindKey(e.Details["kind"])))
	case e.Kind == "linked":
		what = c.p.T(casework.LinkKey(e.Details["state"]))
	case e.Details["handler"] != "":
		what = names[e.Details["handler"]]
	}
	if what == "" {
		return title
	}
	return title + ": " + what
}

func (c *visit) facts(v casework.CaseView, names map[string]string) []page.KV {
	out := []page.KV{{Key: c.p.T("web.fact.received"), Value: c.p.DateTime(v.Received)}}
	add := func(key, value string) {
		if value != "" {
			out = append(out, page.KV{Key: c.p.T(key), Value: value})
		}
	}
	if v.Place != "" {
		add("web.fact.place", c.unit(v.Place).Name)
	}
	var harms, mediums []string
	for _, h := range v.Harms {
		harms = append(harms, c.p.T(h.Key()))
	}
	danger := casework.Skipped
	for _, r := range v.Reports {
		for _, m := range r.Mediums {
			if word := c.p.T(m.Key()); !slices.Contains(mediums, word) {
				mediums = append(mediums, word)
			}
		}
		if danger != casework.Yes && r.Danger != casework.Skipped {
			danger = r.Danger
		}
	}
	add("web.fact.harms", strings.Join(harms, ", "))
	add("web.fact.mediums", strings.Join(mediums, ", "))
	add("web.fact.danger", c.p.T(danger.Key()))
	add("web.fact.handler", names[v.Handler])
	if v.Outcome.Valid() {
		add("web.fact.outcome", c.p.T(v.Outcome.Key()))
	}
	if code := c.codeOf(v.MergedInto); code != "" {
		out = append(out, page.KV{Key: c.p.T("web.fact.merged"), Value: code, Href: casePath(v.MergedInto)})
	}
	if v.Excluded > 0 {
		add("web.fact.excluded", c.p.Int(int64(v.Excluded)))
	}
	return out
}

// codeOf is the code of a case that the reader may know of, "" for any other.
func (c *visit) codeOf(id string) string {
	if id == "" {
		return ""
	}
	v, err := c.covered(id)
	if err != nil {
		return ""
	}
	return v.Code
}
