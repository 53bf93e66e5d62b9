// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// The pages that ask for what a request lacks.
const (
	loginPath  = "/login"
	codePath   = "/login/code"
	unlockPath = "/unlock"
)

// accessRoutes is the way in: set-up, the card of an invited person, log-in,
// unlocking. They serve every clause and none by itself.
func (s *Server) accessRoutes() []Route {
	return []Route{
		{Method: http.MethodGet, Path: loginPath, Public: true, Do: s.loginPage},
		{Method: http.MethodPost, Path: loginPath, Public: true, Fleeting: true, Limit: keptLimit, Do: s.login},
		{Method: http.MethodGet, Path: codePath, Public: true, Do: s.codePage},
		{Method: http.MethodPost, Path: codePath, Public: true, Fleeting: true, Limit: keptLimit, Do: s.code},
		{Method: http.MethodGet, Path: "/login/enrol", Public: true, Do: s.enrolPage},
		{Method: http.MethodPost, Path: "/login/enrol", Public: true, Fleeting: true, Do: s.enrol},
		{Method: http.MethodPost, Path: "/logout", Public: true, Fleeting: true, Do: s.logout},
		{Method: http.MethodGet, Path: unlockPath, Do: s.unlockPage},
		{Method: http.MethodPost, Path: unlockPath, Fleeting: true, Limit: keptLimit, Do: s.unlock},
		{Method: http.MethodGet, Path: "/unlock/first", Do: s.firstPage},
		{Method: http.MethodPost, Path: "/unlock/first", Fleeting: true, Do: s.first},
		{Method: http.MethodPost, Path: "/lock", Fleeting: true, Do: s.lock},
		{Method: http.MethodPost, Path: "/unit", Fleeting: true, Do: s.switchUnit},
		{Method: http.MethodGet, Path: "/setup/{token}", Public: true, Do: s.setupPage},
		{Method: http.MethodPost, Path: "/setup/{token}", Public: true, Fleeting: true, Do: s.setup},
		{Method: http.MethodGet, Path: "/welcome/{token}", Public: true, Do: s.welcomePage},
		{Method: http.MethodPost, Path: "/welcome/{token}", Public: true, Fleeting: true, Do: s.welcome},
	}
}

