// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"math/bits"
)

// The table: buckets of one cache line, eight words each, filled from the
// first. A word is 44 bits of fingerprint above 20 bits of value; value 0 means
// an empty word, so the index that a value stands for is value-1. A bucket that
// is full runs over into the next, the last into the first.
const (
	bucketSize  = 64
	bucketWords = 8
	valueBits   = 20
	maxValue    = 1<<valueBits - 1
	fingerMask  = 1<<(64-valueBits) - 1
)

// table is a view of the bytes of such a table, in a file or on the heap.
type table struct {
	data    []byte
	buckets uint64
}

// newTable has room for n words at load 0.80 or less.
func newTable(n int) table {
	if n == 0 {
		return table{}
	}
	buckets := uint64(n)*5/(4*bucketWords) + 1
	return table{make([]byte, buckets*bucketSize), buckets}
}

// openTable reads data as a table; its length must be whole buckets.
func openTable(data []byte) (table, bool) {
	if len(data)%bucketSize != 0 {
		return table{}, false
	}
	return table{data, uint64(len(data) / bucketSize)}, true
}

// home is the bucket where a hash's search begins, taken from its high bits;
// the fingerprint is its low bits.
func (t *table) home(hash uint64) uint64 {
	hi, _ := bits.Mul64(hash, t.buckets)
	return hi
}

// find returns the value stored for hash, 0 if there is none. It ends on any
// bytes: at an empty word, or when every bucket has been seen.
func (t *table) find(hash uint64) uint32 {
	if t.buckets == 0 {
		return 0
	}
	b, finger := t.home(hash), hash&fingerMask
	for range t.buckets {
		at := b * bucketSize
		line := t.data[at : at+bucketSize : at+bucketSize]
		w := binary.LittleEndian.Uint64(line[56:])
		last := w
		if w>>valueBits == finger && w&maxValue != 0 {
			return uint32(w & maxValue)
		}
		for i := 0; i < bucketSize-8; i += 8 {
			w = binary.LittleEndian.Uint64(line[i:])
			if w>>valueBits == finger && w&maxValue != 0 {
				return uint32(w & maxValue)
			}
		}
		if last&maxValue == 0 {
			return 0
		}
		if b++; b == t.buckets {
			b = 0
		}
	}
	return 0
}

// sieve is a bit for each of the low twelve bits of the hashes in a small
// table: most questions about it end here, at the cost of one read.
type sieve [64]uint64

// fill takes in a table whose words may be any bytes.
func (s *sieve) fill(t *table) {
	for at := 0; at+8 <= len(t.data); at += 8 {
		if w := binary.LittleEndian.Uint64(t.data[at:]); w&maxValue != 0 {
			finger := w >> valueBits
			s[finger>>6&63] |= 1 << (finger & 63)
		}
	}
}

func (s *sieve) mayHold(hash uint64) bool { return s[hash>>6&63]>>(hash&63)&1 == 1 }

// put stores value (1 … maxValue) for hash. The caller made room for it and
// puts no hash twice.
func (t *table) put(hash uint64, value uint32) {
	b := t.home(hash)
	word := (hash&fingerMask)<<valueBits | uint64(value)
	for {
		at := b * bucketSize
		line := t.data[at : at+bucketSize]
		for i := 0; i < bucketSize; i += 8 {
			if binary.LittleEndian.Uint64(line[i:]) == 0 {
				binary.LittleEndian.PutUint64(line[i:], word)
				return
			}
		}
		if b++; b == t.buckets {
			b = 0
		}
	}
}
