// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

func TestKindOf(t *testing.T) {
	for head, want := range map[string]Kind{
		"": Unknown, "<html>": Unknown, "%PDF-1.7": Unknown, "\xff\xd8": Unknown, "RIFF0000WAVEfmt ": Unknown,
		"\xff\xd8\xff\xe0": JPEG, "\x89PNG\r\n\x1a\n": PNG, "GIF87a": GIF, "GIF89a": GIF, "RIFF0000WEBPVP8 ": WebP, "BM": BMP,
		"II*\x00": TIFF, "MM\x00*": TIFF,
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1miafMA1B": AVIF,
		"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00avifmif1":     AVIF,
		"\x00\x00\x00\x18ftypavis\x00\x00\x00\x00avifmsf1":     AVIF,
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic":     HEIC,
		"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00mif1":         HEIC,
		"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2":     MP4,
		"\x00\x00\x00\x18ftypM4V \x00\x00\x02\x00isomiso2":     MP4,
		"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ":         MOV,
		"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat":             MOV,
		"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm":       WebM,
		"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska":   MKV,
		// The brand lies beyond the box.
		"\x00\x00\x00\x10ftypisom\x00\x00\x02\x00avif": MP4,
	} {
		if got := KindOf([]byte(head)); got != want {
			t.Errorf("%q: %s, not %s", head, got, want)
		}
	}
}

// orient puts an EXIF segment with an orientation into a JPEG.
func orient(data []byte, value byte) []byte {
	segment := append([]byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), value, 0, 0, 0, 0, 0, 0)
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
}

// A picture with four colours in its corners is shown as the camera was held,
// and hashed as it is stored.
func TestOrientation(t *testing.T) {
	red, green, blue, white := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255}
	stored := image.NewRGBA(image.Rect(0, 0, 80, 40))
	for y := range 40 {
		for x := range 80 {
			stored.SetRGBA(x, y, [][]color.RGBA{{red, green}, {blue, white}}[y/20][x/40])
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, stored, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	// By EXIF 2.32, 4.6.5.1: where row 0 and column 0 of what is stored are seen.
	corners := [...][4]color.RGBA{ // above left, above right, below left, below right
		1: {red, green, blue, white},
		2: {green, red, white, blue},
		3: {white, blue, green, red},
		4: {blue, white, red, green},
		5: {red, blue, green, white},
		6: {blue, red, white, green},
		7: {white, green, blue, red},
		8: {green, white, red, blue},
	}
	x := examiner(t, Options{})
	plain := examine(t, x, out.Bytes(), Wanted{})
	for o := byte(1); o <= 8; o++ {
		e := examine(t, x, orient(out.Bytes(), o), Wanted{})
		if e.Fault != nil {
			t.Fatal(e.Fault)
		}
		shown, err := jpeg.Decode(bytes.NewReader(e.Preview))
		if err != nil {
			t.Fatal(err)
		}
		b := shown.Bounds()
		if lying := o >= 5; lying != (b.Dx() == 40) || e.Width != 80 || e.Height != 40 {
			t.Errorf("%d: shown %v, stored %d by %d", o, b, e.Width, e.Height)
		}
		for i, want := range corners[o] {
			at := image.Pt(b.Dx()/4+(i%2)*b.Dx()/2, b.Dy()/4+(i/2)*b.Dy()/2)
			if !near(shown.At(at.X, at.Y), want) {
				t.Errorf("%d: corner %d is %v, not %v", o, i, shown.At(at.X, at.Y), want)
			}
		}
		if e.Prints.Full != plain.Prints.Full {
			t.Errorf("%d: hashed as it is shown", o)
		}
	}
	if o := orientation(JPEG, orient(out.Bytes(), 9)); o != 1 {
		t.Errorf("9 is read as %d", o)
	}
}

func near(got color.Color, want color.RGBA) bool {
	r, g, b, _ := got.RGBA()
	far := func(a uint32, b uint8) bool { return max(int(a>>8), int(b))-min(int(a>>8), int(b)) > 40 }
	return !far(r, want.R) && !far(g, want.G) && !far(b, want.B)
}

// Nothing that could be recognised is left behind the veil: two pictures that
// are nothing alike look nearly so.
func TestVeil(t *testing.T) {
	fine := image.NewRGBA(image.Rect(0, 0, 600, 600))
	for y := range 600 {
		for x := range 600 {
			c := color.RGBA{20, 20, 20, 255}
			if (x/24+y/24)%2 == 0 { // squares that a face's features would have
				c = color.RGBA{250, 200, 90, 255}
			}
			fine.SetRGBA(x, y, c)
		}
	}
	g := veil(fine)
	low, high := uint8(255), uint8(0)
	for y := 16; y < 48; y++ {
		for x := 16; x < 48; x++ {
			low, high = min(low, g.GrayAt(x, y).Y), max(high, g.GrayAt(x, y).Y)
		}
	}
	if g.Rect.Dx() != VeiledSide || high-low > 25 {
		t.Errorf("%v: squares are still seen, %d to %d", g.Rect, low, high)
	}
	// What is large stays light or dark, so that a page is not a row of grey boxes.
	half := image.NewRGBA(image.Rect(0, 0, 600, 300))
	for y := range 300 {
		for x := range 600 {
			half.SetRGBA(x, y, color.RGBA{uint8(x / 300 * 255), uint8(x / 300 * 255), uint8(x / 300 * 255), 255})
		}
	}
	if g := veil(half); g.GrayAt(4, 16).Y > 20 || g.GrayAt(60, 16).Y < 235 || g.Rect.Dy() != 32 {
		t.Errorf("%v: %d and %d", g.Rect, g.GrayAt(4, 16).Y, g.GrayAt(60, 16).Y)
	}
}
