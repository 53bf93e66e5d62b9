// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// minWords is how many words with marks a text must have before its encoding is
// judged by them.
const minWords = 8

// vietnamese reports whether most words that have a mark are syllables of
// Vietnamese.
func vietnamese(text string) bool {
	n, good := syllables(text)
	return n >= minWords && good*100 >= n*85
}

// syllables counts the words that have letters beyond a–z, and those of them
// that are built as a Vietnamese syllable: onset, nucleus, coda, one tone.
func syllables(text string) (marked, good int) {
	text = text[:min(len(text), 256<<10)]
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r < 0x80 && !unicode.IsLetter(r)
	}) {
		if isASCII(word) {
			continue
		}
		if marked++; isSyllable(word) {
			good++
		}
	}
	return marked, good
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// syllable is one without its tone.
var syllable = sync.OnceValue(func() *regexp.Regexp {
	l := letters()
	return regexp.MustCompile("^(?:" + l["onset"][0] + ")?(?:" + l["nucleus"][0] + ")(?:ch|ng|nh|[cmnpt])?$")
})

// tones are the vowels with a tone, each with its vowel without.
var tones = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	bare := []rune(letters()["vowels"][0])
	for _, row := range letters()["tone"] {
		for i, r := range []rune(row) {
			m[r] = bare[i]
		}
	}
	return m
})

func isSyllable(word string) bool {
	t := tones()
	marks := 0
	plain := strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if bare, ok := t[r]; ok {
			marks++
			return bare
		}
		return r
	}, word)
	return marks <= 1 && syllable().MatchString(plain)
}
