// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strings"
	"time"

	"lachan/duty/casework"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/web/page"
)

// view reads a case with what the session has unlocked; everything sealed
// stays covered where it is locked.
func (c *visit) view(id string) (casework.CaseView, error) {
	u, err := c.s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil && !problem.Is(err, "identity/locked") {
		return casework.CaseView{}, err
	}
	return c.s.Casework.Case(c.r.Context(), c.who.Actor, u, id)
}

// covered reads a case without opening anything sealed: for an act, which
// shows nothing and leaves no "opened" in the ledger.
func (c *visit) covered(id string) (casework.CaseView, error) {
	return c.s.Casework.Case(c.r.Context(), c.who.Actor, nil, id)
}

// againCase shows the form of a case once more, with what the reader may see.
func (c *visit) againCase(name string, err error, id string, build func(v casework.CaseView) (drawn, error)) error {
	return c.again(name, err, func() (drawn, error) {
		v, err := c.view(id)
		if err != nil {
			return nil, err
		}
		return build(v)
	})
}

// casePage shows one case. Who opens a new case for the first time has looked
// at it, which is what the clock of the first look asks for.
func (s *Server) casePage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if v.State == casework.StateNew && !v.Locked && !v.NoKey && c.may("casework.triage", c.about(v)) {
		if err := s.Casework.Look(c.r.Context(), c.who.Actor, v.ID); err != nil {
			return err
		}
		if v, err = c.view(v.ID); err != nil {
			return err
		}
	}
	c.in("casework", v.Code)
	names, err := c.names(peopleOf(v)...)
	if err != nil {
		return err
	}
	p := page.Case{
		ID: v.ID, Code: v.Code, Title: c.caseTitle(v.Harms), Urgent: v.Urgent, Reports: len(v.Reports), Lead: c.unit(v.Owner).Name, State: c.p.T(v.State.Key()),
		Score: c.caseScore(v, c.may("casework.override", c.about(v)) && v.State.Open()), States: c.caseStates(v.State), Days: c.days(v, names), Parties: c.parties(v),
		Safe: c.safe(v), Locked: v.Locked, Acts: c.acts(v), Facts: c.facts(v, names), Ring: c.ring(v, names),
	}
	if v.NoKey {
		p.Sealed = c.unit(v.Owner).Name
	}
	c.parts(v, names, &p)
	p.Haste, p.HasteState = c.haste(v)
	p.Base = c.base
	return c.show("casework/case", p)
}

// peopleOf lists everybody whom the page of a case names.
func peopleOf(v casework.CaseView) []string {
	ids := []string{v.Handler}
	for _, e := range v.Events {
		ids = append(ids, e.Actor)
	}
	for _, p := range v.Proposals {
		ids = append(ids, p.By)
	}
	for _, r := range v.Rings {
		ids = append(ids, r.Person, r.StandIn, r.TakenBy)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// parts fills the lists of a case's page.
func (c *visit) parts(v casework.CaseView, names map[string]string, p *page.Case) {
	now := c.s.Clock.Now()
	for _, t := range v.Tracks {
		p.Tracks = append(p.Tracks, c.track(v, t))
	}
	for _, r := range v.Reports {
		words := strings.TrimSpace(r.Words.Words + "\n" + r.Words.More)
		if words == "" && r.Words.URL == "" {
			if why := r.Masks[casework.Narrative]; why != casework.MaskNone {
				words = c.p.T(why.Key())
			} else {
				words = c.p.T("web.case.nowords")
			}
		}
		p.Told = append(p.Told, page.Told{At: r.At, Code: v.Code, Who: c.teller(r), Words: words, URL: casework.Defang(r.Words.URL)})
	}
	for _, d := range v.Decisions {
		row := page.BlockRow{ID: d.ID, Domain: d.Domain, Basis: joined(d.Authority, d.Number, d.Dated), Until: d.Until, Provisional: d.Block == casework.BlockProvisional}
		switch {
		case d.Kind == "takedown":
			row.State, row.Until = c.p.T("casework.event.takedown"), d.At
		case !d.Lifted.IsZero():
			row.State, row.Until = c.p.T("casework.event.lifted")+": "+c.p.T(casework.LiftKey(d.LiftWhy)), d.Lifted
		case d.InForce(now):
			row.State = c.p.T(d.Block.Key())
			if c.may("casework.decide", c.about(v)) {
				row.Withdraw = casePath(v.ID) + "/withdraw"
				for _, why := range casework.LiftReasons() {
					row.Whys = append(row.Whys, page.Option{Value: why, Label: c.p.T(casework.LiftKey(why))})
				}
			}
		default:
			row.State = c.p.T("web.block.over")
		}
		p.Blocks = append(p.Blocks, row)
	}
	for _, f := range v.Referrals {
		p.Referrals = append(p.Referrals, c.referral(v, f))
	}
	for _, o := range v.Proposals {
		if !o.Waiting() {
			continue
		}
		two := page.TwoPerson{ID: o.ID, Act: c.p.T(o.Kind.Key()), First: names[o.By], At: o.At, Mine: o.By == c.who.Actor.Person}
		if c.maySecond(v, o) {
			two.Confirm = casePath(v.ID) + "/proposals"
		}
		p.Waiting = append(p.Waiting, two)
	}
	for _, l := range v.Links {
		other := l.Other
		if other == v.ID {
			other = l.Case
		}
		p.Links = append(p.Links, page.CaseRow{ID: other, Href: casePath(other), Title: c.p.T(casework.LinkKey(l.State)), Code: c.p.Date(l.At)})
	}
}

// maySecond reports whether the reader may be the second person of a proposal.
func (c *visit) maySecond(v casework.CaseView, o casework.Proposal) bool {
	r := c.about(v)
	r.Attrs["first_person"] = o.By
	action := "casework.decide"
	switch o.Kind {
	case casework.ProposeClose:
		action, r.Attrs["approving"] = "casework.close", true
	case casework.ProposeLower:
		action = "casework.override"
	}
	return o.By != c.who.Actor.Person && c.may(action, r)
}

func (c *visit) track(v casework.CaseView, t casework.TrackState) page.Track {
	out := page.Track{Kind: string(t.Track), Open: t.Open(), Clock: page.Clock{State: "wait", Wide: true, Rule: c.p.T("web.case.noclock")}}
	var first *casework.Clock
	for i, k := range v.Clocks {
		if k.Track == t.Track && k.Met.IsZero() && (first == nil || k.Due.Before(first.Due)) {
			first = &v.Clocks[i]
		}
	}
	if first != nil {
		out.Clock = c.clock(*first)
		out.Clock.Wide = true
	}
	switch {
	case !t.Open():
		out.Clock.State = "done"
		out.Note = c.p.T(casework.TrackEndKey(t.End))
	case !t.Registered.IsZero():
		out.Note = c.p.T("web.track.registered", "number", t.Number, "at", c.p.Date(t.Registered))
	default:
		out.Note = c.p.T("web.track.open", "at", c.p.Date(t.Opened))
	}
	return out
}

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
		last.Events = append(last.Events, page.Event{At: e.At, Kind: eventKind(e.Kind), Title: c.eventTitle(e), By: by, Quote: e.Note})
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
func (c *visit) eventTitle(e casework.EventRow) string {
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
	if v.Excluded > 0 {
		add("web.fact.excluded", c.p.Int(int64(v.Excluded)))
	}
	return out
}

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
