// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/problem"
)

// Proxy is a forward proxy for a browser on this machine. It listens on the
// loopback alone and dials through the client's guard, so that the browser
// reaches what Get reaches and nothing else. What passes is counted and ends at
// a limit.
type Proxy struct {
	client *Client
	listen net.Listener
	server *http.Server
	direct *http.Transport
	left   atomic.Int64
	asked  atomic.Int64
	denied atomic.Int64
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// maxTunnels is how many connections a browser may have at once.
const maxTunnels = 64

// Proxy starts one that lets at most maxBytes through, both ways. Close ends it.
func (c *Client) Proxy(maxBytes int64) (*Proxy, error) {
	listen, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, problem.New("fetch/unreachable", "host", "127.0.0.1").Wrap(err)
	}
	p := &Proxy{client: c, listen: listen, open: map[net.Conn]struct{}{}}
	p.left.Store(maxBytes)
	p.direct = &http.Transport{DialContext: p.dial, ResponseHeaderTimeout: headersFor, MaxResponseHeaderBytes: maxHead, DisableKeepAlives: true, DisableCompression: true}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: dialFor, MaxHeaderBytes: maxHead}
	go p.server.Serve(listen) //nolint:errcheck // ends with Close
	return p, nil
}

// Address is where it listens: "127.0.0.1:port".
func (p *Proxy) Address() string { return p.listen.Addr().String() }

// Passed says how often something was asked for, how often it was refused, and
// whether the limit in bytes was reached.
func (p *Proxy) Passed() (asked, refused int, spent bool) {
	return int(p.asked.Load()), int(p.denied.Load()), p.left.Load() <= 0
}

// Close ends it and all that passes through it.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for conn := range p.open {
		conn.Close()
	}
	p.mu.Unlock()
	p.direct.CloseIdleConnections()
	return p.server.Close()
}

// dial goes through the guard and counts.
func (p *Proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := p.client.dial.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.open) >= maxTunnels {
		conn.Close()
		return nil, net.ErrClosed
	}
	p.open[conn] = struct{}{}
	return &counted{conn, p}, nil
}

// counted is a connection that ends when the limit is reached.
type counted struct {
	net.Conn
	p *Proxy
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.p.left.Add(-int64(n)) <= 0 {
		return n, problem.New("fetch/too-large")
	}
	return n, err
}

// Write implements io.Writer.
func (c *counted) Write(b []byte) (int, error) {
	if c.p.left.Add(-int64(len(b))) <= 0 {
		return 0, problem.New("fetch/too-large")
	}
	return c.Conn.Write(b)
}

// Close implements io.Closer.
func (c *counted) Close() error {
	c.p.mu.Lock()
	delete(c.p.open, c.Conn)
	c.p.mu.Unlock()
	return c.Conn.Close()
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	if r.URL.Scheme != "http" || r.URL.Host == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.denied.Add(1)
		http.Error(w, "", http.StatusForbidden)
		return
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), nil)
	if err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	for _, name := range []string{"Accept", "Accept-Encoding", "Accept-Language", "Range"} {
		if v := r.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	out.Header.Set("User-Agent", p.client.name)
	answer, err := p.direct.RoundTrip(out)
	if err != nil {
		p.fail(w, err)
		return
	}
	defer answer.Body.Close()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.Header().Del("Connection")
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body) //nolint:errcheck // the browser sees that it is cut
}

func (p *Proxy) fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	if problem.Is(err, "fetch/inside") {
		p.denied.Add(1)
		status = http.StatusForbidden
	}
	http.Error(w, "", status)
}

// tunnel joins the browser with a server of TLS.
func (p *Proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), dialFor)
	defer cancel()
	far, err := p.dial(ctx, "tcp", r.Host)
	if err != nil {
		p.fail(w, err)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	defer near.Close()
	end := time.Now().Add(Timeout)
	if err := errors.Join(near.SetDeadline(end), far.SetDeadline(end)); err != nil {
		return
	}
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(far, buffered) //nolint:errcheck // either side may go
		far.Close()
	}()
	io.Copy(near, far) //nolint:errcheck // either side may go
	near.Close()
	<-done
}
