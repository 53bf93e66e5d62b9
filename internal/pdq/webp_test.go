// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"os"
	"slices"
	"testing"

	"lachan/internal/problem"
)

func chunk(kind string, body []byte) []byte {
	out := append([]byte(kind), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...)
	return append(append(out, body...), make([]byte, len(body)%2)...)
}

// animated makes a WebP of two frames, each the still picture.
func animated(still []byte) []byte {
	frame := chunk("ANMF", slices.Concat(make([]byte, 16), chunk("ALPH", []byte{0, 1, 2}), still[12:]))
	return chunk("RIFF", slices.Concat([]byte("WEBP"), chunk("VP8X", []byte{2, 0, 0, 0, 255, 0, 0, 255, 0, 0}), chunk("ANIM", make([]byte, 6)), frame, frame))
}

// What dwebp makes of the same files: libwebp is what everybody else sees.
func TestLossyWebPHasTheColoursOfLibwebp(t *testing.T) {
	var h Hasher
	got := h.Image(picture(t, "testdata/scene-lossy.webp"), FullResolution)
	want, err := Parse("989341a967722a241064b389cf4face69092c7fd3f33e4d66a3c38396d6cd3c6")
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Hash.Distance(want); d > 4 || got.Quality != 100 { // it smooths colours between pixels, which we do not
		t.Errorf("%d bits away, quality %d", d, got.Quality)
	}
	flat := picture(t, "testdata/flat-lossy.webp")
	if c := flat.At(5, 5); c != (color.RGBA{202, 28, 60, 255}) {
		t.Errorf("the colour is %v", c)
	}
	row := make([]float32, 1)
	if lumaOf(flat, flat.Bounds())(row, []int32{5}, 5); row[0] != weights().luma(202, 28, 60) {
		t.Errorf("the brightness is %v", row[0])
	}
}

func TestFirstFrameOfAnAnimatedWebP(t *testing.T) {
	for _, name := range []string{"testdata/flat-lossy.webp", "testdata/tiny-lossless.webp"} {
		still, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		moving := animated(still)
		img, err := Decode(t.Context(), bytes.NewReader(moving), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var h Hasher
		if got, want := h.Image(img, FullResolution), h.Image(picture(t, name), FullResolution); got != want {
			t.Errorf("%s: %v, the still picture %v", name, got, want)
		}
		if _, err := Decode(t.Context(), bytes.NewReader(moving[:90]), Limits{}); !problem.Is(err, "pdq/damaged") {
			t.Errorf("%s, cut in its frame: %v", name, err)
		}
	}
}
