// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"lachan/internal/dnswire"
)

const (
	handshakeTime = 5 * time.Second // for TLS
	messageTime   = 5 * time.Second // for the bytes of one question, and for taking one answer
	pipelined     = 32              // questions of one connection that wait for an upstream at once
	paddingBlock  = 468             // RFC 8467 §4.1
	maxQuestion   = packetSize - dnswire.Spare
)

func (s *Server) openTLS(_ context.Context, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.tls = append(s.tls, l)
	return nil
}

func (s *Server) accept(ctx context.Context, l net.Listener, g *gate, by way) {
	config := s.r.tlsConfig("dot")
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors: let some end
			continue
		}
		peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err != nil {
			conn.Close()
			continue
		}
		p := g.enter(func() { conn.Close() })
		s.wait.Go(func() {
			defer p.leave()
			defer conn.Close()
			stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
			defer stop()
			st := &stream{s: s, conn: conn, pass: p, from: asker{addr: peer.Addr(), by: by}}
			if by == byTLS && !st.encrypt(ctx, config) {
				return
			}
			st.serve(ctx)
		})
	}
}

// stream is one connection over TCP or TLS (RFC 7766, RFC 7858). While it is
// silent it holds no buffer of ours.
type stream struct {
	s       *Server
	conn    net.Conn
	pass    *pass
	from    asker
	writing sync.Mutex
}

func (st *stream) encrypt(ctx context.Context, config *tls.Config) bool {
	secure := tls.Server(st.conn, config)
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		return false
	}
	st.conn = secure
	st.from.word = wordOf(secure.ConnectionState().ServerName, st.s.r.live.Load().cfg.Host)
	return true
}

// serve answers questions as they come, and those that need an upstream when
// its answer is there (RFC 7766 §7: in any order).
func (st *stream) serve(ctx context.Context) {
	var waiting sync.WaitGroup
	defer waiting.Wait()
	var slots chan struct{}
	for {
		msg, ok := st.read()
		if !ok || ctx.Err() != nil {
			return
		}
		st.pass.touch()
		w := st.s.r.workers.Get().(*worker)
		answer, wait := w.begin(msg, st.from)
		if !wait {
			ok := answer != nil && st.write(w.dress(answer, st.from.by))
			st.s.r.workers.Put(w)
			if !ok {
				return
			}
			continue
		}
		if slots == nil {
			slots = make(chan struct{}, pipelined)
		}
		slots <- struct{}{}
		waiting.Go(func() {
			defer func() { <-slots }()
			defer st.s.r.workers.Put(w)
			if answer := w.finish(ctx, msg, st.from); answer == nil || !st.write(w.dress(answer, st.from.by)) {
				st.conn.Close()
			}
		})
	}
}

// read takes one question. A client may be silent for long, but once it has
// begun it must go on.
func (st *stream) read() ([]byte, bool) {
	var size [2]byte
	if st.conn.SetReadDeadline(time.Now().Add(st.s.r.live.Load().cfg.Idle)) != nil {
		return nil, false
	}
	if _, err := io.ReadFull(st.conn, size[:1]); err != nil {
		return nil, false
	}
	if st.conn.SetReadDeadline(time.Now().Add(messageTime)) != nil {
		return nil, false
	}
	if _, err := io.ReadFull(st.conn, size[1:]); err != nil {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(size[:]))
	if n < dnswire.HeaderSize || n > maxQuestion {
		return nil, false
	}
	msg := make([]byte, n, n+dnswire.Spare)
	_, err := io.ReadFull(st.conn, msg)
	return msg, err == nil
}

func (st *stream) write(answer []byte) bool {
	out := make([]byte, 2, 2+len(answer))
	binary.BigEndian.PutUint16(out, uint16(len(answer)))
	out = append(out, answer...)
	st.writing.Lock()
	defer st.writing.Unlock()
	if st.conn.SetWriteDeadline(time.Now().Add(messageTime)) != nil {
		return false
	}
	if _, err := st.conn.Write(out); err != nil {
		st.reset()
		return false
	}
	return true
}

// reset lets the connection end without waiting for what was written to be
// taken: who takes no answers would hold megabytes of the kernel's memory for
// minutes after we have closed.
func (st *stream) reset() {
	conn := st.conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		_ = plain.SetLinger(0) // it may be closed already
	}
}

// dress adds to an answer what UDP has no room for: the reason of a refusal in
// words, how long a connection may idle (RFC 7828), and padding where nobody
// else reads along.
func (w *worker) dress(answer []byte, by way) []byte {
	if !w.q.EDNS {
		return answer
	}
	if text := w.live.cfg.Text; text != nil {
		if _, ede, _ := dnswire.Extra(answer, dnswire.OptionEDE); len(ede) == 2 {
			answer = dnswire.AppendText(answer, text(binary.BigEndian.Uint16(ede)))
		}
	}
	if w.keep && (by == byTCP || by == byTLS) {
		tenths := min(w.live.cfg.Idle/(100*time.Millisecond), 0xffff)
		answer = dnswire.AppendOption(answer, dnswire.OptionKeepalive, binary.BigEndian.AppendUint16(nil, uint16(tenths)))
	}
	if by.encrypted() {
		answer = dnswire.Pad(answer, paddingBlock)
	}
	return answer
}
