// SPDX-License-Identifier: Apache-2.0

package web

import "net/http"

// The cookies. The session's name gets the prefix __Host- where browsers come
// by https: such a cookie cannot be set by a neighbour under the same domain.
const (
	cookieLanguage = "lang"
	cookieTheme    = "theme"
	cookieFlash    = "flash"
	cookieSession  = "lachan"
)

const year = 365 * 24 * 60 * 60 // seconds

// prefer keeps a choice of the reader. It says nothing about who that is.
func (c *visit) prefer(name, value string) {
	http.SetCookie(c.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: year, HttpOnly: true, Secure: c.s.Secure, SameSite: http.SameSiteLaxMode})
}

func (s *Server) sessionCookie() string {
	if s.Secure {
		return "__Host-" + cookieSession
	}
	return cookieSession
}

func (c *visit) setSession(value string) {
	http.SetCookie(c.w, &http.Cookie{Name: c.s.sessionCookie(), Value: value, Path: "/", HttpOnly: true, Secure: c.s.Secure, SameSite: http.SameSiteLaxMode})
}

func (c *visit) dropSession() {
	http.SetCookie(c.w, &http.Cookie{Name: c.s.sessionCookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.s.Secure, SameSite: http.SameSiteLaxMode})
}
