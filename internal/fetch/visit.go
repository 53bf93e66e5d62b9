// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"lachan/internal/problem"
)

// Visit is what is to be asked once. ETag and Modified as in Request.
type Visit struct {
	URL      string
	Accept   string // header of that name; empty for anything
	ETag     string
	Modified string
	MaxBytes int64         // of the answer on the wire, and again of its body unpacked; 0: 8 MiB
	Timeout  time.Duration // for all of it; 0: 30 s
}

// Visited is an exchange as it took place.
type Visited struct {
	*Answer
	URL  *url.URL
	IP   netip.Addr // that was spoken to
	Sent []byte     // the request, byte for byte
	Got  []byte     // the answer, byte for byte: head and body with its chunks, without interim answers (1xx)
	// Cut says why Got has no end, in a word of WARC 1.1 §5.13: "length",
	// "time", "disconnect"; empty where it has.
	Cut string
}

// Location is where the answer sends the asker on, or nil. The address is
// checked as CheckURL does and not otherwise: whether to go there is the
// caller's to decide.
func (v *Visited) Location() (*url.URL, error) {
	switch v.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil //nolint:nilnil // no redirect is no error
	}
	to := v.Header("Location")
	if to == "" || len(to) > maxURL {
		return nil, problem.New("fetch/bad-url", "host", v.URL.Hostname())
	}
	next, err := v.URL.Parse(to)
	if err != nil || checkURL(next) != nil {
		return nil, problem.New("fetch/bad-url", "host", v.URL.Hostname())
	}
	next.Fragment, next.RawFragment = "", ""
	return next, nil
}

// Visit asks once, speaks HTTP/1.1 on a connection of its own and follows
// nothing; every status is an answer. An answer that comes too slowly or is too
// large is cut and handed over with what was read of it. Codes of errors as
// those of Get, and fetch/too-large for a head that is.
//
// An exchange that fails because ctx ends leaves ctx ended: whoever asks for
// ctx.Err() next can tell a slow server from the end of his own time.
func (c *Client) Visit(ctx context.Context, q Visit) (*Visited, error) {
	u, err := CheckURL(q.URL)
	if err != nil {
		return nil, err
	}
	out, err := c.exchange(ctx, u, q)
	if (err != nil || out.Cut == "time") && past(ctx) {
		<-ctx.Done()
		return nil, tell(u.Hostname(), ctx.Err())
	}
	return out, err
}

// past reports whether the time of a context is over. A dialler goes by the
// deadline; the context is told by a timer, which on a busy machine comes many
// dials later.
func past(ctx context.Context) bool {
	end, has := ctx.Deadline()
	return ctx.Err() != nil || has && !time.Now().Before(end)
}

func (c *Client) exchange(ctx context.Context, u *url.URL, q Visit) (*Visited, error) {
	if q.MaxBytes <= 0 {
		q.MaxBytes = 8 << 20
	}
	if q.Timeout <= 0 {
		q.Timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	conn, err := c.connect(ctx, u)
	if err != nil {
		return nil, tell(u.Hostname(), err)
	}
	defer conn.Close()
	// The end of the context ends reading and writing.
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // it is closed anyway
	defer stop()
	out := &Visited{URL: u, IP: remote(conn)}
	if out.Sent, err = c.asked(ctx, u, q); err != nil {
		return nil, err
	}
	if _, err := conn.Write(out.Sent); err != nil {
		return nil, tell(u.Hostname(), err)
	}
	if err := out.read(ctx, conn, q.MaxBytes); err != nil {
		return nil, err
	}
	return out, nil
}

func remote(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// connect dials through the guard, and shakes hands where the address says so.
func (c *Client) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := c.dial.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme != "https" {
		return conn, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.tls != nil {
		cfg = c.tls.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = u.Hostname()
	}
	cfg.NextProtos = []string{"http/1.1"}
	secure := tls.Client(conn, cfg)
	shake, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	if err := secure.HandshakeContext(shake); err != nil {
		conn.Close()
		return nil, fmt.Errorf("fetch: shake hands: %w", err)
	}
	return secure, nil
}

// asked is the request as it goes out.
func (c *Client) asked(ctx context.Context, u *url.URL, q Visit) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, problem.New("fetch/bad-url")
	}
	accept := q.Accept
	if accept == "" {
		accept = "*/*"
	}
	for name, value := range map[string]string{
		"User-Agent": c.name, "Accept": accept, "Accept-Language": "vi, *;q=0.5", "Accept-Encoding": "gzip, deflate",
		"If-None-Match": q.ETag, "If-Modified-Since": q.Modified, "Connection": "close",
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		return nil, problem.New("fetch/bad-url").Wrap(fmt.Errorf("fetch: %w", err))
	}
	return b.Bytes(), nil
}

