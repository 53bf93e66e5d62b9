// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/web/page"
)

// Wishes of pupils to have a site opened: the school's to answer, the
// department's to see whether schools do.

// wishDays is how far back the department looks.
const wishDays = 30

// wishes is a sentence for whoever sees all schools, "" for others.
func (s *Server) wishes(c *visit) (string, error) {
	if !c.may("schools.view", authz.Resource{Type: "schools.school", Attrs: map[string]any{"unit": "(any)"}}) {
		return "", nil
	}
	w, err := s.Schools.Wishes(c.r.Context(), c.who.Actor, s.Clock.Now().AddDate(0, 0, -wishDays))
	if err != nil || w.Asked == 0 {
		return "", err
	}
	return c.p.T("pages.schools.wishes", "days", wishDays, "asked", w.Asked, "intime", w.InTime, "open", w.Open, "where", w.Where), nil
}

// workWishes puts wishes that wait in the reader's own school before what has
// more time: a lesson may depend on them.
func (s *Server) workWishes(c *visit, p *page.Work) error {
	school, mine, err := s.ownSchool(c)
	if err != nil || !mine || !c.mayEditSchool("schools.edit", school) {
		return err
	}
	open, err := s.Schools.Requests(c.r.Context(), c.who.Actor, school.ID, schools.Open)
	// What was passed on waits for the department.
	open = slices.DeleteFunc(open, func(r schools.Request) bool { return !r.Passed.IsZero() })
	if err != nil || len(open) == 0 || p.Next != nil {
		return err
	}
	p.Next = &page.NextCard{
		Code: school.Name, Title: c.p.T("web.work.wishes", "n", len(open)), Why: c.p.T("web.work.wishes.why"),
		Href: "/schools/" + school.ID, Open: c.p.T("web.work.wishes.open"),
	}
	return nil
}
