// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"lachan/internal/problem"
)

// Size is the number of bits of a Hash.
const Size = 256

// MaxDistance is the distance at which two pictures still count as the same
// (README of the reference, "Matching").
const MaxDistance = 31

// MinQuality is the least quality with which a hash is worth banking or asking
// for; below it the bits are noise (README of the reference, "Quality").
const MinQuality = 50

// Hash is a PDQ hash: bit 16·i+j says whether coefficient i, j lies above the
// median. Bit n is bit n mod 64 of word n/64. It is comparable and may be a map
// key. The zero Hash is that of no picture.
type Hash [4]uint64

// Parse reads the 64 hexadecimal digits in which hashes are exchanged, bit 255
// first. It reports code pdq/bad-hash.
func Parse(s string) (Hash, error) {
	var raw [Size / 8]byte
	if len(s) != hex.EncodedLen(len(raw)) {
		return Hash{}, problem.New("pdq/bad-hash")
	}
	if _, err := hex.Decode(raw[:], []byte(s)); err != nil {
		return Hash{}, problem.New("pdq/bad-hash")
	}
	var h Hash
	for i := range h {
		h[i] = binary.BigEndian.Uint64(raw[(len(h)-1-i)*8:])
	}
	return h, nil
}

// String is the hash in 64 lower-case hexadecimal digits, bit 255 first.
func (h Hash) String() string {
	var raw [Size / 8]byte
	for i, w := range h {
		binary.BigEndian.PutUint64(raw[(len(h)-1-i)*8:], w)
	}
	return hex.EncodeToString(raw[:])
}

// IsZero reports whether h is the hash of no picture.
func (h Hash) IsZero() bool { return h == Hash{} }

// Distance is the number of bits in which two hashes differ, 0 to 256.
func (h Hash) Distance(o Hash) int {
	return bits.OnesCount64(h[0]^o[0]) + bits.OnesCount64(h[1]^o[1]) + bits.OnesCount64(h[2]^o[2]) + bits.OnesCount64(h[3]^o[3])
}
