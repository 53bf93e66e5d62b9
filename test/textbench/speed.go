// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"lachan/internal/vntext"
)

// speed is texts a second on one processor.
type speed struct {
	tokens, classify float64
	low, high        float64 // of classify
	shares           []float64
}

// rounds of timing, of which the median counts.
const rounds = 7

// timed measures the reading alone and the whole classification in turn, so
// that a busy minute of the machine hits both.
func timed(m *vntext.Model, texts []string) speed {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var tokens, classify, shares []float64
	n := 0
	for range rounds {
		began := time.Now()
		for _, t := range texts {
			n += m.Tokens(t)
		}
		a := time.Since(began)
		began = time.Now()
		for _, t := range texts {
			n += m.Classify(t).Label
		}
		b := time.Since(began)
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
	fmt.Printf("\nspeed on one processor, %d texts, median of %d rounds\n", texts, rounds)
	fmt.Printf("  reading alone   %7.0f texts/s\n", s.tokens)
	fmt.Printf("  classification  %7.0f texts/s (%.0f to %.0f); the reading is %.0f %% of it\n\n", s.classify, s.low, s.high, 100*s.share())
}
