// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/web/page"
)

// caseworkRoutes is the queue and everything that is done with a case.
//
// Clauses: 2, 3, 5.1
func (s *Server) caseworkRoutes() []Route {
	const one = "/casework/cases/{id}"
	handle, block := []string{"2", "5.1"}, []string{"2", "3"}
	return []Route{
		{Method: http.MethodGet, Path: "/casework", Clauses: handle, Do: s.queue},
		{Method: http.MethodGet, Path: "/casework/intake", Clauses: handle, Do: s.intakePage},
		{Method: http.MethodPost, Path: "/casework/intake", Clauses: handle, Do: s.intake},
		{Method: http.MethodGet, Path: "/casework/roster", Clauses: handle, Do: s.roster},
		{Method: http.MethodPost, Path: "/casework/roster", Clauses: handle, Do: s.addShift},
		{Method: http.MethodPost, Path: "/casework/roster/drop", Clauses: handle, Do: s.dropShift},
		{Method: http.MethodGet, Path: one, Clauses: handle, Do: s.casePage},
		{Method: http.MethodGet, Path: one + "/block", Clauses: block, Do: s.blockPage},
		{Method: http.MethodPost, Path: one + "/block", Clauses: block, Do: s.block},
		{Method: http.MethodPost, Path: one + "/withdraw", Clauses: block, Do: s.withdraw},
		{Method: http.MethodPost, Path: one + "/proposals", Clauses: handle, Do: s.decideProposal},
		{Method: http.MethodGet, Path: one + "/refer", Clauses: handle, Do: s.referPage},
		{Method: http.MethodPost, Path: one + "/refer", Clauses: handle, Do: s.refer},
		{Method: http.MethodPost, Path: one + "/referrals/{referral}/accept", Clauses: handle, Do: s.accept},
		{Method: http.MethodPost, Path: one + "/referrals/{referral}/return", Clauses: handle, Do: s.giveBack},
		{Method: http.MethodPost, Path: one + "/referrals/{referral}/revoke", Clauses: handle, Do: s.revoke},
		{Method: http.MethodGet, Path: one + "/answer", Clauses: handle, Do: s.answerPage},
		{Method: http.MethodPost, Path: one + "/answer", Clauses: handle, Do: s.answer},
		{Method: http.MethodGet, Path: one + "/close", Clauses: handle, Do: s.closePage},
		{Method: http.MethodPost, Path: one + "/close", Clauses: handle, Do: s.close},
		{Method: http.MethodGet, Path: one + "/measure", Clauses: handle, Do: s.measurePage},
		{Method: http.MethodPost, Path: one + "/measure", Clauses: handle, Do: s.measure},
		{Method: http.MethodGet, Path: one + "/score", Clauses: handle, Do: s.scorePage},
		{Method: http.MethodPost, Path: one + "/score", Clauses: handle, Do: s.score},
		{Method: http.MethodPost, Path: one + "/ring", Clauses: handle, Do: s.iHaveIt},
		{Method: http.MethodGet, Path: one + "/exclude", Clauses: handle, Do: s.excludePage},
		{Method: http.MethodPost, Path: one + "/exclude", Clauses: handle, Do: s.exclude},
		{Method: http.MethodPost, Path: one + "/raise", Clauses: handle, Do: s.raise},
		{Method: http.MethodGet, Path: one + "/assign", Clauses: handle, Do: s.assignPage},
		{Method: http.MethodPost, Path: one + "/assign", Clauses: handle, Do: s.assign},
		{Method: http.MethodGet, Path: one + "/tracks", Clauses: handle, Do: s.tracksPage},
		{Method: http.MethodPost, Path: one + "/tracks", Clauses: handle, Do: s.setTrack},
		{Method: http.MethodGet, Path: one + "/clocks", Clauses: handle, Do: s.clocksPage},
		{Method: http.MethodGet, Path: one + "/clocks/{clock}", Clauses: handle, Do: s.clockPage},
		{Method: http.MethodPost, Path: one + "/clocks/{clock}", Clauses: handle, Do: s.setClock},
		{Method: http.MethodGet, Path: one + "/contact", Clauses: handle, Do: s.contactPage},
		{Method: http.MethodPost, Path: one + "/contact", Clauses: handle, Do: s.contact},
		{Method: http.MethodGet, Path: one + "/merge", Clauses: handle, Do: s.mergePage},
		{Method: http.MethodPost, Path: one + "/merge", Clauses: handle, Do: s.merge},
		{Method: http.MethodPost, Path: one + "/links", Clauses: handle, Do: s.decideLink},
		{Method: http.MethodGet, Path: one + "/suspend", Clauses: handle, Do: s.suspendPage},
		{Method: http.MethodPost, Path: one + "/suspend", Clauses: handle, Do: s.suspend},
		{Method: http.MethodGet, Path: one + "/resume", Clauses: handle, Do: s.resumePage},
		{Method: http.MethodPost, Path: one + "/resume", Clauses: handle, Do: s.resume},
		{Method: http.MethodGet, Path: one + "/reopen", Clauses: handle, Do: s.reopenPage},
		{Method: http.MethodPost, Path: one + "/reopen", Clauses: handle, Do: s.reopen},
	}
}

