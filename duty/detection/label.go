// SPDX-License-Identifier: Apache-2.0

package detection

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"lachan/internal/vntext/signs"
)

//go:embed data/labels.json
var labelFile []byte

// Label is a kind of harm that detection tells apart: those that the reader of
// texts knows (internal/vntext/signs), and OtherLabel.
type Label struct {
	ID       string `json:"id"`
	Severity int    `json:"severity"` // 1 to 4: orders the queue within a tier
	Severe   bool   `json:"severe"`   // two persons judge it, and who saw it rests
	Spoken   bool   `json:"spoken"`   // texts of it are often in a child's own words
}

// Key is the locale key of the label's name.
func (l Label) Key() string { return LabelKey(l.ID) }

// Harms are the harms that a case of the label is opened with, as casework
// calls them.
func (l Label) Harms() []string {
	if l.ID == OtherLabel {
		return []string{"harmful_content"}
	}
	return signs.Label(l.ID).Harms()
}

// LabelKey is the locale key of the name of a label.
func LabelKey(id string) string {
	if id == OtherLabel {
		return "detection.label.other"
	}
	return signs.Label(id).Key()
}

// OtherLabel is what carries no label of its own.
const OtherLabel = "other"

func loadLabels() ([]Label, error) {
	var all []Label
	if err := json.Unmarshal(labelFile, &all); err != nil {
		return nil, fmt.Errorf("detection: data/labels.json: %w", err)
	}
	for _, l := range all {
		if l.ID != OtherLabel && !signs.Label(l.ID).Valid() || l.Severity < 1 || l.Severity > 4 {
			return nil, fmt.Errorf("detection: data/labels.json: label %q", l.ID)
		}
	}
	if len(all) != len(signs.Labels())+1 || all[len(all)-1].ID != OtherLabel {
		return nil, fmt.Errorf("detection: data/labels.json: %d labels, the last %q", len(all), all[len(all)-1].ID)
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
