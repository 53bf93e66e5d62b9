// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/casework"
	"lachan/web/page"
)

func (s *Server) tracksPage(c *visit) error {
	v, err := c.actView("tracks")
	if err != nil {
		return err
	}
	return c.show("casework/tracks", s.tracksForm(c, v, c.query("track"), "", page.Tracks{}))
}

// tracksForm offers the tracks on which the reader may decide, each with how it
// stands: a takedown officer decides on addresses, not on people.
func (s *Server) tracksForm(c *visit, v casework.CaseView, track, end string, p page.Tracks) page.Tracks {
	c.in("casework", v.Code)
	p.Base, p.ID, p.Code = c.base, v.ID, v.Code
	about := c.about(v)
	for _, t := range casework.Tracks() {
		if about.Attrs["track"] = string(t); !c.may("casework.decide", about) {
			continue
		}
		o := page.Option{Value: string(t), Label: c.p.T(t.Key()), Note: c.p.T("web.track.never"), On: string(t) == track}
		if i := slices.IndexFunc(v.Tracks, func(x casework.TrackState) bool { return x.Track == t }); i >= 0 {
			o.Note = c.trackNote(v.Tracks[i])
		}
		p.Tracks = append(p.Tracks, o)
		p.Criminal = p.Criminal || t == casework.Criminal
	}
	p.Ends = []page.Option{{Label: c.p.T("web.track.noend"), On: end == ""}}
	for _, e := range casework.TrackEnds() {
		p.Ends = append(p.Ends, page.Option{Value: e, Label: c.p.T(casework.TrackEndKey(e)), On: e == end})
	}
	return p
}

// setTrack opens a track, registers the criminal one under the unit's own
// number, or ends one.
func (s *Server) setTrack(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	track, end := c.form("track"), c.form("end")
	p := page.Tracks{Number: c.form("number"), UnitRef: c.form("unit"), Note: c.form("note")}
	err = s.Casework.SetTrack(c.r.Context(), c.who.Actor, casework.TrackCommand{
		Case: v.ID, Track: track, Number: p.Number, Unit: s.unitNamed(p.UnitRef), End: end, Note: p.Note,
	})
	if err != nil {
		return c.againCase("casework/tracks", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.tracksForm(c, v, track, end, p), nil })
	}
	return c.done(casePath(v.ID), "flash.case.track")
}

// trackNote says in words how a track stands.
func (c *visit) trackNote(t casework.TrackState) string {
	switch {
	case !t.Open():
		return c.p.T(casework.TrackEndKey(t.End))
	case !t.Registered.IsZero():
		return c.p.T("web.track.registered", "number", t.Number, "at", c.p.Date(t.Registered))
	default:
		return c.p.T("web.track.open", "at", c.p.Date(t.Opened))
	}
}

// track draws one track with its nearest clock.
func (c *visit) track(v casework.CaseView, t casework.TrackState) page.Track {
	out := page.Track{Kind: string(t.Track), Open: t.Open(), Note: c.trackNote(t), Clock: page.Clock{State: string(casework.ClockNone), Rule: c.p.T("web.case.noclock")}}
	var first *casework.Clock
	for i, k := range v.Clocks {
		if k.Track == t.Track && k.Met.IsZero() && (first == nil || k.Due.Before(first.Due)) {
			first = &v.Clocks[i]
		}
	}
	if first != nil {
		out.Clock = c.clock(*first)
	}
	out.Clock.Wide = true
	if !t.Open() {
		out.Clock.State = "done"
	}
	return out
}
