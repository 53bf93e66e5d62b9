// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"lachan/internal/problem"
)

// outside is a client that reaches the servers named and else only the public
// Internet.
func outside(t *testing.T, servers ...*httptest.Server) *Client {
	t.Helper()
	var also []netip.AddrPort
	for _, s := range servers {
		also = append(also, netip.MustParseAddrPort(s.Listener.Addr().String()))
	}
	return New(Options{Agent: "lachan/test", Also: also})
}

func TestVisitKeepsWhatWasOnTheWire(t *testing.T) {
	var z bytes.Buffer
	packed := gzip.NewWriter(&z)
	io.WriteString(packed, "xin chào") //nolint:errcheck // memory
	packed.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/same":
			w.WriteHeader(http.StatusNotModified)
		case "/chunks":
			w.(http.Flusher).Flush()
			io.WriteString(w, "one") //nolint:errcheck // the asker may go
			w.(http.Flusher).Flush()
			io.WriteString(w, "two") //nolint:errcheck // the asker may go
		case "/to":
			http.Redirect(w, r, "/chunks#x", http.StatusMovedPermanently)
		default:
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(z.Bytes()) //nolint:errcheck // the asker may go
		}
	}))
	defer s.Close()
	c := outside(t, s)
	visit := func(path string) *Visited {
		t.Helper()
		v, err := c.Visit(context.Background(), Visit{URL: s.URL + path, ETag: `"a"`})
		if err != nil {
			t.Fatal(path, err)
		}
		if v.IP.String() != "127.0.0.1" || v.Cut != "" || v.Short {
			t.Errorf("%s: %v %q %v", path, v.IP, v.Cut, v.Short)
		}
		return v
	}
	v := visit("/x")
	if string(v.Body) != "xin chào" || !bytes.Equal(v.Payload, z.Bytes()) || !bytes.HasSuffix(v.Got, z.Bytes()) || !bytes.HasPrefix(v.Got, []byte("HTTP/1.1 200 OK\r\n")) {
		t.Errorf("%q %q", v.Body, v.Got)
	}
	if !bytes.HasPrefix(v.Sent, []byte("GET /x HTTP/1.1\r\nHost: 127.0.0.1:")) || !bytes.Contains(v.Sent, []byte("User-Agent: lachan/test\r\n")) || !bytes.Contains(v.Sent, []byte("If-None-Match: \"a\"\r\n")) {
		t.Errorf("%q", v.Sent)
	}
	if v := visit("/chunks"); string(v.Body) != "onetwo" || !bytes.HasSuffix(v.Got, []byte("3\r\ntwo\r\n0\r\n\r\n")) {
		t.Errorf("%q %q", v.Body, v.Got)
	}
	if v := visit("/gone"); v.Status != http.StatusGone {
		t.Error(v.Status)
	}
	if v := visit("/same"); v.Status != http.StatusNotModified || len(v.Body) != 0 {
		t.Error(v.Status)
	}
	if to, err := visit("/to").Location(); err != nil || to.String() != s.URL+"/chunks" {
		t.Error(to, err)
	}
}

func TestVisitIsGuarded(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the inside was reached") }))
	defer inner.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	}))
	defer s.Close()
	c := outside(t, s)
	if _, err := c.Visit(context.Background(), Visit{URL: inner.URL}); !problem.Is(err, "fetch/inside") {
		t.Error(err)
	}
	v, err := c.Visit(context.Background(), Visit{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Location(); !problem.Is(err, "fetch/bad-url") {
		t.Error(err)
	}
	bad := httptest.NewTLSServer(http.NotFoundHandler())
	defer bad.Close()
	if _, err := outside(t, bad).Visit(context.Background(), Visit{URL: bad.URL}); !problem.Is(err, "fetch/unreachable") {
		t.Error("a certificate nobody vouches for:", err)
	}
}

func TestVisitCutsWhatIsTooMuch(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			w.Header().Set("Content-Length", fmt.Sprint(100<<20))
			io.CopyN(w, zeros{}, 100<<20) //nolint:errcheck // the asker goes
		case "/endless":
			io.CopyN(w, zeros{}, 100<<20) //nolint:errcheck // the asker goes
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.CopyN(z, zeros{}, 64<<20) //nolint:errcheck // the asker may go
			z.Close()
		case "/drip":
			for range 100 {
				io.WriteString(w, "x") //nolint:errcheck // the asker goes
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		case "/half":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half") //nolint:errcheck // the asker may go
		case "/head":
			w.Header().Set("X-Much", strings.Repeat("x", 2*maxHead))
		}
	}))
	defer s.Close()
	c := outside(t, s)
	for path, cut := range map[string]string{"/large": "length", "/endless": "length", "/drip": "time", "/half": "disconnect", "/bomb": ""} {
		within := 30 * time.Second
		if path == "/drip" {
			within = 700 * time.Millisecond
		}
		v, err := c.Visit(context.Background(), Visit{URL: s.URL + path, MaxBytes: 100 << 10, Timeout: within})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if v.Cut != cut || !v.Short || len(v.Body) > 100<<10 || len(v.Got) > 101<<10 || len(v.Body) == 0 {
			t.Errorf("%s: cut %q, short %v, %d of %d bytes", path, v.Cut, v.Short, len(v.Body), len(v.Got))
		}
	}
	if _, err := c.Visit(context.Background(), Visit{URL: s.URL + "/head"}); !problem.Is(err, "fetch/too-large") {
		t.Error(err)
	}
}

// nameless is a name server that knows no name (RFC 1035 §4.1.1, NXDOMAIN).
func nameless(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			b[2], b[3] = b[2]|0x80, 0x83
			end := 12
			for b[end] != 0 {
				end += int(b[end]) + 1
			}
			clear(b[6:12])
			conn.WriteTo(b[:min(end+5, n)], from) //nolint:errcheck // the asker asks again
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestANameThatDoesNotExistIsToldApart(t *testing.T) {
	c := New(Options{Agent: "lachan/test", Resolver: nameless(t)})
	if _, err := c.Visit(context.Background(), Visit{URL: "http://mau.example/?key=secret"}); !problem.Is(err, "fetch/no-host") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip, deflate\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 404\r\n\r\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		a, err := ParseAnswer(wire, 1000)
		if err == nil && (len(a.Body) > 1000 || a.Head > len(wire)) {
			t.Errorf("%d bytes, head %d of %d", len(a.Body), a.Head, len(wire))
		}
	})
}
