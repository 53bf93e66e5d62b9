// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"strings"

	"lachan/internal/vntext"
)

// Gap is how far apart, in letters of the original, the parts of a pattern
// that are joined by ".." may stand.
const Gap = 25

const (
	maxSpellings = 200 // of one part of a pattern
	maxParts     = 4
)

// parts are the spellings of each part of a pattern: "(em/bé) .. (mấy/bao
// nhiêu) tuổi" has two parts of two. It is nil where brackets do not match,
// or there are too many.
func parts(text string) [][]string {
	var out [][]string
	for _, part := range strings.Split(text, "..") {
		spellings := expanded(part)
		if len(spellings) == 0 || len(out) == maxParts {
			return nil
		}
		out = append(out, spellings)
	}
	return out
}

// expanded are all spellings of a text with choices in brackets, in order. An
// empty choice leaves the place out.
func expanded(text string) []string {
	out := []string{""}
	for text != "" {
		plain, rest, open := strings.Cut(text, "(")
		choice, after, closed := strings.Cut(rest, ")")
		if strings.Contains(plain, ")") || open && (!closed || strings.Contains(choice, "(")) {
			return nil
		}
		var next []string
		for _, head := range out {
			for _, c := range strings.Split(choice, "/") {
				next = append(next, head+plain+c)
			}
		}
		out, text = next, after
		if len(out) > maxSpellings {
			return nil
		}
	}
	for i := range out {
		out[i] = strings.Join(strings.Fields(out[i]), " ")
		if out[i] == "" {
			return nil
		}
	}
	return out
}

// folded is a text as innocent phrases are compared with patterns.
func folded(text string) string {
	return vntext.Stripped(vntext.Squeezed(vntext.Base(text))).Text()
}

// spelling is one pattern of the many that an entry may stand for.
type spelling struct {
	vntext.Pattern
	part, last int // which part of the entry, and which is its last
}

// spellings are all patterns of an entry; nil where it cannot be read, and
// where an innocent phrase has none of them in it.
func (e *Entry) spellings() []spelling {
	all := parts(e.Text)
	used := make([]bool, len(e.Innocent))
	var out []spelling
	for n, part := range all {
		for _, text := range part {
			one := e.Pattern
			one.Text, one.Innocent = text, nil
			for i, phrase := range e.Innocent {
				if strings.Contains(folded(phrase), folded(text)) {
					one.Innocent = append(one.Innocent, phrase)
					used[i] = true
				}
			}
			out = append(out, spelling{one, n, len(all) - 1})
		}
	}
	for _, u := range used {
		if !u {
			return nil
		}
	}
	return out
}
