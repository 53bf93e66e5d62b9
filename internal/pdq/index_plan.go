// SPDX-License-Identifier: Apache-2.0

package pdq

// The numbers of pieces that an index may have. Fewer pieces are longer: their
// tables name fewer hashes that then turn out to be too far, but cost more
// memory and more look-ups.
const (
	minPieces = 11
	maxPieces = 32
)

// maxFlips is the most bits that are flipped in a piece to find its neighbours:
// MaxDistance over minPieces.
const maxFlips = 2

// maxMasks is the number of values within maxFlips of a piece of 24 bits, the
// longest there is.
const maxMasks = 1 + 24 + 24*23/2

// piecesFor is the number of pieces that answers fastest for n hashes;
// docs/pdq-index.md has the figures behind the thresholds.
func piecesFor(n int) int {
	switch {
	case n < 4_000:
		return 32 // whose tables are 33 kB, beside 4 MB of 16 and 450 MB of 11
	case n < 300_000:
		return 16
	case n < 750_000:
		return 14
	case n < 5_000_000:
		return 12
	}
	return 11
}

// piece is a run of a hash's bits, the key of one table.
type piece struct{ from, width uint }

// layout cuts a hash into count pieces, the longer ones first.
func layout(count int) []piece {
	pieces := make([]piece, count)
	from := uint(0)
	for i := range pieces {
		width := uint(Size / count)
		if i < Size%count {
			width++
		}
		pieces[i] = piece{from, width}
		from += width
	}
	return pieces
}

// of reads the piece of h; a piece may begin in one word and end in the next.
func (p piece) of(h *Hash) uint32 {
	word, shift := p.from/64, p.from%64
	v := h[word] >> shift
	if shift+p.width > 64 {
		v |= h[word+1] << (64 - shift)
	}
	return uint32(v & (1<<p.width - 1))
}

// flipsIn is how many bits may be flipped in piece i when hashes within radius
// are sought, -1 where the piece need not be looked at. This is the generalised
// pigeonhole principle: with radius = count·q + a, two hashes of which each of
// the first a+1 pieces differs in more than q bits, and each other one in more
// than q-1, differ in at least (a+1)·(q+1) + (count-a-1)·q = radius+1.
func flipsIn(i, count, radius int) int {
	if i <= radius%count {
		return radius / count
	}
	return radius/count - 1
}

// masksOf lists the differences within flips bits of a piece of width bits.
// Those that differ in their lowest bits only follow each other: their places
// in the table share a cache line of sixteen.
func masksOf(width uint, flips int) []uint32 {
	masks := []uint32{0}
	for i := uint(0); i < width && flips >= 1; i++ {
		masks = append(masks, 1<<i)
		for j := uint(0); j < i && flips >= 2; j++ {
			masks = append(masks, 1<<i|1<<j)
		}
	}
	return masks
}
