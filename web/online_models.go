// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"
	"strings"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// issued is the day on which a guidance was given out.
func issued(g online.Guidance) time.Time {
	d, err := duty.ParseDate(g.Issued)
	if err != nil {
		return time.Time{}
	}
	return d.Start()
}

func modelPath(id string) string { return "/schools/models/" + id }

func (c *visit) mayEditModel(id string) bool {
	return c.may("schools.model_edit", authz.Resource{Type: "schools.model", ID: id})
}

func (s *Server) models(c *visit) error {
	p, err := s.modelsPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/models", p)
}

func (s *Server) modelsPage(c *visit) (page.Models, error) {
	all, err := s.Online.Models(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.Models{}, err
	}
	c.in("schools", c.p.T("pages.models.title"))
	p := page.Models{Base: c.base, CanEdit: c.mayEditModel(""), Form: c.modelForm(online.Model{})}
	for _, m := range all {
		row := page.ModelRow{
			Href: modelPath(m.ID), Title: m.Title, State: c.p.T(m.State.Key()), Pilots: len(m.Schools(online.PilotSchool)),
			Adopters: len(m.Schools(online.Adopter)), Criteria: len(m.Criteria), Changed: m.Changed,
		}
		row.Met = count(m.Criteria, func(x online.Criterion) bool { return x.Result == online.Met })
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

func (c *visit) modelForm(m online.Model) page.ModelForm {
	var lines []string
	for _, x := range m.Criteria {
		lines = append(lines, x.Text)
	}
	return page.ModelForm{Title: c.typed("title", m.Title), Design: c.typed("design", m.Design), Criteria: c.typed("criteria", strings.Join(lines, "\n"))}
}

func (c *visit) modelCommand(id string) online.ModelCommand {
	return online.ModelCommand{ID: id, Title: c.form("title"), Design: c.form("design"), Criteria: strings.Split(c.form("criteria"), "\n")}
}

func (s *Server) newModel(c *visit) error {
	m, err := s.Online.SaveModel(c.r.Context(), c.who.Actor, c.modelCommand(""))
	if err != nil {
		return c.again("schools/models", err, func() (drawn, error) { return s.modelsPage(c) })
	}
	return c.done(modelPath(m.ID), "flash.schools.model-saved")
}

func (s *Server) model(c *visit) error {
	p, err := s.modelPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/model", p)
}

func (s *Server) modelPage(c *visit) (page.Model, error) {
	m, err := s.Online.Model(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return page.Model{}, err
	}
	c.in("schools", m.Title)
	p := page.Model{
		Base: c.base, ID: m.ID, Heading: m.Title, Design: m.Design, Evaluation: c.typed("conclusion", m.Evaluation), State: c.p.T(m.State.Key()),
		CanEdit: c.mayEditModel(m.ID), Draft: m.State == online.Draft, Judging: m.State == online.Pilot, Form: c.modelForm(m), Find: c.query("find"),
	}
	if !m.First.IsZero() {
		p.First = m.First.Start()
	}
	if !m.Last.IsZero() {
		p.Last = m.Last.Start()
	}
	for i, x := range m.Criteria {
		row := page.CriterionRow{Text: x.Text, Word: c.p.T(online.ResultKey(x.Result)), Note: c.typed("note-"+strconv.Itoa(i), x.Note), State: map[string]string{online.Met: "ok", online.Unmet: "soon"}[x.Result]}
		for _, result := range []string{"", online.Met, online.Unmet} {
			row.Results = append(row.Results, page.Option{Value: result, Label: c.p.T(online.ResultKey(result)), On: c.typed("result-"+strconv.Itoa(i), x.Result) == result})
		}
		p.Criteria = append(p.Criteria, row)
	}
	for _, to := range m.State.Next() {
		p.Moves = append(p.Moves, page.Option{Value: string(to), Label: c.p.T("pages.model.move." + string(to))})
	}
	return p, s.modelSchools(c, m, &p)
}

// modelSchools fills the schools of a model that the reader may see, and those
// that may join it.
func (s *Server) modelSchools(c *visit, m online.Model, p *page.Model) error {
	takes := m.State == online.Draft || m.State == online.Pilot || m.State == online.Spread
	in := map[string]bool{}
	for _, x := range m.Members {
		in[x.School] = true
		school, err := s.Schools.School(c.r.Context(), c.who.Actor, x.School)
		row := page.MemberRow{ID: x.School, Since: x.Since.Start(), CanLeave: p.CanEdit && takes && (x.Part == online.Adopter) == (m.State == online.Spread)}
		switch problem.KindOf(err) {
		case problem.Forbidden, problem.NotFound: // a teacher knows the own school only
			row.Name = c.p.T("pages.model.another")
		default:
			if err != nil {
				return err
			}
			row.Href, row.Name, row.Place = "/schools/"+school.ID, school.Name, c.placeName(school.Place)
		}
		if x.Part == online.Adopter {
			p.Adopters = append(p.Adopters, row)
		} else {
			p.Pilots = append(p.Pilots, row)
		}
	}
	if !p.CanEdit || !takes {
		return nil
	}
	found, err := s.Schools.Schools(c.r.Context(), c.who.Actor, schools.SchoolFilter{Query: p.Find, Limit: 60})
	if err != nil {
		return err
	}
	for _, school := range found {
		if !in[school.ID] {
			p.Schools = append(p.Schools, page.Option{Value: school.ID, Label: joined(school.Name, c.placeName(school.Place))})
		}
	}
	return nil
}

// onModel does one act on a model: back to it with a sentence, or the page
// again with what was wrong.
func (s *Server) onModel(c *visit, key string, act func(id string) error) error {
	id := c.r.PathValue("id")
	if err := act(id); err != nil {
		return c.again("schools/model", err, func() (drawn, error) { return s.modelPage(c) })
	}
	return c.done(modelPath(id), key)
}

func (s *Server) saveModel(c *visit) error {
	return s.onModel(c, "flash.schools.model-saved", func(id string) error {
		_, err := s.Online.SaveModel(c.r.Context(), c.who.Actor, c.modelCommand(id))
		return err
	})
}

func (s *Server) moveModel(c *visit) error {
	return s.onModel(c, "flash.schools.model-moved", func(id string) error {
		return s.Online.MoveModel(c.r.Context(), c.who.Actor, id, online.ModelState(c.form("to")))
	})
}

func (s *Server) joinModel(c *visit) error {
	return s.onModel(c, "flash.schools.model-joined", func(id string) error {
		return s.Online.JoinModel(c.r.Context(), c.who.Actor, online.MemberCommand{Model: id, School: c.form("school")})
	})
}

func (s *Server) leaveModel(c *visit) error {
	return s.onModel(c, "flash.schools.model-left", func(id string) error {
		return s.Online.JoinModel(c.r.Context(), c.who.Actor, online.MemberCommand{Model: id, School: c.form("school"), Leave: true})
	})
}

func (s *Server) judgeModel(c *visit) error {
	return s.onModel(c, "flash.schools.model-judged", func(id string) error {
		m, err := s.Online.Model(c.r.Context(), c.who.Actor, id)
		if err != nil {
			return err
		}
		cmd := online.EvaluateCommand{Model: id, Conclusion: c.form("conclusion")}
		for i := range m.Criteria {
			cmd.Results, cmd.Notes = append(cmd.Results, c.form("result-"+strconv.Itoa(i))), append(cmd.Notes, c.form("note-"+strconv.Itoa(i)))
		}
		return s.Online.EvaluateModel(c.r.Context(), c.who.Actor, cmd)
	})
}
