// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strings"

	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

// excludePage asks who must not know of a case: nobody handles a case about
// himself.
func (s *Server) excludePage(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.excludeForm(c, v, "", "")
	if err != nil {
		return err
	}
	return c.show("casework/exclude", p)
}

// excludeForm offers the people of the owning unit, and the unit itself: then
// the case goes one level up.
func (s *Server) excludeForm(c *visit, v casework.CaseView, who, reason string) (page.Exclude, error) {
	members, err := s.Identity.Members(c.r.Context(), v.Owner)
	if err != nil {
		return page.Exclude{}, err
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Person
	}
	names, err := c.names(ids...)
	if err != nil {
		return page.Exclude{}, err
	}
	c.in("casework", v.Code)
	p := page.Exclude{Base: c.base, ID: v.ID, Code: v.Code, Reason: reason}
	p.Who = []page.Option{{Label: c.p.T("web.choose"), On: who == ""}}
	for _, m := range members {
		value := "person:" + m.Person
		p.Who = append(p.Who, page.Option{Value: value, Label: names[m.Person], On: who == value})
	}
	unit := "unit:" + v.Owner
	p.Who = append(p.Who, page.Option{Value: unit, Label: c.p.T("web.exclude.unit", "unit", c.unit(v.Owner).Name), On: who == unit})
	return p, nil
}

func (s *Server) exclude(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	kind, subject, _ := strings.Cut(c.form("who"), ":")
	again := func(err error) error {
		return c.againCase("casework/exclude", err, v.ID, func(v casework.CaseView) (drawn, error) {
			return s.excludeForm(c, v, c.form("who"), c.form("reason"))
		})
	}
	fault := problem.New("input/faulty")
	if subject == "" {
		fault.Field("who", "input/required")
	}
	if c.form("reason") == "" {
		fault.Field("reason", "input/required")
	}
	if err := fault.OrNil(); err != nil {
		return again(err)
	}
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	cmd := casework.ExcludeCommand{Case: v.ID, Kind: kind, Subject: subject, Reason: c.form("reason")}
	if err := s.Casework.Exclude(c.r.Context(), c.who.Actor, u, cmd); err != nil {
		return again(err)
	}
	// The reader may be the one who is excluded now: the list is a safe place.
	return c.done("/casework", "flash.case.excluded")
}
