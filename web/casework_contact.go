// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/casework"
	"lachan/web/page"
)

func (s *Server) contactPage(c *visit) error {
	v, err := c.view(c.r.PathValue("id")) // how to answer safely is sealed in part
	if err != nil {
		return err
	}
	if err := c.openAct(v, "contact"); err != nil {
		return err
	}
	return c.show("casework/contact", s.contactForm(c, v, ""))
}

func (s *Server) contactForm(c *visit, v casework.CaseView, reason string) page.Contact {
	c.in("casework", v.Code)
	return page.Contact{Base: c.base, ID: v.ID, Code: v.Code, Safe: c.safe(v), Reason: reason}
}

// contact records why somebody gets in touch otherwise than the reporter said
// is safe. What the reporter said stands unchanged for everybody.
func (s *Server) contact(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.Casework.OverrideContact(c.r.Context(), c.who.Actor, v.ID, c.form("reason")); err != nil {
		return c.againCase("casework/contact", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.contactForm(c, v, c.form("reason")), nil })
	}
	return c.done(casePath(v.ID), "flash.case.contact")
}