// queue lists the cases of the reader's unit, the most pressing first.
func (s *Server) queue(c *visit) error {
	c.in("casework", c.p.T("ui.room.casework"))
	filter := casework.QueueFilter{State: c.query("state"), Track: c.query("track"), Light: c.query("light"), Closed: c.query("state") == string(casework.StateClosed)}
	words := locale.Fold(c.query("q"))
	c.base.Query = c.query("q")
	filtered := filter.State+filter.Track+filter.Light+words != ""
	if words != "" {
		filter.Limit = 200
	}
	rows, next, err := s.Casework.Queue(c.r.Context(), c.who.Actor, filter, c.query("from"))
	if err != nil {
		return err
	}
	lights, err := s.Casework.Lights(c.r.Context(), c.who.Actor)
	if err != nil {
		return err
	}
	q := page.Queue{Lights: c.caseLights(lights, filter.Light), Filter: filtered}
	for _, r := range rows {
		// Only the code is searched: what was told is sealed and has no index.
		if words == "" || strings.Contains(locale.Fold(r.Code), words) {
			q.Rows = append(q.Rows, c.caseRow(r))
		}
	}
	before, err := strconv.Atoi(c.query("n"))
	if err != nil || before < 0 {
		before = 0
	}
	if len(q.Rows) > 0 {
		q.Pager = page.Pager{From: before + 1, To: before + len(q.Rows), Total: max(before+len(q.Rows), queueTotal(lights, filter, words))}
	}
	if next != "" {
		v := url.Values{"from": {next}, "n": {strconv.Itoa(before + len(rows))}}
		for name, value := range map[string]string{"state": filter.State, "track": filter.Track, "light": filter.Light, "q": c.query("q")} {
			if value != "" {
				v.Set(name, value)
			}
		}
		q.Pager.Next = "/casework?" + v.Encode()
	}
	if before > 0 {
		q.Pager.Prev = "/casework"
	}
	if q.Shift, err = c.shift(); err != nil {
		return err
	}
	q.Roster = c.may("casework.roster", authz.Resource{Type: "casework.roster"})
	open, why, err := s.Casework.IntakeOpen(c.r.Context())
	if err != nil {
		return err
	}
	if !open {
		q.Closed = c.p.T(why)
	}
	q.States = append(q.States, page.Option{Label: c.p.T("web.all"), On: filter.State == ""})
	for _, st := range casework.States() {
		q.States = append(q.States, page.Option{Value: string(st), Label: c.p.T(st.Key()), On: filter.State == string(st)})
	}
	q.Tracks = append(q.Tracks, page.Option{Label: c.p.T("web.all"), On: filter.Track == ""})
	for _, t := range casework.Tracks() {
		q.Tracks = append(q.Tracks, page.Option{Value: string(t), Label: c.p.T(t.Key()), On: filter.Track == string(t)})
	}
	q.Base = c.base
	return c.show("casework/queue", q)
}

// queueTotal is how many cases a filter finds, where that is known without
// counting: all open ones, or those of one light.
func queueTotal(l casework.Lights, f casework.QueueFilter, words string) int {
	switch {
	case f.State+f.Track+words != "":
		return 0
	case f.Light == "late":
		return l.Late
	case f.Light == "soon":
		return l.Soon
	case f.Light == "ok":
		return l.OK
	case f.Light == "wait":
		return l.Wait
	case f.Light == "none":
		return l.None
	default:
		return l.All()
	}
}

func (c *visit) caseLights(l casework.Lights, on string) []page.Light {
	counts := []struct {
		state string
		n     int
	}{{"late", l.Late}, {"soon", l.Soon}, {"ok", l.OK}, {"wait", l.Wait}, {"none", l.None}}
	out := make([]page.Light, 0, len(counts))
	for _, x := range counts {
		out = append(out, page.Light{State: x.state, Count: x.n, Href: "/casework?light=" + x.state, Current: on == x.state})
	}
	return out
}

// shift is who is on call for the duty unit now; nil for nobody.
func (c *visit) shift() (*page.Shift, error) {
	unit, err := c.s.Casework.Units.DutyUnit(c.r.Context(), c.s.Clock.Now())
	if err != nil {
		return nil, err
	}
	on, err := c.s.Casework.NowOnDuty(c.r.Context(), unit)
	if err != nil || on == nil {
		return nil, err
	}
	names, err := c.names(on.Person, on.StandIn)
	if err != nil {
		return nil, err
	}
	return &page.Shift{Person: names[on.Person], Unit: c.unit(on.Unit).Name, Phone: on.Phone, StandIn: names[on.StandIn], From: on.From, To: on.To}, nil
}

// names are persons' names by id; a part of the program says its own.
func (c *visit) names(ids ...string) (map[string]string, error) {
	var people []string
	out := map[string]string{"": ""}
	for _, id := range ids {
		switch {
		case id == "":
		case strings.HasPrefix(id, "system:"):
			out[id] = c.p.T("web.machine")
		default:
			out[id] = c.p.T("web.someone")
			people = append(people, id)
		}
	}
	known, err := c.s.Identity.Names(c.r.Context(), people)
	if err != nil {
		return nil, err
	}
	for id, name := range known {
		out[id] = name.Reveal()
	}
	return out, nil
}

// about is a case as the policies see it, for showing or hiding a button. What
// it leaves out (who is excluded, who handles it) the service asks again.
func (c *visit) about(v casework.CaseView) authz.Resource {
	r := authz.Resource{Type: "casework.case", ID: v.ID, Attrs: map[string]any{"handler": v.Handler}}
	if v.Mode == "offered" {
		r.Attrs["offered"] = []string{c.who.Actor.Unit}
	} else {
		r.Attrs["units"] = []string{c.who.Actor.Unit}
	}
	return r
}
