// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lachan/duty"
	"lachan/duty/reporting"
	"lachan/internal/problem"
	"lachan/web/page"
)

// reportingRoutes is the directive as data: what a unit owes, the form that
// says it was done, the live totals, and the report of clause 5.3.
//
// Clauses: 1.5, 5.2, 5.3
func (s *Server) reportingRoutes() []Route {
	owed, sum := []string{"1.5", "5.2"}, []string{"5.2", "5.3"}
	return []Route{
		{Method: http.MethodGet, Path: "/mission", Clauses: owed, Do: s.mission},
		{Method: http.MethodPost, Path: "/mission/acknowledge", Clauses: owed, Do: s.acknowledge},
		{Method: http.MethodGet, Path: "/reporting", Clauses: sum, Do: s.toTotals},
		{Method: http.MethodGet, Path: "/reporting/directives/{id}", Clauses: owed, Do: s.directive},
		{Method: http.MethodGet, Path: "/reporting/forms/{id}", Clauses: []string{"1.5", "5.3"}, Do: s.reportForm},
		{Method: http.MethodPost, Path: "/reporting/forms/{id}", Clauses: []string{"1.5", "5.3"}, Limit: 1 << 20, Do: s.postForm},
		{Method: http.MethodGet, Path: "/reporting/totals", Clauses: sum, Do: s.totals},
		{Method: http.MethodGet, Path: "/reporting/totals.csv", Clauses: sum, Do: s.totalsCSV},
		{Method: http.MethodGet, Path: "/reporting/report", Clauses: []string{"5.3"}, Do: s.yearly},
		{Method: http.MethodPost, Path: "/reporting/report", Clauses: []string{"5.3"}, Do: s.buildYearly},
		{Method: http.MethodGet, Path: "/reporting/report.docx", Clauses: []string{"5.3"}, Do: s.yearlyFile},
		{Method: http.MethodGet, Path: "/reporting/report.xlsx", Clauses: []string{"5.3"}, Do: s.yearlyFile},
	}
}

func (s *Server) toTotals(c *visit) error { return c.redirect("/reporting/totals") }

// reportYear is the report year that today's events belong to.
func (s *Server) reportYear(d *reporting.Directive) int { return d.YearAt(duty.DateOf(s.Clock.Now())) }

// formPath is the address of a unit's form of a year.
func formPath(unit string, year int) string { return "/reporting/forms/" + formID(unit, year) }

func formID(unit string, year int) string { return unit + "." + strconv.Itoa(year) }

// readFormID takes the id of a form apart.
func readFormID(id string) (unit string, year int, err error) {
	unit, text, ok := strings.Cut(id, ".")
	year, bad := strconv.Atoi(text)
	if !ok || bad != nil || unit == "" || year < 2000 || year > 2100 {
		return "", 0, problem.New("page/not-found")
	}
	return unit, year, nil
}

// dutyRows is what the reader's unit owes this year, in the order of the text.
func (s *Server) dutyRows(c *visit) ([]page.DutyRow, error) {
	d, err := s.Reporting.Directive(s.Directive)
	if err != nil {
		return nil, err
	}
	unit := c.who.Unit
	items, err := s.Reporting.Worklist(c.r.Context(), c.who.Actor, unit, s.reportYear(d))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, item := range items {
		ids = append(ids, item.AckBy)
	}
	names, err := s.Identity.Names(c.r.Context(), ids)
	if err != nil {
		return nil, err
	}
	var rows []page.DutyRow
	for _, item := range items {
		clock, err := s.dutyClock(c, item)
		if err != nil {
			return nil, err
		}
		row := page.DutyRow{
			ID: item.ID, Ref: string(item.Duty.Clause), Title: item.Duty.Title, Directive: item.Directive.Number,
			Clock: clock, Continuous: item.Due.Last.IsZero(),
			Acknowledged: item.AckAt, By: names[item.AckBy].Reveal(), FormState: c.p.T("pages.role." + item.Role),
		}
		switch item.Role {
		case reporting.RolePartner:
			row.Title = c.p.T("pages.mission.partner", "title", row.Title)
		case reporting.RoleCopied:
			row.Title = c.p.T("pages.mission.copied")
		}
		if item.Report != reporting.ReportNone {
			row.Form = formPath(unit, item.Year)
			row.FormState = c.p.T("reporting.state." + string(item.Report))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// dutyClock is the deadline of a duty: met once its report was sent, red when
// it is over, amber in the last two weeks. A duty without a day is never late.
func (s *Server) dutyClock(c *visit, item reporting.WorkItem) (page.Clock, error) {
	if item.Due.Last.IsZero() {
		return page.Clock{State: "ok", Rule: c.p.T("pages.mission.continuous")}, nil
	}
	var met time.Time
	if item.Report == reporting.ReportSubmitted || item.Report == reporting.ReportAccepted {
		all, err := s.Reporting.History(c.r.Context(), c.who.Actor, item.Directive.ID, c.who.Unit, item.Year)
		if err != nil {
			return page.Clock{}, err
		}
		if n := len(all); n > 0 {
			met = all[n-1].SubmittedAt
		}
	}
	return c.dueClock(item.Due, met, item.Directive.Window(item.Duty.Due, item.Year).From.Start()), nil
}

// dueClock is a deadline by the day; met is when it was, zero before.
func (c *visit) dueClock(due duty.Due, met, from time.Time) page.Clock {
	now := c.s.Clock.Now()
	k := page.Clock{State: "ok", At: due.At(), Left: due.At().Sub(now), From: from, Rule: c.p.T("pages.due.before", "day", c.p.Date(due.Last.AddDays(1).Start()))}
	switch {
	case !met.IsZero():
		k.State, k.At = "done", met
	case !due.OnTime(now):
		k.State = "late"
	case due.DaysLeft(now) < 14:
		k.State = "soon"
	}
	return k
}

func (s *Server) mission(c *visit) error {
	rows, err := s.dutyRows(c)
	if err != nil {
		return err
	}
	d, err := s.Reporting.Directive(s.Directive)
	if err != nil {
		return err
	}
	c.in("mission", c.p.T("pages.mission.title"))
	p := page.Duties{Base: c.base, Directive: d.Number, Href: "/reporting/directives/" + d.ID}
	counts, light := map[string]int{}, c.query("light")
	for _, row := range rows {
		state := row.Clock.State
		if state == "done" {
			state = "ok"
		}
		counts[state]++
		if light == "" || light == state {
			p.Rows = append(p.Rows, row)
		}
	}
	p.Lights = lightsOf(counts, light, "/mission", nil)
	return c.show("reporting/duties", p)
}

func (s *Server) acknowledge(c *visit) error {
	_, err := s.Reporting.Acknowledge(c.r.Context(), c.who.Actor, reporting.Acknowledge{Unit: c.who.Unit, Assignments: c.forms("duty")})
	if err != nil {
		return err
	}
	return c.done("/mission", "flash.reporting.acknowledged")
}

// function is the name of a function of org in words; its code where the
// product knows no word for it.
func (c *visit) function(code string) string {
	if key := "pages.function." + code; c.p.Has(key) {
		return c.p.T(key)
	}
	return code
}

// withQuery is an address with parameters; empty ones are left out.
func withQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
