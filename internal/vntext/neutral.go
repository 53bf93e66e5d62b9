// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	_ "embed"
	"strings"
)

//go:embed testdata/innocent.txt
var neutralFile string

// Neutral are neutral sentences of our own, full of words that look like those
// of harm. Nothing that reads texts may take them for harmful: tests and
// comparisons of models count how many it does.
func Neutral() []string {
	var out []string
	for line := range strings.Lines(neutralFile) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
