// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/web/page"
)

func (s *Server) suspendPage(c *visit) error { return s.haltPage(c, "suspend") }
func (s *Server) resumePage(c *visit) error  { return s.haltPage(c, "resume") }

func (s *Server) suspend(c *visit) error { return s.halt(c, "suspend", s.Casework.Suspend) }
func (s *Server) resume(c *visit) error  { return s.halt(c, "resume", s.Casework.Resume) }

func (s *Server) haltPage(c *visit, key string) error {
	v, err := c.actView(key)
	if err != nil {
		return err
	}
	return c.show("casework/suspend", s.haltForm(c, v, page.Suspend{Resume: key == "resume"}))
}

func (s *Server) haltForm(c *visit, v casework.CaseView, p page.Suspend) page.Suspend {
	c.in("casework", v.Code)
	p.Base, p.ID, p.Code = c.base, v.ID, v.Code
	return p
}

// halt stops a case or takes it up again, by the head's document.
func (s *Server) halt(c *visit, key string, do func(context.Context, authz.Actor, casework.SuspendCommand) error) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	p := page.Suspend{Resume: key == "resume", Number: c.form("number"), Date: c.form("date"), Reason: c.form("reason")}
	err = do(c.r.Context(), c.who.Actor, casework.SuspendCommand{
		Case: v.ID, Document: casework.Document{Number: p.Number, Date: isoDay(p.Date)}, Reason: p.Reason,
	})
	if err != nil {
		return c.againCase("casework/suspend", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.haltForm(c, v, p), nil })
	}
	return c.done(casePath(v.ID), "flash.case."+key)
}
