// SPDX-License-Identifier: Apache-2.0

package detection

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed data/labels.json
var labelFile []byte

// Label is a kind of harm that detection tells apart.
type Label struct {
	ID       string   `json:"id"`
	Severity int      `json:"severity"` // 1 to 4: orders the queue within a tier
	Harms    []string `json:"harms"`    // as casework calls it
	Severe   bool     `json:"severe"`   // two persons judge it, and who saw it rests
	Spoken   bool     `json:"spoken"`   // texts of it are often in a child's own words
}

// Key is the locale key of the label's name.
func (l Label) Key() string { return LabelKey(l.ID) }

// LabelKey is the locale key of the name of a label.
func LabelKey(id string) string { return "detection.label." + id }

// OtherLabel is what carries no label of its own.
const OtherLabel = "other"

func loadLabels() ([]Label, error) {
	var all []Label
	if err := json.Unmarshal(labelFile, &all); err != nil {
		return nil, fmt.Errorf("detection: data/labels.json: %w", err)
	}
	for _, l := range all {
		if l.ID == "" || l.Severity < 1 || l.Severity > 4 || len(l.Harms) == 0 {
			return nil, fmt.Errorf("detection: data/labels.json: label %q is incomplete", l.ID)
		}
	}
	return all, nil
}

// Labels lists the labels, the gravest first.
func (s *Service) Labels() []Label { return s.labels }

// label finds one; the last, OtherLabel, where there is none.
func (s *Service) label(id string) Label {
	for _, l := range s.labels {
		if l.ID == id {
			return l
		}
	}
	return s.labels[len(s.labels)-1]
}

func (s *Service) hasLabel(id string) bool { return id != "" && s.label(id).ID == id }
