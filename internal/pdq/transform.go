// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"math"
	"slices"
	"sync"
)

// The reference computes in float32 and rounds after each operation. Where Go
// would be free to multiply and add in one step, as it does on arm64, the
// product is rounded by an explicit conversion: the bits are then the same on
// every machine.

// quality sums how much neighbours differ, in hundredths of the range of a
// byte.
func quality(a *[grid][grid]float32) int {
	sum := 0
	step := func(u, v float32) {
		d := int(float32((u-v)*100) / 255)
		sum += max(d, -d)
	}
	for y := range grid - 1 {
		for x := range grid {
			step(a[y][x], a[y+1][x])
		}
	}
	for y := range grid {
		for x := range grid - 1 {
			step(a[y][x], a[y][x+1])
		}
	}
	return min(sum/90, 100)
}

// cosines are the rows 1 to 16 of the discrete cosine transform. The factor
// goes through float32 before it meets the cosine, as in the reference.
var cosines = sync.OnceValue(func() *[freqs][grid]float32 {
	var d [freqs][grid]float32
	factor := float64(float32(math.Sqrt(2.0 / grid)))
	for i := range d {
		for j := range d[i] {
			d[i][j] = float32(factor * math.Cos(float64(math.Pi/2/grid*float64(i+1))*float64(2*j+1)))
		}
	}
	return &d
})

// transform fills spec from small: D·A·Dᵀ, each sum in the order of the
// reference. The sums of a row grow side by side, which changes none of them.
func (h *Hasher) transform() {
	scale := cosines()
	for i := range h.half {
		sum := &h.half[i]
		clear(sum[:])
		for k, factor := range scale[i] {
			for j, a := range &h.small[k] {
				sum[j] += float32(factor * a)
			}
		}
	}
	for i := range freqs {
		for j := range freqs {
			var sum float32
			for k, a := range &h.half[i] {
				sum += float32(a * scale[j][k])
			}
			h.spec[freqs*i+j] = sum
		}
	}
}

// bits sets a bit where a frequency is greater than the median, which is the
// 128th of the 256 in order: what the reference's search by halving (Torben)
// ends at for an even count.
func (h *Hasher) bits(spec *[freqs * freqs]float32) Hash {
	h.sorted = *spec
	slices.Sort(h.sorted[:])
	median := h.sorted[len(h.sorted)/2-1]
	var hash Hash
	for n, v := range spec {
		if v > median {
			hash[n/64] |= 1 << (n % 64)
		}
	}
	return hash
}
