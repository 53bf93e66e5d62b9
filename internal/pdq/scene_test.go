// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// scene draws a picture of nothing: soft clouds of colour, and shapes with
// edges before them. In whole numbers, so that every machine draws the same.
func scene(seed uint64, width, height int) *image.RGBA {
	random := rand.New(rand.NewPCG(seed, 4569))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	var clouds [3][]int
	for c := range clouds {
		clouds[c] = make([]int, width*height)
		for _, cell := range []int{width / 2, width / 5, width / 13, width / 40} {
			cloud(random, clouds[c], width, max(cell, 2), 70+cell*70/(width/2))
		}
	}
	for i := range width * height {
		for c := range clouds {
			img.Pix[4*i+c] = byte(min(max(clouds[c][i]-10, 0), 255))
		}
		img.Pix[4*i+3] = 255
	}
	for range 16 + random.IntN(10) {
		shape(random, img)
	}
	return img
}

// cloud adds a lattice of random heights, smoothed between its points.
func cloud(random *rand.Rand, to []int, width, cell, height int) {
	across, down := width/cell+2, len(to)/width/cell+2
	lattice := make([]int, across*down)
	for i := range lattice {
		lattice[i] = random.IntN(height)
	}
	for i := range to {
		x, y := i%width, i/width
		at, fx, fy := y/cell*across+x/cell, x%cell, y%cell
		top := lattice[at]*(cell-fx) + lattice[at+1]*fx
		bottom := lattice[at+across]*(cell-fx) + lattice[at+across+1]*fx
		to[i] += (top*(cell-fy) + bottom*fy) / (cell * cell)
	}
}

// shape draws a rectangle or an ellipse of one colour, half let through.
func shape(random *rand.Rand, img *image.RGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	rx, ry := w/16+random.IntN(w/4), h/16+random.IntN(h/4)
	cx, cy, round := random.IntN(w), random.IntN(h), random.IntN(2) == 0
	colour := [3]int{random.IntN(256), random.IntN(256), random.IntN(256)}
	for y := max(cy-ry, 0); y < min(cy+ry, h); y++ {
		for x := max(cx-rx, 0); x < min(cx+rx, w); x++ {
			dx, dy := x-cx, y-cy
			if round && dx*dx*ry*ry+dy*dy*rx*rx > rx*rx*ry*ry {
				continue
			}
			p := img.Pix[img.PixOffset(x, y):]
			for c := range colour {
				p[c] = byte((int(p[c]) + 3*colour[c]) / 4)
			}
		}
	}
}

func asJPEG(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
