// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"lachan/internal/locale"
)

// Vietnamese was written before Unicode in fonts that put their letters on the
// places of Western ones: TCVN 5712:1993 (TCVN3, "ABC") one place a letter, VNI
// a base letter and a mark. Such pages are still served, most of them as
// windows-1252 or already turned into UTF-8 letter by letter, so the text is
// looked at and not the bytes.

// letters are the lines of letters.txt, by their first word.
var letters = sync.OnceValue(func() map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(lettersText) {
		if name, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			m[name] = append(m[name], strings.Fields(rest)...)
		}
	}
	return m
})

//go:embed letters.txt
var lettersText string

type legacyTables struct {
	tcvn   map[rune]rune
	pairs  map[[2]rune]rune
	single map[rune]rune
}

var tables = sync.OnceValue(func() legacyTables {
	t := legacyTables{map[rune]rune{}, map[[2]rune]rune{}, map[rune]rune{}}
	for _, one := range letters()["tcvn3"] {
		letter, size := utf8.DecodeRuneInString(one)
		if place, err := strconv.ParseUint(one[size:], 16, 8); err == nil {
			t.tcvn[rune(place)] = letter
		}
	}
	for _, one := range letters()["vni"] {
		r := []rune(one) // base, mark, letter
		t.pairs[[2]rune{r[0], r[1]}] = r[2]
		t.pairs[[2]rune{unicode.ToUpper(r[0]), unicode.ToUpper(r[1])}] = unicode.ToUpper(r[2])
		t.pairs[[2]rune{unicode.ToUpper(r[0]), r[1]}] = unicode.ToUpper(r[2])
	}
	for _, one := range letters()["vni-single"] {
		r := []rune(one)
		t.single[r[0]] = r[1]
	}
	return t
})

// Legacy reads a text that was written in TCVN3 or VNI and shows as Western
// letters, and names the one; or gives it back with no name. It is decided by
// syllables: most words with marks must be Vietnamese ones afterwards and must
// not have been before.
func Legacy(text string) (out, name string) {
	sample := cut(text, 16<<10)
	if !western(sample) {
		return text, ""
	}
	if n, _ := syllables(locale.Normalize(sample)); n < minWords || vietnamese(locale.Normalize(sample)) {
		return text, ""
	}
	best := 0
	for _, try := range []struct {
		name string
		read func(string) string
	}{{"tcvn3", fromTCVN3}, {"vni", fromVNI}} {
		read := try.read(sample)
		if _, good := syllables(read); good > best && vietnamese(read) {
			best, name = good, try.name
		}
	}
	switch name {
	case "tcvn3":
		return fromTCVN3(text), name
	case "vni":
		return fromVNI(text), name
	}
	return text, ""
}

// western reports whether nearly all letters beyond a–z are those of Western
// Europe, which is what such a text shows as.
func western(text string) bool {
	within, beyond := 0, 0
	for _, r := range text {
		switch {
		case r < 0x80 || r >= 0x2000 && r < 0x2100: // signs of typography
		case r < 0x100:
			within++
		default:
			beyond++
		}
	}
	return within >= minWords && beyond*10 <= within
}

func fromTCVN3(s string) string {
	t := tables().tcvn
	return strings.Map(func(r rune) rune {
		if l, ok := t[r]; ok {
			return l
		}
		return r
	}, s)
}

func fromVNI(s string) string {
	t := tables()
	in := []rune(s)
	out := make([]rune, 0, len(in))
	for i := 0; i < len(in); i++ {
		if i+1 < len(in) {
			if l, ok := t.pairs[[2]rune{in[i], in[i+1]}]; ok {
				out = append(out, l)
				i++
				continue
			}
		}
		if l, ok := t.single[in[i]]; ok {
			out = append(out, l)
			continue
		}
		out = append(out, in[i])
	}
	return string(out)
}
