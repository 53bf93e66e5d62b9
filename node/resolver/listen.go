// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

const (
	receiveBuffer = 4 << 20 // the kernel's, bytes: a class logging in at once
	packetSize    = 2048
	maxTCP        = 256 // connections at once
	tcpIdle       = 10 * time.Second
)

// Server is a Resolver with its sockets.
type Server struct {
	r    *Resolver
	udp  []*net.UDPConn
	tcp  []net.Listener
	wait sync.WaitGroup
}

// Listen opens UDP and TCP on each address ("192.0.2.1:53"; port 0 takes a
// free one). There is one UDP socket for each processor where the system
// shares a port among sockets.
func (r *Resolver) Listen(ctx context.Context, addresses []string) (*Server, error) {
	s := &Server{r: r}
	for _, address := range addresses {
		if err := s.open(ctx, address); err != nil {
			return nil, errors.Join(problem.New("node/cannot-listen", "address", address).Wrap(err), s.close())
		}
	}
	return s, nil
}

func (s *Server) open(ctx context.Context, address string) error {
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
			s.r.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "small receive buffer", slog.String("error", err.Error()))
		}
	}
	return nil
}

// Addr is the first address that is listened on.
func (s *Server) Addr() string { return s.tcp[0].Addr().String() }

// Serve answers until ctx ends, then lets what is being answered end.
func (s *Server) Serve(ctx context.Context) error {
	for _, conn := range s.udp {
		s.wait.Go(func() { s.serveUDP(ctx, conn) })
	}
	for _, l := range s.tcp {
		s.wait.Go(func() { s.serveTCP(ctx, l) })
	}
	<-ctx.Done()
	err := s.close()
	s.wait.Wait()
	return err
}

func (s *Server) close() error {
	var errs []error
	for _, c := range s.udp {
		errs = append(errs, c.Close())
	}
	for _, l := range s.tcp {
		errs = append(errs, l.Close())
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
		if answer := w.finish(ctx, msg, from.Addr(), true); answer != nil {
			send(answer, from)
		}
	})
}

func (s *Server) serveTCP(ctx context.Context, l net.Listener) {
	slots := make(chan struct{}, maxTCP)
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors: let some end
			continue
		}
		select {
		case slots <- struct{}{}:
			s.wait.Go(func() {
				defer func() { <-slots }()
				s.serveConn(ctx, conn)
			})
		default:
			conn.Close() // the client comes again
		}
	}
}

// serveConn answers one question after the other (RFC 7766).
func (s *Server) serveConn(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return
	}
	w := s.r.workers.Get().(*worker)
	defer s.r.workers.Put(w)
	buf := make([]byte, 2, 2+packetSize)
	for {
		if err := conn.SetDeadline(time.Now().Add(tcpIdle)); err != nil {
			return
		}
		if _, err := io.ReadFull(conn, buf[:2]); err != nil {
			return
		}
		size := int(binary.BigEndian.Uint16(buf))
		if size > packetSize-dnswire.Spare {
			return // no question is that long
		}
		msg := make([]byte, size, size+packetSize)
		if _, err := io.ReadFull(conn, msg); err != nil {
			return
		}
		answer, wait := w.begin(msg, peer.Addr(), false)
		if wait {
			answer = w.finish(ctx, msg, peer.Addr(), false)
		}
		if answer == nil {
			return
		}
		out := binary.BigEndian.AppendUint16(buf[:0], uint16(len(answer)))
		if _, err := conn.Write(append(out, answer...)); err != nil {
			return
		}
	}
}
