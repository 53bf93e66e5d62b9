// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"context"
	"math/rand/v2"
	"slices"

	"lachan/internal/problem"
)

// Example is a text with the index of its label.
type Example struct {
	Text  string
	Label int
}

// Config is how a model is trained. The same Config, examples and seed give
// the same model on every machine of one kind.
type Config struct {
	Shape    Shape   `json:"shape"`
	Epochs   int     `json:"epochs"`    // passes over the examples
	Rate     float32 `json:"rate"`      // first step of AdaGrad
	Start    float32 `json:"start"`     // of AdaGrad's sums of squares
	Power    float64 `json:"power"`     // p of class weights n^-p, 0 to 1
	Bare     float64 `json:"bare"`      // share of examples learnt once more without tone marks
	MinTexts int     `json:"min_texts"` // n-grams in fewer texts are left out
	Ratio    float64 `json:"ratio"`     // power of the log-count ratio that n-grams are weighed by, 0 for none
	Smooth   float32 `json:"smooth"`    // label smoothing, 0 for none
	Average  int     `json:"average"`   // models, each with a seed of its own, whose weights are averaged
}

const (
	maxLabels  = 64
	maxEpochs  = 1000
	maxAverage = 64
)

func (c Config) valid() bool {
	return c.Shape.valid() && c.Epochs > 0 && c.Epochs <= maxEpochs && c.Rate > 0 && c.Start >= 0 && c.Power >= 0 && c.Power <= 1 &&
		c.Bare >= 0 && c.Bare <= 1 && c.Ratio >= 0 && c.Smooth >= 0 && c.Smooth < 1 && c.Average > 0 && c.Average <= maxAverage
}

// Train learns labels from examples. Labels name the classes in the order of
// their indices; each needs an example. What comes out decides for the label
// with the greatest score; Calibrate makes its confidence worth something. It
// reports code vntext/bad-training for a Config or examples that no model can
// come of, and the context's error when it ends.
func Train(ctx context.Context, cfg Config, labels []string, learn []Example, seed uint64) (*Model, error) {
	return train(ctx, cfg, labels, learn, nil, seed, nil)
}

// TrainOn learns from examples, each of which counts by its weight (1 for a
// usual one), and begins with the weights of a model instead of none, so that
// what the examples do not speak of stays as it was. from may be nil. It
// reports code vntext/bad-training as Train does, and where from has other
// labels or another Shape, or a weight is missing or not above 0.
func TrainOn(ctx context.Context, cfg Config, labels []string, learn []Example, weights []float32, seed uint64, from *Model) (*Model, error) {
	if len(weights) != len(learn) || slices.ContainsFunc(weights, func(w float32) bool { return !(w > 0) || w > maxExampleWeight }) {
		return nil, problem.New("vntext/bad-training")
	}
	if from != nil && (from.Shape != cfg.Shape || !slices.Equal(from.params.Labels, labels)) {
		return nil, problem.New("vntext/bad-training")
	}
	return train(ctx, cfg, labels, learn, weights, seed, from)
}

const maxExampleWeight = 100

func train(ctx context.Context, cfg Config, labels []string, learn []Example, weights []float32, seed uint64, from *Model) (*Model, error) {
	k := len(labels)
	if !cfg.valid() || k < 2 || k > maxLabels || !covers(learn, k) {
		return nil, problem.New("vntext/bad-training")
	}
	c := gather(cfg, learn, weights, k, from)
	sum := make([]float32, len(c.idf)*k)
	bias := make([]float32, k)
	for part := range cfg.Average {
		d := descent{cfg: cfg, k: k, cost: c.cost, rng: rand.New(rand.NewPCG(seed, uint64(part))), from: from}
		if err := d.run(ctx, c); err != nil {
			return nil, err
		}
		for i, b := range c.used {
			for j := range k {
				sum[int(b)*k+j] += d.cells[i*k+j].w / float32(cfg.Average)
			}
		}
		for i := range bias {
			bias[i] += d.bias[i].w / float32(cfg.Average)
		}
	}
	return quantised(cfg, labels, c.idf, sum, bias), nil
}

func inRange(examples []Example, k int) bool {
	return !slices.ContainsFunc(examples, func(e Example) bool { return e.Label < 0 || e.Label >= k })
}

// covers reports whether each label has an example, and each example a label.
func covers(examples []Example, k int) bool {
	if !inRange(examples, k) {
		return false
	}
	seen := make([]bool, k)
	for _, e := range examples {
		seen[e.Label] = true
	}
	return !slices.Contains(seen, false)
}

// Bared are the examples without tone marks.
func Bared(examples []Example) []Example {
	out := make([]Example, len(examples))
	for i, e := range examples {
		out[i] = Example{Stripped(Base(e.Text)).Text(), e.Label}
	}
	return out
}
