// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"lachan/internal/dnswire"
)

// batchSize is how many packets one system call takes or sends. A class that
// opens its first page fills a few; deeper queues gain little.
const batchSize = 32

// mmsghdr is the kernel's struct of that name (recvmmsg(2)).
type mmsghdr struct {
	unix.Msghdr
	n uint32
}

// batch is the memory of one socket's loop. Nothing in it moves or is
// allocated again: the kernel writes packets and senders into it, answers are
// written over their questions, and it is sent from where it lies.
type batch struct {
	in, out       [batchSize]mmsghdr
	inVec, outVec [batchSize]unix.Iovec
	from          [batchSize]unix.RawSockaddrInet6 // large enough for both families
	buf           [batchSize][packetSize + dnswire.MaxUDP]byte
	count, send   int
	failed        error
}

func newBatch() *batch {
	b := new(batch)
	for i := range batchSize {
		b.inVec[i].Base = &b.buf[i][0]
		b.inVec[i].SetLen(packetSize)
		b.in[i].Iov = &b.inVec[i]
		b.in[i].SetIovlen(1)
		b.in[i].Name = (*byte)(unsafe.Pointer(&b.from[i]))
		b.out[i].Iov = &b.outVec[i]
		b.out[i].SetIovlen(1)
	}
	return b
}

// receive waits for at least one packet.
func (b *batch) receive(fd uintptr) bool {
	for i := range batchSize {
		b.in[i].Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.in[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
	b.count, b.failed = int(n), nil
	if errno == unix.EAGAIN || errno == unix.EINTR {
		b.count = 0
		return errno == unix.EINTR
	}
	if errno != 0 {
		b.count, b.failed = 0, errno
	}
	return true
}

// transmit sends the answers from where sent stands on; one that cannot be
// sent is passed over.
func (b *batch) transmit(fd uintptr) bool {
	for b.count < b.send {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.out[b.count])), uintptr(b.send-b.count), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			b.count += int(n)
		case unix.EAGAIN:
			return false
		case unix.EINTR:
		default:
			b.count++ // this client cannot be reached; it asks again
		}
	}
	return true
}

// sender is the address that packet i came from.
func (b *batch) sender(i int) netip.AddrPort {
	sa := &b.from[i]
	if sa.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), hostOrder(&four.Port))
	}
	addr := netip.AddrFrom16(sa.Addr)
	if sa.Scope_id != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(sa.Scope_id), 10))
	}
	return netip.AddrPortFrom(addr, hostOrder(&sa.Port))
}

func hostOrder(port *uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(port))[:])
}

// serveUDP reads and answers on one socket, a batch at a time. What is refused
// or cached is answered here, in the buffer it came in; only a question for an
// upstream gets a goroutine.
func (s *Server) serveUDP(ctx context.Context, conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		s.logger().LogAttrs(ctx, slog.LevelError, "udp", slog.String("error", err.Error()))
		return
	}
	w := &worker{r: s.r}
	b := newBatch()
	receive, transmit := b.receive, b.transmit
	reply := func(answer []byte, to netip.AddrPort) {
		// A client that cannot be reached asks again.
		_, _ = conn.WriteToUDPAddrPort(answer, to)
	}
	for {
		err := raw.Read(receive)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err = errors.Join(err, b.failed); err != nil {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "udp read", slog.String("error", err.Error()))
			time.Sleep(time.Millisecond)
			continue
		}
		b.send = 0
		for i := range b.count {
			msg := b.buf[i][:min(b.in[i].n, packetSize)]
			from := b.sender(i)
			answer, wait := w.begin(msg, asker{addr: from.Addr()})
			switch {
			case wait:
				s.later(ctx, msg, from, reply)
			case answer != nil:
				o := &b.out[b.send]
				b.outVec[b.send].Base = &answer[0]
				b.outVec[b.send].SetLen(len(answer))
				o.Name, o.Namelen = b.in[i].Name, b.in[i].Namelen
				b.send++
			}
		}
		b.count = 0
		if err := raw.Write(transmit); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}
