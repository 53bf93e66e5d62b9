// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// lookAlike is the Latin letter that r looks like to a reader, or r. Large
// letters may become small ones.
func lookAlike(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r < 0x250: // Latin, with the letters of Vietnamese
		switch r {
		case 'ð', 'Ð', 'ƌ', 'ɖ':
			return 'đ'
		case 'ı', 'ł', 'ƚ':
			return 'i'
		case 'ø', 'Ø':
			return 'o'
		}
		return r
	case r >= 0x1E00 && r < 0x1F00:
		return r
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		return r - 0xFF01 + '!'
	case r == 0x3000:
		return ' '
	case r >= 0x1F150 && r <= 0x1F169: // white letters in black circles
		return r - 0x1F150 + 'a'
	case r >= 0x1F170 && r <= 0x1F189: // and in black squares
		return r - 0x1F170 + 'a'
	case r >= 0x2100 && r < 0x2150, r >= 0x2460 && r < 0x2500, r >= 0x1D400 && r < 0x1D800, r >= 0x1F130 && r < 0x1F150:
		return compatible(r)
	}
	if l, ok := twins()[r]; ok {
		return l
	}
	return r
}

// compatible is the letter of which r is a variant for mathematics or in a
// circle, where it is a variant of exactly one.
func compatible(r rune) rune {
	s := norm.NFKC.String(string(r))
	if one, size := utf8.DecodeRuneInString(s); size == len(s) {
		if l, ok := twins()[one]; ok { // Greek letters for mathematics
			return l
		}
		return one
	}
	return r
}

//go:embed twins.txt
var twinsText string

// twins are the letters of twins.txt, each with its Latin letter.
var twins = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for _, line := range strings.Split(twinsText, "\n") {
		latin, others, _ := strings.Cut(line, " ")
		if latin == "#" {
			continue
		}
		for _, r := range others {
			m[r], _ = utf8.DecodeRuneInString(latin)
		}
	}
	return m
})

// fold is the small Latin letter that r is read as: once for the letter as it
// stands, once for the small one.
func fold(r rune) rune {
	r = unicode.ToLower(lookAlike(r))
	return unicode.ToLower(lookAlike(r))
}
