// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package resolver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"lachan/internal/dnswire"
)

// serveUDP reads and answers on one socket. What is refused or cached is
// answered here, in the buffer it came in; only a question for an upstream
// gets a goroutine.
func (s *Server) serveUDP(ctx context.Context, conn *net.UDPConn) {
	w := &worker{r: s.r}
	buf := make([]byte, packetSize, packetSize+dnswire.MaxUDP)
	send := func(answer []byte, to netip.AddrPort) {
		// A client that cannot be reached asks again.
		_, _ = conn.WriteToUDPAddrPort(answer, to)
	}
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.logger().LogAttrs(ctx, slog.LevelWarn, "udp read", slog.String("error", err.Error()))
			time.Sleep(time.Millisecond)
			continue
		}
		answer, wait := w.begin(buf[:n:cap(buf)], asker{addr: from.Addr()})
		switch {
		case wait:
			s.later(ctx, buf[:n], from, send)
		case answer != nil:
			send(answer, from)
		}
	}
}
