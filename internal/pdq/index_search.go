// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"math/bits"
	"runtime"
)

// scanShare is the part of all hashes that a search looks up one by one before
// it gives up and reads all of them in order, which costs an eighth a hash. It
// comes to that where many hashes share pieces, not with those of pictures.
const scanShare = 8

// search appends the hashes within radius of h, each once, in no order.
//
// Nearly all of its time is spent waiting for memory. So it goes in three
// steps, in each of which no load waits for another: the borders of all rows
// that a piece leads to, what stands in them, and the hashes.
func (x *Index) search(h *Hash, radius, query int, into []Match) []Match {
	defer runtime.KeepAlive(x) // else its mapping might be given back
	if radius = min(radius, MaxDistance); radius < 0 {
		return into
	}
	var rows [maxMasks][2]uint32
	var places [1024]uint32
	from, left := len(into), len(x.hashes)/scanShare+len(places)
	for i := range x.tables {
		flips := flipsIn(i, len(x.pieces), radius)
		if flips < 0 {
			break
		}
		t, p := &x.tables[i], x.pieces[i]
		masks := x.masksFor(p, flips)
		key, starts := p.of(h), t.starts
		for k, mask := range masks {
			v := key ^ mask
			rows[k] = [2]uint32{starts[v], starts[v+1]}
		}
		n := 0
		for k := range masks {
			row := t.rows[rows[k][0]:rows[k][1]]
			if left -= len(row); left < 0 {
				return x.scan(h, radius, query, into[:from])
			}
			for _, at := range row {
				if n == len(places) {
					into = x.compare(h, radius, query, i, places[:], into)
					n = 0
				}
				places[n] = at
				n++
			}
		}
		into = x.compare(h, radius, query, i, places[:n], into)
	}
	return into
}

func (x *Index) masksFor(p piece, flips int) []uint32 {
	if p.width == x.pieces[0].width {
		return x.masks[0][flips]
	}
	return x.masks[1][flips]
}

// compare appends those of places that are within radius, unless the table of
// an earlier piece has led to them too.
func (x *Index) compare(h *Hash, radius, query, table int, places []uint32, into []Match) []Match {
	for _, at := range places {
		o := &x.hashes[at]
		d := bits.OnesCount64(h[0]^o[0]) + bits.OnesCount64(h[1]^o[1])
		if d > radius {
			continue
		}
		if d += bits.OnesCount64(h[2]^o[2]) + bits.OnesCount64(h[3]^o[3]); d <= radius && x.first(h, o, radius) == table {
			into = append(into, Match{ID: x.ids[at], Distance: d, Query: query, at: at})
		}
	}
	return into
}

// first is the first table that leads from h to o.
func (x *Index) first(h, o *Hash, radius int) int {
	for i, p := range x.pieces {
		if bits.OnesCount32(p.of(h)^p.of(o)) <= flipsIn(i, len(x.pieces), radius) {
			return i
		}
	}
	return len(x.pieces)
}
