// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"lachan/internal/problem"
)

func inner(t *testing.T, h http.Handler) (*Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(Options{Agent: "lachan/test", AllowInside: true}), s
}

func get(t *testing.T, c *Client, q Request) (string, *Response, error) {
	t.Helper()
	r, err := c.Get(context.Background(), q)
	if err != nil {
		return "", nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return string(text), r, err
}

func TestGuardKnowsThePublicInternet(t *testing.T) {
	g := newGuard()
	for text, want := range map[string]bool{
		"1.1.1.1": true, "103.1.2.3": true, "2606:4700::1111": true, "::ffff:1.1.1.1": true, "64:ff9b::101:101": true, "2002:101:101::1": true,
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.5.5": false, "192.168.1.1": false,
		"100.64.0.1": false, "100.127.255.255": false, "169.254.169.254": false, "192.0.0.170": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false,
		"203.0.113.1": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::7f00:1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false,
		"fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false,
		"2001:db8::1": false, "2001::1": false, "100::1": false,
	} {
		if got := g.isPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestTheInsideIsNotReached(t *testing.T) {
	reached := false
	_, s := inner(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	c := New(Options{Agent: "lachan/test"})
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1", "169.254.169.254", "10.0.0.1", "[fd00:ec2::254]"} {
		_, _, err := get(t, c, Request{URL: "http://" + host + port + "/"})
		if !problem.Is(err, "fetch/inside") && !problem.Is(err, "fetch/unreachable") && !problem.Is(err, "fetch/no-host") {
			t.Errorf("%s: %v", host, err)
		}
		if (host == "127.0.0.1" || host == "localhost" || host == "10.0.0.1") && !problem.Is(err, "fetch/inside") {
			t.Errorf("%s was tried: %v", host, err)
		}
	}
	if reached {
		t.Error("the server inside was asked")
	}
}

func TestOnlyTheWeb(t *testing.T) {
	c := New(Options{Agent: "lachan/test"})
	for _, bad := range []string{"", "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "//a.example/x", "a.example", "http://", "http://u:p@a.example/", "http:a.example", "http://a.example/" + strings.Repeat("x", 3000), "\x00"} {
		if _, _, err := get(t, c, Request{URL: bad}); !problem.Is(err, "fetch/bad-url") {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	c, s := inner(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "lachan/test" || r.Header.Get("Cookie") != "" {
			t.Errorf("headers %v", r.Header)
		}
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 02:00:00 GMT")
		w.Header().Set("Set-Cookie", "a=b")
		if r.Header.Get("If-None-Match") == `"one"` || r.Header.Get("If-Modified-Since") == "Mon, 23 Nov 2026 02:00:00 GMT" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "a.example\n") //nolint:errcheck
	}))
	text, r, err := get(t, c, Request{URL: s.URL + "/lists/a.txt?key=secret"})
	if err != nil || text != "a.example\n" || r.NotModified || r.File != "a.txt" {
		t.Fatalf("%q %+v %v", text, r, err)
	}
	for _, q := range []Request{{ETag: r.ETag}, {Modified: r.Modified}} {
		q.URL = s.URL
		if text, r, err := get(t, c, q); err != nil || !r.NotModified || text != "" {
			t.Errorf("%q %+v %v", text, r, err)
		}
	}
}

func TestRedirectsAreFewAndGuarded(t *testing.T) {
	hops := 0
	c, s := inner(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" {
			t.Error("a referrer was sent")
		}
		switch r.URL.Path {
		case "/loop":
			hops++
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/once":
			http.Redirect(w, r, "/end.txt", http.StatusMovedPermanently)
		default:
			io.WriteString(w, "end") //nolint:errcheck
		}
	}))
	if _, _, err := get(t, c, Request{URL: s.URL + "/loop"}); !problem.Is(err, "fetch/too-many-redirects") || hops != maxRedirects+1 {
		t.Errorf("%d hops, %v", hops, err)
	}
	if _, _, err := get(t, c, Request{URL: s.URL + "/file"}); !problem.Is(err, "fetch/bad-url") {
		t.Errorf("%v", err)
	}
	if text, r, err := get(t, c, Request{URL: s.URL + "/once"}); err != nil || text != "end" || r.File != "end.txt" {
		t.Errorf("%q %v", text, err)
	}
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer secure.Close()
	down := New(Options{Agent: "lachan/test", AllowInside: true, Transport: secure.Client().Transport.(*http.Transport)})
	if _, _, err := get(t, down, Request{URL: secure.URL}); !problem.Is(err, "fetch/downgrade") {
		t.Errorf("%v", err)
	}
}

func TestLimits(t *testing.T) {
	c, s := inner(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.CopyN(z, zeros{}, 8<<20) //nolint:errcheck // the reader may go
			z.Close()
		case "/endless":
			io.CopyN(w, zeros{}, 8<<20) //nolint:errcheck
		case "/odd":
			w.Header().Set("Content-Encoding", "zstd")
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/exact":
			io.CopyN(w, zeros{}, 1<<10) //nolint:errcheck
		case "/304":
			w.WriteHeader(http.StatusNotModified)
		}
	}))
	for path, code := range map[string]string{
		"/bomb": "fetch/too-large", "/endless": "fetch/too-large", "/odd": "fetch/too-large", "/cut": "fetch/unreachable", "/gone": "fetch/status", "/304": "fetch/status", "/exact": "",
	} {
		_, _, err := get(t, c, Request{URL: s.URL + path + "?key=secret", MaxBytes: 1 << 10})
		if code == "" && err != nil || code != "" && !problem.Is(err, code) {
			t.Errorf("%s: %v, want %s", path, err, code)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the address: %v", path, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Get(ctx, Request{URL: s.URL + "/?key=secret"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
