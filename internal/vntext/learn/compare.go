// SPDX-License-Identifier: Apache-2.0

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"lachan/internal/vntext"
)

// Reason says why a candidate is better, or is not. The value is what is
// stored.
type Reason string

// The reasons.
const (
	Better    Reason = "better"
	TooFew    Reason = "too_few"    // verdicts of a label, see Comparison.Short
	NoGain    Reason = "no_gain"    // the gain is smaller than what is worth a change
	ByChance  Reason = "by_chance"  // the gain may be luck
	FixedLost Reason = "fixed_lost" // more of the fixed set is wrong than before
	LabelLost Reason = "label_lost" // one label is found much less often
)

// Key is the locale key of the reason's words.
func (r Reason) Key() string { return "learn.reason." + string(r) }

// maxRecallLoss is how much of a label's recall may be lost for the others.
const maxRecallLoss = 0.1

// Measures of one label, 0 to 1.
type Measures struct{ Precision, Recall, F1 float64 }

// LabelComparison is how both find one label.
type LabelComparison struct {
	Label     string
	N         int // held verdicts of the label
	Current   Measures
	Candidate Measures
}

// Comparison is how a candidate did beside the model in use. Where there is
// none in use, it is compared with always saying the first label.
type Comparison struct {
	Better bool
	Reason Reason
	Short  map[string]int // of TooFew: examples that are missing, by label

	N, Clusters         int // held verdicts, and how many of them are not nearly the same
	Labels              []LabelComparison
	CurrentF1           float64 // macro-F1, 0 to 1
	CandidateF1         float64
	Low, High           float64 // of the gain in macro-F1, 95 of 100 (bootstrap over clusters)
	Mended, Broken      int     // held verdicts that only the candidate, only the current has right
	McNemar             float64 // how likely at least so uneven a count is by luck, 0 to 1 (exact, two-sided)
	Changed             int     // decisions that differ
	Fixed               int     // texts of the fixed set
	FixedCurrentWrong   int
	FixedCandidateWrong int
	// Held is what the candidate said of each held verdict, to choose thresholds
	// by. It is not stored.
	Held []Answer `json:"-"`
}

// Answer is the label of a held verdict and what the candidate said of it.
type Answer struct {
	Label         int
	Probabilities []float32
}

const resamples = 1000

// checkEvery is the number of texts between two looks at the context.
const checkEvery = 256

// answers are the labels that a model gives, 0 for all where there is none.
func answers(ctx context.Context, m *vntext.Model, texts []string) ([]int, error) {
	out := make([]int, len(texts))
	for i, t := range texts {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("compare: %w", ctx.Err())
		}
		if m != nil {
			out[i] = m.Classify(t).Label
		}
	}
	return out, nil
}

func compare(ctx context.Context, current, candidate *vntext.Model, examples []Example, s split, fixed []vntext.Example, cfg Config) (Comparison, error) {
	held := make([]string, len(s.held))
	right := make([]int, len(s.held))
	groups := map[int][]int{}
	for n, i := range s.held {
		held[n], right[n] = examples[i].Text, examples[i].Label
		groups[s.cluster[i]] = append(groups[s.cluster[i]], n)
	}
	steady := make([]string, len(fixed))
	for i, e := range fixed {
		steady[i] = e.Text
	}
	var said [2][]int
	var kept [2][]int
	for i, m := range []*vntext.Model{current, candidate} {
		var err error
		if said[i], err = answers(ctx, m, held); err != nil {
			return Comparison{}, err
		}
		if kept[i], err = answers(ctx, m, steady); err != nil {
			return Comparison{}, err
		}
	}
	c := Comparison{N: len(held), Clusters: len(groups), Fixed: len(fixed)}
	for n, text := range held {
		c.Held = append(c.Held, Answer{right[n], candidate.Classify(text).Probabilities})
	}
	for n := range held {
		a, b := said[0][n] == right[n], said[1][n] == right[n]
		if said[0][n] != said[1][n] {
			c.Changed++
		}
		switch {
		case b && !a:
			c.Mended++
		case a && !b:
			c.Broken++
		}
	}
	c.McNemar = mcNemar(c.Mended, c.Broken)
	for i, e := range fixed {
		if kept[0][i] != e.Label {
			c.FixedCurrentWrong++
		}
		if kept[1][i] != e.Label {
			c.FixedCandidateWrong++
		}
	}
	c.measure(cfg.Labels, right, said)
	if err := c.luck(ctx, cfg, right, said, groups); err != nil {
		return Comparison{}, err
	}
	c.decide(cfg, current == nil)
	return c, nil
}

