// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

// clocksPage lists every deadline of a case, open ones first, each with its
// basis and the documents by which it was paused, extended or met.
func (s *Server) clocksPage(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.in("casework", v.Code)
	p := page.Clocks{Base: c.base, ID: v.ID, Code: v.Code}
	for _, k := range v.Clocks {
		row := page.ClockRow{Clock: c.clock(k), For: c.p.T("web.clock.whole")}
		if k.Track.Valid() {
			row.For = c.p.T(k.Track.Key())
		}
		if c.maySetClock(v) && len(s.Casework.ClockActs(k)) > 0 {
			row.Change = casePath(v.ID) + "/clocks/" + k.ID
		}
		p.Rows = append(p.Rows, row)
	}
	slices.SortStableFunc(p.Rows, func(a, b page.ClockRow) int {
		if done := a.Clock.State == "done"; done != (b.Clock.State == "done") {
			if done {
				return 1
			}
			return -1
		}
		return a.Clock.At.Compare(b.Clock.At)
	})
	return c.show("casework/clocks", p)
}

func (c *visit) maySetClock(v casework.CaseView) bool {
	return v.Mode != "offered" && c.may("casework.decide", c.about(v))
}

// clockOf is the clock that the address names.
func (c *visit) clockOf(v casework.CaseView) (casework.Clock, error) {
	for _, k := range v.Clocks {
		if k.ID == c.r.PathValue("clock") {
			return k, nil
		}
	}
	return casework.Clock{}, problem.New("authz/not-found")
}

func (s *Server) clockPage(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	k, err := c.clockOf(v)
	if err != nil {
		return err
	}
	if !c.maySetClock(v) {
		return problem.New("authz/forbidden")
	}
	if len(s.Casework.ClockActs(k)) == 0 {
		return problem.New("casework/clock-fixed")
	}
	return c.show("casework/clock", s.clockForm(c, v, k, "", page.ClockForm{}))
}

func (s *Server) clockForm(c *visit, v casework.CaseView, k casework.Clock, kind string, p page.ClockForm) page.ClockForm {
	c.in("casework", v.Code)
	p.Base, p.ID, p.Code, p.Clock, p.Send = c.base, v.ID, v.Code, c.clock(k), casePath(v.ID)+"/clocks/"+k.ID
	kinds := s.Casework.ClockActs(k)
	for _, can := range kinds {
		p.Kinds = append(p.Kinds, page.Option{Value: can, Label: c.p.T(casework.ClockKindKey(can)), On: can == kind || len(kinds) == 1})
		p.Extend = p.Extend || can == "extend"
	}
	return p
}

// setClock pauses, resumes, extends or meets a deadline by a document.
func (s *Server) setClock(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	kind := c.form("kind")
	p := page.ClockForm{Number: c.form("number"), Date: c.form("date"), Until: c.form("until")}
	again := func(err error) error {
		return c.againCase("casework/clock", err, v.ID, func(v casework.CaseView) (drawn, error) {
			k, err := c.clockOf(v)
			return s.clockForm(c, v, k, kind, p), err
		})
	}
	cmd := casework.ClockCommand{Case: v.ID, Clock: c.r.PathValue("clock"), Kind: kind, Document: casework.Document{Number: p.Number, Date: isoDay(p.Date)}}
	if kind == "extend" && p.Until != "" {
		day, ok := parseDay(p.Until)
		if !ok {
			return again(problem.New("input/faulty").Field("until", "input/not-a-date"))
		}
		cmd.Until = day.End()
	}
	if err := s.Casework.SetClock(c.r.Context(), c.who.Actor, cmd); err != nil {
		return again(err)
	}
	return c.done(casePath(v.ID)+"/clocks", "flash.case.clock")
}
