// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"hash/fnv"
	"math/bits"
	"strings"
	"unicode"
)

// nearBits is how many of 64 bits two digests of one text may differ in.
const nearBits = 3

// Near is a digest that is close for texts that are nearly the same: simhash
// (Charikar 2002) over runs of three words, in which each number is the same
// number, since what counts up is not what a page says. Zero for no text.
func Near(text string) uint64 {
	var weights [64]int
	var run [3]string
	n := 0
	add := func(words ...string) {
		h := fnv.New64a()
		for _, w := range words {
			h.Write([]byte(w))
			h.Write([]byte{0})
		}
		sum := mix(h.Sum64())
		for i := range weights {
			if sum>>i&1 == 1 {
				weights[i]++
			} else {
				weights[i]--
			}
		}
	}
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			w = "0"
		}
		run[0], run[1], run[2] = run[1], run[2], strings.ToLower(w)
		if n++; n >= 3 {
			add(run[:]...)
		}
	}
	if n == 0 {
		return 0
	}
	if n < 3 {
		add(run[:]...)
	}
	var out uint64
	for i, w := range weights {
		if w > 0 {
			out |= 1 << i
		}
	}
	return max(out, 1)
}

// mix spreads what FNV leaves in the low bits (the finisher of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// Alike reports whether two digests are those of nearly the same text.
func Alike(a, b uint64) bool { return a != 0 && b != 0 && bits.OnesCount64(a^b) <= nearBits }