func confusion(k int, right, said []int, of []int) vntext.Confusion {
	c := vntext.NewConfusion(k)
	for _, n := range of {
		c.Add(right[n], said[n])
	}
	return c
}

func (c *Comparison) measure(labels []string, right []int, said [2][]int) {
	all := make([]int, len(right))
	for i := range all {
		all[i] = i
	}
	a, b := confusion(len(labels), right, said[0], all), confusion(len(labels), right, said[1], all)
	c.CurrentF1, c.CandidateF1 = a.MacroF1(), b.MacroF1()
	for i, name := range labels {
		n := 0
		for _, count := range a[i] {
			n += count
		}
		c.Labels = append(c.Labels, LabelComparison{name, n, measures(a, i), measures(b, i)})
	}
}

func measures(c vntext.Confusion, label int) Measures {
	right, decided, n := c[label][label], 0, 0
	for j := range c {
		decided += c[j][label]
		n += c[label][j]
	}
	m := Measures{F1: c.F1()[label]}
	if decided > 0 {
		m.Precision = float64(right) / float64(decided)
	}
	if n > 0 {
		m.Recall = float64(right) / float64(n)
	}
	return m
}

// luck draws the held clusters anew, many times, and looks at how the gain
// varies.
func (c *Comparison) luck(ctx context.Context, cfg Config, right []int, said [2][]int, groups map[int][]int) error {
	var list [][]int
	for _, n := range groups {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b []int) int { return a[0] - b[0] })
	rng := rand.New(rand.NewPCG(cfg.Seed, resamples))
	gains := make([]float64, resamples)
	for i := range gains {
		if ctx.Err() != nil {
			return fmt.Errorf("compare: %w", ctx.Err())
		}
		var drawn []int
		for range list {
			drawn = append(drawn, list[rng.IntN(len(list))]...)
		}
		gains[i] = confusion(len(cfg.Labels), right, said[1], drawn).MacroF1() - confusion(len(cfg.Labels), right, said[0], drawn).MacroF1()
	}
	slices.Sort(gains)
	c.Low, c.High = gains[resamples*25/1000], gains[resamples*975/1000-1]
	return nil
}

// mcNemar is the exact two-sided p of the sign test on what changed.
func mcNemar(mended, broken int) float64 {
	n, most := mended+broken, max(mended, broken)
	if n == 0 {
		return 1
	}
	sum := 0.0
	for i := most; i <= n; i++ {
		sum += math.Exp(choose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// choose is the logarithm of n over k.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

func (c *Comparison) decide(cfg Config, first bool) {
	// Whoever always says the first label misses none of it: that is no loss.
	lost := !first && slices.ContainsFunc(c.Labels, func(l LabelComparison) bool { return l.Candidate.Recall < l.Current.Recall-maxRecallLoss })
	switch {
	case c.CandidateF1-c.CurrentF1 < cfg.MinGain:
		c.Reason = NoGain
	case c.Low <= 0:
		c.Reason = ByChance
	case float64(c.FixedCandidateWrong-c.FixedCurrentWrong) > cfg.Slack*float64(c.Fixed):
		c.Reason = FixedLost
	case lost:
		c.Reason = LabelLost
	default:
		c.Better, c.Reason = true, Better
	}
}
