// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"image"
	"image/color"
)

// studio is a picture of WebP's lossy kind: its brightness goes from 16 to
// 235, as in video. The decoder hands it over as if it went from 0 to 255, as
// in JPEG, which is paler than what everybody else sees and hashes.
type studio struct{ *image.YCbCr }

// asStudio marks what the decoder of WebP gives.
func asStudio(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.YCbCr:
		return studio{m}
	case *image.NYCbCrA:
		return studio{&m.YCbCr} // alpha is dropped
	}
	return img
}

// ColorModel implements image.Image.
func (studio) ColorModel() color.Model { return color.RGBAModel }

// At implements image.Image.
func (s studio) At(x, y int) color.Color {
	if !image.Pt(x, y).In(s.Rect) {
		return color.RGBA{}
	}
	c := s.COffset(x, y)
	r, g, b := studioRGB(s.Y[s.YOffset(x, y)], s.Cb[c], s.Cr[c])
	return color.RGBA{r, g, b, 0xff}
}

func (s studio) luma() lumaRow {
	w := weights()
	return func(dst []float32, columns []int32, y int) {
		ys := s.Y[(y-s.Rect.Min.Y)*s.YStride:]
		for i, x := range columns {
			c := s.COffset(int(x), y)
			dst[i] = w.luma(studioRGB(ys[int(x)-s.Rect.Min.X], s.Cb[c], s.Cr[c]))
		}
	}
}

// studioRGB is the conversion of libwebp (src/dsp/yuv.h), to the bit.
func studioRGB(y, cb, cr uint8) (r, g, b uint8) {
	scaled := int32(y) * 19077 >> 8
	blue, red := int32(cb), int32(cr)
	cut := func(v int32) uint8 { return uint8(min(max(v>>6, 0), 255)) }
	return cut(scaled + red*26149>>8 - 14234),
		cut(scaled - blue*6419>>8 - red*13320>>8 + 8708),
		cut(scaled + blue*33050>>8 - 17685)
}
