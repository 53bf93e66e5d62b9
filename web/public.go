// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strings"

	"lachan/internal/problem"
	"lachan/web/page"
)

// publicRoutes is the front of the house: a door for each audience.
//
// Clauses: 1.1, 1.2, 1.3, 1.4, 5.1
func (s *Server) publicRoutes() []Route {
	outreach := []string{"1.1", "1.3", "1.4"}
	return []Route{
		{Method: http.MethodGet, Path: "/{$}", Public: true, Clauses: outreach, Do: s.home},
		{Method: http.MethodGet, Path: "/kids/{band}", Public: true, Clauses: outreach, Do: s.kids},
		{Method: http.MethodGet, Path: "/parents", Public: true, Clauses: outreach, Do: s.door("parents")},
		{Method: http.MethodGet, Path: "/teachers", Public: true, Clauses: outreach, Do: s.door("teachers")},
		{Method: http.MethodGet, Path: "/press", Public: true, Clauses: outreach, Do: s.door("press")},
		{Method: http.MethodGet, Path: "/trusted-adult", Public: true, Clauses: outreach, Do: s.plain("public/trusted")},
		{Method: http.MethodGet, Path: "/about", Public: true, Do: s.plain("public/about")},
		{Method: http.MethodGet, Path: "/blocks", Public: true, Clauses: []string{"2", "3"}, Do: s.blockNumbers},
		{Method: http.MethodGet, Path: "/exit", Public: true, Do: s.exit},
		{Method: http.MethodPost, Path: "/theme", Public: true, Do: s.setTheme},
		{Method: http.MethodPost, Path: "/language", Public: true, Do: s.setLanguage},
	}
}

func (s *Server) home(c *visit) error {
	reading, err := c.reading()
	if err != nil {
		return err
	}
	return c.show("public/home", page.Home{Base: c.base, Reading: reading})
}

// reading is the promise that the on-call roster makes, or nil: then no page
// says when somebody will read.
func (c *visit) reading() (*page.Reading, error) {
	p, err := c.s.Casework.ReadingPromise(c.r.Context())
	if err != nil || p.At.IsZero() {
		return nil, err
	}
	return &page.Reading{At: p.At, Now: p.Now}, nil
}

func (s *Server) kids(c *visit) error {
	band := c.r.PathValue("band")
	switch band {
	case "6-10", "11-15", "16-17":
		return c.show("public/kids", page.Kids{Base: c.base, Band: band})
	}
	return problem.New("page/not-found")
}

func (s *Server) door(audience string) func(*visit) error {
	return func(c *visit) error {
		reading, err := c.reading()
		if err != nil {
			return err
		}
		d := page.Door{Base: c.base, Reading: reading}
		if audience == "press" {
			if d.Figures, err = s.pressFigures(c); err != nil {
				return err
			}
		}
		return c.show("public/"+audience, d)
	}
}

func (s *Server) plain(name string) func(*visit) error {
	return func(c *visit) error { return c.show(name, page.Plain{Base: c.base}) }
}

// exit leads away at once: the browser is told to forget what it kept of this
// site, and the next page learns nothing of where the reader came from.
func (s *Server) exit(c *visit) error {
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(c.w, c.r, s.Leave, http.StatusSeeOther)
	return nil
}

func (s *Server) setTheme(c *visit) error {
	if v := c.form("theme"); v == "light" || v == "dark" {
		c.prefer(cookieTheme, v)
	}
	return c.redirect(safeBack(c.form("back"), "/"))
}

func (s *Server) setLanguage(c *visit) error {
	if v := c.form("lang"); v == "vi" || v == "en" {
		c.prefer(cookieLanguage, v)
	}
	// The report form is a POST without an address of its own to return to.
	back := safeBack(c.form("back"), "/")
	if strings.HasPrefix(back, "/report") && back != "/report" {
		back = "/report"
	}
	return c.redirect(back)
}
