// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strings"
	"time"

	"lachan/duty/schools"
	"lachan/internal/identity"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/web/page"
)

const carePath = "/schools/care"

// counsellor fills who is told in a school, and whom it may name: its own
// accounts.
func (s *Server) counsellor(c *visit, school schools.School, p *page.School) error {
	who, err := s.Schools.Counsellor(c.r.Context(), c.who.Actor, school.ID)
	if err != nil {
		return err
	}
	ids := []string{who}
	if p.CanEdit {
		members, err := s.Identity.Members(c.r.Context(), school.Unit)
		if err != nil {
			return err
		}
		for _, m := range members {
			if !slices.Contains(ids, m.Person) {
				ids = append(ids, m.Person)
			}
		}
	}
	names, err := c.names(ids...)
	if err != nil {
		return err
	}
	p.Counsellor = names[who]
	p.Counsellors = []page.Option{{Label: c.p.T("pages.care.nobody"), On: who == ""}}
	for _, id := range ids {
		if id != "" {
			p.Counsellors = append(p.Counsellors, page.Option{Value: id, Label: names[id], On: id == who})
		}
	}
	slices.SortStableFunc(p.Counsellors[1:], func(a, b page.Option) int {
		return strings.Compare(locale.SortKey(a.Label), locale.SortKey(b.Label))
	})
	return nil
}

func (s *Server) nameCounsellor(c *visit) error {
	return s.onSchool(c, "flash.schools.counsellor-named", func(id string) error {
		ctx, person := c.r.Context(), c.form("counsellor")
		school, err := s.Schools.School(ctx, c.who.Actor, id)
		if err != nil {
			return err
		}
		if person != "" {
			members, err := s.Identity.Members(ctx, school.Unit)
			if err != nil {
				return err
			}
			if count(members, func(m identity.Membership) bool { return m.Person == person }) == 0 {
				return problem.New("input/faulty").Field("counsellor", "input/not-a-choice")
			}
		}
		return s.Schools.NameCounsellor(ctx, c.who.Actor, id, person)
	})
}

// care is what the counsellor was told. For everybody else there is no such
// page.
func (s *Server) care(c *visit) error {
	all, err := s.Schools.CareNotices(c.r.Context(), c.who.Actor)
	if err != nil {
		return err
	}
	c.in("work", c.p.T("console.care.title"))
	p := page.Care{Base: c.base}
	for _, n := range all {
		name, err := s.Schools.SchoolName(c.r.Context(), c.who.Actor, n.School)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, page.CareRow{School: n.School, Name: name, Value: mondayOf(n.Week).Format(time.DateOnly), Week: n.Week, Made: n.Made, Seen: n.Seen})
	}
	return c.show("schools/care", p)
}

func (s *Server) seeCare(c *visit) error {
	day, err := readDay(c.form("week"))
	if err != nil || day.IsZero() {
		return problem.New("schools/no-notice")
	}
	if err := s.Schools.SeeCareNotice(c.r.Context(), c.who.Actor, c.form("school"), day.Start()); err != nil {
		return err
	}
	return c.done(carePath, "flash.schools.care-seen")
}

// schoolWeek is a school's week as a page to print.
func (s *Server) schoolWeek(c *visit) error {
	day, err := readDay(c.query("day"))
	if err != nil {
		return problem.New("input/faulty").Field("day", "input/not-a-date")
	}
	at := time.Time{}
	if !day.IsZero() {
		at = day.Start()
	}
	w, err := s.Schools.Week(c.r.Context(), c.who.Actor, c.r.PathValue("id"), at)
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("console.week.title"))
	p := page.SchoolWeek{Base: c.base, School: c.schoolHead(w.School, "filter"), From: w.Monday, To: w.Monday.AddDate(0, 0, 6), Asked: w.Asked, Answered: w.Answered}
	for _, r := range w.Rows {
		row := page.WeekRow{Category: c.p.T(s.Schools.Catalogue().NameKey(r.Category)), Devices: r.Devices, Prior: r.Prior}
		if trend, known := r.Trend(); known {
			row.Trend = [...]string{"fewer", "same", "more"}[trend+1]
		}
		p.Rows = append(p.Rows, row)
	}
	p.Prev = "?day=" + mondayOf(w.Monday.AddDate(0, 0, -7)).Format(time.DateOnly)
	if w.Monday.Before(s.Schools.LastWeek()) {
		p.Next = "?day=" + mondayOf(w.Monday.AddDate(0, 0, 7)).Format(time.DateOnly)
	}
	return c.show("schools/week", p)
}
