// SPDX-License-Identifier: Apache-2.0

package pdq

import "image"

// onlyRed is a picture in RGB whose colours are all grey, so that one of the
// three tells all.
type onlyRed struct{ *image.NRGBA }

// asGrey finds out whether a part of a picture that is stored in colours has
// none, and is nil where it has. Weighing three equal bytes gives the byte but
// for rounding; in a flat picture that rounding is all there is. It ends at the
// first colour, so that it costs a pass over grey pictures only.
func asGrey(img image.Image, r image.Rectangle) image.Image {
	switch m := img.(type) {
	case *image.YCbCr:
		return greyOfYCbCr(m, r)
	case *image.NYCbCrA:
		return greyOfYCbCr(&m.YCbCr, r)
	case *image.NRGBA:
		if greyRows(m.Pix, m.Stride, r.Sub(m.Rect.Min), false) {
			return onlyRed{m}
		}
	case *image.RGBA:
		if greyRows(m.Pix, m.Stride, r.Sub(m.Rect.Min), true) {
			return onlyRed{&image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}}
		}
	}
	return nil
}

// greyRows looks at four bytes a pixel. r counts from the first of pix.
func greyRows(pix []byte, stride int, r image.Rectangle, opaque bool) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := pix[y*stride+4*r.Min.X : y*stride+4*r.Max.X]
		for ; len(row) >= 4; row = row[4:] {
			if row[0] != row[1] || row[1] != row[2] || opaque && row[3] != 0xff {
				return false
			}
		}
	}
	return true
}

func greyOfYCbCr(m *image.YCbCr, r image.Rectangle) image.Image {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from, to := m.COffset(r.Min.X, y), m.COffset(r.Max.X-1, y)
		for i := from; i <= to; i++ {
			if m.Cb[i] != 128 || m.Cr[i] != 128 {
				return nil
			}
		}
	}
	return &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}
}
