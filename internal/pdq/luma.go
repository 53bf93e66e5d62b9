// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"image"
	"image/color"
)

// lumaRow writes the brightness, 0 to 255, of the given columns of row y.
type lumaRow func(dst []float32, columns []int32, y int)

// luma weighs the colours as the reference does, rounding each product: a
// compiler may otherwise multiply and add in one step, as on arm64.
func luma(r, g, b uint8) float32 {
	return float32(0.299*float32(r)) + float32(0.587*float32(g)) + float32(0.114*float32(b))
}

// lumaOf knows how the pixels of img lie in memory. Only the pixels that are
// asked for are converted. Grey pictures are taken as they are, whatever they
// are stored in, as the decoder before the reference does; alpha is dropped,
// 16 bits are cut to 8.
func lumaOf(img image.Image, r image.Rectangle) lumaRow {
	if m := asGrey(img, r); m != nil {
		img = m
	}
	switch m := img.(type) {
	case *image.YCbCr:
		return lumaYCbCr(m)
	case *image.NYCbCrA:
		return lumaYCbCr(&m.YCbCr)
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
				dst[i] = luma(p[0], p[1], p[2])
			}
		}
	case *image.RGBA:
		return func(dst []float32, columns []int32, y int) {
			row := m.Pix[(y-m.Rect.Min.Y)*m.Stride:]
			for i, x := range columns {
				at := (int(x) - m.Rect.Min.X) * 4
				p := row[at : at+4 : at+4]
				if p[3] == 0xff {
					dst[i] = luma(p[0], p[1], p[2])
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
	return luma(n.R, n.G, n.B)
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
	return func(dst []float32, columns []int32, y int) {
		ys := m.Y[(y-m.Rect.Min.Y)*m.YStride:]
		at := m.COffset(m.Rect.Min.X, y)
		cbs, crs := m.Cb[at:], m.Cr[at:]
		left, chromaLeft := m.Rect.Min.X, m.Rect.Min.X>>shift
		for i, x := range columns {
			chroma := int(x)>>shift - chromaLeft
			dst[i] = luma(toRGB(ys[int(x)-left], cbs[chroma], crs[chroma]))
		}
	}
}

// toRGB is color.YCbCrToRGB, which is too long for the compiler to inline; a
// test compares all colours.
func toRGB(y, cb, cr uint8) (r, g, b uint8) {
	full, blue, red := int32(y)*0x10101, int32(cb)-128, int32(cr)-128
	return clamp(full + 91881*red), clamp(full - 22554*blue - 46802*red), clamp(full + 116130*blue)
}

// clamp cuts a number of 16 binary places to a byte.
func clamp(v int32) uint8 {
	if uint32(v)&0xff000000 != 0 {
		v = ^(v >> 31)
		return uint8(v)
	}
	return uint8(v >> 16)
}
