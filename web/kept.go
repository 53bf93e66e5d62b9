// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/web/page"
)

// A form can be sent too late: the session has ended over a long statement, or
// its content was locked. Then the page that asks for what is missing carries
// what was typed along in hidden fields, from the log-in to the second factor to
// the passphrase, and the last page sends it with one press more. Nothing of it is
// stored here or stands in an address; what was sent is judged anew.

// The fields in which a form travels: its address, and its own fields.
const (
	keptTo   = "kept-to"
	keptName = "kept."
)

// keptLimit is what the pages that carry a form take, in bytes: the largest form
// that is no file is half of it.
const keptLimit = 2 << 20

// asks is the address of the page that asks for what an error says is missing,
// and that no form can mend; empty if there is none.
func asks(err error) string {
	switch problem.From(err).Code {
	case "identity/not-logged-in":
		return loginPath
	case "identity/step-up":
		return codePath
	case "identity/locked", "casework/unlock-first", "detection/unlock-first":
		return unlockPath
	}
	return ""
}

// ask leads to the page at an address of asks. Where a form failed, the page is
// drawn at once, with the form in it.
func (c *visit) ask(at string, err error) error {
	kept := c.keep()
	if kept.To == "" {
		return c.redirect(withNext(at, c.back()))
	}
	logs.Fail(c.r.Context(), err)
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.WriteHeader(http.StatusUnauthorized)
	return c.showAsking(at, c.back(), kept)
}

// showAsking draws the page at an address of asks.
func (c *visit) showAsking(at, next string, kept page.Kept) error {
	c.base.Path = at // where a change of theme or language leads back to
	switch at {
	case loginPath:
		c.base.Title = c.p.T("web.title.login")
		return c.show("access/login", page.Login{Base: c.base, Next: next, Kept: kept})
	case codePath:
		c.base.Title = c.p.T("console.totp.title")
		return c.show("access/totp", page.TOTP{Base: c.base, Next: next, Kept: kept})
	}
	c.base.Title = c.p.T("console.unlock.title")
	return c.show("access/unlock", page.Unlock{Base: c.base, Next: next, Kept: kept})
}

// keep is the form of this request, to be carried along: empty for what is no
// form, and for one that holds a secret or means nothing later.
func (c *visit) keep() page.Kept {
	if c.r.Method != http.MethodPost || c.sendsFile() {
		return page.Kept{}
	}
	if c.r.PostForm == nil { // nobody was logged in, and so it was not read
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, min(c.route.limit(), keptLimit))
		if err := c.r.ParseForm(); err != nil {
			return page.Kept{}
		}
	}
	if c.route.Fleeting {
		return c.kept() // what it carries itself
	}
	return page.Kept{To: c.r.URL.RequestURI(), Fields: c.hidden(func(name string) (string, bool) { return name, true })}
}

// kept is the form that came along with this request.
func (c *visit) kept() page.Kept {
	kept := page.Kept{To: safeBack(c.r.PostForm.Get(keptTo), "")}
	if kept.To == "" {
		return page.Kept{}
	}
	kept.Fields = c.hidden(func(name string) (string, bool) { return strings.CutPrefix(name, keptName) })
	return kept
}

// goOn follows a log-in, a code or a passphrase that was right: with the form that
// was carried along, and without one as otherwise says.
func (c *visit) goOn(otherwise func() error) error {
	kept := c.kept()
	if kept.To == "" {
		return otherwise()
	}
	c.base.Title = c.p.T("console.kept.title")
	return c.show("access/kept", page.SendKept{Base: c.base, Kept: kept, Next: safeBack(c.next(), "/work")})
}

// sendsFile is whether the request is read part by part, by its handler.
func (c *visit) sendsFile() bool {
	return strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/")
}

// back is the page to which a request leads back: its own address, or for a form
// the nearest one above that is a page.
func (c *visit) back() string {
	if c.r.Method == http.MethodGet {
		return c.r.URL.RequestURI()
	}
	for at := c.r.URL.Path; at != "/" && at != "."; at = path.Dir(at) {
		_, pattern := c.s.mux.Handler(&http.Request{Method: http.MethodGet, Host: c.r.Host, URL: &url.URL{Path: at}})
		if strings.HasPrefix(pattern, http.MethodGet+" ") {
			return at
		}
	}
	return "/work"
}
