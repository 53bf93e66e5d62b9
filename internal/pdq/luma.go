// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"image"
	"image/color"
	"sync"
)

// lumaRow writes the brightness, 0 to 255, of the given columns of row y.
type lumaRow func(dst []float32, columns []int32, y int)

// weighed is what each byte of red, green and blue adds to the brightness. Each
// product is rounded, as in the reference, and looked up faster than made.
type weighed struct{ red, green, blue [256]float32 }

func (w *weighed) luma(r, g, b uint8) float32 { return w.red[r] + w.green[g] + w.blue[b] }

var weights = sync.OnceValue(func() *weighed {
	var w weighed
	for i := range 256 {
		v := float32(i)
		w.red[i], w.green[i], w.blue[i] = 0.299*v, 0.587*v, 0.114*v
	}
	return &w
})

// lumaOf knows how the pixels of img lie in memory. Only the pixels that are
// asked for are converted. Grey pictures are taken as they are, whatever they
// are stored in, as the decoder before the reference does; alpha is dropped,
// 16 bits are cut to 8.
func lumaOf(img image.Image, r image.Rectangle) lumaRow {
	if m := asGrey(img, r); m != nil {
		img = m
	}
	w := weights()
	switch m := img.(type) {
	case *image.YCbCr:
		return lumaYCbCr(m)
	case *image.NYCbCrA:
		return lumaYCbCr(&m.YCbCr)
	case studio:
		return m.luma()
	case onlyRed:
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				dst[i] = float32(row[(int(x)-m.Rect.Min.X)*4])
			}
		}
	case *image.Gray:
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				dst[i] = float32(row[int(x)-m.Rect.Min.X])
			}
		}
	case *image.Gray16:
		return func(dst []float32, columns []int32, y int) {
			for i, x := range columns {
				dst[i] = float32(m.Pix[m.PixOffset(int(x), y)]) // the upper byte
			}
		}
	case *image.NRGBA:
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				at := (int(x) - m.Rect.Min.X) * 4
				p := row[at : at+4 : at+4]
				dst[i] = w.luma(p[0], p[1], p[2])
			}
		}
	case *image.NRGBA64:
		return func(dst []float32, columns []int32, y int) {
			for i, x := range columns {
				p := m.Pix[m.PixOffset(int(x), y):]
				dst[i] = w.luma(p[0], p[2], p[4])
			}
		}
	case *image.RGBA64:
		return func(dst []float32, columns []int32, y int) {
			for i, x := range columns {
				if c := m.RGBA64At(int(x), y); c.A == 0xffff {
					dst[i] = w.luma(uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8))
				} else {
					dst[i] = lumaColour(c)
				}
			}
		}
	case *image.CMYK:
		return func(dst []float32, columns []int32, y int) {
			for i, x := range columns {
				c := m.CMYKAt(int(x), y)
				dst[i] = w.luma(color.CMYKToRGB(c.C, c.M, c.Y, c.K))
			}
		}
	case *image.RGBA:
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				at := (int(x) - m.Rect.Min.X) * 4
				p := row[at : at+4 : at+4]
				if p[3] == 0xff {
					dst[i] = w.luma(p[0], p[1], p[2])
				} else {
					dst[i] = lumaColour(color.RGBA{R: p[0], G: p[1], B: p[2], A: p[3]})
				}
			}
		}
	case *image.Paletted:
		var table [256]float32
		for i, c := range m.Palette[:min(len(m.Palette), len(table))] {
			table[i] = lumaColour(c)
		}
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				dst[i] = table[row[int(x)-m.Rect.Min.X]]
			}
		}
	}
	return func(dst []float32, columns []int32, y int) {
		for i, x := range columns {
			dst[i] = lumaColour(img.At(int(x), y))
		}
	}
}

// lumaColour is for colours of any kind, one at a time.
func lumaColour(c color.Color) float32 {
	if grey, ok := c.(color.Gray); ok {
		return float32(grey.Y)
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return weights().luma(n.R, n.G, n.B)
}

// lumaYCbCr converts to RGB first, as image/color does and the reference's
// decoder does before us.
func lumaYCbCr(m *image.YCbCr) lumaRow {
	shift := 0 // by how much chroma is coarser along rows
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		shift = 1
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		shift = 2
	}
	w := weights()
	return func(dst []float32, columns []int32, y int) {
		ys := m.Y[(y-m.Rect.Min.Y)*m.YStride:]
		at := m.COffset(m.Rect.Min.X, y)
		cbs, crs := m.Cb[at:], m.Cr[at:]
		crs = crs[:len(cbs)]
		left, chromaLeft := m.Rect.Min.X, m.Rect.Min.X>>shift
		dst = dst[:len(columns)]
		for i, x := range columns {
			// color.YCbCrToRGB, which is too long for the compiler to put here.
			at := int(x)>>shift - chromaLeft
			full, blue, red := int32(ys[int(x)-left])*0x10101, int32(cbs[at])-128, int32(crs[at])-128
			r, g, b := clamp(full+91881*red), clamp(full-22554*blue-46802*red), clamp(full+116130*blue)
			dst[i] = w.red[r] + w.green[g] + w.blue[b]
		}
	}
}

// clamp cuts a number of 16 binary places to a byte, without a branch.
func clamp(v int32) uint8 { return uint8(min(max(v>>16, 0), 255)) }
