// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"math/bits"
)

// maxLabels is the most labels a name can have: 255 bytes, two a label.
const maxLabels = 127

// seed holds the two odd constants that key the hash of one bundle.
type seed struct{ start, chunk, label uint64 }

// newSeed spreads the header's number over three words (splitmix64).
func newSeed(n uint64) seed {
	next := func() uint64 {
		n += 0x9e3779b97f4a7c15
		z := n
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return seed{next(), next() | 1, next() | 1}
}

// fold multiplies to 128 bits and folds the halves: every bit of a reaches
// every bit of the result.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// lower puts the ASCII capitals among eight bytes into lower case at once.
func lower(w uint64) uint64 {
	const ones = 0x0101010101010101
	low := w & (0x7f * ones)
	fromA := low + (0x80-'A')*ones
	overZ := low + (0x7f-'Z')*ones
	capital := (fromA ^ overZ) & ^w & (0x80 * ones)
	return w | capital>>2
}

// Key holds the hash of a name and of each of its parents, and is made for
// reuse: a worker keeps one and calls Read for each query, without
// allocating. A Key belongs to the View that read it, since every bundle has
// its own seed.
type Key struct {
	n    int
	wire []byte            // the name as it was read, borrowed
	off  [maxLabels]uint8  // where the i-th label from the left begins
	hash [maxLabels]uint64 // hash[i] covers the i+1 rightmost labels
}

// read hashes the uncompressed name at the start of wire, in one pass over its
// labels from right to left, lowering case on the way. wire may run on past
// the name. It reports false if the bytes are no name; the key is then empty.
func (k *Key) read(s seed, wire []byte) bool {
	k.n = 0
	n, i := 0, 0
	for {
		if i >= len(wire) || i >= maxWire {
			return false
		}
		l := int(wire[i])
		if l == 0 {
			break
		}
		if l > 63 || n == maxLabels {
			return false
		}
		k.off[n] = uint8(i)
		n++
		i += l + 1
	}
	k.wire = wire[:i+1]
	h := s.start
	for j := n - 1; j >= 0; j-- {
		at := int(k.off[j])
		l := int(wire[at])
		at++
		end := at + l
		for ; at+8 <= end; at += 8 {
			h = fold(h^lower(binary.LittleEndian.Uint64(wire[at:])), s.chunk)
		}
		if rest := end - at; rest > 0 {
			var w uint64
			if at+8 <= len(wire) { // the bytes after the label are masked off
				w = binary.LittleEndian.Uint64(wire[at:]) & (1<<(8*uint(rest)) - 1)
			} else {
				for m := range rest {
					w |= uint64(wire[at+m]) << (8 * uint(m))
				}
			}
			h = fold(h^lower(w), s.chunk)
		}
		h = fold(h^uint64(l), s.label)
		k.hash[n-1-j] = h
	}
	k.n = n
	return true
}

// Labels is the number of labels of the name that was read.
func (k *Key) Labels() int { return k.n }

// suffix is the wire form of the labels rightmost labels, closing label
// included.
func (k *Key) suffix(labels int) []byte { return k.wire[k.off[k.n-labels]:] }

// same compares the labels rightmost labels with a lowered name.
func (k *Key) same(labels int, name Name) bool {
	have := k.suffix(labels)
	if len(have) != len(name.wire) {
		return false
	}
	for i, c := range have {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name.wire[i] {
			return false
		}
	}
	return true
}
