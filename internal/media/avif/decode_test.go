// SPDX-License-Identifier: Apache-2.0

package avif

import (
	"bytes"
	"context"
	"errors"
	"image"
	"os"
	"testing"
	"time"

	"lachan/internal/testkit"
)

func newDecoder(t testing.TB, memory int64) *Decoder {
	t.Helper()
	d, err := New(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close(context.Background()) })
	return d
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecode(t *testing.T) {
	d := newDecoder(t, 256<<20)
	for name, c := range map[string]struct{ deep, moving bool }{"eight.avif": {}, "ten.avif": {deep: true}, "moving.avifs": {moving: true}} {
		img, err := d.Decode(t.Context(), file(t, name), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, deep := img.(*image.RGBA64)
		colours := map[[4]uint32]bool{}
		for i := range 64 {
			r, g, b, a := img.At(i*img.Bounds().Dx()/64, i*img.Bounds().Dy()/64).RGBA()
			colours[[4]uint32{r, g, b, a}] = true
		}
		if deep != c.deep || img.Bounds().Dx() < 100 || len(colours) < 20 {
			t.Errorf("%s: %T %v, %d colours", name, img, img.Bounds(), len(colours))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	if testkit.Race {
		t.Skip("what only computes is run whole without the race detector")
	}
	d := newDecoder(t, 256<<20)
	good := file(t, "eight.avif")
	for what, data := range map[string][]byte{
		"nothing": {}, "no picture": []byte("không phải ảnh"), "its head alone": good[:40], "half": good[:len(good)/2],
	} {
		if img, err := d.Decode(t.Context(), data, 1<<20); !errors.Is(err, ErrDamaged) || img != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.Decode(t.Context(), good, 512*512-1); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	// A size that is a lie: the head says 65535 by 65535.
	claim := bytes.Clone(good)
	at := bytes.Index(claim, []byte("ispe"))
	copy(claim[at+8:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff})
	if _, err := d.Decode(t.Context(), claim, 50_000_000); err == nil {
		t.Error("65535 by 65535 was decoded")
	}
	tight := newDecoder(t, 3<<20)
	if _, err := tight.Decode(t.Context(), good, 1<<20); err == nil {
		t.Error("decoded in 3 MB")
	}
	if _, err := d.Decode(t.Context(), good, 1<<20); err != nil {
		t.Errorf("after all that, a good one: %v", err)
	}
}

// A deadline ends the decoder in the middle of its work.
func TestDecodeEndsWithItsContext(t *testing.T) {
	d := newDecoder(t, 256<<20)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := d.Decode(ctx, file(t, "ten.avif"), 1<<20); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func BenchmarkDecode(b *testing.B) {
	d, data := newDecoder(b, 256<<20), file(b, "eight.avif")
	for b.Loop() {
		if _, err := d.Decode(b.Context(), data, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
