// SPDX-License-Identifier: Apache-2.0

package signs

import "slices"

// Features is what may be kept of a text when the text itself is sealed, so
// that rules can be tried on the past (back-test). It holds numbers and IDs and
// no word of the text; the ID of a pattern is a hash. Its JSON is stable: new
// names may come, none changes its meaning.
type Features struct {
	Edition  int                `json:"edition"` // of this form: 1
	Scores   map[Label]float64  `json:"scores,omitempty"`
	Listed   []Label            `json:"listed,omitempty"`
	Patterns []string           `json:"patterns,omitempty"` // IDs, sorted, each once
	Courses  map[string]float64 `json:"courses,omitempty"`  // ID, and the strength of the strongest
	Models   []ModelFeature     `json:"models,omitempty"`
}

// ModelFeature is what one model said of one label.
type ModelFeature struct {
	Model       string  `json:"model"`
	Label       Label   `json:"label"`
	Probability float64 `json:"probability"`
}

// Features are those of what was read.
func (s Signs) Features() Features {
	f := Features{Edition: 1, Scores: map[Label]float64{}, Courses: map[string]float64{}, Listed: s.Listed()}
	for _, one := range s {
		if one.Score > 0 {
			f.Scores[one.Label] = one.Score
		}
		for _, h := range one.Hits {
			f.Patterns = append(f.Patterns, h.ID)
		}
		for _, c := range one.Found {
			f.Courses[c.ID] = max(f.Courses[c.ID], c.Strength)
		}
		for _, m := range one.Models {
			f.Models = append(f.Models, ModelFeature{m.Model, one.Label, m.Probability})
		}
	}
	slices.Sort(f.Patterns)
	f.Patterns = slices.Compact(f.Patterns)
	return f
}
