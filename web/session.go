// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strings"
	"unicode/utf8"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// session is who is logged in, as the handlers need it.
type session struct {
	identity.Session
	Actor authz.Actor
}

// cookie is the session cookie's value; empty if there is none.
func (c *visit) cookie() string {
	k, err := c.r.Cookie(c.s.sessionCookie())
	if err != nil {
		return ""
	}
	return k.Value
}

// halfway finds a session in any state: for the pages of the log-in itself.
func (c *visit) halfway() (identity.Session, error) {
	return c.s.Identity.Session(c.r.Context(), c.cookie())
}

// authenticate finds the full session and fills what every console page shows.
func (c *visit) authenticate() error {
	sess, err := c.halfway()
	if err != nil {
		return err
	}
	if sess.State != identity.StateFull {
		return problem.New("identity/not-logged-in")
	}
	today := org.DayOf(c.s.Clock.Now())
	tree := c.s.Org.At(today)
	c.who = &session{Session: sess, Actor: sess.Actor(tree.Functions(sess.Unit)...)}
	c.base.Unit = c.unit(sess.Unit)
	for _, m := range sess.Units {
		c.base.Units = append(c.base.Units, c.unit(m.Unit))
	}
	c.base.User = &page.User{
		Name: sess.Name.Reveal(), Initials: initials(sess.Name.Reveal()), Post: c.roles(sess.Roles),
		Locked: !sess.Unlocked && c.s.needsPassphrase(c, sess), Unlocked: sess.Unlocked, CanSetUp: c.may("identity.list", authz.Resource{Type: "identity.person", Attrs: map[string]any{"unit": sess.Unit}}),
	}
	c.base.HelpPath = "/help/components"
	if c.may("casework.list", authz.Resource{Type: "casework.queue"}) {
		c.base.SearchPath, c.base.IntakePath = "/casework", "/casework/intake"
	}
	c.flash()
	return nil
}

// may asks the policies, for showing or hiding a link; the service asks again.
func (c *visit) may(action string, r authz.Resource) bool {
	_, err := c.s.Authz.Check(c.r.Context(), c.who.Actor, action, r)
	return err == nil
}

// roles says somebody's roles in words.
func (c *visit) roles(roles []string) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = c.p.T("console.role." + r)
	}
	return strings.Join(words, ", ")
}

func (c *visit) unit(id string) page.Unit {
	today := org.DayOf(c.s.Clock.Now())
	u, err := c.s.Org.Unit(id, today)
	if err != nil {
		return page.Unit{ID: id, Name: c.p.T("console.unit.unknown")}
	}
	under := ""
	if path := c.s.Org.At(today).Path(id); len(path) > 1 {
		under = path[len(path)-2].Name
	}
	return page.Unit{ID: id, Name: u.Name, Under: under}
}

// initials are the first letters of the last two words of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) > 2 {
		words = words[len(words)-2:]
	}
	out := ""
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out += string(r)
	}
	return strings.ToUpper(out)
}

// in sets the menu with the room that the page belongs to. A room that the
// policies keep from the reader is left out of it.
func (c *visit) in(room, title string) {
	c.base.Title = title
	hrefs := map[string]string{"work": "/work", "mission": "/mission", "casework": "", "schools": "", "detection": "", "reporting": "", "ledger": ""}
	for name := range hrefs {
		if c.mayEnter(name) {
			hrefs[name] = "/" + name
		}
	}
	c.base.Nav = page.Nav(room, hrefs, nil)
}

// mayEnter asks the policies whether the first page of a room opens for the
// reader, as its service will ask them.
func (c *visit) mayEnter(room string) bool {
	switch room {
	case "casework":
		return c.may("casework.list", authz.Resource{Type: "casework.queue"})
	case "schools":
		all, own := authz.Resource{Type: "schools.school", Attrs: map[string]any{"unit": "(any)"}}, authz.Resource{Type: "schools.school", Attrs: map[string]any{"unit": c.who.Actor.Unit}}
		return c.may("schools.view", all) || c.may("schools.view", own)
	case "detection":
		return c.may("detection.view", authz.Resource{Type: "detection.figures"})
	case "reporting":
		return c.may("reporting.view", authz.Resource{Type: "reporting.report", Attrs: map[string]any{"unit": c.who.Actor.Unit}})
	case "ledger":
		return c.may("ledger.view", authz.Resource{Type: "ledger.log"})
	}
	return true
}

// fresh asks for the second factor shown within the last five minutes: before
// an export or an unmasking.
func (c *visit) fresh() error {
	if !c.who.Fresh(c.s.Clock.Now()) {
		return problem.New("identity/step-up")
	}
	return nil
}
