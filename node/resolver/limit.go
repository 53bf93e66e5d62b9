// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"lachan/internal/dnswire"
)

const (
	limitCells = 4096
	defaultUDP = 2000 // questions a second of one network
)

// limiter counts the questions over UDP of one second by the network they seem
// to come from. It keeps no address: a keyed hash leads to a cell, and a cell
// forgets when its second is over. Networks that meet in a cell share it.
type limiter struct {
	seed  maphash.Seed
	cells [limitCells]atomic.Uint64 // second in the upper half, questions in the lower
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed()} }

// add counts a question and says how many there were in this second.
func (l *limiter) add(client netip.Addr, now time.Time) int {
	bits := 24
	if client = client.Unmap().WithZone(""); client.Is6() {
		bits = 56
	}
	network, err := client.Prefix(bits)
	if err != nil {
		return 0
	}
	cell := &l.cells[maphash.Comparable(l.seed, network)%limitCells]
	second := uint64(uint32(now.Unix())) << 32
	for {
		old := cell.Load()
		next := second | 1
		if old&^0xffffffff == second {
			next = old + 1
		}
		if cell.CompareAndSwap(old, next) {
			return int(next & 0xffffffff)
		}
	}
}

// flooded answers a question beyond what one network of public addresses may
// ask over UDP. The address may be somebody's whom the answers are meant to
// flood, or that of a school with a thousand devices; so at first the client is
// sent to TCP, which only a true sender can follow, and far beyond the limit
// nothing is said. A client whose cookie is ours has shown that the address is
// its own, and is answered whatever others do in its network's name; one that
// sends a cookie which is not ours is told the right one (RFC 7873 §5.2.3).
// Private addresses are never counted.
func (w *worker) flooded(from asker, cookie dnswire.CookieState) (answer []byte, over bool) {
	limit := w.live.cfg.UDPRate
	if limit < 0 {
		return nil, false
	}
	n := w.r.limiter.add(from.addr, w.live.cfg.Clock.Now())
	switch {
	case n <= limit || cookie == dnswire.ValidCookie:
		return nil, false
	case n <= 4*limit && cookie == dnswire.NewCookie:
		return w.q.Error(dnswire.BadCookie, dnswire.NoEDE), true
	case n <= 4*limit:
		return w.q.Truncated(), true
	}
	return nil, true
}

// readCookie is what the client's cookie proves; the one that it gets lies in
// the query from then on.
func (w *worker) readCookie(from asker) dnswire.CookieState {
	if !w.q.HasOption(dnswire.OptionCookie) {
		return dnswire.NoCookie
	}
	return w.r.cookies.Check(&w.q, from.addr, w.live.cfg.Clock.Now())
}
