// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// workFilter lists what the filter asks of the reader: updates of lists that
// wait, names that schools ask for, decisions that want a second person, a
// notice for the counsellor, and on Mondays the week of the own school.
func (s *Server) workFilter(c *visit, p *page.Work) error {
	ctx, actor := c.r.Context(), c.who.Actor
	notices, err := s.Schools.CareNotices(ctx, actor)
	if err != nil && !problem.Is(err, "schools/no-notice") {
		return err
	}
	if n := count(notices, func(n schools.CareNotice) bool { return n.Seen.IsZero() }); n > 0 {
		p.Waits = append(p.Waits, page.WaitRow{Title: c.p.T("console.care.title"), Note: c.p.T("web.work.care"), Href: carePath, Act: c.p.T("web.work.read"), State: "soon"})
	}
	if c.may("schools.list_apply", authz.Resource{Type: "schools.list"}) {
		if err := s.workHeld(c, p); err != nil {
			return err
		}
	}
	if c.mayReview() {
		if err := s.workAsks(c, p); err != nil {
			return err
		}
	}
	if c.mayPropose() {
		rulings, err := s.Schools.Rulings(ctx, actor, true)
		if err != nil {
			return err
		}
		two, _, err := s.rulingRows(c, rulings, "schools.never_confirm", neverPath+"/decide")
		if err != nil {
			return err
		}
		s.workSecond(p, two)
	}
	return s.workOwnFilter(c, p)
}

// workSecond shows what the reader may agree to.
func (s *Server) workSecond(p *page.Work, two []page.TwoPerson) {
	for _, one := range two {
		if one.Confirm != "" {
			p.Approve = append(p.Approve, one)
		}
	}
}

func (s *Server) workHeld(c *visit, p *page.Work) error {
	all, err := s.Schools.Lists(c.r.Context(), c.who.Actor)
	if problem.KindOf(err) == problem.Forbidden {
		return nil
	}
	if err != nil {
		return err
	}
	for _, l := range all {
		if l.Held != nil {
			p.Waits = append(p.Waits, page.WaitRow{Title: l.Name, Note: c.p.T("web.work.held", "on", c.p.Date(l.Held.Found)), Href: listPath(l.ID), Act: c.p.T("web.work.decide"), State: "soon"})
		}
	}
	return nil
}

func (s *Server) workAsks(c *visit, p *page.Work) error {
	all, err := s.Schools.Review(c.r.Context(), c.who.Actor)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	late := count(all, func(a schools.Asked) bool { return !a.Due.IsZero() && a.Due.Before(now) })
	row := page.WaitRow{Title: c.p.T("console.asks.title"), Href: asksPath, Act: c.p.T("web.work.decide"), State: "soon", Note: c.p.T("web.work.asks", "n", len(all))}
	if late > 0 {
		row.State, row.Note = "late", c.p.T("web.work.asks.late", "n", len(all), "late", late)
	}
	if len(all) > 0 {
		p.Waits = append(p.Waits, row)
	}
	rulings, err := s.Schools.Rulings(c.r.Context(), c.who.Actor, false)
	if err != nil {
		return err
	}
	two, _, err := s.rulingRows(c, rulings, "schools.ruling_confirm", asksPath)
	if err != nil {
		return err
	}
	s.workSecond(p, two)
	return nil
}

// workOwnFilter is for the school itself.
func (s *Server) workOwnFilter(c *visit, p *page.Work) error {
	school, mine, err := s.ownSchool(c)
	if err != nil || !mine {
		return err
	}
	here := "/schools/" + school.ID
	if c.mayEditSchool("schools.edit", school) {
		late, err := s.Schools.Overdue(c.r.Context(), c.who.Actor, school.ID)
		if err != nil {
			return err
		}
		if late > 0 {
			p.Waits = append(p.Waits, page.WaitRow{Title: c.p.T("console.school.requests"), Note: c.p.T("web.work.requests.late", "n", late), Href: here, Act: c.p.T("web.work.answer"), State: "late"})
		}
	}
	if s.Schools.IsMonday() {
		p.Waits = append(p.Waits, page.WaitRow{Title: c.p.T("console.week.title"), Note: c.p.T("web.work.week", "from", c.p.Date(s.Schools.LastWeek())), Href: here + "/filter/week", Act: c.p.T("web.work.read"), State: "ok"})
	}
	return nil
}
