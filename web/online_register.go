// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/duty"
	"lachan/duty/schools/online"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) online(c *visit) error {
	p, err := s.onlinePage(c, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("schools/online", p)
}

func (s *Server) onlinePage(c *visit, id string) (page.Online, error) {
	ctx, actor := c.r.Context(), c.who.Actor
	school, err := s.Schools.School(ctx, actor, id)
	if err != nil {
		return page.Online{}, err
	}
	c.in("schools", c.p.T("pages.online.title", "school", school.Name))
	p := page.Online{
		Base: c.base, School: c.schoolHead(school, "register"), CanEdit: c.mayEditSchool("schools.online_edit", school), PlatformName: c.form("platform_name"),
		Class: page.ClassForm{Title: c.form("title"), Pupils: c.form("pupils"), First: c.form("first"), Last: c.form("last")},
	}
	if err := s.onlineRows(c, id, &p); err != nil {
		return p, err
	}
	for _, x := range s.Online.Register().Platforms {
		label := x.Name
		if label == "" {
			label = c.p.T(x.KindKey())
		}
		p.Platforms = append(p.Platforms, page.Option{Value: x.Code, Label: joined(label, c.p.T(x.KindKey())), On: c.form("platform") == x.Code})
	}
	for g := range 13 {
		p.Grades = append(p.Grades, page.Option{Value: strconv.Itoa(g), Label: c.grade(g), On: c.form("grade") == strconv.Itoa(g)})
	}
	return p, s.onlineIncidents(c, id, &p)
}

// onlineRows fills the platforms and classes with how their checklists stand.
func (s *Server) onlineRows(c *visit, id string, p *page.Online) error {
	ctx, actor := c.r.Context(), c.who.Actor
	uses, err := s.Online.Uses(ctx, actor, id)
	if err != nil {
		return err
	}
	classes, err := s.Online.Classes(ctx, actor, id)
	if err != nil {
		return err
	}
	checks, err := s.Online.Checks(ctx, actor, id)
	if err != nil {
		return err
	}
	on := map[string]string{}
	for _, u := range uses {
		platform, _ := s.Online.Register().Platform(u.Platform)
		on[u.ID] = u.Called(s.Online.Register())
		p.Uses = append(p.Uses, page.UseRow{ID: u.ID, Name: on[u.ID], Kind: c.p.T(platform.KindKey()), Since: u.Since, Check: c.checkState(id, online.UseCheck, u.ID, checks[u.ID])})
		p.UsesList = append(p.UsesList, page.Option{Value: u.ID, Label: on[u.ID], On: c.form("use") == u.ID})
	}
	var keepers []string
	for _, x := range classes {
		keepers = append(keepers, x.Keeper)
	}
	names, err := c.names(keepers...)
	if err != nil {
		return err
	}
	for _, x := range classes {
		p.Classes = append(p.Classes, page.ClassRow{
			ID: x.ID, Title: x.Title, Grade: c.grade(x.Grade), On: on[x.Use], Keeper: names[x.Keeper], Pupils: x.Pupils,
			First: x.First.Start(), Last: x.Last.Start(), Check: c.checkState(id, online.ClassCheck, x.ID, checks[x.ID]),
		})
	}
	return nil
}

func (c *visit) grade(g int) string {
	if g == 0 {
		return c.p.T("pages.online.grades")
	}
	return c.p.T("pages.online.grade", "n", g)
}

func (c *visit) checkState(school, kind, subject string, check online.Check) page.CheckState {
	state := check.State(c.s.Clock.Now())
	x := page.CheckState{
		State: lightOf(state), Word: c.p.T(state.Key()),
		Href: onlinePath(school, "check") + "?kind=" + kind + "&subject=" + subject,
	}
	switch state {
	case online.Todo:
	case online.Part:
		x.Note = c.p.T("pages.check.gaps", "n", check.Gaps)
	default:
		x.Note = c.p.T("pages.ready.due", "day", dayText(duty.DateOf(check.Due)))
	}
	return x
}

// onlineIncidents counts the incidents of this school year by kind.
func (s *Server) onlineIncidents(c *visit, id string, p *page.Online) error {
	since, counts, err := s.Online.IncidentCounts(c.r.Context(), c.who.Actor, id)
	if err != nil {
		return err
	}
	for _, kind := range s.Online.Register().Incidents {
		if n := counts[kind]; n > 0 {
			p.Incidents = append(p.Incidents, page.KV{Key: c.p.T(online.IncidentKey(kind)), Value: c.p.Int(int64(n))})
		}
	}
	p.Since = since.Start()
	return nil
}

// onRegister does one act on a school's register: back to it with a sentence,
// or the page again with what was wrong.
func (s *Server) onRegister(c *visit, key string, act func(id string) error) error {
	id := c.r.PathValue("id")
	if err := act(id); err != nil {
		return c.again("schools/online", err, func() (drawn, error) { return s.onlinePage(c, id) })
	}
	return c.done(onlinePath(id, "register"), key)
}

func (s *Server) takeUse(c *visit) error {
	return s.onRegister(c, "flash.schools.platform-taken", func(id string) error {
		_, err := s.Online.TakeUse(c.r.Context(), c.who.Actor, online.UseCommand{School: id, Platform: c.form("platform"), Name: c.form("platform_name")})
		return err
	})
}

func (s *Server) endUse(c *visit) error {
	return s.onRegister(c, "flash.schools.platform-ended", func(id string) error {
		return s.Online.EndUse(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}

func (s *Server) openClass(c *visit) error {
	return s.onRegister(c, "flash.schools.class-opened", func(id string) error {
		p := problem.New("input/faulty")
		cmd := online.ClassCommand{
			School: id, Title: c.form("title"), Grade: c.number(p, "grade", 0), Use: c.form("use"), Pupils: c.number(p, "pupils", -1),
			First: c.day(p, "first"), Last: c.day(p, "last"),
		}
		if err := p.OrNil(); err != nil {
			return err
		}
		_, err := s.Online.OpenClass(c.r.Context(), c.who.Actor, cmd)
		return err
	})
}

func (s *Server) endClass(c *visit) error {
	return s.onRegister(c, "flash.schools.class-ended", func(id string) error {
		return s.Online.EndClass(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}
