// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"errors"
	"image"
	"image/draw"
	"os"
	"testing"

	"lachan/internal/problem"
)

// FuzzDecode: whatever comes in, a picture within its limits comes out or an
// error does.
func FuzzDecode(f *testing.F) {
	m := image.NewRGBA(image.Rect(0, 0, 13, 9))
	draw.Draw(m, m.Rect, scene(1, 80, 80), image.Point{}, draw.Src)
	files := encoded(f, m)
	small, err := os.ReadFile("testdata/flat-lossy.webp") // the other is long, and slow to mutate
	if err != nil {
		f.Fatal(err)
	}
	files["WebP scene-lossy"] = small
	files["WebP animated"] = animated(small)
	for _, file := range files {
		f.Add(file)
	}
	limits := Limits{Bytes: 1 << 20, Pixels: 1 << 16}
	var h Hasher
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := Decode(t.Context(), bytes.NewReader(data), limits)
		if err != nil {
			var known *problem.Error
			if img != nil || !errors.As(err, &known) {
				t.Fatalf("%v, %v", img, err)
			}
			return
		}
		b := img.Bounds()
		if int64(b.Dx())*int64(b.Dy()) > limits.Pixels || b.Empty() {
			t.Fatalf("%v", b)
		}
		for _, c := range []Convention{FullResolution, Within512} {
			if p := h.Image(img, c); p.Quality < 0 || p.Quality > 100 || p.Convention != c {
				t.Fatalf("%v", p)
			}
		}
		if inner := h.Trimmed(img); !inner.In(b) || inner.Empty() {
			t.Fatalf("%v of %v", inner, b)
		}
		h.ToAsk(img, FullResolution)
	})
}
