// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Stripped is v without tone and vowel marks, đ as d: how much is typed on
// telephones. Letters are the same in number, but for marks that stood alone.
func Stripped(v View) View {
	out := make(View, 0, len(v))
	for _, l := range v {
		if l.R >= 0x80 {
			if l.R = bare(l.R); l.R == 0 {
				continue
			}
		}
		out = append(out, l)
	}
	return out
}

// bare is r without marks, 0 for a mark that stands alone.
func bare(r rune) rune {
	switch {
	case r < 0xC0:
		return r
	case r < lastLatin:
		return bareLatin()[r]
	case unicode.Is(unicode.Mn, r):
		return 0
	}
	return r
}

// lastLatin is where the letters that Vietnamese uses end.
const lastLatin = 0x1F00

var bareLatin = sync.OnceValue(func() *[lastLatin]rune {
	var table [lastLatin]rune
	for r := range rune(lastLatin) {
		switch {
		case r == 'đ':
			table[r] = 'd'
		case unicode.Is(unicode.Mn, r):
		case unicode.Is(unicode.Latin, r):
			table[r], _ = utf8.DecodeRuneInString(norm.NFD.String(string(r)))
		default:
			table[r] = r
		}
	}
	return &table
})

// toneless is v without the five tone marks; â, ê, ô, ă, ơ, ư and đ keep
// theirs.
func toneless(v View) View {
	out := make(View, len(v))
	for i, l := range v {
		if l.R >= 0x80 && l.R < lastLatin {
			l.R = tonelessLatin()[l.R]
		}
		out[i] = l
	}
	return out
}

var tonelessLatin = sync.OnceValue(func() *[lastLatin]rune {
	var table [lastLatin]rune
	for r := range rune(lastLatin) {
		table[r] = r
		if !unicode.Is(unicode.Latin, r) {
			continue
		}
		kept := []rune{}
		for _, part := range norm.NFD.String(string(r)) {
			switch part {
			case 0x300, 0x301, 0x303, 0x309, 0x323: // grave, acute, tilde, hook, dot
			default:
				kept = append(kept, part)
			}
		}
		if one := []rune(norm.NFC.String(string(kept))); len(one) == 1 {
			table[r] = one[0]
		}
	}
	return &table
})
