// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"lachan/internal/problem"
)

// The limits of every request.
const (
	maxRedirects = 5
	maxURL       = 2000
	dialFor      = 10 * time.Second
	headersFor   = 30 * time.Second
	// MaxBytes is the most that is read of an answer, unpacked, unless a
	// request asks for less.
	MaxBytes = 512 << 20
	// Timeout is the longest that a request may take with its body, unless the
	// context ends earlier.
	Timeout = 8 * time.Minute
)

// Client fetches. It is safe for concurrent use.
type Client struct {
	http *http.Client
	dial *net.Dialer // with the guard
	tls  *tls.Config
	name string
}

// Options say who asks and what is allowed.
type Options struct {
	// Agent names the asker, RFC 9110 §10.1.5: "lachan/1.0". Required.
	Agent string
	// AllowInside lets requests reach addresses that are not the public
	// Internet: a mirror in the province's own network, a server of a test.
	AllowInside bool
	// Also are addresses inside that are reached all the same while the rest
	// stays refused: the servers of a test, each with its port. No setting of an
	// operator leads here.
	Also []netip.AddrPort
	// Resolver finds the addresses of names; nil for the machine's.
	Resolver *net.Resolver
	// TLS-only settings of a test's server; nil for the machine's roots.
	Transport *http.Transport
}

// New makes a client.
func New(o Options) *Client {
	dialer := &net.Dialer{Timeout: dialFor, KeepAlive: -1, Resolver: o.Resolver}
	if !o.AllowInside {
		dialer.Control = newGuard(o.Also...).control
	}
	t := &http.Transport{}
	if o.Transport != nil {
		t = o.Transport.Clone()
	}
	// No proxy, not even from the environment: behind one the guard would see
	// the proxy's address instead of the real one.
	t.Proxy = nil
	t.DialContext, t.DialTLSContext = dialer.DialContext, nil
	t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = dialFor, headersFor
	t.MaxResponseHeaderBytes = 64 << 10
	t.DisableKeepAlives = true
	t.ForceAttemptHTTP2 = true
	return &Client{
		http: &http.Client{Transport: agent{t, o.Agent}, CheckRedirect: checkRedirect},
		dial: dialer, tls: t.TLSClientConfig, name: o.Agent,
	}
}

// agent sets the headers of every request, those after a redirect too.
type agent struct {
	next http.RoundTripper
	name string
}

// RoundTrip implements http.RoundTripper.
func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if s, ok := r.Context().Value(senderKey{}).(sender); ok {
		for name, value := range s.header {
			r.Header.Del(name)
			if r.URL.Scheme == s.scheme && r.URL.Host == s.host {
				r.Header.Set(name, value)
			}
		}
	}
	r.Header.Set("User-Agent", a.name)
	r.Header.Del("Referer")
	return a.next.RoundTrip(r)
}

func checkRedirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return problem.New("fetch/too-many-redirects")
	}
	if via[len(via)-1].URL.Scheme == "https" && to.URL.Scheme != "https" {
		return problem.New("fetch/downgrade")
	}
	return checkURL(to.URL)
}

// CheckURL reads an address that may be fetched: absolute, http or https, with
// a host and without a user.
func CheckURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || len(text) > maxURL {
		return nil, problem.New("fetch/bad-url")
	}
	return u, checkURL(u)
}

func checkURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return problem.New("fetch/bad-url")
	}
	return nil
}

// Request is what is to be fetched. ETag and Modified are those of the last
// answer, as they came; empty for none.
type Request struct {
	URL      string
	ETag     string
	Modified string
	MaxBytes int64 // of the answer, unpacked; 0: MaxBytes of the package
	// Header goes with the request, and with those after a redirect only where
	// they stay with the same scheme, host and port: it may hold a key.
	Header map[string]string
}

// sender has the headers of a request and where they may go.
type sender struct {
	scheme, host string
	header       map[string]string
}

type senderKey struct{}

// Response is an answer. The caller closes Body.
type Response struct {
	NotModified bool // nothing has changed since ETag or Modified; Body is empty
	ETag        string
	Modified    string // Last-Modified, as it came
	File        string // last part of the address, a hint
	Type        string // Content-Type, as it came
	Body        io.ReadCloser
}

// Get fetches. The error names the host and never the whole address: codes
// fetch/bad-url, inside (the address is not the public Internet), downgrade,
// too-many-redirects, status, timeout, no-host (the name does not exist),
// unreachable. Reading the body may give
// fetch/too-large, timeout or unreachable.
func (c *Client) Get(ctx context.Context, q Request) (*Response, error) {
	u, err := CheckURL(q.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	if q.Header != nil {
		ctx = context.WithValue(ctx, senderKey{}, sender{u.Scheme, u.Host, q.Header})
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel()
		return nil, problem.New("fetch/bad-url")
	}
	if q.ETag != "" {
		r.Header.Set("If-None-Match", q.ETag)
	}
	if q.Modified != "" {
		r.Header.Set("If-Modified-Since", q.Modified)
	}
	answer, err := c.http.Do(r) //nolint:bodyclose // handed to the caller
	if err != nil {
		cancel()
		return nil, tell(u.Hostname(), err)
	}
	limit := q.MaxBytes
	if limit <= 0 {
		limit = MaxBytes
	}
	out := &Response{
		ETag: header(answer, "ETag"), Modified: header(answer, "Last-Modified"), Type: header(answer, "Content-Type"), File: answer.Request.URL.Path[strings.LastIndexByte(answer.Request.URL.Path, '/')+1:],
		Body: &body{in: answer.Body, left: limit, host: u.Hostname(), done: cancel},
	}
	switch {
	case answer.StatusCode == http.StatusNotModified && (q.ETag != "" || q.Modified != ""):
		out.NotModified = true
	case answer.StatusCode != http.StatusOK:
		out.Body.Close()
		return nil, problem.New("fetch/status", "host", u.Hostname(), "status", answer.StatusCode)
	case answer.ContentLength > limit, answer.Header.Get("Content-Encoding") != "" && !answer.Uncompressed:
		out.Body.Close()
		return nil, problem.New("fetch/too-large", "host", u.Hostname(), "max", limit)
	}
	return out, nil
}

// header is a header to be sent back as it came, if it is of a sane length.
func header(r *http.Response, name string) string {
	if v := r.Header.Get(name); len(v) <= 200 {
		return v
	}
	return ""
}

// tell makes a problem of what the library says, without the address that its
// errors carry.
func tell(host string, err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return problem.New(p.Code, "host", host)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	code := "fetch/unreachable"
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		code = "fetch/no-host"
	} else if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		code = "fetch/timeout"
	}
	return problem.New(code, "host", host).Wrap(fmt.Errorf("fetch: %w", err))
}

// body counts what is read.
type body struct {
	in   io.ReadCloser
	left int64
	host string
	done context.CancelFunc
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, problem.New("fetch/too-large", "host", b.host)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more shows that there is more
	}
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, problem.New("fetch/too-large", "host", b.host)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = tell(b.host, err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.done()
	return b.in.Close()
}
