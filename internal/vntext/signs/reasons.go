// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"lachan/internal/vntext"
)

// wholeWords are reasons as people read them: a model weighs pieces of words,
// and pieces of one word count together. At most maxReasons, the heaviest first.
func wholeWords(text string, reasons []vntext.Reason) []vntext.Reason {
	weights := map[vntext.Range]float32{}
	for _, r := range reasons {
		if at := words(text, r.Range); at.From < at.To {
			weights[at] += r.Weight
		}
	}
	out := make([]vntext.Reason, 0, len(weights))
	for at, w := range weights {
		out = append(out, vntext.Reason{Range: at, Weight: w})
	}
	slices.SortFunc(out, func(a, b vntext.Reason) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out[:min(len(out), maxReasons)]
}

// words is a range with the rest of the words that it cuts, and without spaces
// and signs at its ends.
func words(text string, at vntext.Range) vntext.Range {
	from := strings.LastIndexFunc(text[:at.From], unicode.IsSpace)
	if from < 0 {
		from = 0
	}
	to := len(text)
	if i := strings.IndexFunc(text[at.To:], unicode.IsSpace); i >= 0 {
		to = at.To + i
	}
	outer := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }
	from += len(text[from:to]) - len(strings.TrimLeftFunc(text[from:to], outer))
	return vntext.Range{From: from, To: from + len(strings.TrimRightFunc(text[from:to], outer))}
}
