// SPDX-License-Identifier: Apache-2.0

package pdq

import "image"

const (
	grid      = 64  // a side of what a picture is shrunk to
	freqs     = 16  // frequencies kept in each direction
	side512   = 512 // a side of the convention Within512
	minSide   = 5   // a picture with a shorter side has no hash
	windowDiv = 128 // pixels of a side for one of the filter's window
)

// Hasher hashes pictures one after the other and keeps its memory for the
// next. The zero Hasher is ready. It is not safe for use by several goroutines
// at once: each has one of its own, or takes it from a sync.Pool.
//
// Pixels are taken as they are stored: no orientation tag is applied, no
// colour profile, and what is transparent counts with its colour. Who looks
// for turned copies asks for the Variants.
type Hasher struct {
	small   [grid][grid]float32 // the picture, shrunk
	half    [freqs][grid]float32
	spec    [freqs * freqs]float32 // frequencies: row i, column j at 16·i+j
	turned  [freqs * freqs]float32
	sorted  [freqs * freqs]float32
	columns []int32   // which columns of the picture are hashed
	memory  []float32 // for the filter
}

// Image hashes a picture. A side below 5 pixels gives the zero Hash with
// quality 0, as the reference does.
func (h *Hasher) Image(img image.Image, c Convention) Print {
	return h.Part(img, img.Bounds(), c)
}

// Part hashes the part r of a picture as if it were a picture of its own.
func (h *Hasher) Part(img image.Image, r image.Rectangle, c Convention) Print {
	r = r.Intersect(img.Bounds())
	if r.Dx() < minSide || r.Dy() < minSide {
		return Print{Convention: c}
	}
	if r.Dx() == grid && r.Dy() == grid {
		h.copyGrid(img, r)
	} else {
		h.shrink(img, r, c)
	}
	return h.print(c)
}

// Frame hashes a frame of a video that is already grey and 64×64, row by row:
// there is nothing to shrink.
func (h *Hasher) Frame(luma *[grid * grid]byte) Print {
	for y := range h.small {
		for x := range h.small[y] {
			h.small[y][x] = float32(luma[y*grid+x])
		}
	}
	return h.print(FullResolution)
}

func (h *Hasher) print(c Convention) Print {
	h.transform()
	return Print{Hash: h.bits(&h.spec), Quality: quality(&h.small), Convention: c}
}

func (h *Hasher) copyGrid(img image.Image, r image.Rectangle) {
	row := lumaOf(img, r)
	cols := h.columnsOf(r, grid)
	for y := range h.small {
		row(h.small[y][:], cols, r.Min.Y+y)
	}
}

// columnsOf spreads n columns over r: all of them where n is its width.
func (h *Hasher) columnsOf(r image.Rectangle, n int) []int32 {
	if cap(h.columns) < n {
		h.columns = make([]int32, n)
	}
	cols := h.columns[:n]
	for i := range cols {
		cols[i] = int32(r.Min.X + i*r.Dx()/n)
	}
	return cols
}
