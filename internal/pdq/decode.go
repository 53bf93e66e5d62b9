// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"lachan/internal/problem"
)

// The limits that hold where Limits says nothing.
const (
	DefaultBytes  = 100 << 20  // as HMA
	DefaultPixels = 50_000_000 // 200 MB decoded, 400 MB with 16 bits a colour
)

// maxSide is the longest side that JPEG knows. A PNG may claim more, and is
// then no picture but an attack on who computes with rows.
const maxSide = 65535

// Limits bound what a picture may cost. A zero field means the default.
type Limits struct {
	Bytes  int64 // of the file
	Pixels int64 // width times height, known before anything is decoded
}

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Pixels <= 0 {
		l.Pixels = DefaultPixels
	}
	return l
}

// format is a kind of file, known by its first bytes and not by its name.
type format struct {
	magic  string // '?' stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

const magicWebP = "RIFF????WEBP"

var formats = []format{
	{"\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF8?a", gif.DecodeConfig, gif.Decode},
	{magicWebP, webp.DecodeConfig, decodeWebP},
	{"BM", bmp.DecodeConfig, bmp.Decode},
	{"II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

func (f format) fits(data []byte) bool {
	if len(data) < len(f.magic) {
		return false
	}
	for i := range len(f.magic) {
		if f.magic[i] != '?' && f.magic[i] != data[i] {
			return false
		}
	}
	return true
}

// Decode reads a picture: JPEG, PNG, GIF and WebP (the first
// frame, without what it leaves free of the canvas), BMP or TIFF (the first page). Its pixels
// are as they are stored; no orientation tag is applied.
//
// The file is held in memory. ctx ends reading and, at the next piece of the
// file that a decoder takes, decoding: give it a deadline where the sender is
// not trusted. Codes: pdq/too-large, pdq/unknown-format,
// pdq/unsupported, pdq/too-many-pixels, pdq/damaged; else the error of r or ctx.
func Decode(ctx context.Context, r io.Reader, l Limits) (image.Image, error) {
	l = l.orDefault()
	data, err := io.ReadAll(io.LimitReader(reading{ctx, r}, l.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("pdq: read a picture: %w", err)
	}
	if int64(len(data)) > l.Bytes {
		return nil, problem.New("pdq/too-large", "megabytes", l.Bytes>>20)
	}
	for _, f := range formats {
		if f.fits(data) {
			if f.magic == magicWebP {
				data = firstFrame(data)
			}
			return f.read(ctx, data, l)
		}
	}
	return nil, problem.New("pdq/unknown-format")
}

// read decodes data, whose size is looked at before its pixels. A decoder that
// panics met a damaged file.
func (f format) read(ctx context.Context, data []byte, l Limits) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			img, err = nil, problem.New("pdq/damaged").Wrap(fmt.Errorf("panic: %v", p))
		}
	}()
	config, err := f.config(source(ctx, data))
	if err != nil {
		return nil, damaged(ctx, err)
	}
	width, height := int64(config.Width), int64(config.Height)
	switch {
	case width <= 0 || height <= 0:
		return nil, problem.New("pdq/damaged")
	case width > maxSide || height > maxSide || width*height > l.Pixels:
		return nil, problem.New("pdq/too-many-pixels", "width", width, "height", height, "megapixels", l.Pixels/1_000_000)
	}
	img, err = f.decode(source(ctx, data))
	if err != nil {
		return nil, damaged(ctx, err)
	}
	if b := img.Bounds(); b.Empty() || int64(b.Dx()) > width || int64(b.Dy()) > height {
		return nil, problem.New("pdq/damaged")
	}
	return withColours(img, config), nil
}

// damaged tells a file that cannot be decoded from one whose kind nobody here
// knows, and from a caller who gave up.
func damaged(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("pdq: decode a picture: %w", ctx.Err())
	}
	var ofJPEG jpeg.UnsupportedError
	var ofPNG png.UnsupportedError
	var ofTIFF tiff.UnsupportedError
	if errors.As(err, &ofJPEG) || errors.As(err, &ofPNG) || errors.As(err, &ofTIFF) || errors.Is(err, bmp.ErrUnsupported) {
		return problem.New("pdq/unsupported").Wrap(err)
	}
	return problem.New("pdq/damaged").Wrap(err)
}

// withColours gives the transparent entry of a GIF's palette its colour back,
// which image/gif blackens: alpha is dropped here, not blended.
func withColours(img image.Image, config image.Config) image.Image {
	m, ok := img.(*image.Paletted)
	stored, okStored := config.ColorModel.(color.Palette)
	if !ok || !okStored || len(m.Palette) != len(stored) {
		return img
	}
	for i, c := range m.Palette {
		if c != stored[i] && c != (color.RGBA{}) {
			return img // the frame has a palette of its own
		}
	}
	m.Palette = stored
	return m
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// within is a file in memory that can be read until its context ends. The
// decoder of TIFF reads at places, and would copy the file if it could not.
type within struct {
	reading
	at *bytes.Reader
}

func source(ctx context.Context, data []byte) io.Reader {
	r := bytes.NewReader(data)
	return within{reading{ctx, r}, r}
}

func (w within) ReadAt(p []byte, at int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.at.ReadAt(p, at)
}
