// SPDX-License-Identifier: Apache-2.0

package locale

import (
	"strings"
	"unicode"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Normalize brings text to the form in which it is stored and compared: NFC,
// no NUL, valid UTF-8, no zero-width or direction-changing marks, white space
// trimmed at both ends. Line breaks stay, as "\n".
func Normalize(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), r == '\uFEFF', r >= '\u200B' && r <= '\u200F', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(norm.NFC.String(s))
}

// Fold is the search form of text: lower case, tone and vowel marks dropped,
// đ as d, runs of white space as one space. "Đăk Hà" and "dak ha" fold alike.
// The Icelandic ð (U+00D0), which real data writes for Đ, folds to d too.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		switch r {
		case 'đ', 'Đ', 'ð', 'Ð':
			b.WriteByte('d')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// SortKey is a key whose byte order is the order of the Vietnamese alphabet,
// for a column that the database sorts by.
func SortKey(s string) string {
	var buf collate.Buffer
	return string(hexKey(collate.New(language.Vietnamese).KeyFromString(&buf, s)))
}

// hexKey keeps the key printable, so that it fits a TEXT column.
func hexKey(key []byte) []byte {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(key))
	for _, c := range key {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return out
}
