// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lachan/internal/locale"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/web/page"
)

// visit is one request on its way through a handler.
type visit struct {
	s     *Server
	route Route
	w     http.ResponseWriter
	r     *http.Request
	p     *locale.Printer
	who   *session // nil on public pages and before log-in
	base  page.Base
}

// bodyLimit is how much a form may send where its route says nothing else.
const bodyLimit = 64 << 10

// wrap makes a handler of a route: language and theme from their cookies, the
// session where the route needs one, the body read under its limit.
func (s *Server) wrap(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		logs.Add(r.Context(), slog.String("route", route.Path))
		c := s.visit(w, r)
		c.route = route
		err := s.enter(c, route)
		if err == nil {
			err = route.Do(c)
		}
		if err != nil {
			c.fail(err)
		}
	})
}

func (s *Server) enter(c *visit, route Route) error {
	if !route.Public {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	if route.Method == http.MethodPost {
		limit := route.limit()
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, limit)
		// A file is read part by part by its handler; everything else is a form.
		if !c.sendsFile() {
			if err := c.r.ParseForm(); err != nil {
				return tooLarge(err, limit)
			}
		}
	}
	return nil
}

func tooLarge(err error, limit int64) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem.New("input/too-large", "max", max(1, limit>>20)).Wrap(err)
	}
	return problem.New("input/faulty").Wrap(err)
}

// visit prepares what every page needs.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) *visit {
	lang := s.Language
	if k, err := r.Cookie(cookieLanguage); err == nil && (k.Value == "vi" || k.Value == "en") {
		lang = k.Value
	}
	theme := ""
	if k, err := r.Cookie(cookieTheme); err == nil && (k.Value == "light" || k.Value == "dark") {
		theme = k.Value
	}
	p := s.Texts.Printer(lang)
	return &visit{s: s, w: w, r: r, p: p, base: page.Base{
		Lang: p.Lang, Theme: theme, Path: r.URL.Path, Place: s.Place, Demo: s.Demo, Printer: p,
	}}
}

// show draws a page.
func (c *visit) show(name string, p interface{ Language() string }) error {
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return c.s.ui.Render(c.w, name, p)
}

// showFault draws the page of a form again with what was wrong with it.
func (c *visit) showFault(name string, p interface{ Language() string }, err error) error {
	prob := problem.From(err)
	if prob.Kind() == problem.Internal {
		return err
	}
	logs.Fail(c.r.Context(), err)
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.WriteHeader(prob.Kind().Status())
	return c.s.ui.Render(c.w, name, p)
}

// mendable is whether whoever sent the form can put it right: what was typed is
// wrong, or does not go with what is there by now.
func mendable(err error) bool {
	kind := problem.KindOf(err)
	return kind == problem.Invalid || kind == problem.Conflict
}

// form is a field of the POST, brought to its stored form.
func (c *visit) form(name string) string { return locale.Normalize(c.r.PostForm.Get(name)) }

// forms are all values of a field that may be given several times.
func (c *visit) forms(name string) []string {
	var all []string
	for _, v := range c.r.PostForm[name] {
		if v = locale.Normalize(v); v != "" {
			all = append(all, v)
		}
	}
	return all
}

// hidden are the fields of this form as they came, for another form that carries
// them: as says under which name, and whether.
func (c *visit) hidden(as func(name string) (string, bool)) []page.Hidden {
	var all []page.Hidden
	for _, name := range slices.Sorted(maps.Keys(c.r.PostForm)) {
		if carried, on := as(name); on {
			for _, v := range c.r.PostForm[name] {
				all = append(all, page.Hidden{Name: carried, Value: v})
			}
		}
	}
	return all
}

// query is a parameter of the address, brought to its stored form.
func (c *visit) query(name string) string { return locale.Normalize(c.r.URL.Query().Get(name)) }

// redirect ends a POST that succeeded.
func (c *visit) redirect(to string) error {
	http.Redirect(c.w, c.r, to, http.StatusSeeOther)
	return nil
}

// done redirects with one sentence about what has just been done. The
// sentence is a locale key in a short-lived cookie, never text.
func (c *visit) done(to, key string) error {
	http.SetCookie(c.w, &http.Cookie{Name: cookieFlash, Value: key, Path: "/", MaxAge: 60, HttpOnly: true, Secure: c.s.Secure, SameSite: http.SameSiteLaxMode})
	return c.redirect(to)
}

// flash takes the sentence that done left, once.
func (c *visit) flash() {
	k, err := c.r.Cookie(cookieFlash)
	if err != nil {
		return
	}
	http.SetCookie(c.w, &http.Cookie{Name: cookieFlash, Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.s.Secure, SameSite: http.SameSiteLaxMode})
	if strings.HasPrefix(k.Value, "flash.") && c.p.Has(k.Value) {
		c.base.Flash = &page.Flash{Text: c.p.T(k.Value)}
	}
}

// safeBack accepts only an address of this site as the place to return to.
func safeBack(to, otherwise string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return otherwise
	}
	return to
}

// fail shows the error page, or the log-in page where that is what is missing.
func (c *visit) fail(err error) {
	if at := asks(err); at != "" {
		if err = c.ask(at, err); err == nil {
			return
		}
	}
	c.s.failVisit(c, err)
}

// fail answers with an error outside of a route.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.failVisit(s.visit(w, r), err)
}

func (s *Server) failVisit(c *visit, err error) {
	if s.Translate != nil {
		err = s.Translate(err)
	}
	prob := problem.From(err)
	logs.Fail(c.r.Context(), err)
	c.base.Problem = prob
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if prob.Kind() == problem.TooMany || prob.Kind() == problem.Unavailable {
		c.w.Header().Set("Retry-After", "30")
	}
	c.w.WriteHeader(prob.Kind().Status())
	name := "public/error"
	if prob.Kind() == problem.NotFound {
		name = "public/notfound"
	}
	back := ""
	if c.r.Method == http.MethodGet {
		back = c.r.URL.Path
	}
	if err := s.ui.Render(c.w, name, page.Error{Base: c.base, Back: back}); err != nil {
		s.Log.ErrorContext(c.r.Context(), "error page", slog.String("error", err.Error()))
	}
}

func (s *Server) notFound(*visit) error { return problem.New("page/not-found") }
