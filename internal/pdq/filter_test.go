// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"encoding/binary"
	"hash/fnv"
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// box is the filter as the reference walks it: four phases over one line.
func box(in []float32, window int) []float32 {
	var out []float32
	var sum float32
	size, left, right := 0, 0, 0
	half := (window + 2) / 2
	for range half - 1 {
		sum += in[right]
		right++
		size++
	}
	for range window - half + 1 {
		sum += in[right]
		right++
		size++
		out = append(out, sum/float32(size))
	}
	for range len(in) - window {
		sum += in[right]
		sum -= in[left]
		right++
		left++
		out = append(out, sum/float32(size))
	}
	for range half - 1 {
		sum -= in[left]
		left++
		size--
		out = append(out, sum/float32(size))
	}
	return out
}

func boxColumns(in [][]float32, window int) {
	for x := range in[0] {
		column := make([]float32, len(in))
		for y := range in {
			column[y] = in[y][x]
		}
		for y, v := range box(column, window) {
			in[y][x] = v
		}
	}
}

// That the picture streams through the filter must not change a bit of what
// the reference computes with the whole of it.
func TestStreamingFiltersAsTheReferenceDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(minSide, 700).Draw(t, "width"), rapid.IntRange(minSide, 700).Draw(t, "height")
		img := image.NewGray(image.Rect(0, 0, w, h))
		seed := rapid.Uint32().Draw(t, "seed")
		for i := range img.Pix {
			seed = seed*1664525 + 1013904223
			img.Pix[i] = byte(seed >> 24)
		}
		rows := make([][]float32, h)
		for y := range rows {
			rows[y] = make([]float32, w)
			for x := range rows[y] {
				rows[y][x] = float32(img.GrayAt(x, y).Y)
			}
		}
		for range 2 {
			for y := range rows {
				rows[y] = box(rows[y], window(w))
			}
			boxColumns(rows, window(h))
		}
		var hasher Hasher
		hasher.shrink(img, img.Rect, FullResolution)
		for i := range grid {
			for j := range grid {
				y, x := int((float64(i)+0.5)*float64(h)/grid), int((float64(j)+0.5)*float64(w)/grid)
				if got := hasher.small[i][j]; got != rows[y][x] {
					t.Fatalf("%d×%d: sample %d, %d is %v, want %v", w, h, i, j, got, rows[y][x])
				}
			}
		}
	})
}

// The same bits on every machine: whoever changes an operation sees it here
// before it is seen in a bank. Run for arm64 as well:
// GOARCH=arm64 go test -exec qemu-aarch64 ./internal/pdq
func TestCosinesAreTheSameOnEveryMachine(t *testing.T) {
	sum := fnv.New64a()
	for _, row := range cosines() {
		for _, v := range row {
			sum.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	if got := sum.Sum64(); got != 0x4d9a13ea83b0b0c5 {
		t.Errorf("%#x", got)
	}
}

func TestTooSmallHasNoHash(t *testing.T) {
	var h Hasher
	for _, r := range []image.Rectangle{{}, image.Rect(0, 0, 4, 900), image.Rect(0, 0, 900, 4)} {
		img := image.NewGray(r)
		for i := range img.Pix {
			img.Pix[i] = byte(i * 37)
		}
		if p := h.Image(img, FullResolution); !p.Hash.IsZero() || p.Quality != 0 || p.Usable() {
			t.Errorf("%v: %v", r, p)
		}
	}
}

func TestFrameIsAPictureOf64(t *testing.T) {
	var luma [grid * grid]byte
	img := image.NewGray(image.Rect(0, 0, grid, grid))
	for i := range luma {
		luma[i] = byte(i * i >> 5)
		img.Pix[i] = luma[i]
	}
	var h Hasher
	if got, want := h.Frame(&luma), h.Image(img, FullResolution); got != want || got.Quality == 0 {
		t.Errorf("%v, as a picture %v", got, want)
	}
}

func TestBufferIsKept(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 800, 600), image.YCbCrSubsampleRatio420)
	var h Hasher
	h.Image(img, FullResolution)
	if n := testing.AllocsPerRun(5, func() { h.Image(img, FullResolution) }); n > 16 {
		t.Errorf("%v allocations a picture", n)
	}
}