// next is where to go after the log-in; only an address of this site.
func (c *visit) next() string {
	to := c.query("next")
	if c.r.Method == http.MethodPost {
		to = c.form("next")
	}
	return safeBack(to, "")
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

func (s *Server) loginPage(c *visit) error {
	if sess, err := c.halfway(); err == nil && sess.State == identity.StateFull {
		return c.redirect(safeBack(c.next(), "/work"))
	}
	c.flash()
	return c.showAsking(loginPath, c.next(), page.Kept{})
}

func (s *Server) login(c *visit) error {
	name := c.form("name")
	// A password is compared as it was typed; identity brings it to one form.
	cookie, state, err := s.Identity.Login(c.r.Context(), name, c.r.PostForm.Get("password"))
	if err != nil {
		return c.again("access/login", err, func() (drawn, error) {
			return page.Login{Base: c.base, Name: name, Next: c.next(), Kept: c.kept()}, nil
		})
	}
	c.setSession(cookie)
	if state == identity.StateEnrol {
		return c.redirect("/login/enrol")
	}
	if kept := c.kept(); kept.To != "" {
		return c.showAsking(codePath, c.next(), kept)
	}
	return c.redirect(withNext(codePath, c.next()))
}

// codePage asks for the second factor: to finish the log-in, or once more
// before an act that exports or unmasks.
func (s *Server) codePage(c *visit) error {
	sess, err := c.halfway()
	if err != nil {
		return err
	}
	if sess.State == identity.StateEnrol {
		return c.redirect("/login/enrol")
	}
	return c.showAsking(codePath, c.next(), page.Kept{})
}

func (s *Server) code(c *visit) error {
	sess, err := c.halfway()
	if err != nil {
		return err
	}
	again := func() (drawn, error) { return page.TOTP{Base: c.base, Next: c.next(), Kept: c.kept()}, nil }
	if sess.State == identity.StateFull {
		if err := s.Identity.StepUp(c.r.Context(), sess, c.form("code")); err != nil {
			return c.again("access/totp", err, again)
		}
		return c.goOn(func() error { return c.redirect(safeBack(c.next(), "/work")) })
	}
	if err := s.finishLogin(c, sess); err != nil {
		return c.again("access/totp", err, again)
	}
	return nil
}

func (s *Server) enrolPage(c *visit) error {
	sess, err := c.halfway()
	if err != nil {
		return err
	}
	p, err := s.enrolment(c, sess)
	if err != nil {
		return err
	}
	return c.show("access/enrol", p)
}

func (s *Server) enrolment(c *visit, sess identity.Session) (page.Enrol, error) {
	totp, err := s.Identity.EnrolTOTP(c.r.Context(), sess, c.p.T("ui.product"))
	if err != nil {
		return page.Enrol{}, err
	}
	qr, err := qrSVG(totp.URL)
	return page.Enrol{Base: c.base, QR: qr, Secret: totp.Secret}, err
}

func (s *Server) enrol(c *visit) error {
	sess, err := c.halfway()
	if err != nil {
		return err
	}
	if err := s.finishLogin(c, sess); err != nil {
		return c.again("access/enrol", err, func() (drawn, error) { return s.enrolment(c, sess) })
	}
	return nil
}

// finishLogin checks the code, sets the new cookie and leads on: to the
// passphrase where the person needs one and has none.
func (s *Server) finishLogin(c *visit, sess identity.Session) error {
	cookie, err := s.Identity.SecondFactor(c.r.Context(), sess, c.form("code"))
	if err != nil {
		return err
	}
	c.setSession(cookie)
	has, err := s.Identity.HasPassphrase(c.r.Context(), sess.Person)
	if err != nil {
		return err
	}
	return c.goOn(func() error {
		if !has && s.needsPassphrase(c, sess) {
			return c.redirect("/unlock/first")
		}
		return c.redirect(safeBack(c.next(), "/work"))
	})
}

// needsPassphrase reports whether somebody will read sealed content, or make
// the recovery key.
func (s *Server) needsPassphrase(c *visit, sess identity.Session) bool {
	actor := sess.Actor()
	_, reads := s.Authz.Check(c.r.Context(), actor, "casework.list", authz.Resource{Type: "casework.queue"})
	return reads == nil || s.mayRecover(c, actor)
}

func (s *Server) logout(c *visit) error {
	if sess, err := c.halfway(); err == nil {
		if err := s.Identity.Logout(c.r.Context(), sess); err != nil {
			return err
		}
	}
	c.dropSession()
	return c.done("/login", "flash.logged-out")
}

func (s *Server) switchUnit(c *visit) error {
	if err := s.Identity.SwitchUnit(c.r.Context(), c.who.Session, c.form("unit")); err != nil {
		return err
	}
	// What stood on the page may be unknown to the other unit.
	return c.redirect("/work")
}

func (s *Server) setupPage(c *visit) error {
	token := c.r.PathValue("token")
	if err := s.Identity.CheckSetup(c.r.Context(), token); err != nil {
		return err
	}
	return c.show("access/setup", page.Setup{Base: c.base, Token: token, Places: s.setupUnits("")})
}

// setupUnits are the agencies of the province itself: an administrator belongs
// to one of them.
func (s *Server) setupUnits(on string) []page.Option {
	tree := s.Org.At(org.DayOf(s.Clock.Now()))
	var out []page.Option
	seen := map[string]bool{}
	add := func(units ...org.Unit) {
		for _, u := range units {
			if u.Level == org.LevelProvince && !seen[u.ID] {
				seen[u.ID] = true
				out = append(out, page.Option{Value: u.ID, Label: u.Name, On: u.ID == on})
			}
		}
	}
	for _, root := range tree.Roots() {
		add(root)
		add(tree.Children(root.ID)...)
		add(tree.Staff(root.ID)...)
	}
	return out
}

func (s *Server) setup(c *visit) error {
	token := c.r.PathValue("token")
	n := identity.NewPerson{Name: c.form("name"), Login: c.form("login"), Unit: c.form("unit"), Roles: []string{authz.Admin}}
	err := c.samePassword("password", "again")
	if _, known := s.Org.At(org.DayOf(s.Clock.Now())).Unit(n.Unit); err == nil && !known {
		err = problem.New("input/faulty").Field("unit", "input/not-a-choice")
	}
	if err == nil {
		_, err = s.Identity.Setup(c.r.Context(), token, n, c.r.PostForm.Get("password"))
	}
	if err != nil {
		return c.again("access/setup", err, func() (drawn, error) {
			return page.Setup{Base: c.base, Token: token, Name: n.Name, Login: n.Login, Places: s.setupUnits(n.Unit)}, nil
		})
	}
	return c.done("/login", "flash.account-made")
}

// samePassword checks that a secret was typed twice alike.
func (c *visit) samePassword(name, again string) error {
	if c.r.PostForm.Get(name) != c.r.PostForm.Get(again) {
		return problem.New("input/faulty").Field(again, "identity/password-not-again")
	}
	return nil
}

func (s *Server) welcomePage(c *visit) error {
	p, err := s.card(c)
	if err != nil {
		return err
	}
	return c.show("access/welcome", p)
}

func (s *Server) card(c *visit) (page.Welcome, error) {
	token := c.r.PathValue("token")
	person, err := s.Identity.Welcome(c.r.Context(), token)
	if err != nil {
		return page.Welcome{}, err
	}
	p := page.Welcome{Base: c.base, Token: token, Name: person.Name.Reveal(), Login: person.Login.Reveal()}
	for _, m := range person.Units {
		p.Units = append(p.Units, c.unit(m.Unit).Name)
	}
	return p, nil
}

func (s *Server) welcome(c *visit) error {
	err := c.samePassword("password", "again")
	if err == nil {
		_, err = s.Identity.Redeem(c.r.Context(), c.r.PathValue("token"), c.r.PostForm.Get("password"))
	}
	if err != nil {
		return c.again("access/welcome", err, func() (drawn, error) { return s.card(c) })
	}
	return c.done("/login", "flash.account-made")
}
