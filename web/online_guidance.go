// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/problem"
	"lachan/web/page"
)

// ownSchool is the school that the reader acts for, if the unit is one.
func (s *Server) ownSchool(c *visit) (school schools.School, ok bool, err error) {
	own, err := s.Schools.Schools(c.r.Context(), c.who.Actor, schools.SchoolFilter{Unit: c.who.Actor.Unit, Limit: 1})
	if problem.KindOf(err) == problem.Forbidden {
		return school, false, nil
	}
	if err != nil || len(own) == 0 {
		return school, false, err
	}
	return own[0], true, nil
}

func (s *Server) guidances(c *visit) error {
	if !c.mayEnter("schools") {
		return problem.New("authz/forbidden")
	}
	school, mine, err := s.ownSchool(c)
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("pages.guidance.title"))
	p := page.Guidances{Base: c.base}
	readings := map[string]online.Reading{}
	if mine {
		p.Own = school.Name
		all, err := s.Online.Readings(c.r.Context(), c.who.Actor, school.ID)
		if err != nil {
			return err
		}
		for _, r := range all {
			readings[r.Guidance.Code] = r
		}
	}
	for _, g := range s.Online.Register().Current(duty.DateOf(s.Clock.Now())) {
		text := g.In(c.p.Lang)
		row := page.GuidanceRow{Href: "/schools/guidance/" + g.Code, Title: text.Title, About: text.About, Version: g.Version, Issued: issued(g)}
		if mine {
			state := online.Todo
			if readings[g.Code].Done() {
				state = online.Done
			}
			row.State, row.Word = lightOf(state), c.p.T("pages.guidance.read."+string(state))
		}
		p.Rows = append(p.Rows, row)
	}
	return c.show("schools/guidances", p)
}

func (s *Server) guidance(c *visit) error {
	version, _ := strconv.Atoi(c.query("version")) // what does not read asks for the newest
	p, err := s.guidancePage(c, version)
	if err != nil {
		return err
	}
	return c.show("schools/guidance", p)
}

func (s *Server) guidancePage(c *visit, version int) (page.Guidance, error) {
	if !c.mayEnter("schools") {
		return page.Guidance{}, problem.New("authz/forbidden")
	}
	today := duty.DateOf(s.Clock.Now())
	g, ok := s.Online.Register().Version(c.r.PathValue("code"), version, today)
	if !ok {
		return page.Guidance{}, problem.New("schools/no-guidance")
	}
	newest, _ := s.Online.Register().Version(g.Code, 0, today)
	text := g.In(c.p.Lang)
	c.in("schools", text.Title)
	p := page.Guidance{
		Base: c.base, Code: g.Code, Heading: text.Title, About: text.About, Version: g.Version, Issued: issued(g), Points: text.Points,
		Newest: g.Version == newest.Version,
	}
	school, mine, err := s.ownSchool(c)
	if err != nil || !mine {
		return p, err
	}
	p.Own, p.CanAck, p.CanState = school.Name, c.mayEditSchool("schools.guidance_ack", school), c.mayEditSchool("schools.online_edit", school)
	all, err := s.Online.Readings(c.r.Context(), c.who.Actor, school.ID)
	if err != nil {
		return p, err
	}
	p.Stated = page.StatedForm{Day: dayText(today)}
	for _, r := range all {
		if r.Guidance.Ref() != g.Ref() {
			continue
		}
		p.Mine, p.Accounts = r.Mine, r.Accounts
		if r.Stated.ID != "" {
			p.StatedAt = r.Stated.Day.Start()
			p.Stated = page.StatedForm{Day: dayText(r.Stated.Day), Value: strconv.Itoa(r.Stated.Value), Total: strconv.Itoa(r.Stated.Total)}
		}
	}
	p.Stated = page.StatedForm{
		Day: c.typed("guidance_day", p.Stated.Day), Value: c.typed("guidance_value", p.Stated.Value), Total: c.typed("guidance_total", p.Stated.Total),
	}
	return p, nil
}

// onGuidance does one act of the reader's own school on a guidance.
func (s *Server) onGuidance(c *visit, key string, act func(school schools.School, version int) error) error {
	school, mine, err := s.ownSchool(c)
	if err != nil {
		return err
	}
	if !mine {
		return problem.New("authz/forbidden")
	}
	version, _ := strconv.Atoi(c.form("version")) // 0 is no version: the service says so
	if err := act(school, version); err != nil {
		return c.again("schools/guidance", err, func() (drawn, error) { return s.guidancePage(c, 0) })
	}
	return c.done("/schools/guidance/"+c.r.PathValue("code"), key)
}

func (s *Server) ackGuidance(c *visit) error {
	return s.onGuidance(c, "flash.schools.guidance-read", func(school schools.School, version int) error {
		return s.Online.Acknowledge(c.r.Context(), c.who.Actor, school.ID, c.r.PathValue("code"), version)
	})
}

func (s *Server) declareGuidance(c *visit) error {
	return s.onGuidance(c, "flash.schools.stated", func(school schools.School, version int) error {
		p := problem.New("input/faulty")
		cmd := online.StateCommand{
			School: school.ID, What: online.StatedGuidance, Ref: online.Guidance{Code: c.r.PathValue("code"), Version: version}.Ref(),
			Day: c.day(p, "guidance_day"), Value: c.number(p, "guidance_value", -1), Total: c.number(p, "guidance_total", -1),
		}
		if err := p.OrNil(); err != nil {
			return err
		}
		return s.Online.State(c.r.Context(), c.who.Actor, cmd)
	})
}
