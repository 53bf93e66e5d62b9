// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"golang.org/x/image/draw"
)

// change is something that happens to pictures on their way. The figures of
// its name are in docs/pdq.md.
type change struct {
	name string
	make func(t testing.TB, m *image.RGBA) image.Image
}

var changes = []change{
	{"JPEG, quality 30", func(t testing.TB, m *image.RGBA) image.Image {
		img, err := jpeg.Decode(bytes.NewReader(asJPEG(t, m, 30)))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}},
	{"resized to 50 %", func(_ testing.TB, m *image.RGBA) image.Image { return resized(m, 2) }},
	{"resized to 25 %", func(_ testing.TB, m *image.RGBA) image.Image { return resized(m, 4) }},
	{"blurred, σ 2", func(_ testing.TB, m *image.RGBA) image.Image { return blurred(m) }},
	{"made grey", func(_ testing.TB, m *image.RGBA) image.Image {
		return each(m, func(r, g, b int) (int, int, int) {
			v := (299*r + 587*g + 114*b) / 1000
			return v, v, v
		})
	}},
	{"brightness × 1.3", func(_ testing.TB, m *image.RGBA) image.Image {
		return each(m, func(r, g, b int) (int, int, int) { return r * 13 / 10, g * 13 / 10, b * 13 / 10 })
	}},
	{"gamma 0.7", func(_ testing.TB, m *image.RGBA) image.Image {
		var table [256]int
		for v := range table {
			table[v] = int(math.Pow(float64(v)/255, 0.7)*255 + 0.5)
		}
		return each(m, func(r, g, b int) (int, int, int) { return table[r], table[g], table[b] })
	}},
	{"watermark bar of 8 % at the foot", func(_ testing.TB, m *image.RGBA) image.Image {
		out := clone(m)
		bar := image.Rect(0, m.Rect.Max.Y*92/100, m.Rect.Max.X, m.Rect.Max.Y)
		draw.Draw(out, bar, image.NewUniform(color.Gray{230}), image.Point{}, draw.Src)
		for x := 4; x < m.Rect.Max.X/2; x += 7 { // strokes, as of letters
			draw.Draw(out, image.Rect(x, bar.Min.Y+4, x+3, bar.Max.Y-4), image.Black, image.Point{}, draw.Src)
		}
		return out
	}},
	{"cut by 2 % on each side", cropped(2, 2)},
	{"cut by 5 % on each side", cropped(5, 5)},
	{"cut by 7 % on each side", cropped(7, 7)},
	{"cut by 10 % on each side", cropped(10, 10)},
	{"cut by 10 % on the left", cropped(10, 0)},
	{"cut by 8 % on the left", cropped(8, 0)},
	{"turned by 2°", func(_ testing.TB, m *image.RGBA) image.Image { return tilted(m) }},
	{"white border of 5 %", func(_ testing.TB, m *image.RGBA) image.Image { return framed(m) }},
	{"white border of 5 %, then JPEG, quality 30", func(t testing.TB, m *image.RGBA) image.Image {
		img, err := jpeg.Decode(bytes.NewReader(asJPEG(t, framed(m), 30)))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}},
	{"turned by 90°", func(_ testing.TB, m *image.RGBA) image.Image { return moved(m, true, true) }},
	{"mirrored", func(_ testing.TB, m *image.RGBA) image.Image { return moved(m, false, true) }},
}

func clone(m *image.RGBA) *image.RGBA {
	out := image.NewRGBA(m.Rect)
	copy(out.Pix, m.Pix)
	return out
}

func each(m *image.RGBA, f func(r, g, b int) (int, int, int)) image.Image {
	out := clone(m)
	for p := out.Pix; len(p) > 0; p = p[4:] {
		r, g, b := f(int(p[0]), int(p[1]), int(p[2]))
		p[0], p[1], p[2] = byte(min(r, 255)), byte(min(g, 255)), byte(min(b, 255))
	}
	return out
}

// resized takes the mean of n×n pixels.
func resized(m *image.RGBA, n int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx()/n, m.Rect.Dy()/n))
	for i := range out.Pix {
		x, y, c, sum := i/4%out.Rect.Dx()*n, i/4/out.Rect.Dx()*n, i%4, 0
		for k := range n * n {
			sum += int(m.Pix[m.PixOffset(x+k%n, y+k/n)+c])
		}
		out.Pix[i] = byte(sum / (n * n))
	}
	return out
}

// blurred is σ 2, as weights of 1/1024.
func blurred(m *image.RGBA) image.Image {
	weights := [...]int{9, 28, 66, 124, 180, 210, 180, 124, 66, 28, 9}
	pass := func(from *image.RGBA, dx, dy int) *image.RGBA {
		out := image.NewRGBA(from.Rect)
		for y := range from.Rect.Dy() {
			for x := range from.Rect.Dx() {
				var sum [4]int
				for k, w := range weights {
					at := min(max(y+(k-5)*dy, 0), from.Rect.Dy()-1)*from.Stride + 4*min(max(x+(k-5)*dx, 0), from.Rect.Dx()-1)
					for c, v := range from.Pix[at : at+4] {
						sum[c] += w * int(v)
					}
				}
				for c := range sum {
					out.Pix[y*out.Stride+4*x+c] = byte(sum[c] / 1024)
				}
			}
		}
		return out
	}
	return pass(pass(m, 1, 0), 0, 1)
}

func cropped(left, others int) func(testing.TB, *image.RGBA) image.Image {
	return func(_ testing.TB, m *image.RGBA) image.Image {
		w, h := m.Rect.Dx(), m.Rect.Dy()
		return m.SubImage(image.Rect(w*left/100, h*others/100, w-w*others/100, h-h*others/100))
	}
}

// tilted turns by 2° about the middle, between pixels, and fills the corners
// with white.
func tilted(m *image.RGBA) image.Image {
	const one, sine, cosine = 1 << 16, 2287, 65496
	out := image.NewRGBA(m.Rect)
	cx, cy := m.Rect.Dx()/2, m.Rect.Dy()/2
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			sx := (x-cx)*cosine + (y-cy)*sine + cx*one
			sy := (y-cy)*cosine - (x-cx)*sine + cy*one
			at := image.Pt(sx>>16, sy>>16)
			p := out.Pix[out.PixOffset(x, y):][:4]
			if !at.In(image.Rect(0, 0, m.Rect.Dx()-1, m.Rect.Dy()-1)) {
				p[0], p[1], p[2], p[3] = 255, 255, 255, 255
				continue
			}
			fx, fy := sx&(one-1)>>8, sy&(one-1)>>8
			a, b := m.Pix[m.PixOffset(at.X, at.Y):], m.Pix[m.PixOffset(at.X, at.Y+1):]
			for c := range p {
				top, foot := int(a[c])*(256-fx)+int(a[c+4])*fx, int(b[c])*(256-fx)+int(b[c+4])*fx
				p[c] = byte((top*(256-fy) + foot*fy) >> 16)
			}
		}
	}
	return out
}

func framed(m *image.RGBA) image.Image {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w+w/10, h+h/10))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, m.Rect.Add(image.Pt(w/20, h/20)), m, image.Point{}, draw.Src)
	return out
}

// moved swaps the sides and mirrors.
func moved(m *image.RGBA, swap, mirror bool) image.Image {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if swap {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := image.Pt(x, y)
			if swap {
				to = image.Pt(y, x)
			}
			if mirror {
				to.X = out.Rect.Dx() - 1 - to.X
			}
			out.SetRGBA(to.X, to.Y, m.RGBAAt(x, y))
		}
	}
	return out
}
