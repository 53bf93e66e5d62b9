// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lachan/internal/problem"
)

func TestHashAsText(t *testing.T) {
	const text = "80000000000000000000000000000000000000000000000000000000000000f1"
	h, err := Parse(strings.ToUpper(text))
	if err != nil || h.String() != text || h != (Hash{0: 0xf1, 3: 1 << 63}) {
		t.Errorf("%v %s, %v", h, h, err)
	}
	for _, bad := range []string{"", "f1", text[1:] + "g", text + "00", strings.Repeat("đ", 32)} {
		if h, err := Parse(bad); !problem.Is(err, "pdq/bad-hash") || !h.IsZero() {
			t.Errorf("%q: %v, %v", bad, h, err)
		}
	}
}

func TestDistanceCountsDifferingBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Hash(rapid.SliceOfN(rapid.Uint64(), 4, 4).Draw(t, "a"))
		b, flipped := a, map[int]bool{}
		for _, bit := range rapid.SliceOfDistinct(rapid.IntRange(0, Size-1), rapid.ID).Draw(t, "bits") {
			b[bit/64] ^= 1 << (bit % 64)
			flipped[bit] = true
		}
		if d := a.Distance(b); d != len(flipped) || d != b.Distance(a) {
			t.Fatalf("distance %d of hashes with %d different bits", d, len(flipped))
		}
		if read, err := Parse(b.String()); err != nil || read != b {
			t.Fatalf("%v, %v", read, err)
		}
	})
}
