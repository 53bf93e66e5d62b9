// SPDX-License-Identifier: Apache-2.0

package signs

import (
	_ "embed"
	"slices"
	"strings"

	"lachan/internal/vntext"
)

//go:embed testdata/found.txt
var mustBeFound string

//go:embed testdata/everyday.txt
var everyday string

// Background are neutral sentences that a model of verdicts learns from as
// something else: reviewers judge only what was suspected, and a model that
// knows nothing besides takes half of all unknown texts for harmful. None of
// them is in Fixed, and those that are alike stand on one side.
func Background() []string { return half(0) }

// half is the first or the second half of the neutral sentences, whose file
// has those that are alike in a row.
func half(n int) []string {
	all := vntext.Neutral()
	at := []int{0, len(all) / 2, len(all)}
	return all[at[n]:at[n+1]]
}

// Fixed are the sentences that no new model of a label may do worse on than
// the one before, all of our own: neutral and everyday ones, and what must be
// found of other labels, which are something else (0); what must be found of
// the label, which is it (1). Single steps of courses are left out, for a step
// alone is harmless. Labels are those of learn.Binary.
func Fixed(label Label) []vntext.Example {
	var out []vntext.Example
	for _, text := range append(slices.Clone(half(1)), sentences(everyday)...) {
		out = append(out, vntext.Example{Text: text})
	}
	for _, line := range sentences(mustBeFound) {
		what, text, ok := strings.Cut(line, " | ")
		of, stage, _ := strings.Cut(what, " ")
		if !ok || stage != "" {
			continue
		}
		one := vntext.Example{Text: text}
		if Label(of) == label {
			one.Label = 1
		}
		out = append(out, one)
	}
	return out
}

// sentences are the lines of a file that say something.
func sentences(file string) []string {
	var out []string
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
