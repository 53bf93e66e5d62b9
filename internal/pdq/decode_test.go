// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"lachan/internal/problem"
)

// encoded is a picture in each format that can be written here, and WebP.
func encoded(t testing.TB, m image.Image) map[string][]byte {
	t.Helper()
	files := map[string][]byte{"JPEG": asJPEG(t, m, 95)}
	for name, write := range map[string]func(io.Writer) error{
		"PNG":  func(w io.Writer) error { return png.Encode(w, m) },
		"GIF":  func(w io.Writer) error { return gif.Encode(w, m, &gif.Options{NumColors: 256}) },
		"BMP":  func(w io.Writer) error { return bmp.Encode(w, m) },
		"TIFF": func(w io.Writer) error { return tiff.Encode(w, m, &tiff.Options{Compression: tiff.Deflate}) },
	} {
		var file bytes.Buffer
		if err := write(&file); err != nil {
			t.Fatal(err)
		}
		files[name] = file.Bytes()
	}
	for _, name := range []string{"tiny-lossless", "scene-lossy"} {
		file, err := os.ReadFile(filepath.Join("testdata", name+".webp"))
		if err != nil {
			t.Fatal(err)
		}
		files["WebP "+name] = file
	}
	return files
}

func TestEachFormatGivesThePicture(t *testing.T) {
	m := scene(1000, 320, 240) // of which scene-lossy.webp was made
	var h Hasher
	want := h.Image(m, FullResolution)
	for name, file := range encoded(t, m) {
		img, err := Decode(t.Context(), bytes.NewReader(file), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "WebP tiny-lossless" {
			if img.Bounds().Size() != image.Pt(24, 18) {
				t.Errorf("%s: %v", name, img.Bounds())
			}
			continue
		}
		got := h.Image(img, FullResolution)
		exact := name == "PNG" || name == "BMP" || name == "TIFF"
		if d := got.Hash.Distance(want.Hash); exact && got != want || d > 10 {
			t.Errorf("%s: %d bits away", name, d)
		}
	}
}

func TestPixelsAreTakenAsStored(t *testing.T) {
	m := scene(4, 120, 90)
	var h Hasher
	want := h.Image(m, FullResolution)
	file := func(img image.Image) io.Reader {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	veiled, deep := image.NewNRGBA(m.Rect), image.NewNRGBA64(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			c := m.RGBAAt(x, y)
			veiled.SetNRGBA(x, y, color.NRGBA{c.R, c.G, c.B, byte(x + y)})
			deep.SetNRGBA64(x, y, color.NRGBA64{uint16(c.R)<<8 | 0x5a, uint16(c.G)<<8 | 0xff, uint16(c.B) << 8, 0xffff})
		}
	}
	for name, img := range map[string]image.Image{"alpha": veiled, "16 bits": deep} {
		read, err := Decode(t.Context(), file(img), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Image(read, FullResolution); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	upright := asJPEG(t, m, 90)
	tag := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	turned := slices.Concat(upright[:2], tag, upright[2:])
	a, errA := Decode(t.Context(), bytes.NewReader(upright), Limits{})
	b, errB := Decode(t.Context(), bytes.NewReader(turned), Limits{})
	if errA != nil || errB != nil || h.Image(a, FullResolution) != h.Image(b, FullResolution) {
		t.Errorf("an orientation tag changes the hash: %v, %v", errA, errB)
	}
}

func TestTransparentColourOfAGIFCounts(t *testing.T) {
	palette := color.Palette{color.RGBA{250, 240, 10, 255}, color.RGBA{10, 20, 30, 255}, color.RGBA{}}
	m := image.NewPaletted(image.Rect(0, 0, 20, 20), palette)
	for i := range m.Pix {
		m.Pix[i] = byte(i % 3)
	}
	var file bytes.Buffer
	if err := gif.Encode(&file, m, nil); err != nil {
		t.Fatal(err)
	}
	// The encoder writes the transparent colour as black: give it another.
	data := bytes.Replace(file.Bytes(), []byte{10, 20, 30, 0, 0, 0}, []byte{10, 20, 30, 90, 91, 92}, 1)
	img, err := Decode(t.Context(), bytes.NewReader(data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(2, 0).RGBA(); r>>8 != 90 || g>>8 != 91 || b>>8 != 92 {
		t.Errorf("%v", img.At(2, 0))
	}
}

// claim makes a PNG that says it has a size, and has not.
func claim(t *testing.T, width, height uint32) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	data := file.Bytes()
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestLimits(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, scene(1, 40, 30)); err != nil {
		t.Fatal(err)
	}
	size := int64(file.Len())
	for _, c := range []struct {
		data   []byte
		limits Limits
		code   string
	}{
		{file.Bytes(), Limits{Bytes: size, Pixels: 1200}, ""},
		{file.Bytes(), Limits{Bytes: size - 1}, "pdq/too-large"},
		{file.Bytes(), Limits{Pixels: 1199}, "pdq/too-many-pixels"},
		{claim(t, 7100, 7100), Limits{}, "pdq/too-many-pixels"},
		{claim(t, 65536, 5), Limits{}, "pdq/too-many-pixels"},
		{claim(t, 7000, 7000), Limits{}, "pdq/damaged"},
		{nil, Limits{}, "pdq/unknown-format"},
		{[]byte("<svg/>"), Limits{}, "pdq/unknown-format"},
	} {
		img, err := Decode(t.Context(), bytes.NewReader(c.data), c.limits)
		if c.code == "" && err != nil || c.code != "" && (!problem.Is(err, c.code) || img != nil) {
			t.Errorf("%d bytes, %v: %v, want %q", len(c.data), c.limits, err, c.code)
		}
	}
}

func TestDamagedFilesAreNamedSo(t *testing.T) {
	for name, file := range encoded(t, scene(1, 60, 50)) {
		for _, cut := range []int{len(file) / 2, len(file) * 9 / 10, 30} {
			if name == "TIFF" && cut > 30 { // its table of contents stands at the end
				cut = len(file) / 2
			}
			if img, err := Decode(t.Context(), bytes.NewReader(file[:cut]), Limits{}); !problem.Is(err, "pdq/damaged") || img != nil {
				t.Errorf("%s cut at %d of %d: %v", name, cut, len(file), err)
			}
		}
	}
	bad := format{
		config: func(io.Reader) (image.Config, error) { return image.Config{Width: 9, Height: 9}, nil },
		decode: func(io.Reader) (image.Image, error) { var none []int; _ = none[len("x")]; return nil, nil },
	}
	if img, err := bad.read(t.Context(), nil, Limits{}.orDefault()); !problem.Is(err, "pdq/damaged") || img != nil {
		t.Errorf("a decoder that panics: %v", err)
	}
	bad.decode = func(io.Reader) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 9, 10)), nil }
	if img, err := bad.read(t.Context(), nil, Limits{}.orDefault()); !problem.Is(err, "pdq/damaged") || img != nil {
		t.Errorf("larger than it said: %v", err)
	}
}

// ending cancels when its file has been read.
type ending struct {
	io.Reader
	cancel func()
}

func (e ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err == io.EOF {
		e.cancel()
	}
	return n, err
}

func TestContextEndsDecoding(t *testing.T) {
	for name, file := range encoded(t, scene(1, 60, 50)) {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := Decode(ctx, ending{bytes.NewReader(file), cancel}, Limits{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, while decoding: %v", name, err)
		}
		if _, err := Decode(ctx, bytes.NewReader(file), Limits{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, before: %v", name, err)
		}
	}
	fault := errors.New("the line broke")
	if _, err := Decode(t.Context(), iotest.ErrReader(fault), Limits{}); !errors.Is(err, fault) {
		t.Errorf("%v", err)
	}
}

func TestRareKindsAreNamedSo(t *testing.T) {
	var file bytes.Buffer
	if err := bmp.Encode(&file, scene(1, 40, 30)); err != nil {
		t.Fatal(err)
	}
	data := file.Bytes()
	data[28] = 16 // bits a pixel
	if _, err := Decode(t.Context(), bytes.NewReader(data), Limits{}); !problem.Is(err, "pdq/unsupported") {
		t.Error(err)
	}
}
