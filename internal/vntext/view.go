// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"strings"
	"unicode"
)

// Letter is one rune of a view and the bytes [From, To) of the original text
// that it was made from. One byte range may stand behind several letters (a
// short form written out), and bytes that were left out behind none.
type Letter struct {
	R        rune
	From, To int32
}

// View is one reading of a text. From and To never fall from one letter to the
// next, and lie on borders of runes of the original.
type View []Letter

// MaxGrowth bounds a view: it has at most MaxGrowth letters for each byte of
// the original.
const MaxGrowth = 12

// Text is the reading as a string.
func (v View) Text() string {
	var b strings.Builder
	b.Grow(len(v) * 2)
	for _, l := range v {
		b.WriteRune(l.R)
	}
	return b.String()
}

// Original is the byte range of the original behind the letters [i, j).
func (v View) Original(i, j int) Range {
	if i >= j {
		return Range{}
	}
	return Range{int(v[i].From), int(v[j-1].To)}
}

// Range is a range of bytes [From, To) of the original text.
type Range struct{ From, To int }

// inWord reports whether r is part of a word: a letter, a digit or a mark on
// one. Signs that stand for letters (@, $) are not.
func inWord(r rune) bool {
	switch {
	case r < 0x80:
		return isAlpha(r) || isDigit(r)
	case r >= 0xDF && r < 0x250:
		return r != 0xF7 // ÷
	case r >= 0x1E00 && r < 0x1F00:
		return true
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

func isLetter(r rune) bool { return inWord(r) && !unicode.IsDigit(r) }

func isAlpha(r rune) bool { return r >= 'a' && r <= 'z' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// wordEnd is the end of the word that begins at i, or i where none does.
func (v View) wordEnd(i int) int {
	for i < len(v) && inWord(v[i].R) {
		i++
	}
	return i
}
