// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lachan/internal/locale"
	"lachan/internal/vntext"
)

// views of a test split.
const (
	plain      = iota
	bare       // without marks
	unseen     // without sentences that stand in train
	bareUnseen // both
	views
)

// tally is what all seeds gave for one task.
type tally struct {
	task
	macro    [views]series // hundredths
	weighted series
	accuracy series
	f1       []series // of each label, plain
	ecePlain series   // expected calibration error, hundredths
	eceBare  series
	training series // seconds
	spent    series // seconds of processor time
	rows     int
	leaked   int // test sentences that stand in train
}

func score(ctx context.Context, data, only string, seeds int) error {
	var all []*tally
	var last *vntext.Model
	var texts []string
	for _, t := range tasks() {
		if !strings.HasPrefix(t.name, only) {
			continue
		}
		res, m, test, err := measure(ctx, t, data, seeds)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		res.print()
		all = append(all, res)
		if last == nil { // the first is ViHSD, whose speed has a bar, if it is not left out
			last = m
			for _, e := range test {
				texts = append(texts, e.Text)
			}
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("no set is named %s", only)
	}
	s := timed(last, texts)
	s.print(len(texts))
	missed := 0
	for _, r := range all {
		missed += r.bars()
	}
	fmt.Printf("%d bars missed\n", missed)
	if only != "" {
		return nil
	}
	fmt.Printf("vntext vihsd=%.1f bare=%.1f texts_per_s=%.0f share=%.2f\n", all[0].macro[plain].mean(), all[0].macro[bare].mean(), s.classify, s.share())
	return nil
}

// measure trains all models of a task before it reads the test split.
func measure(ctx context.Context, t task, data string, seeds int) (*tally, *vntext.Model, []vntext.Example, error) {
	train, err := t.load(data, "train")
	if err != nil {
		return nil, nil, nil, err
	}
	dev, err := t.load(data, "dev")
	if err != nil {
		return nil, nil, nil, err
	}
	res := &tally{task: t, f1: make([]series, len(t.labels))}
	held := append(dev, vntext.Bared(dev)...)
	var models []*vntext.Model
	for seed := range seeds {
		began, spent := time.Now(), processorTime()
		m, err := vntext.Train(ctx, chosen(), t.labels, train, uint64(seed+1))
		if err != nil {
			return nil, nil, nil, err
		}
		if err := m.Calibrate(held); err != nil {
			return nil, nil, nil, err
		}
		res.training.add(time.Since(began).Seconds())
		res.spent.add((processorTime() - spent).Seconds())
		models = append(models, m)
	}
	test, err := t.load(data, "test")
	if err != nil {
		return nil, nil, nil, err
	}
	res.rows = len(test)
	seen := standing(train)
	bared := vntext.Bared(test)
	for _, m := range models {
		res.add(m, test, bared, seen)
	}
	return res, models[0], test, nil
}

// add scores one model.
func (r *tally) add(m *vntext.Model, test, bared []vntext.Example, seen map[string]bool) {
	k := len(r.labels)
	var c [views]vntext.Confusion
	for i := range c {
		c[i] = vntext.NewConfusion(k)
	}
	var sure, sureBare reliability
	r.leaked = 0
	for i := range test {
		a, b := m.Classify(test[i].Text), m.Classify(bared[i].Text)
		right := test[i].Label
		c[plain].Add(right, a.Label)
		c[bare].Add(right, b.Label)
		sure.add(a.Probabilities, right)
		sureBare.add(b.Probabilities, right)
		if seen[folded(test[i].Text)] {
			r.leaked++
			continue
		}
		c[unseen].Add(right, a.Label)
		c[bareUnseen].Add(right, b.Label)
	}
	for i := range c {
		r.macro[i].add(100 * c[i].MacroF1())
	}
	weighted := 0.0
	for label, f := range c[plain].F1() {
		r.f1[label].add(100 * f)
		n := 0
		for _, decided := range c[plain][label] {
			n += decided
		}
		weighted += f * float64(n) / float64(len(test))
	}
	r.weighted.add(100 * weighted)
	r.accuracy.add(100 * c[plain].Accuracy())
	r.ecePlain.add(100 * sure.ece())
	r.eceBare.add(100 * sureBare.ece())
}

// folded is the form in which a sentence counts as standing in train too.
func folded(text string) string {
	return strings.Join(strings.Fields(strings.ToLower(locale.Normalize(text))), " ")
}

func standing(examples []vntext.Example) map[string]bool {
	seen := map[string]bool{}
	for _, e := range examples {
		seen[folded(e.Text)] = true
	}
	return seen
}

func (r *tally) print() {
	fmt.Printf("\n%s: %d test rows, %d of them in train too\n", r.name, r.rows, r.leaked)
	fmt.Printf("  macro-F1                 %s   without marks %s\n", r.macro[plain], r.macro[bare])
	fmt.Printf("  less those in train      %s   without marks %s\n", r.macro[unseen], r.macro[bareUnseen])
	fmt.Printf("  weighted F1              %s   accuracy      %s\n", r.weighted, r.accuracy)
	fmt.Printf("  calibration error        %s   without marks %s\n", r.ecePlain, r.eceBare)
	for i, label := range r.labels {
		fmt.Printf("  F1 of %-18s %s\n", label, r.f1[i])
	}
	fmt.Printf("  training, calibration    %s s by the clock, %s s of processor time\n", r.training, r.spent)
}

// bars prints the bars that were missed, and is their number.
func (r *tally) bars() int {
	missed := 0
	check := func(what string, got, bar float64) {
		if got < bar {
			fmt.Printf("MISSED %s, %s: %.2f, bar %.2f\n", r.name, what, got, bar)
			missed++
		}
	}
	full, less := r.macro[plain].mean(), r.macro[bare].mean()
	check("macro-F1", full, r.bar)
	check("without marks", less, max(r.bare, full-maxLoss))
	check("seconds of training left of 30", maxTraining-r.spent.most(), 0)
	return missed
}

// maxTraining is the bar of a training, in seconds of processor time.
const maxTraining = 30
