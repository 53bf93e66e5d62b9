// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"lachan/internal/vntext"
)

// candidate is a configuration that is compared on dev.
type candidate struct {
	name string
	cfg  vntext.Config
}

// candidates are the chosen configuration and what lies around it.
func candidates(only string) []candidate {
	var out []candidate
	for _, c := range []struct {
		name   string
		change func(*vntext.Config)
	}{
		{"chosen", func(*vntext.Config) {}},
		{"one view", func(c *vntext.Config) { c.Shape.Raw, c.Shape.Stripped = false, false }},
		{"no bare copies", func(c *vntext.Config) { c.Bare = 0 }},
		{"bare copies 0.7", func(c *vntext.Config) { c.Bare = 0.7 }},
		{"without the base view", func(c *vntext.Config) { c.Shape.Raw = false }},
		{"characters to 3", func(c *vntext.Config) { c.Shape.MaxChar = 3 }},
		{"characters to 5", func(c *vntext.Config) { c.Shape.MaxChar = 5 }},
		{"characters to 6", func(c *vntext.Config) { c.Shape.MaxChar = 6 }},
		{"words to 3", func(c *vntext.Config) { c.Shape.MaxWord = 3 }},
		{"plain counts", func(c *vntext.Config) { c.Shape.Sublinear = false }},
		{"all n-grams", func(c *vntext.Config) { c.MinTexts = 1 }},
		{"log-count ratio", func(c *vntext.Config) { c.Ratio = 1 }},
		{"root of the ratio", func(c *vntext.Config) { c.Ratio = 0.5 }},
		{"p 0", func(c *vntext.Config) { c.Power = 0 }},
		{"p 0.5", func(c *vntext.Config) { c.Power = 0.5 }},
		{"smoothing 0.1", func(c *vntext.Config) { c.Smooth = 0.1 }},
		{"2 epochs", func(c *vntext.Config) { c.Epochs = 2 }},
		{"8 epochs", func(c *vntext.Config) { c.Epochs = 8 }},
		{"rate 0.1, start 0.001", func(c *vntext.Config) { c.Rate, c.Start = 0.1, 0.001 }},
		{"one model, no average", func(c *vntext.Config) { c.Average = 1 }},
	} {
		cfg := chosen()
		c.change(&cfg)
		if strings.HasPrefix(c.name, only) {
			out = append(out, candidate{c.name, cfg})
		}
	}
	return out
}
