// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"lachan/internal/dnswire"
)

const (
	maxOnLine    = 1024 // questions under way on one connection
	paddingBlock = 128  // of questions, RFC 8467 §4.1
)

// secure asks a server over TLS (RFC 7858).
type secure struct{ pipe *pipe }

func newSecure(s Server, o Options) *secure {
	config := s.tls(o.Roots, "dot")
	return &secure{&pipe{idle: streamIdle, dial: func(ctx context.Context) (net.Conn, error) {
		conn, err := dialFirst(ctx, s)
		if err != nil {
			return nil, err
		}
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return encrypted, nil
	}}}
}

// dialFirst connects to the first address that takes us.
func dialFirst(ctx context.Context, s Server) (net.Conn, error) {
	var dialer net.Dialer
	var errs []error
	for _, at := range s.at {
		conn, err := dialer.DialContext(ctx, "tcp", at.String())
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (s *secure) close() { s.pipe.close() }

func (s *secure) exchange(ctx context.Context, q Question) ([]byte, error) {
	query := dnswire.AppendQuery(make([]byte, 0, 384), 0, []byte(q.Name), q.Type, q.DO, q.CD)
	return s.pipe.exchange(ctx, dnswire.Pad(query, paddingBlock), query[dnswire.HeaderSize:dnswire.HeaderSize+len(q.Name)+4])
}

// pipe keeps one connection to a server and sends many questions over it at
// once (RFC 7766 §6.2.1.1, RFC 7858 §3.3).
type pipe struct {
	dial func(ctx context.Context) (net.Conn, error)
	idle time.Duration

	mu      sync.Mutex
	line    *line
	opening chan struct{} // closed when somebody's dialling has ended; nil: nobody dials
	closed  bool
}

var errCrowded = errors.New("upstream: too many questions on one connection")

// exchange sends a query, whose id it sets, and waits for the answer. Where the
// server has meanwhile closed a connection it tries once more on a fresh one.
func (p *pipe) exchange(ctx context.Context, query, question []byte) ([]byte, error) {
	for {
		l, fresh, err := p.get(ctx)
		if err != nil {
			return nil, err
		}
		reply, err := l.exchange(ctx, query, question)
		if err == nil || fresh || ctx.Err() != nil || errors.Is(err, errCrowded) {
			return reply, err
		}
	}
}

// get is the open connection, or a fresh one.
func (p *pipe) get(ctx context.Context) (l *line, fresh bool, err error) {
	for {
		p.mu.Lock()
		switch {
		case p.closed:
			p.mu.Unlock()
			return nil, false, net.ErrClosed
		case p.line != nil && p.line.open():
			l := p.line
			p.mu.Unlock()
			return l, false, nil
		case p.opening != nil:
			opening := p.opening
			p.mu.Unlock()
			select {
			case <-opening:
				continue
			case <-ctx.Done():
				return nil, false, ctx.Err()
			}
		}
		opening := make(chan struct{})
		p.opening = opening
		p.mu.Unlock()
		conn, err := p.dial(ctx)
		p.mu.Lock()
		p.opening = nil
		close(opening)
		if err == nil && p.closed {
			err = errors.Join(net.ErrClosed, conn.Close())
		}
		if err == nil {
			l = newLine(conn, p.idle)
			p.line = l
		}
		p.mu.Unlock()
		return l, true, err
	}
}

func (p *pipe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.line != nil {
		p.line.fail(net.ErrClosed)
	}
}

// line is one open connection.
type line struct {
	conn    net.Conn
	idle    time.Duration
	writing sync.Mutex

	mu      sync.Mutex
	waiting map[uint16]waiter
	heard   time.Time // when the server said something last
	err     error     // why it ended
}

type waiter struct {
	question []byte
	reply    chan []byte // closed when the line ends
}

func newLine(conn net.Conn, idle time.Duration) *line {
	l := &line{conn: conn, idle: idle, waiting: map[uint16]waiter{}}
	go l.read()
	return l
}

func (l *line) open() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil
}

func (l *line) exchange(ctx context.Context, query, question []byte) ([]byte, error) {
	w := waiter{question, make(chan []byte, 1)}
	id, err := l.enter(w)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 2, 2+len(query))
	binary.BigEndian.PutUint16(out, uint16(len(query)))
	out = append(out, query...)
	binary.BigEndian.PutUint16(out[2:], id)
	sent := time.Now()
	if err := l.write(ctx, out); err != nil {
		l.fail(err)
		return nil, err
	}
	select {
	case reply, ok := <-w.reply:
		if !ok {
			l.mu.Lock()
			defer l.mu.Unlock()
			return nil, l.err
		}
		return reply, nil
	case <-ctx.Done():
		l.mu.Lock()
		delete(l.waiting, id)
		dead := l.heard.Before(sent)
		l.mu.Unlock()
		if dead { // not slow with this name, but silent
			l.fail(ctx.Err())
		}
		return nil, ctx.Err()
	}
}

func (l *line) write(ctx context.Context, out []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(l.idle)
	}
	if err := l.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := l.conn.Write(out)
	return err
}

// enter takes a free id.
func (l *line) enter(w waiter) (uint16, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if len(l.waiting) >= maxOnLine {
		return 0, errCrowded
	}
	for {
		var raw [2]byte
		rand.Read(raw[:])
		id := binary.BigEndian.Uint16(raw[:])
		if _, taken := l.waiting[id]; !taken {
			l.waiting[id] = w
			return id, nil
		}
	}
}

// read hands answers to those who wait for them. One that nobody asked for is
// passed over.
func (l *line) read() {
	for {
		if err := l.conn.SetReadDeadline(time.Now().Add(l.idle)); err != nil {
			l.fail(err)
			return
		}
		var size [2]byte
		if _, err := io.ReadFull(l.conn, size[:]); err != nil {
			l.fail(err)
			return
		}
		reply := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(l.conn, reply); err != nil {
			l.fail(err)
			return
		}
		if len(reply) < dnswire.HeaderSize {
			continue
		}
		id := binary.BigEndian.Uint16(reply)
		l.mu.Lock()
		l.heard = time.Now()
		w, ok := l.waiting[id]
		if ok = ok && dnswire.SameQuestion(reply, id, w.question); ok {
			delete(l.waiting, id)
		}
		l.mu.Unlock()
		if ok {
			w.reply <- reply
		}
	}
}

func (l *line) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = errors.Join(errors.New("upstream: connection ended"), err, l.conn.Close())
	for id, w := range l.waiting {
		delete(l.waiting, id)
		close(w.reply)
	}
}
