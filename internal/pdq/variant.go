// SPDX-License-Identifier: Apache-2.0

package pdq

import "image"

// Variant is one of the eight ways in which a picture can be turned and
// mirrored. All eight hashes come from one transform, nearly free.
type Variant int

// The variants, named as the reference names them.
const (
	Original Variant = iota
	Rotate90
	Rotate180
	Rotate270
	FlipX
	FlipY
	FlipPlus1
	FlipMinus1
	variants
)

var variantNames = [variants]string{"original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flip_plus1", "flip_minus1"}

// String is the reference's name of v.
func (v Variant) String() string {
	if v < 0 || v >= variants {
		return "unknown"
	}
	return variantNames[v]
}

// Variants hashes a picture as it would be turned and mirrored, each variant
// at its own place. A bank holds the pictures as they are; who asks for a
// picture asks for its eight variants.
//
// As in the reference, a picture of exactly 64×64 is filtered here although
// Image does not filter it; that moves values by rounding only.
func (h *Hasher) Variants(img image.Image, c Convention) [variants]Print {
	return h.PartVariants(img, img.Bounds(), c)
}

// PartVariants is Variants of a part of a picture.
func (h *Hasher) PartVariants(img image.Image, r image.Rectangle, c Convention) [variants]Print {
	var all [variants]Print
	for v := range all {
		all[v].Convention = c
	}
	r = r.Intersect(img.Bounds())
	if r.Dx() < minSide || r.Dy() < minSide {
		return all
	}
	h.shrink(img, r, c)
	h.transform()
	q := quality(&h.small)
	for v := range all {
		all[v].Hash, all[v].Quality = h.variant(Variant(v)), q
	}
	return all
}

// variant turns the frequencies instead of the picture: turning by a right
// angle swaps the two directions, mirroring turns the sign of every other
// frequency, counted from 1.
func (h *Hasher) variant(v Variant) Hash {
	swap := v == Rotate90 || v == Rotate270 || v == FlipPlus1 || v == FlipMinus1
	for i := range freqs {
		for j := range freqs {
			var minus bool
			switch v {
			case Rotate90, FlipY:
				minus = j%2 == 0
			case Rotate270, FlipX:
				minus = i%2 == 0
			case Rotate180, FlipMinus1:
				minus = (i+j)%2 == 1
			}
			value := h.spec[freqs*i+j]
			if minus {
				value = -value
			}
			if swap {
				h.turned[freqs*j+i] = value
			} else {
				h.turned[freqs*i+j] = value
			}
		}
	}
	return h.bits(&h.turned)
}
