// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed reach.txt
var reachFile string

// reachWords are the units of numbers, and the forms in which counters stand.
type reachWords struct {
	times       map[string]float64 // by unit
	alone       *regexp.Regexp     // "12,3 n"
	numberFirst *regexp.Regexp     // with a word of who is counted
	wordFirst   *regexp.Regexp     // and a colon
}

// counterWords reads reach.txt. Go's expressions take time in proportion to the
// text, whatever stands in it.
var counterWords = sync.OnceValue(func() reachWords {
	w := reachWords{times: map[string]float64{"": 1}}
	lists := map[string][]string{}
	for line := range strings.Lines(reachFile) {
		key, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || key[0] == '#' {
			continue
		}
		times, err := strconv.ParseFloat(key, 64)
		if err == nil {
			key = "unit"
		}
		for word := range strings.SplitSeq(list, ",") {
			word = strings.TrimSpace(word)
			lists[key] = append(lists[key], regexp.QuoteMeta(word))
			if key == "unit" {
				w.times[word] = times
			}
		}
	}
	oneOf := func(key string) string { return `(?:` + strings.Join(lists[key], "|") + `)` }
	const (
		digits   = `([0-9]+(?:[.,' ][0-9]+)*)`
		ornament = `[^\pL\pN]*`
	)
	number := digits + ` ?(` + strings.Join(lists["unit"], "|") + `)?\+?`
	w.alone = regexp.MustCompile(`^` + number + `$`)
	w.numberFirst = regexp.MustCompile(`^` + ornament + number + ` ?` + oneOf("who") + `(?:, ` + digits + ` ` + oneOf("beside") + `)?` + ornament + `$`)
	w.wordFirst = regexp.MustCompile(`^` + ornament + oneOf("who") + ` ?: ?` + number + ornament + `$`)
	return w
})
