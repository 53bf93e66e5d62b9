// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"lachan/internal/pdq"
	"lachan/internal/problem"
	"lachan/internal/testkit"
)

func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		os.Exit(Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	if code, is := tryInside(os.Args); is {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// examiner has children with the usual limits. The race detector keeps a shadow
// of all memory, which no limit on memory leaves room for.
func examiner(t testing.TB, o Options) *Examiner {
	t.Helper()
	if testkit.Race {
		o.Memory = -1
	}
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// scene is a picture with something to recognise, and no other like it.
func scene(seed uint64, w, h int) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 18))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for range 60 {
		x, y, side := r.IntN(w), r.IntN(h), 4+r.IntN(max(w, h)/3)
		c := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 0xff}
		draw.Draw(m, image.Rect(x, y, x+side, y+side), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

// encoded is m in each kind that Go writes.
func encoded(t testing.TB, m image.Image) map[Kind][]byte {
	t.Helper()
	all := map[Kind][]byte{}
	for k, write := range map[Kind]func(io.Writer) error{
		JPEG: func(w io.Writer) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 95}) },
		PNG:  func(w io.Writer) error { return png.Encode(w, m) },
		GIF:  func(w io.Writer) error { return gif.Encode(w, m, nil) },
		BMP:  func(w io.Writer) error { return bmp.Encode(w, m) },
		TIFF: func(w io.Writer) error { return tiff.Encode(w, m, nil) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		all[k] = out.Bytes()
	}
	files := map[Kind]string{WebP: "../pdq/testdata/scene-lossy.webp", AVIF: "avif/testdata/eight.avif"}
	if testkit.Race {
		delete(files, AVIF) // each child compiles its decoder, in half a minute there
	}
	for k, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[k] = data
	}
	return all
}

func examine(t testing.TB, x *Examiner, data []byte, w Wanted) Exam {
	t.Helper()
	e, err := x.Examine(t.Context(), bytes.NewReader(data), w)
	if err != nil {
		t.Fatal(err)
	}
	if e.Bytes != int64(len(data)) || e.SHA256 != sha256.Sum256(data) || e.SHA1 != sha1.Sum(data) || e.MD5 != md5.Sum(data) {
		t.Errorf("digests of another file: %d bytes of %d", e.Bytes, len(data))
	}
	if (e.Fault == nil) != (len(e.Preview) > 0) || (e.Fault == nil) != (len(e.Veiled) > 0) {
		t.Errorf("%v with a preview of %d bytes", e.Fault, len(e.Preview))
	}
	return e
}

// What a child sees is what this process would see.
func TestExamineEachKind(t *testing.T) {
	x := examiner(t, Options{})
	for kind, data := range encoded(t, scene(1, 900, 700)) {
		e := examine(t, x, data, Wanted{Crops: true})
		if e.Kind != kind || e.Fault != nil {
			t.Errorf("%s: %s, %v", kind, e.Kind, e.Fault)
			continue
		}
		if !e.Prints.Full.Usable() || e.Prints.Within.Convention != pdq.Within512 || len(e.Prints.Crops) != 7 {
			t.Errorf("%s: %+v", kind, e.Prints)
		}
		shown := decodeJPEG(t, e.Preview)
		if longest := max(shown.Dx(), shown.Dy()); longest != min(PreviewSide, max(e.Width, e.Height)) {
			t.Errorf("%s: a preview of %v for %d by %d", kind, shown, e.Width, e.Height)
		}
		if veiled := decodeJPEG(t, e.Veiled); max(veiled.Dx(), veiled.Dy()) > VeiledSide {
			t.Errorf("%s: veiled, %v", kind, veiled)
		}
		if kind == AVIF {
			continue
		}
		img, err := pdq.Decode(t.Context(), bytes.NewReader(data), pdq.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var h pdq.Hasher
		if want := h.Image(img, pdq.FullResolution); e.Prints.Full != want {
			t.Errorf("%s: %v, not %v", kind, e.Prints.Full, want)
		}
		if want := h.Variants(img, pdq.FullResolution); e.Prints.Variants != want {
			t.Errorf("%s: other variants", kind)
		}
		if got, want := e.Prints.ToAsk(), h.ToAsk(img, pdq.FullResolution); !equal(got, want) {
			t.Errorf("%s: asks %d, not %d", kind, len(got), len(want))
		}
		if got, want := e.Prints.ToBank(), h.ToBank(img, pdq.FullResolution); !equal(got, want) {
			t.Errorf("%s: banks %d, not %d", kind, len(got), len(want))
		}
	}
}

func equal(a, b []pdq.Print) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func decodeJPEG(t testing.TB, data []byte) image.Rectangle {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("Exif")) {
		t.Error("a preview says how it was made")
	}
	return m.Bounds()
}

