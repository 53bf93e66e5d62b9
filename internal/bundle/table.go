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
	hints   []byte // a word a bucket, see hintOf; nil: none
}

const hintSize = 8

// hintOf has three bits set of the word for the bucket where a hash's search
// begins. Who lacks one of them is not in the table: at load 0.80 that tells 97
// of 100 names that nobody listed, at the cost of one read in an eighth of the
// memory, which the processor's cache holds where it cannot hold the table.
func hintOf(hash uint64) uint64 { return 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) }

// newTable has room for n words at load 0.80 or less.
func newTable(n int) table {
	if n == 0 {
		return table{}
	}
	buckets := uint64(n)*5/(4*bucketWords) + 1
	return table{data: make([]byte, buckets*bucketSize), buckets: buckets}
}

// withHints is t, still empty, with room for its hints.
func (t table) withHints() table {
	t.hints = make([]byte, t.buckets*hintSize)
	return t
}

// openTable reads data as a table; its length must be whole buckets.
func openTable(data []byte) (table, bool) {
	if len(data)%bucketSize != 0 {
		return table{}, false
	}
	return table{data: data, buckets: uint64(len(data) / bucketSize)}, true
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
	b := t.home(hash)
	if t.hints != nil {
		if hint := hintOf(hash); binary.LittleEndian.Uint64(t.hints[b*hintSize:])&hint != hint {
			return 0
		}
	}
	for range t.buckets {
		value, last := match((*[bucketSize]byte)(t.data[b*bucketSize:]), hash)
		if value != 0 || last&maxValue == 0 {
			return uint32(value)
		}
		if b++; b == t.buckets {
			b = 0
		}
	}
	return 0
}

// match looks for hash in one bucket: the value there, 0 if there is none, and
// the bucket's last word. Words whose fingerprints are alike differ by the
// value. Eight moves under a condition cost less than one branch guessed wrong,
// and which word it will be, or none, nobody can guess.
func match(line *[bucketSize]byte, hash uint64) (value, last uint64) {
	want := hash << valueBits
	for i := 0; i < bucketSize; i += 8 {
		last = binary.LittleEndian.Uint64(line[i:])
		if d := last ^ want; d-1 < maxValue {
			value = d
		}
	}
	return value, last
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

func (s *sieve) mayHold(hash uint64) bool { return s.at(hash)&1 == 1 }

// at has in its lowest bit whether the table may hold the hash.
func (s *sieve) at(hash uint64) uint64 { return s[hash>>6&63] >> (hash & 63) }

// put stores value (1 … maxValue) for hash. The caller made room for it and
// puts no hash twice.
func (t *table) put(hash uint64, value uint32) {
	b := t.home(hash)
	if t.hints != nil {
		word := t.hints[b*hintSize:]
		binary.LittleEndian.PutUint64(word, binary.LittleEndian.Uint64(word)|hintOf(hash))
	}
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
