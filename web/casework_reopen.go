// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/casework"
	"lachan/web/page"
)

func (s *Server) reopenPage(c *visit) error {
	v, err := c.actView("reopen")
	if err != nil {
		return err
	}
	return c.show("casework/reopen", s.reopenForm(c, v, ""))
}

func (s *Server) reopenForm(c *visit, v casework.CaseView, note string) page.Reopen {
	c.in("casework", v.Code)
	p := page.Reopen{Base: c.base, ID: v.ID, Code: v.Code, Note: note}
	if v.Outcome.Valid() {
		p.Outcome = c.p.T(v.Outcome.Key())
	}
	return p
}

// reopen takes a closed case up again; its first day stays.
func (s *Server) reopen(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.Casework.Reopen(c.r.Context(), c.who.Actor, v.ID, c.form("note")); err != nil {
		return c.againCase("casework/reopen", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.reopenForm(c, v, c.form("note")), nil })
	}
	return c.done(casePath(v.ID), "flash.case.reopened")
}