func TestExamineWhatNobodyOpens(t *testing.T) {
	x := examiner(t, Options{Bytes: 1 << 20, FFmpeg: "-"})
	for code, data := range map[string]string{
		"media/unknown-kind": "một bức thư",
		"media/no-decoder":   "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
		"media/no-films":     "\x1a\x45\xdf\xa3.....webm",
		"pdq/damaged":        "\xff\xd8\xff\xe0 không phải ảnh",
	} {
		if e := examine(t, x, []byte(data), Wanted{}); e.Fault == nil || e.Fault.Code != code {
			t.Errorf("%s: %v", code, e.Fault)
		}
	}
	if e := examine(t, x, nil, Wanted{}); e.Fault == nil || e.Fault.Code != "media/unknown-kind" {
		t.Errorf("nothing at all: %v", e.Fault)
	}
	if _, err := x.Examine(t.Context(), bytes.NewReader(make([]byte, 1<<20+1)), Wanted{}); !problem.Is(err, "media/too-large") {
		t.Error(err)
	}
	broken := io.MultiReader(bytes.NewReader([]byte("GIF89a")), brokenReader{})
	if _, err := x.Examine(t.Context(), broken, Wanted{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Examine(ctx, bytes.NewReader([]byte("GIF89a")), Wanted{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	x.Close()
	if _, err := x.Examine(t.Context(), bytes.NewReader([]byte("GIF89a......")), Wanted{}); !problem.Is(err, "media/closed") {
		t.Error(err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Each child serves several pictures, and no more of them are there than slots.
func TestChildrenAreKeptAndReplaced(t *testing.T) {
	x := examiner(t, Options{Workers: 2})
	data := encoded(t, scene(2, 200, 150))[PNG]
	seen := map[int]bool{}
	for range pictures + 3 {
		examine(t, x, data, Wanted{})
		for _, c := range x.idle {
			seen[c.cmd.Process.Pid] = true
		}
		if len(x.idle) > 1 {
			t.Fatalf("%d children wait", len(x.idle))
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d children for %d pictures", len(seen), pictures+3)
	}
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			_, err := x.Examine(t.Context(), bytes.NewReader(data), Wanted{})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if len(x.idle) > 2 {
		t.Errorf("%d children", len(x.idle))
	}
}

// largePNG takes a child a good part of a second.
func largePNG(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, scene(3, 3000, 3000)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A child that the system ended while it waited is not the next file's fault.
func TestAChildThatIsGone(t *testing.T) {
	x := examiner(t, Options{Workers: 1})
	data := encoded(t, scene(5, 80, 60))[PNG]
	examine(t, x, data, Wanted{})
	gone := x.idle[0]
	gone.kill()
	time.Sleep(50 * time.Millisecond)
	if e := examine(t, x, data, Wanted{}); e.Fault != nil || x.idle[0] == gone {
		t.Error(e.Fault)
	}
}

// A caller who gives up frees the child's place at once.
func TestACallerWhoGivesUp(t *testing.T) {
	x := examiner(t, Options{Workers: 1})
	large := largePNG(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := x.Examine(ctx, bytes.NewReader(large), Wanted{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if e := examine(t, x, encoded(t, scene(3, 60, 60))[PNG], Wanted{}); e.Fault != nil {
		t.Error(e.Fault)
	}
}

// A deadline ends the child itself or, where a decoder does not look up, its
// process.
func TestTooSlow(t *testing.T) {
	x := examiner(t, Options{Deadline: time.Millisecond})
	large := largePNG(t)
	begun := time.Now()
	e := examine(t, x, large, Wanted{})
	if e.Fault == nil || e.Fault.Code != "media/too-slow" {
		t.Error(e.Fault)
	}
	if took := time.Since(begun); took > graceTime+5*time.Second {
		t.Errorf("after %s", took)
	}
}
