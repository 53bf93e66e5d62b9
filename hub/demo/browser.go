// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// browser visits pages as a browser without JavaScript does: it follows
// redirects, keeps cookies, and sends forms with what stands in them.
type browser struct {
	base   string
	client *http.Client
	at     *url.URL // of the page
	page   *element
	body   []byte
	status int
	kind   string // Content-Type
}

// newBrowser is a visitor who reads a language.
func newBrowser(base, lang string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "lang", Value: lang, Path: "/"}})
	return &browser{base: base, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}, nil
}

// open gets an address of the site.
func (b *browser) open(ctx context.Context, to string) error {
	return b.do(ctx, http.MethodGet, to, nil)
}

func (b *browser) do(ctx context.Context, method, to string, form url.Values) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	from, err := url.Parse(b.base)
	if err != nil {
		return err
	}
	if b.at != nil {
		from = b.at
	}
	u = from.ResolveReference(u)
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if b.body, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	b.status, b.kind, b.at = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Request.URL
	b.page = nil
	if strings.HasPrefix(b.kind, "text/html") {
		if b.page, err = parsePage(bytes.NewReader(b.body)); err != nil {
			return fmt.Errorf("%s: %w", b.at.Path, err)
		}
	}
	if b.status >= 400 {
		return b.fault()
	}
	return nil
}

// fault says what a page complained about.
func (b *browser) fault() error {
	said := ""
	if b.page != nil {
		if e := b.page.first(".errsum"); e != nil {
			said = e.words()
		} else {
			said = b.page.first("h1").words()
		}
	}
	return fmt.Errorf("%s: HTTP %d: %s", b.at.Path, b.status, said)
}

// form finds the form that leads to an address ending in action; "" is the
// page's own.
func (b *browser) form(action string) (*element, error) {
	if b.page != nil {
		for _, f := range b.page.all("form") {
			fits := f.attrs["action"] == "" && action == "" || action != "" && strings.HasSuffix(f.attrs["action"], action)
			if fits && strings.EqualFold(f.attrs["method"], "post") {
				return f, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: no form %q", b.at.Path, action)
}

// filled is what a form sends as it stands.
func filled(form *element) url.Values {
	v := url.Values{}
	for _, in := range form.all("input") {
		name, kind := in.attrs["name"], in.attrs["type"]
		switch {
		case name == "" || kind == "submit":
		case kind == "checkbox" || kind == "radio":
			if in.has("checked") {
				v.Add(name, in.attrs["value"])
			}
		default:
			v.Add(name, in.attrs["value"])
		}
	}
	for _, area := range form.all("textarea") {
		v.Add(area.attrs["name"], area.raw())
	}
	for _, list := range form.all("select") {
		options := list.all("option")
		chosen := ""
		for i, o := range options {
			if i == 0 || o.has("selected") {
				chosen = o.attrs["value"]
			}
		}
		v.Add(list.attrs["name"], chosen)
	}
	return v
}

// choices are the values that a form offers for a field.
func choices(form *element, name string) []string {
	var out []string
	for _, in := range form.all("input") {
		if in.attrs["name"] == name {
			out = append(out, in.attrs["value"])
		}
	}
	for _, list := range form.all("select") {
		if list.attrs["name"] == name {
			for _, o := range list.all("option") {
				out = append(out, o.attrs["value"])
			}
		}
	}
	return out
}

// send fills a form and presses a button: typed over what stands in it. A
// field that the form does not have is an error: a browser could not send it.
func (b *browser) send(ctx context.Context, action, button string, typed url.Values) error {
	form, err := b.form(action)
	if err != nil {
		return err
	}
	v := filled(form)
	for name, values := range typed {
		known := len(choices(form, name)) > 0
		for _, area := range form.all("textarea") {
			known = known || area.attrs["name"] == name
		}
		if !known {
			return fmt.Errorf("%s: the form %q has no field %q", b.at.Path, action, name)
		}
		v[name] = values
	}
	if button != "" {
		pressed := false
		for _, btn := range b.page.all("button") {
			mine := btn.attrs["form"] != "" && btn.attrs["form"] == form.attrs["id"]
			for e := btn.above; e != nil; e = e.above {
				mine = mine || e == form
			}
			pressed = pressed || mine && btn.attrs["name"] == "go" && btn.attrs["value"] == button
		}
		if !pressed {
			return fmt.Errorf("%s: the form %q has no button %q", b.at.Path, action, button)
		}
		v.Set("go", button)
	}
	return b.do(ctx, http.MethodPost, form.attrs["action"], v)
}
