// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"cmp"
	"math/bits"
	"runtime"
	"slices"

	"lachan/internal/filemap"
)

// Index finds every one of its hashes within MaxDistance of another, and none
// besides: multi-index hashing (Norouzi, Punjani, Fleet, 2012). Each hash is cut
// into pieces; for each piece a table leads from its value to the hashes that
// have it. Two hashes that are near have a piece that is nearly the same, so
// that a search looks at the neighbours of each piece instead of at all hashes.
//
// It is immutable and safe for concurrent use; Set is one that changes. Beside
// the hashes (32 bytes each) it keeps an id of 8 bytes and 4 bytes for each
// piece of a hash, and tables of fixed size (docs/pdq-index.md).
type Index struct {
	hashes []Hash
	ids    []uint64
	pieces []piece
	tables []table
	masks  [2][maxFlips + 1][]uint32 // by longer or shorter piece and number of flips
	mapped *filemap.Map              // nil where it was built in memory
}

// table lists the places of hashes by the value of one piece: those with value
// v are rows[starts[v]:starts[v+1]].
type table struct {
	starts []uint32
	rows   []uint32
}

// Match is a hash that was found.
type Match struct {
	ID       uint64 // as its owner gave it
	Distance int    // bits, 0 to MaxDistance
	Query    int    // which of the hashes sought it is nearest to, from 0
	at       uint32 // its place: two entries may share an id
}

// Len is the number of hashes.
func (x *Index) Len() int { return len(x.hashes) }

// Bytes is the memory that the index uses, hashes included.
func (x *Index) Bytes() int64 {
	n := int64(len(x.hashes)) * (Size/8 + 8)
	for _, t := range x.tables {
		n += 4 * int64(len(t.starts)+len(t.rows))
	}
	return n
}

// Search appends to into every hash within radius of h, the nearest first, and
// allocates nothing but what into lacks. A radius above MaxDistance counts as
// MaxDistance.
func (x *Index) Search(h Hash, radius int, into []Match) []Match {
	from := len(into)
	into = x.search(&h, radius, 0, into)
	sortMatches(into[from:])
	return into
}

// SearchAny is Search for several hashes at once, such as the eight variants of
// a picture: what is near to several of them is found once, by the nearest.
func (x *Index) SearchAny(hashes []Hash, radius int, into []Match) []Match {
	from := len(into)
	for q := range hashes {
		into = x.search(&hashes[q], radius, q, into)
	}
	return onceEach(into, from)
}

// onceEach keeps of the matches behind from the nearest of each place.
func onceEach(into []Match, from int) []Match {
	found := into[from:]
	slices.SortFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Query, b.Query))
	})
	found = slices.CompactFunc(found, func(a, b Match) bool { return a.at == b.at })
	sortMatches(found)
	return into[:from+len(found)]
}

func sortMatches(found []Match) {
	if len(found) > 1 {
		slices.SortFunc(found, func(a, b Match) int {
			return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID), cmp.Compare(a.at, b.at))
		})
	}
}

// Has reports whether h itself is there: one look at each table, then only the
// hashes of the shortest row.
func (x *Index) Has(h Hash) bool {
	return x.exact(&h, func(int) bool { return false })
}

// exact calls each with the places of h until it returns false, and reports
// whether there was one.
func (x *Index) exact(h *Hash, each func(at int) bool) bool {
	defer runtime.KeepAlive(x)
	var row []uint32
	for i, t := range x.tables {
		v := x.pieces[i].of(h)
		r := t.rows[t.starts[v]:t.starts[v+1]]
		if len(r) == 0 {
			return false
		}
		if i == 0 || len(r) < len(row) {
			row = r
		}
	}
	found := false
	for _, at := range row {
		if x.hashes[at] == *h {
			found = true
			if !each(int(at)) {
				break
			}
		}
	}
	return found
}

// scan is the search that looks at everything.
func (x *Index) scan(h *Hash, radius, query int, into []Match) []Match {
	defer runtime.KeepAlive(x)
	for i := range x.hashes {
		o := &x.hashes[i]
		d := bits.OnesCount64(h[0]^o[0]) + bits.OnesCount64(h[1]^o[1])
		if d > radius {
			continue
		}
		if d += bits.OnesCount64(h[2]^o[2]) + bits.OnesCount64(h[3]^o[3]); d <= radius {
			into = append(into, Match{ID: x.ids[i], Distance: d, Query: query, at: uint32(i)})
		}
	}
	return into
}
