// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"math/bits"
	"sync/atomic"
)

// deltaPart is the number of entries of one part of a delta.
const deltaPart = 1024

// delta holds what was added since the index was built, and is scanned. One
// writer appends while many read: an entry is whole before used counts it, and
// what is counted never changes, but for its bit in gone.
type delta struct {
	used  atomic.Uint32
	words [4][deltaPart]uint64 // a column for each word of the hashes
	ids   [deltaPart]uint64
	gone  bitmap
	next  atomic.Pointer[delta]
}

func newDelta() *delta { return &delta{gone: newBitmap(deltaPart)} }

// bitmap has one bit for each entry, set where it was removed.
type bitmap []atomic.Uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) has(i int) bool { return b[i/64].Load()&(1<<(i%64)) != 0 }
func (b bitmap) set(i int)      { b[i/64].Or(1 << (i % 64)) }

// add returns the part that the next entry goes to, which is d unless it is full.
func (d *delta) add(h *Hash, id uint64) *delta {
	n := d.used.Load()
	if n == deltaPart {
		d.next.Store(newDelta())
		return d.next.Load().add(h, id)
	}
	for w := range h {
		d.words[w][n] = h[w]
	}
	d.ids[n] = id
	d.used.Store(n + 1)
	return d
}

// search appends the entries within radius; at is the place of the first one.
func (d *delta) search(h *Hash, radius, query, at int, into []Match) []Match {
	for ; d != nil; d, at = d.next.Load(), at+deltaPart {
		w0, w1 := d.words[0][:d.used.Load()], &d.words[1]
		for i, w := range w0 {
			dist := bits.OnesCount64(h[0]^w) + bits.OnesCount64(h[1]^w1[i])
			if dist > radius {
				continue
			}
			dist += bits.OnesCount64(h[2]^d.words[2][i]) + bits.OnesCount64(h[3]^d.words[3][i])
			if dist <= radius && !d.gone.has(i) {
				into = append(into, Match{ID: d.ids[i], Distance: dist, Query: query, at: uint32(at + i)})
			}
		}
	}
	return into
}

// exact finds the entry h, id that is not removed: its part and place in it.
func (d *delta) exact(h *Hash, id uint64) (*delta, int, bool) {
	for ; d != nil; d = d.next.Load() {
		for i, w := range d.words[0][:d.used.Load()] {
			if w == h[0] && d.ids[i] == id && d.hash(i) == *h && !d.gone.has(i) {
				return d, i, true
			}
		}
	}
	return nil, 0, false
}

func (d *delta) hash(i int) Hash {
	return Hash{d.words[0][i], d.words[1][i], d.words[2][i], d.words[3][i]}
}

// each calls visit with the first count entries that are not removed.
func (d *delta) each(count int, visit func(h Hash, id uint64)) {
	for ; d != nil && count > 0; d = d.next.Load() {
		n := min(count, int(d.used.Load()))
		for i := range n {
			if !d.gone.has(i) {
				visit(d.hash(i), d.ids[i])
			}
		}
		count -= n
	}
}
