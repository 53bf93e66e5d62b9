// SPDX-License-Identifier: Apache-2.0

// Package blockpage is what a pupil sees in place of a refused page.
//
// A blocked page can feel like being caught. This one shelters instead: the
// leaf with a face, one line why, in the words for the pupil's level, a button
// to ask the school for the page, and the help bar with 111, because whoever
// runs into such a page may have a reason to need it.
//
// Plain HTTP shows it. A browser that wanted HTTPS gets a refused connection,
// which is the honest answer without a certificate of ours on the device
// (reference/filter.md §10); only where a school has made an authority of its own
// and installed it does HTTPS show the page too (Authority). It names no site,
// sets no cookie, loads nothing from elsewhere and logs no visitor. A wish to
// open a page carries the site, the band and the day.
package blockpage

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/look"
	"lachan/internal/problem"
	"lachan/node/faultlog"
)

//go:embed page.tmpl log.tmpl block.css back.js
var files embed.FS

// Assets is the path under which the page's own files lie on whatever host it
// stands in for.
const Assets = "/.lachan"

// Config is what the page needs.
type Config struct {
	View      func() *bundle.View
	Wish      func(bus.Ask) error // stores a wish to open a page
	Log       *faultlog.Log       // shown at LogPath to who knows its word; nil: it is always off
	Texts     *locale.Texts
	HubPublic string // "https://hub.example", where the help bar leads; "" leaves only 111
	Clock     clock.Clock
	// Challenge answers an authority that asks whether the host is the node's own;
	// nil where the certificate comes from files.
	Challenge http.Handler
}

// Page serves the block page.
type Page struct {
	cfg      Config
	tmpl     *template.Template
	drawings map[string]template.HTML
	help     []look.HelpItem
	handler  http.Handler
}

// words is what the template reads.
type words struct {
	*locale.Printer
	Assets                               string
	Mark, Leaf, Hills, AskIcon, BackIcon template.HTML
	Help                                 []helpItem
	Heading, Why, Kindly                 string
	CanAsk                               bool
}

type helpItem struct {
	look.HelpItem
	Drawing    template.HTML
	Name, Note string
	Link       template.URL // ours; the template would not trust "tel:"
}

// New prepares the page. It fails on broken embedded files only.
func New(cfg Config) (*Page, error) {
	p := &Page{cfg: cfg, drawings: map[string]template.HTML{}}
	var err error
	if p.tmpl, err = template.ParseFS(files, "page.tmpl", "log.tmpl"); err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	all, err := look.Load()
	if err != nil {
		return nil, err
	}
	for _, item := range look.HelpBar(cfg.HubPublic) {
		if cfg.HubPublic != "" || strings.HasPrefix(item.Href, "tel:") {
			p.help = append(p.help, item)
		}
	}
	icons := []string{"ask", "left"}
	for _, item := range p.help {
		icons = append(icons, item.Icon)
	}
	for _, name := range icons {
		s, err := all.Icon(name)
		if err != nil {
			return nil, err
		}
		p.drawings[name] = template.HTML(s) // drawn by us, embedded
	}
	for _, name := range []string{"mark", "leaf", "hills"} {
		s, err := all.Art(name)
		if err != nil {
			return nil, err
		}
		p.drawings["art/"+name] = template.HTML(s)
	}
	p.handler, err = p.routes()
	return p, err
}

func (p *Page) routes() (http.Handler, error) {
	own, err := fs.Sub(files, ".")
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	mux := http.NewServeMux()
	still := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=86400")
			h.ServeHTTP(w, r)
		})
	}
	for _, name := range []string{"block.css", "back.js"} {
		mux.Handle("GET "+Assets+"/"+name, still(http.StripPrefix(Assets, http.FileServerFS(own))))
	}
	mux.Handle("GET "+Assets+"/", still(http.StripPrefix(Assets, http.FileServerFS(look.Files))))
	mux.HandleFunc("GET "+Assets+"/en", p.show)
	mux.HandleFunc("POST "+Assets+"/ask", p.ask)
	mux.HandleFunc("GET "+LogPath, p.log)
	mux.HandleFunc("POST "+LogPath, p.log)
	if p.cfg.Challenge != nil {
		mux.Handle("GET /.well-known/acme-challenge/", p.cfg.Challenge)
	}
	mux.HandleFunc("/", p.show)
	return http.NewCrossOriginProtection().Handler(mux), nil
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	// Not no-referrer: with that a browser hides the form's origin from its own
	// host too, and over plain HTTP nothing else says that a wish is the page's own.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	p.handler.ServeHTTP(w, r)
}

// refusal is what is known about the page that was asked for.
type refusal struct {
	name     bundle.Name
	who      bundle.Client
	decision bundle.Decision
	code     string
}

