// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

// Sizes of what is shown, in pixels.
const (
	PreviewSide = 640
	VeiledSide  = 64
)

const (
	previewQuality = 80 // of JPEG
	samples        = 3  // of the picture for a pixel of the preview, in each direction
	blurs          = 3  // rounds of a box, which together are nearly a bell
)

// raster is a small picture: three bytes a pixel, row by row.
type raster struct {
	wide, high int
	rgb        []byte
}

// shrink makes of a picture one that is at most side wide and high, turned as
// its orientation (1 to 8, as EXIF counts) says. What is transparent stands on
// white. The picture may be large: only samples of it are looked at.
func shrink(img image.Image, orientation, side int) raster {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	lying := orientation >= 5 // width and height change places
	if lying {
		w, h = h, w
	}
	out := raster{wide: w, high: h}
	if longest := max(w, h); longest > side {
		out.wide, out.high = max(1, w*side/longest), max(1, h*side/longest)
	}
	out.rgb = make([]byte, 0, 3*out.wide*out.high)
	at := colours(img)
	for y := range out.high {
		for x := range out.wide {
			var sum [3]uint32
			for i := range samples * samples {
				u, v := place(x, i%samples, out.wide, w), place(y, i/samples, out.high, h)
				c := at(turn(orientation, b, u, v))
				white := 0xffff - uint32(c.A)
				sum[0] += (uint32(c.R) + white) >> 8
				sum[1] += (uint32(c.G) + white) >> 8
				sum[2] += (uint32(c.B) + white) >> 8
			}
			for _, s := range sum {
				out.rgb = append(out.rgb, uint8(min(s/(samples*samples), 255)))
			}
		}
	}
	return out
}

// place is where sample i of pixel x of small lies among large.
func place(x, i, small, large int) int { return (x*samples + i) * large / (small * samples) }

// turn finds the stored pixel that is seen at u, v.
func turn(orientation int, b image.Rectangle, u, v int) (x, y int) {
	w, h := b.Dx()-1, b.Dy()-1
	switch orientation {
	case 2:
		u = w - u
	case 3:
		u, v = w-u, h-v
	case 4:
		v = h - v
	case 5:
		u, v = v, u
	case 6:
		u, v = v, h-u
	case 7:
		u, v = w-v, h-u
	case 8:
		u, v = w-v, u
	}
	return b.Min.X + u, b.Min.Y + v
}

// colours reads single pixels without making a value for each, where the
// picture can.
func colours(img image.Image) func(x, y int) color.RGBA64 {
	if m, ok := img.(image.RGBA64Image); ok {
		return m.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := img.At(x, y).RGBA()
		return color.RGBA64{uint16(r), uint16(g), uint16(b), uint16(a)}
	}
}

// show encodes what a page shows of r.
func (e *Exam) show(r raster) error {
	if r.wide < 1 || r.high < 1 || r.wide > PreviewSide || r.high > PreviewSide || len(r.rgb) != 3*r.wide*r.high {
		return errWire
	}
	m := r.picture()
	var err error
	if e.Preview, err = encode(m); err != nil {
		return err
	}
	e.Veiled, err = encode(veil(m))
	return err
}

func encode(m image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: previewQuality}); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return out.Bytes(), nil
}

// veil leaves of a picture where it is light and where dark.
func veil(m image.Image) *image.Gray {
	small := shrink(m, 1, VeiledSide)
	g := image.NewGray(image.Rect(0, 0, small.wide, small.high))
	for i := range g.Pix {
		r, gr, b := uint32(small.rgb[3*i]), uint32(small.rgb[3*i+1]), uint32(small.rgb[3*i+2])
		g.Pix[i] = uint8((299*r + 587*gr + 114*b) / 1000)
	}
	reach := max(1, max(small.wide, small.high)/16)
	for range blurs {
		box(g.Pix, small.wide, small.high, 1, small.wide, reach)
		box(g.Pix, small.high, small.wide, small.wide, 1, reach)
	}
	return g
}

// box gives each of n values of each of the lines the mean of those within
// reach. step leads to the next value, line to the next line.
func box(pix []uint8, n, lines, step, line, reach int) {
	before := make([]uint8, n)
	for l := range lines {
		for i := range n {
			before[i] = pix[l*line+i*step]
		}
		for i := range n {
			sum, from, to := 0, max(0, i-reach), min(n, i+reach+1)
			for _, v := range before[from:to] {
				sum += int(v)
			}
			pix[l*line+i*step] = uint8(sum / (to - from))
		}
	}
}
