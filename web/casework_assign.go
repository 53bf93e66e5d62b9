// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) assignPage(c *visit) error {
	v, err := c.actView("assign")
	if err != nil {
		return err
	}
	p, err := s.assignForm(c, v, v.Handler)
	if err != nil {
		return err
	}
	return c.show("casework/assign", p)
}

// assignForm offers the people of the owning unit who may decide on its cases.
// Who may not know of this one is among them: the list must not tell.
func (s *Server) assignForm(c *visit, v casework.CaseView, person string) (page.Assign, error) {
	members, err := s.Identity.Members(c.r.Context(), v.Owner)
	if err != nil {
		return page.Assign{}, err
	}
	ids := []string{v.Handler}
	for _, m := range members {
		a := authz.Actor{Person: m.Person, Unit: m.Unit, Roles: m.Roles}
		if _, err := s.Authz.Check(c.r.Context(), a, "casework.decide", authz.Resource{Type: "casework.case", ID: v.ID, Attrs: map[string]any{"units": []string{v.Owner}}}); err == nil {
			ids = append(ids, m.Person)
		}
	}
	names, err := c.names(ids...)
	if err != nil {
		return page.Assign{}, err
	}
	c.in("casework", v.Code)
	p := page.Assign{Base: c.base, ID: v.ID, Code: v.Code, Handler: names[v.Handler], People: []page.Option{{Label: c.p.T("web.choose"), On: person == ""}}}
	for _, id := range ids[1:] {
		p.People = append(p.People, page.Option{Value: id, Label: names[id], On: id == person})
	}
	return p, nil
}

// assign gives the case to one of those whom the form offers.
func (s *Server) assign(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	person := c.form("person")
	again := func(err error) error {
		return c.againCase("casework/assign", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.assignForm(c, v, person) })
	}
	if err := c.openAct(v, "assign"); err != nil {
		return err
	}
	offered, err := s.assignForm(c, v, person)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(offered.People, func(o page.Option) bool { return o.Value == person }) {
		return again(problem.New("input/faulty").Field("person", "input/not-a-choice"))
	}
	if err := s.Casework.Assign(c.r.Context(), c.who.Actor, v.ID, person); err != nil {
		return again(err)
	}
	return c.done(casePath(v.ID), "flash.case.assigned")
}
