// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/web/page"
)

// workRoutes is "my work": the first page after the log-in.
//
// Clauses: 1.5, 2, 5.3
func (s *Server) workRoutes() []Route {
	return []Route{{Method: http.MethodGet, Path: "/work", Clauses: []string{"1.5", "2", "5.3"}, Do: s.work}}
}

// How much of each list the page shows.
const (
	workRows   = 6
	workDuties = 8
	chartDays  = 14
)

func (s *Server) work(c *visit) error {
	c.in("work", c.p.T("ui.room.work"))
	var p page.Work
	if c.may("casework.list", authz.Resource{Type: "casework.queue"}) {
		if err := s.workCases(c, &p); err != nil {
			return err
		}
		var err error
		if p.Daily, err = s.daily(c); err != nil {
			return err
		}
	}
	if err := s.workWishes(c, &p); err != nil {
		return err
	}
	if err := s.workDuties(c, &p); err != nil {
		return err
	}
	if err := s.workReady(c, &p); err != nil {
		return err
	}
	if err := s.workFilter(c, &p); err != nil {
		return err
	}
	if err := s.workModels(c, &p); err != nil {
		return err
	}
	p.Base = c.base
	return c.show("reporting/work", p)
}

// workCases shows the one case to take up next, the few that follow, and what
// waits for this reader as a second person.
func (s *Server) workCases(c *visit, p *page.Work) error {
	ctx := c.r.Context()
	lights, err := s.Casework.Lights(ctx, c.who.Actor)
	if err != nil {
		return err
	}
	p.Lights = c.caseLights(lights, "")
	rows, _, err := s.Casework.Queue(ctx, c.who.Actor, casework.QueueFilter{Limit: workRows + 1}, "")
	if err != nil {
		return err
	}
	for i, r := range rows {
		row := c.caseRow(r)
		if i == 0 {
			p.Next = &page.NextCard{Code: row.Code, Title: row.Title, Why: c.p.T("web.work.why", "next", row.Next, "state", row.NextNote), Href: row.Href, Open: c.p.T("console.work.open"), Urgent: row.Urgent, Clock: row.Clock}
			continue
		}
		p.Rows = append(p.Rows, row)
	}
	if more := lights.All() - len(rows); more > 0 {
		p.More, p.MoreHref = more, "/casework"
	}
	return s.workApprovals(c, p)
}

// workApprovals lists what waits for the reader as second person, wherever its
// case stands in the queue.
func (s *Server) workApprovals(c *visit, p *page.Work) error {
	waiting, err := s.Casework.Approvals(c.r.Context(), c.who.Actor)
	if err != nil {
		return err
	}
	ids := make([]string, len(waiting))
	for i, o := range waiting {
		ids[i] = o.By
	}
	names, err := c.names(ids...)
	if err != nil {
		return err
	}
	for _, o := range waiting {
		p.Approve = append(p.Approve, page.TwoPerson{
			ID: o.ID, Act: o.Code + ": " + c.proposal(o), First: names[o.By], At: o.At, Confirm: casePath(o.Case) + "/proposals",
		})
	}
	return nil
}

// daily is the number of reports a day, the last days.
func (s *Server) daily(c *visit) (*page.Columns, error) {
	today := duty.DateOf(s.Clock.Now())
	chart := &page.Columns{ID: "daily", Sub: c.p.T("web.work.daily.sub"), Head: [2]string{c.p.T("web.work.daily.day"), c.p.T("web.work.daily.reports")}}
	total := 0
	for i := range chartDays {
		day := today.AddDays(i - chartDays + 1)
		period, err := duty.NewPeriod(day, day)
		if err != nil {
			return nil, err
		}
		n, err := s.Casework.PublicCounts(c.r.Context(), period)
		if err != nil {
			return nil, err
		}
		point := page.Point{Label: day.Start().Format("02/01"), Value: int(n.Reports), Tick: i%3 == 1}
		if day == today {
			point.Mark, point.Tick = "now", true
		}
		total += int(n.Reports)
		chart.Points = append(chart.Points, point)
	}
	chart.Title = c.p.T("web.work.daily", "n", total, "days", chartDays)
	return chart, nil
}
