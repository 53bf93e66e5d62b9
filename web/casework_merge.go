// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) mergePage(c *visit) error {
	v, err := c.actView("merge")
	if err != nil {
		return err
	}
	return c.show("casework/merge", s.mergeForm(c, v, "", "", ""))
}

// mergeForm offers the cases that are linked to this one; any other is named
// by its code.
func (s *Server) mergeForm(c *visit, v casework.CaseView, linked, into, reason string) page.Merge {
	c.in("casework", v.Code)
	p := page.Merge{Base: c.base, ID: v.ID, Code: v.Code, Into: into, Reason: reason}
	for _, l := range v.Links {
		p.Linked = append(p.Linked, page.Option{Value: l.Code, Label: l.Code, Note: c.p.T(casework.LinkKey(l.State)), On: l.Code == linked})
	}
	return p
}

func (s *Server) merge(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	linked, into, reason := c.form("linked"), c.form("into"), c.form("reason")
	cmd := casework.MergeCommand{Case: v.ID, Into: into, Reason: reason}
	if into == "" {
		cmd.Into = linked
	}
	if _, err := s.Casework.Merge(c.r.Context(), c.who.Actor, cmd); err != nil {
		return c.againCase("casework/merge", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.mergeForm(c, v, linked, into, reason), nil })
	}
	return c.done(casePath(v.ID), "flash.case.proposed")
}

// links draws the cases that may be about the same thing. Whoever triages says
// whether they are, and may say otherwise later.
func (c *visit) links(v casework.CaseView) []page.CaseLink {
	out := make([]page.CaseLink, 0, len(v.Links))
	may := v.State.Open() && v.Mode != "offered" && c.may("casework.triage", c.about(v))
	for _, l := range v.Links {
		row := page.CaseLink{ID: l.With, Href: casePath(l.With), Code: l.Code, State: c.p.T(casework.LinkKey(l.State)), At: l.At}
		if may {
			row.Decide, row.Same, row.Other = casePath(v.ID)+"/links", l.State != "confirmed", l.State != "rejected"
		}
		out = append(out, row)
	}
	return out
}

// decideLink says that two cases are about the same thing, or that they are
// not. They stay two.
func (s *Server) decideLink(c *visit) error {
	id, choice := c.r.PathValue("id"), c.form("go")
	if choice != "same" && choice != "other" {
		return problem.New("input/faulty").Field("go", "input/not-a-choice")
	}
	if err := s.Casework.ConfirmLink(c.r.Context(), c.who.Actor, id, c.form("other"), choice == "same"); err != nil {
		return err
	}
	return c.done(casePath(id), "flash.case.linked")
}
