// SPDX-License-Identifier: Apache-2.0

// Package site is a web site for tests of what looks at sites: thousands of
// neutral pages with marks planted in some, and all that the real web does to a
// crawler, each where it can be counted. Texts are made of everyday words;
// nothing here describes anything harmful.
package site

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"lachan/internal/testkit"
)

// Site is running servers.
type Site struct {
	Main  *httptest.Server
	Other *httptest.Server // a second host, which may be reached and is not in scope
	Inner *httptest.Server // one that must never be reached

	Articles int // pages /tin/N
	Marks    int // how many of the articles have a mark, one each
	// Plant stands beside the mark of an article; set it before the site is
	// looked at.
	Plant string

	mu        sync.Mutex
	asked     map[string]int
	forbidden []string
	inner     int
	busy      int
}

// Watched is true where the race detector watches, which makes what only
// computes many times slower.
const Watched = testkit.Race

// Size is how many articles a site has that is to be looked through whole:
// 10,000, and fewer in short tests and where the race detector watches.
func Size() int {
	if testing.Short() || Watched {
		return 1000
	}
	return 10_000
}

// perSection is how many articles a section lists.
const perSection = 100

// Robots is what the site asks of crawlers.
const Robots = "User-agent: *\nDisallow: /\n\nUser-agent: lachan\nDisallow: /cam/\nAllow: /cam/cho-phep\nDisallow: /*.rieng$\nDisallow: /tim?*q=\n"

// New starts a site with that many articles.
func New(t testing.TB, articles int) *Site {
	t.Helper()
	s := &Site{Articles: articles, asked: map[string]int{}}
	mux := http.NewServeMux()
	s.pages(mux)
	s.traps(mux)
	s.sets(mux)
	s.Main = httptest.NewServer(s.logged(mux))
	s.Other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note("other " + r.URL.Path)
		if r.URL.Path != "/robots.txt" {
			page(w, "Noi khac", "Trang cua may chu khac.")
			return
		}
		http.NotFound(w, r)
	}))
	s.Inner = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		s.mu.Lock()
		s.inner++
		s.mu.Unlock()
	}))
	t.Cleanup(func() {
		for _, one := range []*httptest.Server{s.Main, s.Other, s.Inner} {
			one.CloseClientConnections()
			one.Close()
		}
	})
	return s
}

// Also are the addresses that a client must be let to.
func (s *Site) Also() []netip.AddrPort {
	return []netip.AddrPort{netip.MustParseAddrPort(s.Main.Listener.Addr().String()), netip.MustParseAddrPort(s.Other.Listener.Addr().String())}
}

func (s *Site) note(what string) {
	s.mu.Lock()
	s.asked[what]++
	s.mu.Unlock()
}

// Asked is how often a path was asked for.
func (s *Site) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Touched are the requests that should never have come: for what robots.txt
// forbids, and at the inner server.
func (s *Site) Touched() (forbidden []string, inner int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forbidden, s.inner
}

func (s *Site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r.URL.Path)
		p := r.URL.Path
		if strings.HasPrefix(p, "/cam/") && !strings.HasPrefix(p, "/cam/cho-phep") || strings.HasSuffix(r.URL.RequestURI(), ".rieng") || p == "/tim" && strings.Contains(r.URL.RawQuery, "q=") {
			s.mu.Lock()
			s.forbidden = append(s.forbidden, r.URL.RequestURI())
			s.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// Mark is the text that is planted at a place.
func Mark(place string) string { return "dau moc " + place }

// wordsText has three lines: everyday words, a text, and the letters of that
// text in windows-1258.
//
//go:embed words.txt
var wordsText string

func words() []string { return strings.Fields(wordLine(0)) }

func wordLine(i int) string { return strings.Split(wordsText, "\n")[i] }

// Text is a text of n words that differs from page to page.
func Text(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // texts for tests
	all := words()
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(all[r.IntN(len(all))])
		if i%12 == 11 {
			b.WriteByte('.')
		}
	}
	return b.String()
}

func page(w http.ResponseWriter, title string, parts ...string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><html lang=vi><head><title>%s</title></head><body><main><article><h1>%s</h1>", title, title)
	for _, p := range parts {
		fmt.Fprintf(w, "<p>%s</p>", p)
	}
	fmt.Fprint(w, "</article></main></body></html>")
}

func link(to string) string { return fmt.Sprintf(`<a href="%s">%s</a>`, to, "xem them") }

func links(to ...string) string {
	var b strings.Builder
	for _, t := range to {
		b.WriteString(link(t))
		b.WriteByte(' ')
	}
	return b.String()
}

// marked says whether an article has a mark: one of each hundred.
func marked(n int) bool { return n%100 == 37 }

func (s *Site) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, Robots)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var to []string
		for i := range (s.Articles + perSection - 1) / perSection {
			to = append(to, fmt.Sprintf("/muc/%d", i))
		}
		page(w, "Trang dau", links(to...), links(s.Traps()...))
	})
	mux.HandleFunc("GET /muc/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscan(r.PathValue("n"), &n) //nolint:errcheck // zero then
		var to []string
		for i := n * perSection; i < min((n+1)*perSection, s.Articles); i++ {
			plain := fmt.Sprintf("/tin/%d", i)
			to = append(to, plain, plain+"?utm_source=muc&fbclid=x", plain+"#binh-luan", "/./muc/../tin/"+escaped(fmt.Sprint(i)), plain+"?PHPSESSID=0123456789abcdef"+fmt.Sprint(n))
		}
		page(w, "Muc", Text(uint64(1_000_000+n), 60), links(to...))
	})
	mux.HandleFunc("GET /tin/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscan(r.PathValue("n"), &n); err != nil || n >= s.Articles {
			http.NotFound(w, r)
			return
		}
		parts := []string{Text(uint64(n), 80), Text(uint64(n)+50_000_000, 80)}
		if marked(n) {
			parts = append(parts, Mark(fmt.Sprintf("tin-%d-het", n)), s.Plant)
		}
		page(w, fmt.Sprintf("Tin so %d", n), append(parts, link("/"))...)
	})
	for n := range s.Articles {
		if marked(n) {
			s.Marks++
		}
	}
}

// escaped writes what needs no escape with one, in small letters.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}
