// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"
)

func TestBordersAreTrimmed(t *testing.T) {
	pictures := []*image.RGBA{scene(1, 160, 120), scene(2, 120, 160), scene(3, 140, 140)}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(pictures).Draw(t, "picture")
		side := rapid.IntRange(0, 30)
		left, top, right, foot := side.Draw(t, "left"), side.Draw(t, "top"), side.Draw(t, "right"), side.Draw(t, "foot")
		origin := image.Pt(rapid.IntRange(0, 9).Draw(t, "x"), rapid.IntRange(0, 9).Draw(t, "y"))
		out := image.NewRGBA(image.Rectangle{Min: origin, Max: origin.Add(m.Rect.Size()).Add(image.Pt(left+right, top+foot))})
		draw.Draw(out, out.Rect, image.NewUniform(color.Gray{rapid.SampledFrom([]uint8{0, 255}).Draw(t, "colour")}), image.Point{}, draw.Src)
		inner := m.Rect.Add(origin).Add(image.Pt(left, top))
		draw.Draw(out, inner, m, image.Point{}, draw.Src)
		var h Hasher
		if got := h.Trimmed(out); got != inner {
			t.Fatalf("%v of %v, want %v", got, out.Rect, inner)
		}
		if got, want := h.Part(out, inner, FullResolution), h.Image(m, FullResolution); got != want {
			t.Fatalf("the part is %v, the picture %v", got, want)
		}
	})
}

func TestWhatIsAllBorderStays(t *testing.T) {
	var h Hasher
	for _, r := range []image.Rectangle{{}, image.Rect(0, 0, 3, 3), image.Rect(0, 0, 100, 80)} {
		flat := image.NewGray(r)
		if got := h.Trimmed(flat); got != r {
			t.Errorf("%v of a flat %v", got, r)
		}
	}
	line := image.NewGray(image.Rect(0, 0, 100, 100))
	for y := range 100 {
		for x := 50; x < 60; x++ {
			line.SetGray(x, y, color.Gray{uint8(y * 2)})
		}
	}
	if got := h.Trimmed(line); got != line.Rect {
		t.Errorf("a tenth is left: %v", got)
	}
}

func TestPrintsForBankAndQuestion(t *testing.T) {
	var h Hasher
	m := scene(1, 300, 240)
	bank, ask := h.ToBank(m, Within512), h.ToAsk(m, Within512)
	if len(bank) != 1+len(Crops(m.Rect)) || bank[0] != h.Image(m, Within512) || bank[0].Convention != Within512 {
		t.Errorf("banked as %v", bank)
	}
	if len(ask) != int(variants) || ask[Original].Hash != bank[0].Hash {
		t.Errorf("asked for as %v", ask)
	}
	framed := framed(m)
	if ask := h.ToAsk(framed, FullResolution); len(ask) != 2*int(variants) || ask[variants].Hash != h.Image(m, FullResolution).Hash {
		t.Errorf("framed, asked for as %v", ask)
	}
	flat := image.NewGray(m.Rect)
	if len(h.ToBank(flat, FullResolution)) != 0 || len(h.ToAsk(flat, FullResolution)) != 0 {
		t.Error("a flat picture is banked or asked for")
	}
}
