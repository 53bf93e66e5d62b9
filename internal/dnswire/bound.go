// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"net"
	"sync"
	"time"
)

// boundListener bounds connections, of one address and of all.
type boundListener struct {
	net.Listener
	mu   sync.Mutex
	open map[string]int
	all  map[*boundConn]bool
}

// Accept implements net.Listener.
func (l *boundListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			host = conn.RemoteAddr().String()
		}
		l.mu.Lock()
		if len(l.all) < maxConns && l.open[host] < maxConnsOfOne {
			if l.all == nil {
				l.all = map[*boundConn]bool{}
			}
			bound := &boundConn{Conn: conn, l: l, host: host}
			l.open[host]++
			l.all[bound] = true
			l.mu.Unlock()
			return bound, nil
		}
		l.mu.Unlock()
		conn.Close()
	}
}

// cut ends what is still being sent when the server stops.
func (l *boundListener) cut() {
	l.mu.Lock()
	conns := make([]*boundConn, 0, len(l.all))
	for c := range l.all {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// boundConn leaves its listener's count when it closes, and does not wait for
// ever for a client that takes nothing.
type boundConn struct {
	net.Conn
	l    *boundListener
	host string
}

// Write implements net.Conn.
func (c *boundConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(transferSilent)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Close implements net.Conn.
func (c *boundConn) Close() error {
	c.l.mu.Lock()
	if c.l.all[c] {
		delete(c.l.all, c)
		if c.l.open[c.host]--; c.l.open[c.host] == 0 {
			delete(c.l.open, c.host)
		}
	}
	c.l.mu.Unlock()
	return c.Conn.Close()
}
