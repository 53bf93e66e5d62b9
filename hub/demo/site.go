// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"lachan/duty/detection"
	"lachan/internal/dnswire"
	"lachan/internal/locale"
)

// sitePage is a page of the sample site, which says of itself that it is one.
type sitePage struct {
	Path    string   `json:"path"`
	Title   string   `json:"title"`
	Text    string   `json:"text"`
	Links   []string `json:"links"`
	Picture string   `json:"picture"` // what it shows; "" for none
}

// sampleSite is a web site on this machine that scans of the demo look at. Its
// name is known to a name server of its own, which only the hub's scans ask.
type sampleSite struct {
	names  *dnswire.Authority
	listen net.Listener
	server *http.Server
	gone   atomic.Bool  // its owner has taken it down
	rude   atomic.Int64 // requests for what robots.txt asks not to be read
}

// siteRobots is what the site asks of machines.
const siteRobots = "User-agent: *\nDisallow: /rieng/\n"

func newSampleSite() (*sampleSite, error) {
	s := &sampleSite{}
	var err error
	if s.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	var pages []sitePage
	if err := readData("site.json", &pages); err != nil {
		return nil, errors.Join(err, s.listen.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, siteRobots) })
	mux.HandleFunc("GET /hop-qua.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(giftBox())
	})
	for _, p := range pages {
		at := p.Path
		if at == "/" {
			at = "/{$}"
		}
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/rieng/") {
				s.rude.Add(1)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, p.html())
		})
	}
	s.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.gone.Load() {
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})}
	go func() { _ = s.server.Serve(s.listen) }() // ends with close
	return s, nil
}

func (p sitePage) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><html lang=vi><head><title>%s</title></head><body><article><h1>%s</h1>", html.EscapeString(p.Title), html.EscapeString(p.Title))
	for _, line := range strings.Split(p.Text, "\n") {
		fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(line))
	}
	if p.Picture != "" {
		fmt.Fprintf(&b, `<img src="/hop-qua.png" alt="%s">`, html.EscapeString(p.Picture))
	}
	for _, l := range p.Links {
		fmt.Fprintf(&b, `<p><a href="%s">xem</a></p>`, l)
	}
	b.WriteString("</article></body></html>")
	return b.String()
}

// giftBox is a drawn box with a ribbon.
func giftBox() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			c := color.RGBA{244, 236, 214, 255}
			if x > 60 && x < 260 && y > 70 && y < 210 {
				c = color.RGBA{20, 110, uint8(90 + x/4), 255}
			}
			if x > 150 && x < 170 && y > 50 && y < 210 || y > 120 && y < 136 && x > 60 && x < 260 || (x-160)*(x-160)+(y-55)*(y-55) < 500 {
				c = color.RGBA{226, 150, 30, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil // a buffer takes everything
	}
	return b.Bytes()
}

// name makes the site known under a name.
func (s *sampleSite) name(domain string) error {
	names, err := dnswire.NewAuthority(fmt.Sprintf("%s. 300 IN A 127.0.0.1\n", domain))
	if err != nil {
		return err
	}
	s.names = names
	return names.Start("127.0.0.1:0")
}

// resolver finds the site's name, for the hub's scans alone.
func (s *sampleSite) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", s.names.Addr())
	}}
}

func (s *sampleSite) address() netip.AddrPort {
	return netip.MustParseAddrPort(s.listen.Addr().String())
}

// url is where the site is under its name.
func (s *sampleSite) url(domain string) string {
	return fmt.Sprintf("http://%s:%d", domain, s.address().Port())
}

// lookAround gives the reviewers a bank and a source; the first scan begins when
// the hub runs.
func (i *instance) lookAround(ctx context.Context, s *staff, p *locale.Printer) error {
	who := s.byPost["review1"].actor()
	err := i.hub.Detection.AddBank(ctx, who, detection.Bank{
		Name: "SAMPLE_BANK", Title: p.T("demo.bank"), Label: "scam", Severity: 2, Permille: 1000,
	})
	if err != nil {
		return err
	}
	_, err = i.hub.Detection.AddSource(ctx, who, detection.SourceCommand{
		Kind: "page", Title: p.T("demo.site"), Addresses: i.site.url(siteName), Depth: 2, Pages: 50,
	})
	if err != nil {
		return err
	}
	return i.listen(ctx, s, p)
}

// listen has the names that reports link to looked at once a day.
func (i *instance) listen(ctx context.Context, s *staff, p *locale.Printer) error {
	_, err := i.hub.Detection.AddSource(ctx, s.byPost["review1"].actor(), detection.SourceCommand{
		Kind: string(detection.Reported), Title: p.T("detection.source.kind.reported"), Every: 24 * 60,
	})
	return err
}

func (s *sampleSite) close() error {
	err := s.server.Close()
	if s.names != nil {
		err = errors.Join(err, s.names.Close(context.Background()))
	}
	return err
}
