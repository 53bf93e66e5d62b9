// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strconv"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/problem"
	"lachan/web/page"
)

// onlineRoutes are lessons online: how ready a school is, what it teaches on,
// its checklists and incidents, the guidance, and the models.
//
// Clauses: 3
func (s *Server) onlineRoutes() []Route {
	clause, both := []string{"3"}, []string{"2", "3"}
	return []Route{
		{Method: http.MethodGet, Path: "/schools/ready", Clauses: clause, Do: s.readyAll},
		{Method: http.MethodGet, Path: "/schools/{id}/online/ready", Clauses: clause, Do: s.ready},
		{Method: http.MethodPost, Path: "/schools/{id}/online/state", Clauses: clause, Do: s.stateReady},
		{Method: http.MethodGet, Path: "/schools/{id}/online/register", Clauses: clause, Do: s.online},
		{Method: http.MethodPost, Path: "/schools/{id}/online/platforms", Clauses: clause, Do: s.takeUse},
		{Method: http.MethodPost, Path: "/schools/{id}/online/platforms/end", Clauses: clause, Do: s.endUse},
		{Method: http.MethodPost, Path: "/schools/{id}/online/classes", Clauses: clause, Do: s.openClass},
		{Method: http.MethodPost, Path: "/schools/{id}/online/classes/end", Clauses: clause, Do: s.endClass},
		{Method: http.MethodGet, Path: "/schools/{id}/online/check", Clauses: clause, Do: s.checklist},
		{Method: http.MethodPost, Path: "/schools/{id}/online/check", Clauses: clause, Do: s.answerCheck},
		{Method: http.MethodGet, Path: "/schools/{id}/online/incident", Clauses: both, Do: s.incident},
		{Method: http.MethodPost, Path: "/schools/{id}/online/incident", Clauses: both, Do: s.sendIncident},
		{Method: http.MethodGet, Path: "/schools/guidance", Clauses: clause, Do: s.guidances},
		{Method: http.MethodGet, Path: "/schools/guidance/{code}", Clauses: clause, Do: s.guidance},
		{Method: http.MethodPost, Path: "/schools/guidance/{code}/ack", Clauses: clause, Do: s.ackGuidance},
		{Method: http.MethodPost, Path: "/schools/guidance/{code}/declare", Clauses: clause, Do: s.declareGuidance},
		{Method: http.MethodGet, Path: "/schools/models", Clauses: clause, Do: s.models},
		{Method: http.MethodPost, Path: "/schools/models", Clauses: clause, Do: s.newModel},
		{Method: http.MethodGet, Path: "/schools/models/{id}", Clauses: clause, Do: s.model},
		{Method: http.MethodPost, Path: "/schools/models/{id}/save", Clauses: clause, Do: s.saveModel},
		{Method: http.MethodPost, Path: "/schools/models/{id}/move", Clauses: clause, Do: s.moveModel},
		{Method: http.MethodPost, Path: "/schools/models/{id}/join", Clauses: clause, Do: s.joinModel},
		{Method: http.MethodPost, Path: "/schools/models/{id}/leave", Clauses: clause, Do: s.leaveModel},
		{Method: http.MethodPost, Path: "/schools/models/{id}/judge", Clauses: clause, Do: s.judgeModel},
	}
}

func onlinePath(school, what string) string { return "/schools/" + school + "/online/" + what }

// schoolHead is what stands above each page of one school.
func (c *visit) schoolHead(school schools.School, tab string) page.SchoolHead {
	return page.SchoolHead{
		ID: school.ID, Code: school.Code, Name: school.Name, Place: c.placeName(school.Place), Level: c.p.T(schools.LevelKey(school.Level)),
		CanReport: c.mayEditSchool("schools.incident", school), Tab: tab,
	}
}

// lightOf is a state in the shapes and colours of the look: only what missed
// its day is red.
func lightOf(state online.State) string {
	switch state {
	case online.Done:
		return "ok"
	case online.Late:
		return "late"
	case online.Apart:
		return "wait"
	}
	return "soon"
}

// typed is what stood in a field of the form that came back, or otherwise
// what stands there at first.
func (c *visit) typed(name, otherwise string) string {
	if c.r.PostForm.Has(name) {
		return c.form(name)
	}
	return otherwise
}

