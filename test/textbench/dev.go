// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"lachan/internal/vntext"
)

// compare prints candidates on the dev splits; no test split is read. The
// preference of labels is learnt on one half of dev and scored on the other,
// and the other way round, so that a figure is none that was fitted.
func compare(ctx context.Context, data, only string, seeds int) error {
	type loaded struct {
		task
		train, dev []vntext.Example
	}
	var sets []loaded
	fmt.Printf("%-24s", "macro-F1 (bare)")
	for _, t := range tasks() {
		l := loaded{task: t}
		var err error
		if l.train, err = t.load(data, "train"); err != nil {
			return err
		}
		if l.dev, err = t.load(data, "dev"); err != nil {
			return err
		}
		sets = append(sets, l)
		fmt.Printf(" %20s", t.name)
	}
	fmt.Println()
	for _, c := range candidates(only) {
		fmt.Printf("%-24s", c.name)
		for _, l := range sets {
			var full, less series
			for seed := range seeds {
				m, err := vntext.Train(ctx, c.cfg, l.labels, l.train, uint64(seed+1))
				if err != nil {
					return err
				}
				a, b, err := crossed(m, l.dev)
				if err != nil {
					return err
				}
				full.add(100 * a)
				less.add(100 * b)
			}
			fmt.Printf("        %5.2f (%5.2f)", full.mean(), less.mean())
		}
		fmt.Println()
	}
	return nil
}

// crossed is the macro-F1 on dev as it is and without marks, 0 to 1.
func crossed(m *vntext.Model, dev []vntext.Example) (full, less float64, err error) {
	bared := vntext.Bared(dev)
	k := len(m.Labels())
	a, b := vntext.NewConfusion(k), vntext.NewConfusion(k)
	for half := range 2 {
		var held []vntext.Example
		for i := range dev {
			if i%2 == half {
				held = append(held, dev[i], bared[i])
			}
		}
		if err := m.Calibrate(held); err != nil {
			return 0, 0, err
		}
		for i := range dev {
			if i%2 != half {
				a.Add(dev[i].Label, m.Classify(dev[i].Text).Label)
				b.Add(dev[i].Label, m.Classify(bared[i].Text).Label)
			}
		}
	}
	return a.MacroF1(), b.MacroF1(), nil
}
