// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strconv"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) unlockPage(c *visit) error {
	has, err := s.Identity.HasPassphrase(c.r.Context(), c.who.Person)
	if err != nil {
		return err
	}
	if !has {
		return c.redirect("/unlock/first")
	}
	return c.showAsking(unlockPath, c.next(), page.Kept{})
}

func (s *Server) unlock(c *visit) error {
	opened, err := s.Identity.Unlock(c.r.Context(), c.who.Session, c.r.PostForm.Get("passphrase"))
	if problem.Is(err, "identity/no-passphrase") {
		return c.redirect("/unlock/first")
	}
	if err != nil {
		return c.again("access/unlock", err, func() (drawn, error) {
			return page.Unlock{Base: c.base, Next: c.next(), Kept: c.kept()}, nil
		})
	}
	if err := s.offerModels(c); err != nil {
		return err
	}
	said := "flash.unlocked"
	if len(opened.Waiting) > 0 {
		said = "flash.unlocked-waiting"
	}
	return c.goOn(func() error { return c.done(safeBack(c.next(), "/work"), said) })
}

func (s *Server) lock(c *visit) error {
	if err := s.Identity.Lock(c.r.Context(), c.who.Session); err != nil {
		return err
	}
	return c.done("/work", "flash.locked")
}

// firstPage asks for a passphrase. Setting one wants the second factor shown
// a moment ago.
func (s *Server) firstPage(c *visit) error {
	has, err := s.Identity.HasPassphrase(c.r.Context(), c.who.Person)
	if err != nil {
		return err
	}
	if has {
		return c.redirect(unlockPath)
	}
	if err := c.fresh(); err != nil {
		return err
	}
	return c.show("access/first", page.FirstUnlock{Base: c.base})
}

func (s *Server) first(c *visit) error {
	if c.r.PostForm.Has("share") {
		return s.confirmRecovery(c)
	}
	err := c.samePassword("passphrase", "again")
	var opened identity.Unlocking
	if err == nil {
		opened, err = s.Identity.FirstUnlock(c.r.Context(), c.who.Session, c.r.PostForm.Get("passphrase"))
	}
	if problem.Is(err, "identity/has-passphrase") {
		return c.redirect(unlockPath)
	}
	if err != nil {
		return c.again("access/first", err, func() (drawn, error) { return page.FirstUnlock{Base: c.base}, nil })
	}
	recovery, err := s.Identity.Recovery(c.r.Context())
	if err != nil {
		return err
	}
	if recovery.Confirmed || !s.mayRecover(c, c.who.Actor) {
		if len(opened.Waiting) > 0 {
			return c.done("/work", "flash.unlocked-waiting")
		}
		return c.done("/work", "flash.unlocked")
	}
	shares, err := s.Identity.MakeRecovery(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	p := page.FirstUnlock{Base: c.base, Shares: shares[:], Number: shareAsked}
	for _, unit := range opened.Opened {
		p.Opens = append(p.Opens, c.unit(unit).Name)
	}
	for _, unit := range opened.Waiting {
		p.Wait = append(p.Wait, c.unit(unit).Name)
	}
	return c.show("access/first", p)
}

// shareAsked is the share of the recovery key that is typed back: neither the
// first nor the last of the page, so that it is looked for.
const shareAsked = 2

func (s *Server) mayRecover(c *visit, actor authz.Actor) bool {
	_, err := s.Authz.Check(c.r.Context(), actor, "identity.recover", authz.Resource{Type: "identity.recovery"})
	return err == nil
}

// confirmRecovery takes one printed share typed back.
func (s *Server) confirmRecovery(c *visit) error {
	if err := s.Identity.ConfirmRecovery(c.r.Context(), c.who.Session, c.form("share")); err != nil {
		fault := err
		if problem.KindOf(err) == problem.Invalid {
			fault = problem.New("input/faulty").Field("share", problem.From(err).Code)
		}
		return c.again("access/first", fault, func() (drawn, error) {
			number, err := strconv.Atoi(c.form("number"))
			if err != nil || number < 1 {
				number = shareAsked
			}
			return page.FirstUnlock{Base: c.base, Shares: slices.Clone(c.forms("shares")), Number: number}, nil
		})
	}
	return c.done("/work", "flash.recovery-made")
}
