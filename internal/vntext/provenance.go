// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"time"
)

// Provenance says what a model was made of. It stands at the head of a model's
// file and is read without the weights.
type Provenance struct {
	Name   string             `json:"name"`
	Made   time.Time          `json:"made"`
	Sets   []Set              `json:"sets"`
	Config Config             `json:"config"`
	Seed   uint64             `json:"seed"`
	Scores map[string]float64 `json:"scores,omitempty"` // by the name of a measure; none is given for a label without data
	Note   string             `json:"note,omitempty"`
}

// Set is one source of examples.
type Set struct {
	Name    string         `json:"name"`
	Origin  string         `json:"origin"`
	Version string         `json:"version,omitempty"`
	Licence string         `json:"licence"` // as its author states it
	Date    time.Time      `json:"date"`    // when it was taken over
	Counts  map[string]int `json:"counts"`  // examples by label
}
