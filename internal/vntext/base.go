// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Base is the reading from which the others are made: NFC, lower case, letters
// that look like Latin ones folded to them, invisible signs left out, white
// space joined to single spaces and taken off both ends. Of a text longer than
// MaxText bytes only the beginning is read.
func Base(text string) View {
	if len(text) > MaxText {
		text = text[:MaxText]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) && len(text) > MaxText-utf8.UTFMax {
			text = text[:len(text)-1]
		}
		if n := len(text); n > 0 && text[n-1] >= utf8.RuneSelf {
			text = text[:n-1] // the first byte of a rune that was cut
		}
	}
	v := make(View, 0, len(text))
	plain := norm.NFC.QuickSpanString(text)
	for plain > 0 && plain < len(text) && !utf8.RuneStart(text[plain]) {
		plain-- // never in the midst of a rune, nor behind a stray byte's first half
	}
	if plain < len(text) {
		return composed(v, text)
	}
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		v = v.add(r, at, at+size)
		at += size
	}
	return v.trimmed()
}

// MaxText is the greatest length, in bytes, of a text that is read whole.
const MaxText = 1 << 20

// composed reads a text that is not in NFC. Letters are folded and invisible
// signs left out before marks are joined to letters, so that a Cyrillic letter
// with a Vietnamese tone mark comes out Vietnamese, and so does one with
// something invisible between the two.
func composed(v View, text string) View {
	folded := make([]byte, 0, len(text))
	at := make([]Letter, 0, len(text)) // of each byte of folded: where it is from
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !invisible(r) || unicode.IsSpace(r) {
			folded = utf8.AppendRune(folded, fold(r))
			for len(at) < len(folded) {
				at = append(at, Letter{From: int32(i), To: int32(i + size)})
			}
		}
		i += size
	}
	var it norm.Iter
	it.Init(norm.NFC, folded)
	for !it.Done() {
		from := min(it.Pos(), len(at)-1)
		out := it.Next()
		// A rune that comes apart is given out piece by piece, and the position
		// moves with the last.
		to := max(it.Pos(), from+1)
		for i := 0; i < len(out); {
			r, size := utf8.DecodeRune(out[i:])
			v = v.add(r, int(at[from].From), int(at[to-1].To))
			i += size
		}
	}
	return v.trimmed()
}

// add reads one rune of the original.
func (v View) add(r rune, from, to int) View {
	switch {
	case r >= 'a' && r <= 'z', r > ' ' && r < 'A':
	case r >= 'A' && r <= 'Z':
		r += 'a' - 'A'
	case unicode.IsSpace(r):
		if len(v) == 0 || v[len(v)-1].R == ' ' {
			return v
		}
		r = ' '
	case r < 0x7F:
	case invisible(r):
		return v
	default:
		r = fold(r)
	}
	return append(v, Letter{r, int32(from), int32(to)})
}

func (v View) trimmed() View {
	if n := len(v); n > 0 && v[n-1].R == ' ' {
		return v[:n-1]
	}
	return v
}

// invisible are signs that take no room or change only the direction: writers
// put them inside words to hide them.
func invisible(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r < 0xA0, r == 0xAD, r == 0x34F, r == 0x61C:
		return true
	case r < 0x115F:
		return false
	case r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r >= 0x180B && r <= 0x180F, r == 0x3164, r == 0xFFA0:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r == 0xFEFF, r >= 0xFFF0 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}