// read takes the answer in, after any interim ones.
func (v *Visited) read(ctx context.Context, conn io.Reader, most int64) error {
	host := v.URL.Hostname()
	var got bytes.Buffer
	for {
		end, err := readHead(conn, &got)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return tell(host, err)
		}
		if !bytes.HasPrefix(got.Bytes(), []byte("HTTP/1.1 1")) {
			break
		}
		got.Next(end)
	}
	how, err := v.body(conn, &got, most)
	if err != nil {
		return problem.New("fetch/unreachable", "host", host).Wrap(err)
	}
	v.Got = got.Bytes()
	if v.Answer, err = ParseAnswer(v.Got, most); err != nil {
		return problem.New("fetch/unreachable", "host", host).Wrap(err)
	}
	switch {
	case how == "length", how != "" && v.cut:
		v.Cut = how
	case v.cut:
		v.Cut = "disconnect"
	}
	if how != "" && ctx.Err() != nil {
		v.Cut = "time"
	}
	v.Short = v.Short || v.Cut != ""
	return nil
}

// body reads until the answer is whole, or says why it is not.
func (v *Visited) body(conn io.Reader, got *bytes.Buffer, most int64) (cut string, err error) {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(got.Bytes())), &http.Request{Method: http.MethodGet})
	if err != nil {
		return "", fmt.Errorf("%w: %w", errHead, err)
	}
	defer r.Body.Close()
	head := int64(headEnd(got.Bytes()))
	size, chunked := r.ContentLength, len(r.TransferEncoding) > 0
	if r.StatusCode == http.StatusNoContent || r.StatusCode == http.StatusNotModified {
		size = 0
	}
	piece := make([]byte, 32<<10)
	for {
		have := int64(got.Len()) - head
		switch {
		case size >= 0 && !chunked && have >= min(size, most):
			got.Truncate(int(head + min(size, most)))
			if size > most {
				return "length", nil
			}
			return "", nil
		case have > most:
			got.Truncate(int(head + most))
			return "length", nil
		case chunked && bytes.HasSuffix(got.Bytes(), []byte("\r\n\r\n")):
			// A server may hold the connection open after the last chunk.
			if a, err := ParseAnswer(got.Bytes(), most); err == nil && !a.cut {
				return "", nil
			}
		}
		n, err := conn.Read(piece)
		got.Write(piece[:n])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // many close TLS without a word
			return "", nil
		case err != nil:
			return "disconnect", nil
		}
	}
}

// readHead reads until the head's empty line is in got, and says where it ends.
func readHead(conn io.Reader, got *bytes.Buffer) (int, error) {
	piece := make([]byte, 4<<10)
	for {
		if end := headEnd(got.Bytes()); end >= 0 {
			return end, nil
		}
		if got.Len() >= maxHead {
			return 0, problem.New("fetch/too-large")
		}
		n, err := conn.Read(piece)
		got.Write(piece[:n])
		if err != nil && headEnd(got.Bytes()) < 0 {
			return 0, fmt.Errorf("read the head: %w", err)
		}
	}
}