// number reads a whole number of a form; an empty field is otherwise.
func (c *visit) number(p *problem.Error, name string, otherwise int) int {
	if c.form(name) == "" {
		return otherwise
	}
	n, err := strconv.Atoi(c.form(name))
	if err != nil {
		p.Field(name, "input/not-a-number")
	}
	return n
}

// day reads a day of a form.
func (c *visit) day(p *problem.Error, name string) duty.Date {
	d, err := readDay(c.form(name))
	if err != nil {
		p.Field(name, "input/not-a-date")
	}
	return d
}

// dayText is a day as a form shows it, empty for no day.
func dayText(d duty.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Start().Format("02/01/2006")
}

func (s *Server) ready(c *visit) error {
	p, err := s.readyPage(c, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("schools/ready", p)
}

func (s *Server) readyPage(c *visit, id string) (page.Ready, error) {
	r, err := s.Online.Readiness(c.r.Context(), c.who.Actor, id)
	if err != nil {
		return page.Ready{}, err
	}
	c.in("schools", c.p.T("pages.ready.title", "school", r.School.Name))
	p := page.Ready{Base: c.base, School: c.schoolHead(r.School, "ready"), Todo: len(r.Open()), CanEdit: c.mayEditSchool("schools.online_edit", r.School)}
	for _, l := range r.Lines {
		p.Lines = append(p.Lines, c.readyLine(id, l))
	}
	p.Rule, p.Staff, p.Skills = c.statedForm(r.Line(online.LineRule)), c.statedForm(r.Line(online.LineStaff)), c.statedForm(r.Line(online.LineSkills))
	return p, nil
}

func (c *visit) readyLine(school string, l online.Line) page.ReadyLine {
	row := page.ReadyLine{Title: c.p.T(l.Key()), State: lightOf(l.State), Word: c.p.T(l.State.Key()), From: c.p.T("pages.ready.stated")}
	if l.Counted {
		row.From = c.p.T("pages.ready.counted")
	}
	if l.Of > 0 {
		row.Value = c.p.T("pages.ready.of", "n", l.N, "of", l.Of)
	}
	if !l.Day.IsZero() {
		key := "pages.ready.since"
		if l.Counted {
			key = "pages.ready.due"
		}
		row.Value = joined(row.Value, joined(l.Ref, c.p.T(key, "day", dayText(l.Day))))
	}
	row.Href, row.Act = map[string]string{
		online.LineFilter: "/schools/" + school, online.LineBands: "/schools/" + school, online.LineGuidance: "/schools/guidance",
		online.LineChecks: onlinePath(school, "register"), online.LineRule: "#rule", online.LineStaff: "#staff", online.LineSkills: "#skills",
	}[l.Code], c.p.T("pages.ready.act."+l.Code)
	if l.State.Asks() {
		row.Next = c.p.T("pages.ready.next." + l.Code)
	}
	return row
}

func (c *visit) statedForm(l online.Line) page.StatedForm {
	f := page.StatedForm{Ref: c.typed(l.Code+"_ref", l.Ref), Day: c.typed(l.Code+"_day", dayText(l.Day))}
	if l.Of > 0 {
		f.Value, f.Total = strconv.Itoa(l.N), strconv.Itoa(l.Of)
	}
	f.Value, f.Total = c.typed(l.Code+"_value", f.Value), c.typed(l.Code+"_total", f.Total)
	return f
}

func (s *Server) stateReady(c *visit) error {
	id, what := c.r.PathValue("id"), c.form("what")
	p := problem.New("input/faulty")
	cmd := online.StateCommand{School: id, What: what, Ref: c.form(what + "_ref"), Day: c.day(p, what+"_day"), Value: 1}
	if what == online.StatedStaff {
		cmd.Value, cmd.Total = c.number(p, "staff_value", -1), c.number(p, "staff_total", -1)
	}
	if c.form("go") == "none" {
		cmd.Value = 0
	}
	err := p.OrNil()
	if err == nil {
		err = s.Online.State(c.r.Context(), c.who.Actor, cmd)
	}
	if err != nil {
		return c.again("schools/ready", err, func() (drawn, error) { return s.readyPage(c, id) })
	}
	return c.done(onlinePath(id, "ready"), "flash.schools.stated")
}
