// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"lachan/internal/locale"
)

//go:embed data/*.json
var dataFiles embed.FS

// Cue is a kind of phrase that changes how soon somebody must look. A cue is a
// reason to look, never a finding.
type Cue string

// The cues.
const (
	CueMeeting  Cue = "meeting"
	CueThreat   Cue = "threat"
	CueSelfHarm Cue = "self_harm"
	CueOngoing  Cue = "ongoing"
	CueSeveral  Cue = "several"
	CueSecrecy  Cue = "secrecy"
	CuePictures Cue = "pictures"
)

// cueKinds lists the cues that a file may name.
func cueKinds() []Cue {
	return []Cue{CueMeeting, CueThreat, CueSelfHarm, CueOngoing, CueSeveral, CueSecrecy, CuePictures}
}

// Cues finds cue phrases in what was told. It is made once and does not
// change; it keeps no text.
type Cues struct {
	version string
	phrases map[Cue][]string // each with a space at both ends
}

// LoadCues reads the embedded phrases. A phrase is written folded (no tone
// marks, lower case), so that it is found whatever way the child types.
func LoadCues() (*Cues, error) {
	data, err := dataFiles.ReadFile("data/cues.json")
	if err != nil {
		return nil, fmt.Errorf("casework: cues: %w", err)
	}
	var file struct {
		Version string           `json:"version"`
		Cues    map[Cue][]string `json:"cues"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("casework: cues: %w", err)
	}
	c := &Cues{version: file.Version, phrases: map[Cue][]string{}}
	for kind, phrases := range file.Cues {
		if !slices.Contains(cueKinds(), kind) {
			return nil, fmt.Errorf("casework: cues: unknown kind %q", kind)
		}
		for _, p := range phrases {
			if p == "" || foldWords(p) != " "+p+" " {
				return nil, fmt.Errorf("casework: cues: %s: phrase %q is not folded", kind, p)
			}
			c.phrases[kind] = append(c.phrases[kind], " "+p+" ")
		}
	}
	return c, nil
}

// Version is the version of the phrases, kept with each score.
func (c *Cues) Version() string { return c.version }

// Find lists the cues in the texts, sorted. Phrases match at word borders
// only, so that "doa" (threat) is not found in "doan" (a group).
func (c *Cues) Find(texts ...string) []Cue {
	var b strings.Builder
	for _, t := range texts {
		b.WriteString(foldWords(t))
	}
	said := b.String()
	var found []Cue
	for kind, phrases := range c.phrases {
		if slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(said, p) }) {
			found = append(found, kind)
		}
	}
	slices.Sort(found)
	return found
}

// foldWords is the folded text as words with one space around each.
func foldWords(s string) string {
	words := strings.FieldsFunc(locale.Fold(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return " "
	}
	return " " + strings.Join(words, " ") + " "
}
