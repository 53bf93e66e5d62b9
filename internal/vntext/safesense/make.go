// SPDX-License-Identifier: Apache-2.0

package safesense

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lachan/internal/vntext"
)

// Bits is the size of the shipped model, 2^Bits buckets: the smallest that costs
// nothing on dev that could be told from luck (docs/text.md).
const Bits = 17

// Seed of the shipped model.
const Seed = 1

// Config is how the shipped model is trained: as chosen on the dev splits of
// other sets (docs/text.md), but for the size.
func Config(bits int) vntext.Config {
	return vntext.Config{
		Shape:  vntext.Shape{Bits: bits, MaxChar: 4, MaxWord: 2, Raw: true, Spelled: true, Stripped: true, Sublinear: true},
		Epochs: 4, Rate: 0.3, Start: 0.1, Power: 0.25, Bare: 0.4, MinTexts: 2, Average: 3,
	}
}

// Names of scores in the head of the file. All are of the set's dev split,
// with preferences and confidence learnt on one half of it and measured on the
// other; a threshold is a probability, the rest are shares.
const (
	ScoreMacroF1     = "macro-F1"
	ScoreBareMacroF1 = "macro-F1 without marks"
	ScoreF1          = "F1 "               // and a label
	ScoreBullying    = "threshold offence" // of offensive and hate together
	ScoreHate        = "threshold hate"
	RecallBullying   = "recall offence at threshold"
	RecallHate       = "recall hate at threshold"
)

// maxAlarms is the share of clean texts of dev that may be above a threshold.
const maxAlarms = 0.01

// Make trains the model on the set in folder, calibrates it on the dev split
// and puts what it scored there into its head. The same set, size and seed
// give the same bytes on machines of one kind.
func Make(ctx context.Context, folder string, bits int, seed uint64) (*vntext.Model, error) {
	learn, err := Load(folder, "train")
	if err != nil {
		return nil, err
	}
	dev, err := Load(folder, "dev")
	if err != nil {
		return nil, err
	}
	m, err := vntext.Train(ctx, Config(bits), Labels(), learn, seed)
	if err != nil {
		return nil, err
	}
	scores, err := measure(m, dev)
	if err != nil {
		return nil, err
	}
	if err := m.Calibrate(append(dev, vntext.Bared(dev)...)); err != nil {
		return nil, err
	}
	m.Provenance = vntext.Provenance{
		Name: "safesense-1", Made: time.Date(2026, time.November, 28, 0, 0, 0, 0, time.UTC),
		Sets: []vntext.Set{set(learn)}, Config: Config(bits), Seed: seed, Scores: scores,
		Note: "Weights under CC BY-SA 4.0. Insults and hate alone; shares 17 short comments with the test split of ViHSD.",
	}
	return m, nil
}

// seen is what the model said of one text of dev while it was calibrated on
// the half without it.
type seen struct {
	label         int
	offence, hate float64
}

func measure(m *vntext.Model, dev []vntext.Example) (map[string]float64, error) {
	bared := vntext.Bared(dev)
	full, less := vntext.NewConfusion(len(Labels())), vntext.NewConfusion(len(Labels()))
	var all []seen
	for half := range 2 {
		var held []vntext.Example
		for i := range dev {
			if i%2 == half {
				held = append(held, dev[i], bared[i])
			}
		}
		if err := m.Calibrate(held); err != nil {
			return nil, err
		}
		for i := range dev {
			if i%2 == half {
				continue
			}
			a, b := m.Classify(dev[i].Text), m.Classify(bared[i].Text)
			full.Add(dev[i].Label, a.Label)
			less.Add(dev[i].Label, b.Label)
			for _, r := range []vntext.Result{a, b} {
				all = append(all, seen{dev[i].Label, float64(r.Probabilities[1] + r.Probabilities[2]), float64(r.Probabilities[2])})
			}
		}
	}
	scores := map[string]float64{ScoreMacroF1: full.MacroF1(), ScoreBareMacroF1: less.MacroF1()}
	for i, f := range full.F1() {
		scores[ScoreF1+Labels()[i]] = f
	}
	offence := func(s seen) float64 { return s.offence }
	hate := func(s seen) float64 { return s.hate }
	scores[ScoreBullying] = threshold(all, offence)
	scores[ScoreHate] = threshold(all, hate)
	scores[RecallBullying] = recall(all, offence, scores[ScoreBullying], func(s seen) bool { return s.label > 0 })
	scores[RecallHate] = recall(all, hate, scores[ScoreHate], func(s seen) bool { return s.label == 2 })
	return scores, nil
}

// threshold is the least probability, in steps of a hundredth, that at most
// maxAlarms of the clean texts reach.
func threshold(all []seen, of func(seen) float64) float64 {
	var clean []float64
	for _, s := range all {
		if s.label == 0 {
			clean = append(clean, of(s))
		}
	}
	slices.SortFunc(clean, func(a, b float64) int { return cmp.Compare(b, a) })
	for step := 50; step < 100; step++ {
		t := float64(step) / 100
		above, _ := slices.BinarySearchFunc(clean, t, func(a, t float64) int {
			if a >= t {
				return -1
			}
			return 1
		})
		if float64(above) <= maxAlarms*float64(len(clean)) {
			return t
		}
	}
	return 1
}

func recall(all []seen, of func(seen) float64, threshold float64, right func(seen) bool) float64 {
	found, n := 0, 0
	for _, s := range all {
		if right(s) {
			n++
			if of(s) >= threshold {
				found++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(found) / float64(n)
}
