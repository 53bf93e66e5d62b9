// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

const (
	receiveBuffer = 4 << 20 // the kernel's, bytes: a class logging in at once
	packetSize    = 2048
	freshness     = time.Minute // how often the certificate's files are looked at
)

// Addresses are where questions come in, "192.0.2.1:53" each; port 0 takes a
// free one.
type Addresses struct {
	Plain []string // UDP and TCP
	TLS   []string // RFC 7858
	HTTPS []string // RFC 8484, over TCP and, as HTTP/3, over UDP
	QUIC  []string // RFC 9250
}

// Server is a Resolver with its sockets.
type Server struct {
	r     *Resolver
	udp   []*net.UDPConn
	tcp   []net.Listener
	tls   []net.Listener
	https []*web
	quic  []*quicDoor
	gates struct{ tcp, tls, https, quic *gate }
	wait  sync.WaitGroup
}

// Listen opens the sockets. For plain questions there is one UDP socket for
// each processor where the system shares a port among sockets.
func (r *Resolver) Listen(ctx context.Context, at Addresses) (*Server, error) {
	s := &Server{r: r}
	limit := r.live.Load().cfg.MaxConnections
	for _, g := range []**gate{&s.gates.tcp, &s.gates.tls, &s.gates.https, &s.gates.quic} {
		*g = newGate(limit)
	}
	encrypted := len(at.TLS) + len(at.HTTPS) + len(at.QUIC)
	if encrypted > 0 && r.live.Load().cfg.Certificate == nil {
		return nil, problem.New("node/no-certificate")
	}
	for _, kind := range []struct {
		addresses []string
		open      func(ctx context.Context, address string) error
	}{{at.Plain, s.openPlain}, {at.TLS, s.openTLS}, {at.HTTPS, s.openHTTPS}, {at.QUIC, s.openQUIC}} {
		for _, address := range kind.addresses {
			if err := kind.open(ctx, address); err != nil {
				return nil, errors.Join(problem.New("node/cannot-listen", "address", address).Wrap(err), s.close())
			}
		}
	}
	bound := s.Addresses()
	r.bound.Store(&bound)
	return s, nil
}

func (s *Server) openPlain(ctx context.Context, address string) error {
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.tcp = append(s.tcp, tcp)
	lc := net.ListenConfig{Control: sharePort}
	sockets := 1
	if canSharePort {
		sockets = runtime.GOMAXPROCS(0)
	}
	for range sockets {
		pc, err := lc.ListenPacket(ctx, "udp", tcp.Addr().String())
		if err != nil {
			return err
		}
		conn := pc.(*net.UDPConn)
		s.udp = append(s.udp, conn)
		if err := conn.SetReadBuffer(receiveBuffer); err != nil {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "small receive buffer", slog.String("error", err.Error()))
		}
	}
	return nil
}

// Addresses is where the sockets are, with the ports that were taken.
func (s *Server) Addresses() Addresses {
	var at Addresses
	for _, l := range s.tcp {
		at.Plain = append(at.Plain, l.Addr().String())
	}
	for _, l := range s.tls {
		at.TLS = append(at.TLS, l.Addr().String())
	}
	for _, d := range s.https {
		at.HTTPS = append(at.HTTPS, d.tcp.Addr().String())
	}
	for _, d := range s.quic {
		at.QUIC = append(at.QUIC, d.listener.Addr().String())
	}
	return at
}

// Open is how many connections of a kind are open.
type Open struct {
	Over string // "tcp", "tls", "https", "quic"
	Open int
}

// Connections counts the connections of clients.
func (s *Server) Connections() []Open {
	return []Open{{"tcp", s.gates.tcp.size()}, {"tls", s.gates.tls.size()}, {"https", s.gates.https.size()}, {"quic", s.gates.quic.size()}}
}

func (s *Server) logger() *slog.Logger { return s.r.live.Load().cfg.Logger }

// Serve answers until ctx ends, then lets what is being answered end.
func (s *Server) Serve(ctx context.Context) error {
	for _, conn := range s.udp {
		s.wait.Go(func() { s.serveUDP(ctx, conn) })
	}
	for _, l := range s.tcp {
		s.wait.Go(func() { s.accept(ctx, l, s.gates.tcp, byTCP) })
	}
	for _, l := range s.tls {
		s.wait.Go(func() { s.accept(ctx, l, s.gates.tls, byTLS) })
	}
	for _, d := range s.https {
		s.wait.Go(func() { d.serve(ctx) })
	}
	for _, d := range s.quic {
		s.wait.Go(func() { d.serve(ctx) })
	}
	s.wait.Go(func() { s.watch(ctx) })
	<-ctx.Done()
	err := s.close()
	s.wait.Wait()
	s.r.end()
	s.r.flights.wait.Wait()
	s.r.live.Load().zones.close()
	return err
}

// watch renews what grows old: the secret of the cookies, the certificate.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(freshness)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.r.cookies.Rotate(s.r.live.Load().cfg.Clock.Now())
		s.r.RefreshCertificate(ctx)
	}
}

func (s *Server) close() error {
	var errs []error
	for _, c := range s.udp {
		errs = append(errs, c.Close())
	}
	for _, l := range append(s.tcp, s.tls...) {
		errs = append(errs, l.Close())
	}
	for _, d := range s.https {
		errs = append(errs, d.close())
	}
	for _, d := range s.quic {
		errs = append(errs, d.close())
	}
	for i, err := range errs {
		if errors.Is(err, net.ErrClosed) || errors.Is(err, quic.ErrServerClosed) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// later answers a question that has to wait for an upstream. The packet is
// copied: the socket's buffer goes on to the next one.
func (s *Server) later(ctx context.Context, packet []byte, from netip.AddrPort, send func([]byte, netip.AddrPort)) {
	msg := make([]byte, len(packet), len(packet)+dnswire.MaxUDP)
	copy(msg, packet)
	s.wait.Go(func() {
		w := s.r.workers.Get().(*worker)
		defer s.r.workers.Put(w)
		if answer := w.finish(ctx, msg, asker{addr: from.Addr()}); answer != nil {
			send(answer, from)
		}
	})
}
