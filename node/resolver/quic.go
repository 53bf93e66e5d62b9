// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"lachan/internal/dnswire"
)

// Codes with which DNS over QUIC ends a connection or a stream, RFC 9250 §4.3.
const (
	doqNoError       = 0x0
	doqProtocolError = 0x2
	doqExcessiveLoad = 0x4
)

// quicDoor is one address for DNS over QUIC (RFC 9250).
type quicDoor struct {
	s        *Server
	udp      net.PacketConn
	quic     *quic.Transport
	listener *quic.Listener
}

func (s *Server) openQUIC(_ context.Context, address string) error {
	d := &quicDoor{s: s}
	var err error
	if d.udp, err = net.ListenPacket("udp", address); err != nil {
		return err
	}
	d.quic = &quic.Transport{Conn: d.udp, VerifySourceAddress: s.doubts(s.gates.quic)}
	if d.listener, err = d.quic.Listen(s.r.tlsConfig("doq"), s.quicConfig()); err != nil {
		return errors.Join(err, d.udp.Close())
	}
	s.quic = append(s.quic, d)
	return nil
}

// quicConfig keeps a connection small: questions are short, and answers need no
// window of ours. There is no 0-RTT: what comes in it can be sent again by
// anybody who has seen it (RFC 9250 §4.5).
func (s *Server) quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: handshakeTime, MaxIdleTimeout: s.r.live.Load().cfg.Idle,
		InitialStreamReceiveWindow: 4 << 10, MaxStreamReceiveWindow: 16 << 10,
		InitialConnectionReceiveWindow: 32 << 10, MaxConnectionReceiveWindow: 128 << 10,
		MaxIncomingStreams: 100, MaxIncomingUniStreams: 8, // HTTP/3 needs three
	}
}

// doubts makes clients prove their address before a connection is kept, as soon
// as a quarter of the places is taken: until then it saves them a round trip.
func (s *Server) doubts(g *gate) func(net.Addr) bool {
	return func(net.Addr) bool { return g.size() > g.limit/4 }
}

// enterQUIC lets a connection through a gate until it ends.
func (s *Server) enterQUIC(g *gate, conn *quic.Conn) *pass {
	p := g.enter(func() { go conn.CloseWithError(doqExcessiveLoad, "") })
	context.AfterFunc(conn.Context(), p.leave)
	return p
}

func (d *quicDoor) close() error {
	return errors.Join(d.listener.Close(), d.quic.Close(), d.udp.Close())
}

func (d *quicDoor) serve(ctx context.Context) {
	for {
		conn, err := d.listener.Accept(ctx)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, quic.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err != nil {
			conn.CloseWithError(doqProtocolError, "")
			continue
		}
		p := d.s.enterQUIC(d.s.gates.quic, conn)
		from := asker{addr: peer.Addr(), by: byQUIC, word: wordOf(conn.ConnectionState().TLS.ServerName, d.s.r.live.Load().cfg.Host)}
		d.s.wait.Go(func() { d.serveConn(ctx, conn, p, from) })
	}
}

func (d *quicDoor) serveConn(ctx context.Context, conn *quic.Conn, p *pass, from asker) {
	var open sync.WaitGroup
	defer open.Wait()
	defer conn.CloseWithError(doqNoError, "")
	for {
		st, err := conn.AcceptStream(ctx)
		if err != nil {
			return
		}
		p.touch()
		open.Go(func() {
			if !d.serveStream(ctx, st, from) {
				conn.CloseWithError(doqProtocolError, "")
			}
		})
	}
}

// serveStream answers the one question of a stream (RFC 9250 §4.2). It reports
// false where the client breaks the protocol.
func (d *quicDoor) serveStream(ctx context.Context, st *quic.Stream, from asker) (ok bool) {
	defer func() {
		if ok { // else the connection ends, and the stream with it
			st.Close()
		}
	}()
	if st.SetDeadline(time.Now().Add(messageTime)) != nil {
		return true
	}
	msg, err := readDoQ(st)
	if errors.Is(err, errProtocol) {
		return false
	}
	if err != nil { // too slow, or gone
		st.CancelRead(doqExcessiveLoad)
		return true
	}
	w := d.s.r.workers.Get().(*worker)
	defer d.s.r.workers.Put(w)
	answer, wait := w.begin(msg, from)
	if w.keep { // RFC 9250 §5.5.2: QUIC has its own
		return false
	}
	if wait {
		answer = w.finish(ctx, msg, from)
	}
	if answer == nil {
		return ctx.Err() != nil
	}
	answer = w.dress(answer, byQUIC)
	if st.SetWriteDeadline(time.Now().Add(messageTime)) != nil {
		return true
	}
	_, _ = st.Write(append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(answer)), uint16(len(answer))), answer...)) // a client that is gone asks again
	return true
}

var errProtocol = errors.New("resolver: not DNS over QUIC")

// readDoQ reads the only message of a stream, with room behind it for the
// answer.
func readDoQ(st io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(st, size[:]); err != nil {
		return nil, endedEarly(err)
	}
	n := int(binary.BigEndian.Uint16(size[:]))
	if n < dnswire.HeaderSize || n > maxQuestion {
		return nil, errProtocol
	}
	msg := make([]byte, n, n+dnswire.Spare)
	if _, err := io.ReadFull(st, msg); err != nil {
		return nil, endedEarly(err)
	}
	if msg[0] != 0 || msg[1] != 0 { // RFC 9250 §4.2.1: the id is zero
		return nil, errProtocol
	}
	if more, err := st.Read(size[:1]); more > 0 {
		return nil, errProtocol
	} else if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return msg, nil
}

// endedEarly takes a stream that ends inside its message for what it is.
func endedEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errProtocol
	}
	return err
}
