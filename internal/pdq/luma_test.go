// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"
)

// The conversion of image/color is written out here for speed: all colours are
// compared.
func TestColoursBecomeThoseOfTheStandardLibrary(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 256, 256), image.YCbCrSubsampleRatio444)
	for i := range img.Y {
		img.Y[i], img.Cb[i] = byte(i), byte(i>>8)
	}
	var h Hasher
	cols, row, w := h.columnsOf(img.Rect, 256), make([]float32, 256), weights()
	for cr := range 256 {
		for i := range img.Cr {
			img.Cr[i] = byte(cr)
		}
		read := lumaYCbCr(img)
		for cb := range 256 {
			read(row, cols, cb)
			for y, got := range row {
				if want := w.luma(color.YCbCrToRGB(uint8(y), uint8(cb), uint8(cr))); got != want {
					t.Fatalf("%d %d %d: %v, want %v", y, cb, cr, got, want)
				}
			}
		}
	}
}

// opaque hides how the pixels of a picture lie, which leaves the way through At.
type opaque struct{ image.Image }

// Each kind of picture has a way of its own to its pixels, and all must see
// what At says, in parts of a picture and wherever it begins.
func TestEachKindOfPictureIsReadAsItIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	full := image.Rect(3, 5, 3+91, 5+77)
	noise := func(pix []byte) {
		for i := range pix {
			pix[i] = byte(random.Uint32())
		}
	}
	nrgba, rgba, gray, gray16 := image.NewNRGBA(full), image.NewRGBA(full), image.NewGray(full), image.NewGray16(full)
	noise(nrgba.Pix)
	draw.Draw(rgba, full, nrgba, full.Min, draw.Src)
	noise(gray.Pix)
	noise(gray16.Pix)
	palette := make(color.Palette, 200)
	for i := range palette {
		palette[i] = color.NRGBA{byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32()), 255}
	}
	paletted := image.NewPaletted(full, palette)
	for i := range paletted.Pix {
		paletted.Pix[i] = byte(random.IntN(len(palette)))
	}
	pictures := map[string]image.Image{"NRGBA": nrgba, "RGBA": rgba, "Gray": gray, "Paletted": paletted}
	cmyk, rgba64 := image.NewCMYK(full), image.NewRGBA64(full)
	noise(cmyk.Pix)
	draw.Draw(rgba64, full, nrgba, full.Min, draw.Src)
	for i := range rgba64.Pix {
		if i%8 >= 6 && i%64 < 32 { // half of them opaque
			rgba64.Pix[i] = 0xff
		}
	}
	pictures["CMYK"], pictures["RGBA64"] = cmyk, rgba64
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		m := image.NewNYCbCrA(full, ratio)
		noise(m.Y)
		noise(m.Cb)
		noise(m.Cr)
		noise(m.A)
		pictures[ratio.String()] = &m.YCbCr
		pictures[ratio.String()+" with alpha"] = m
	}
	for name, img := range pictures {
		for _, r := range []image.Rectangle{full, image.Rect(20, 30, 71, 80)} {
			got, want := make([]float32, r.Dx()), make([]float32, r.Dx())
			var h Hasher
			cols := h.columnsOf(r, r.Dx())
			read, at := lumaOf(img, r), lumaOf(opaque{img}, r)
			for y := r.Min.Y; y < r.Max.Y; y++ {
				read(got, cols, y)
				at(want, cols, y)
				for i := range got {
					w := want[i]
					if a, ok := img.(*image.NYCbCrA); ok { // At multiplies by alpha, which loses places
						p := a.NYCbCrAAt(int(cols[i]), y)
						w = weights().luma(color.YCbCrToRGB(p.Y, p.Cb, p.Cr))
					}
					if got[i] != w {
						t.Fatalf("%s at %d, %d: %v, want %v", name, cols[i], y, got[i], w)
					}
				}
			}
		}
	}
	nrgba64 := image.NewNRGBA64(full)
	noise(nrgba64.Pix)
	read, row := lumaOf(nrgba64, full), make([]float32, 1)
	c := nrgba64.NRGBA64At(10, 11) // At multiplies by alpha, which loses places
	if read(row, []int32{10}, 11); row[0] != weights().luma(uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8)) {
		t.Errorf("16 bits of colours become %v", row[0])
	}
	read = lumaOf(gray16, full)
	if read(row, []int32{10}, 11); row[0] != float32(gray16.Gray16At(10, 11).Y>>8) {
		t.Errorf("16 bits of grey become %v", row[0])
	}
}

func TestGreyInColoursIsGrey(t *testing.T) {
	r := image.Rect(2, 4, 2+90, 4+70)
	gray, nrgba, rgba := image.NewGray(r), image.NewNRGBA(r), image.NewRGBA(r)
	ycbcr := image.NewYCbCr(r, image.YCbCrSubsampleRatio420)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.Gray{uint8(x*7 ^ y*3)}
			gray.Set(x, y, c)
			nrgba.Set(x, y, c)
			rgba.Set(x, y, c)
			ycbcr.Y[ycbcr.YOffset(x, y)] = c.Y
		}
	}
	for i := range ycbcr.Cb {
		ycbcr.Cb[i], ycbcr.Cr[i] = 128, 128
	}
	var h Hasher
	want := h.Image(gray, FullResolution)
	for _, img := range []image.Image{nrgba, rgba, ycbcr} {
		if asGrey(img, r) == nil {
			t.Errorf("%T: not seen as grey", img)
		}
		if got := h.Image(img, FullResolution); got != want {
			t.Errorf("%T: %v, grey gives %v", img, got, want)
		}
	}
	nrgba.Set(r.Max.X-1, r.Max.Y-1, color.NRGBA{10, 11, 10, 255})
	rgba.Set(r.Max.X-1, r.Max.Y-1, color.NRGBA{10, 11, 10, 255})
	ycbcr.Cr[ycbcr.COffset(r.Max.X-1, r.Max.Y-1)] = 127
	for _, img := range []image.Image{nrgba, rgba, ycbcr} {
		if asGrey(img, r) != nil {
			t.Errorf("%T: its last pixel has a colour", img)
		}
	}
}
