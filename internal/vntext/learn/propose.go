// SPDX-License-Identifier: Apache-2.0

package learn

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lachan/internal/problem"
	"lachan/internal/vntext"
)

// Example is one verdict: a text, the index of its label and when it was
// decided. Weight is how much it counts, 1 for a usual one; 0 is read as 1.
type Example struct {
	Text   string
	Label  int
	When   time.Time
	Weight float32
}

// Config is how a candidate is made and measured.
type Config struct {
	Train     vntext.Config
	Labels    []string
	Seed      uint64
	Held      float64 // share of examples, the newest, that is held back to measure on
	Calibrate float64 // share of the rest to calibrate on
	Least     int     // examples of each label that there must be to learn from, and a third of it to measure on
	MinGain   float64 // of macro-F1, 0 to 1, that is worth a change
	Slack     float64 // share of the fixed set that may be lost
	// Since is the newest verdict that the current model has seen: what is held
	// back is newer, with all that is nearly the same, and is at most half of
	// what is newer, so that there is something new to learn. The zero value
	// bounds nothing.
	Since time.Time
}

// Default is a Config for labels. Where a model is trained on, its Shape is
// taken over.
func Default(labels []string, shape vntext.Shape) Config {
	return Config{
		Train: vntext.Config{
			Shape: shape, Epochs: 4, Rate: 0.3, Start: 0.1, Power: 0.25, Bare: 0.4, MinTexts: 2, Average: 3,
		},
		Labels: labels, Seed: 1, Held: 0.25, Calibrate: 0.15, Least: 30, MinGain: 0.005, Slack: 0.01,
	}
}

// Binary are the labels of a model that knows one label alone, for labels that
// grow out of verdicts: the label, or something else.
func Binary(label string) []string { return []string{"rest", label} }

// Propose trains a candidate on examples, on top of current (nil if there is
// none yet), and compares the two on the newest verdicts and on a fixed set.
// The candidate is nil where there is too little to learn from; Comparison
// says so, and whether it is better. The same input gives the same candidate.
//
// It reports code vntext/bad-training where examples or cfg do not fit each
// other or current, and the context's error when it ends.
func Propose(ctx context.Context, current *vntext.Model, examples []Example, fixed []vntext.Example, cfg Config) (*vntext.Model, Comparison, error) {
	if err := check(current, examples, fixed, cfg); err != nil {
		return nil, Comparison{}, err
	}
	s := divide(examples, cfg)
	if short := s.short(examples, cfg); len(short) > 0 {
		return nil, Comparison{Reason: TooFew, Short: short}, nil
	}
	learn, weights := plain(examples, s.learn)
	candidate, err := vntext.TrainOn(ctx, cfg.Train, cfg.Labels, learn, weights, cfg.Seed, current)
	if err != nil {
		return nil, Comparison{}, fmt.Errorf("candidate: %w", err)
	}
	held, _ := plain(examples, s.calibrate)
	if err := candidate.Calibrate(append(held, vntext.Bared(held)...)); err != nil {
		return nil, Comparison{}, fmt.Errorf("candidate: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, Comparison{}, fmt.Errorf("candidate: %w", err)
	}
	c, err := compare(ctx, current, candidate, examples, s, fixed, cfg)
	if err != nil {
		return nil, Comparison{}, err
	}
	return candidate, c, nil
}

func check(current *vntext.Model, examples []Example, fixed []vntext.Example, cfg Config) error {
	bad := problem.New("vntext/bad-training")
	if len(cfg.Labels) < 2 || cfg.Held <= 0 || cfg.Held >= 1 || cfg.Calibrate <= 0 || cfg.Calibrate >= 1 || cfg.Least < 1 || cfg.MinGain < 0 || cfg.Slack < 0 {
		return bad
	}
	if current != nil && (!slices.Equal(current.Labels(), cfg.Labels) || current.Shape != cfg.Train.Shape) {
		return bad
	}
	outside := func(label int) bool { return label < 0 || label >= len(cfg.Labels) }
	if slices.ContainsFunc(examples, func(e Example) bool { return outside(e.Label) || e.Weight < 0 }) ||
		slices.ContainsFunc(fixed, func(e vntext.Example) bool { return outside(e.Label) }) {
		return bad
	}
	return nil
}

// short are the labels that too few examples have, with how many are missing.
func (s split) short(examples []Example, cfg Config) map[string]int {
	out := map[string]int{}
	for label, name := range cfg.Labels {
		missing := 0
		for _, part := range []struct {
			indices []int
			least   int
		}{{s.learn, cfg.Least}, {s.calibrate, 1}, {s.held, (cfg.Least + 2) / 3}} {
			n := 0
			for _, i := range part.indices {
				if examples[i].Label == label {
					n++
				}
			}
			missing += max(0, part.least-n)
		}
		if missing > 0 {
			out[name] = missing
		}
	}
	return out
}

// plain are the examples of some indices as a training takes them.
func plain(examples []Example, indices []int) ([]vntext.Example, []float32) {
	out := make([]vntext.Example, 0, len(indices))
	weights := make([]float32, 0, len(indices))
	for _, i := range indices {
		w := examples[i].Weight
		if w == 0 {
			w = 1
		}
		out = append(out, vntext.Example{Text: examples[i].Text, Label: examples[i].Label})
		weights = append(weights, w)
	}
	return out, weights
}