func (p *Page) look(r *http.Request) refusal {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	name, err := bundle.ParseName(host)
	if err != nil {
		name = bundle.Name{} // our own address, or no name
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return p.decide(name, from.Addr())
}

// decide puts a name to the rules in force for whoever asks from an address;
// either may be zero.
func (p *Page) decide(name bundle.Name, from netip.Addr) refusal {
	f := refusal{name: name, who: bundle.Client{Band: bundle.Primary}, decision: bundle.Decision{Category: -1}}
	v := p.cfg.View()
	if v == nil {
		return f
	}
	if from.IsValid() {
		f.who = v.Client(from, p.cfg.Clock.Now().UnixMicro())
	}
	if name == (bundle.Name{}) {
		return f
	}
	var k bundle.Key
	v.Read(&k, name.Wire())
	f.decision = v.Decide(&k, f.who, p.cfg.Clock.Now().UnixMicro())
	f.code = v.Code(f.decision)
	return f
}

// canAsk reports whether a school could open the name itself: not what an
// officer or an authority has ordered.
func (f refusal) canAsk() bool {
	return f.decision.Blocked && f.who.School != nil && f.decision.Rule != bundle.ByEmergency && f.decision.Rule != bundle.ByLegal
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	f := p.look(r)
	status := http.StatusForbidden
	if f.decision.Rule == bundle.ByLegal {
		status = http.StatusUnavailableForLegalReasons // RFC 7725
	}
	if accept := r.Header.Get("Accept"); accept != "" && !strings.Contains(accept, "text/html") && !strings.Contains(accept, "*/*") {
		w.WriteHeader(status) // a picture or a script: nobody would read the page
		return
	}
	say := p.cfg.Texts.Printer(language(r))
	p.write(w, status, say, f, "node.block.heading", p.reason(say, f), "node.kindly."+manner(f.who.Band), f.canAsk())
}

func (p *Page) ask(w http.ResponseWriter, r *http.Request) {
	f := p.look(r)
	say := p.cfg.Texts.Printer(language(r))
	if !f.canAsk() {
		p.write(w, http.StatusOK, say, f, "node.ask.open", say.T("node.ask.open.why"), "node.kindly."+manner(f.who.Band), false)
		return
	}
	err := p.cfg.Wish(bus.Ask{School: f.who.School.School, Band: f.who.Band.String(), Domain: f.name.String(), Day: clock.Day(p.cfg.Clock.Now())})
	if err != nil {
		p.write(w, problem.KindOf(err).Status(), say, f, "node.ask.failed", say.T("node.ask.failed.why"), "node.kindly."+manner(f.who.Band), true)
		return
	}
	p.write(w, http.StatusOK, say, f, "node.ask.sent", say.T("node.ask.sent.why"), "node.kindly."+manner(f.who.Band), false)
}

func (p *Page) write(w http.ResponseWriter, status int, say *locale.Printer, f refusal, heading, why, kindly string, canAsk bool) {
	page := p.frame(say)
	page.Heading, page.Why, page.Kindly, page.CanAsk = say.T(heading), why, say.T(kindly), canAsk
	p.send(w, status, "page.tmpl", page)
}

func (p *Page) send(w http.ResponseWriter, status int, tmpl string, page any) {
	var out bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&out, tmpl, page); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a visitor who is gone needs no page
}

// frame is what every page has around what it says.
func (p *Page) frame(say *locale.Printer) words {
	page := words{
		Printer: say, Assets: Assets, Mark: p.drawings["art/mark"], Leaf: p.drawings["art/leaf"], Hills: p.drawings["art/hills"],
		AskIcon: p.drawings["ask"], BackIcon: p.drawings["left"],
	}
	for _, item := range p.help {
		h := helpItem{HelpItem: item, Drawing: p.drawings[item.Icon], Name: say.T(item.NameKey), Link: template.URL(item.Href)}
		if item.NoteKey != "" {
			h.Note = say.T(item.NoteKey)
		}
		page.Help = append(page.Help, h)
	}
	return page
}

// reason is one line why: the words for the category, or for any other.
func (p *Page) reason(say *locale.Printer, f refusal) string {
	if !f.decision.Blocked {
		return say.T("node.why.unknown")
	}
	if key := "node.why." + f.code; say.Has(key) {
		return say.T(key)
	}
	if f.decision.Rule == bundle.ServiceBlock {
		return say.T("node.why.service")
	}
	return say.T("node.why.other")
}

// manner is how to speak to a band: em to pupils up to class 9, friend from
// class 10, colleague to staff.
func manner(b bundle.Band) string {
	switch b {
	case bundle.UpperSecondary:
		return "older"
	case bundle.Staff, bundle.Preschool:
		return "staff"
	default:
		return "child"
	}
}

// language is Vietnamese, the language of the schools, whatever a cheap
// phone's menus speak; English is a link away.
func language(r *http.Request) string {
	if r.URL.Path == Assets+"/en" || r.URL.Query().Get("lang") == "en" {
		return "en"
	}
	return locale.Source
}
