// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"lachan/internal/vntext"
)

// speed is texts a second of processor time, which a busy machine shortens
// less than it lengthens the clock's.
type speed struct {
	tokens, classify float64
	low, high        float64 // of classify
	shares           []float64
}

// rounds of timing, of which the median counts.
const rounds = 7

// hurry measures speed alone, with a model of ViHSD on the texts of its dev
// split.
func hurry(ctx context.Context, data string) error {
	t := tasks()[0]
	train, err := t.load(data, "train")
	if err != nil {
		return err
	}
	dev, err := t.load(data, "dev")
	if err != nil {
		return err
	}
	began, spent := time.Now(), processorTime()
	m, err := vntext.Train(ctx, chosen(), t.labels, train, 1)
	if err != nil {
		return err
	}
	fmt.Printf("training %.1f s, %.1f s of processor time\n", time.Since(began).Seconds(), (processorTime() - spent).Seconds())
	texts := make([]string, len(dev))
	for i, e := range dev {
		texts[i] = e.Text
	}
	timed(m, texts).print(len(texts))
	return nil
}

// processorTime is what this process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timed measures the reading alone and the whole classification in turn, so
// that a busy minute of the machine hits both.
func timed(m *vntext.Model, texts []string) speed {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var tokens, classify, shares []float64
	n := 0
	for range rounds {
		began := processorTime()
		for _, t := range texts {
			n += m.Tokens(t)
		}
		a := processorTime() - began
		began = processorTime()
		for _, t := range texts {
			n += m.Classify(t).Label
		}
		b := processorTime() - began
		tokens = append(tokens, float64(len(texts))/a.Seconds())
		classify = append(classify, float64(len(texts))/b.Seconds())
		shares = append(shares, a.Seconds()/b.Seconds())
	}
	runtime.KeepAlive(n)
	return speed{median(tokens), median(classify), slices.Min(classify), slices.Max(classify), shares}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// share is the reading's share of a classification.
func (s speed) share() float64 { return median(s.shares) }

func (s speed) print(texts int) {
	fmt.Printf("\nspeed in processor time, %d texts, median of %d rounds\n", texts, rounds)
	fmt.Printf("  reading alone   %7.0f texts/s\n", s.tokens)
	fmt.Printf("  classification  %7.0f texts/s (%.0f to %.0f); the reading is %.0f %% of it\n\n", s.classify, s.low, s.high, 100*s.share())
}
