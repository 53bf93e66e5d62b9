// SPDX-License-Identifier: Apache-2.0

package detection

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"lachan/internal/problem"
)

//go:embed data/rules.json
var ruleFile []byte

// SampleRule is a rule that comes with the program for a person to look at. It
// has no effect before somebody saves it under his own name, and then goes the
// way of every rule.
type SampleRule struct {
	Name string   `json:"name"` // detection.rules.sample.NAME says what it is for
	Rule RuleBody `json:"rule"`
}

// Key is the locale key of the sample's title.
func (r SampleRule) Key() string { return "detection.rules.sample." + r.Name }

func (s *Service) loadSampleRules() ([]SampleRule, error) {
	var all []SampleRule
	if err := json.Unmarshal(ruleFile, &all); err != nil {
		return nil, fmt.Errorf("detection: data/rules.json: %w", err)
	}
	for n := range all {
		p := problem.New("input/faulty")
		if s.clean(&all[n].Rule, p); !ruleName.MatchString(all[n].Name) {
			p.Field("name", "detection/bad-rule-name")
		}
		if err := p.OrNil(); err != nil {
			return nil, fmt.Errorf("detection: data/rules.json: %s: %w", all[n].Name, err)
		}
	}
	return all, nil
}

// SampleRules lists them.
func (s *Service) SampleRules() []SampleRule { return slices.Clone(s.samples) }
