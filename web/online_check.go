// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/schools/online"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) checklist(c *visit) error {
	p, err := s.checkPage(c, c.query("kind"), c.query("subject"))
	if err != nil {
		return err
	}
	return c.show("schools/check", p)
}

func (s *Server) checkPage(c *visit, kind, subject string) (page.Checklist, error) {
	ctx, actor, id := c.r.Context(), c.who.Actor, c.r.PathValue("id")
	school, err := s.Schools.School(ctx, actor, id)
	if err != nil {
		return page.Checklist{}, err
	}
	title, err := s.checkTitle(c, id, kind, subject)
	if err != nil {
		return page.Checklist{}, err
	}
	checks, err := s.Online.Checks(ctx, actor, id)
	if err != nil {
		return page.Checklist{}, err
	}
	last := checks[subject]
	names, err := c.names(last.By)
	if err != nil {
		return page.Checklist{}, err
	}
	c.in("schools", c.p.T("pages.check.title", "what", title))
	p := page.Checklist{
		Base: c.base, School: c.schoolHead(school, "register"), Kind: kind, Subject: subject, Title: title, By: names[last.By], At: last.At, Due: last.Due,
		CanEdit: c.mayEditSchool("schools.online_edit", school),
	}
	list, _ := s.Online.Register().Checklist(kind)
	for _, item := range list.Items {
		row := page.CheckItem{Name: item, Text: c.p.T(list.ItemKey(item))}
		for _, a := range online.Answers() {
			row.Answers = append(row.Answers, page.Option{Value: a, Label: c.p.T(online.AnswerKey(a)), On: c.typed(item, last.Answers[item]) == a})
		}
		p.Items = append(p.Items, row)
	}
	return p, nil
}

// checkTitle names the class or platform; one that the school has not is not
// found.
func (s *Server) checkTitle(c *visit, id, kind, subject string) (string, error) {
	if kind == online.UseCheck {
		uses, err := s.Online.Uses(c.r.Context(), c.who.Actor, id)
		for _, u := range uses {
			if u.ID == subject {
				return u.Called(s.Online.Register()), nil
			}
		}
		if err != nil {
			return "", err
		}
		return "", problem.New("schools/no-platform")
	}
	classes, err := s.Online.Classes(c.r.Context(), c.who.Actor, id)
	for _, x := range classes {
		if x.ID == subject && kind == online.ClassCheck {
			return x.Title, nil
		}
	}
	if err != nil {
		return "", err
	}
	return "", problem.New("schools/no-class")
}

func (s *Server) answerCheck(c *visit) error {
	id, kind, subject := c.r.PathValue("id"), c.form("kind"), c.form("subject")
	cmd := online.CheckCommand{School: id, Kind: kind, Subject: subject, Answers: map[string]string{}}
	list, _ := s.Online.Register().Checklist(kind)
	for _, item := range list.Items {
		cmd.Answers[item] = c.form(item)
	}
	if _, err := s.Online.AnswerCheck(c.r.Context(), c.who.Actor, cmd); err != nil {
		return c.again("schools/check", err, func() (drawn, error) { return s.checkPage(c, kind, subject) })
	}
	return c.done(onlinePath(id, "register"), "flash.schools.check-answered")
}
