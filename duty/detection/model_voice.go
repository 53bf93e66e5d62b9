// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"math"

	"lachan/internal/vntext"
	"lachan/internal/vntext/learn"
	"lachan/internal/vntext/signs"
)

// When a model's word alone brings a text to a person. It is measured on
// verdicts, that is on what something brought to a person before: on all that a
// scan meets it errs more often than there. So nine in ten must be right, no
// less than eight in ten must be likely, and of the neutral sentences hardly
// any may be taken for the label. Else the model adds to what patterns say, and
// brings nothing by itself.
const (
	wantsRight  = 0.9   // of what is above the threshold, of the held verdicts
	leastRight  = 0.8   // the lower end of its 95 % interval
	mostAlarms  = 0.005 // of the fixed sentences that are something else
	shyFrom     = 0.95  // threshold where none is good enough
	wilsonAt95  = 1.96
	rightAnswer = 1 // the label, in learn.Binary
)

// thresholds are tried from the lowest. They are few, so that the best of them
// is not the luckiest of many.
func thresholds() []float64 { return []float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.95} }

// speaks chooses the lowest threshold that is good enough to list, else the
// lowest of which nine in ten held verdicts are right. Others is what the model
// says, of its label, of fixed sentences that are something else.
func speaks(held []learn.Answer, others []float64) (threshold float64, lists bool) {
	shy := shyFrom
	for _, t := range thresholds() {
		right, n, alarms := 0, 0, 0
		for _, a := range held {
			if float64(a.Probabilities[rightAnswer]) >= t {
				n++
				right += flag(a.Label == rightAnswer)
			}
		}
		for _, p := range others {
			alarms += flag(p >= t)
		}
		if n == 0 || float64(right) < wantsRight*float64(n) {
			continue
		}
		shy = min(shy, t)
		if wilson(right, n) >= leastRight && float64(alarms) <= mostAlarms*float64(len(others)) {
			return t, true
		}
	}
	return shy, false
}

// saidOfOthers is what a model says of the fixed sentences that are something
// else.
func saidOfOthers(m *vntext.Model, fixed []vntext.Example) []float64 {
	var out []float64
	for _, e := range fixed {
		if e.Label != rightAnswer {
			out = append(out, float64(m.Classify(e.Text).Probabilities[rightAnswer]))
		}
	}
	return out
}

// wilson is the lower end of the 95 % interval of a share.
func wilson(right, n int) float64 {
	if n == 0 {
		return 0
	}
	p, m, z := float64(right)/float64(n), float64(n), wilsonAt95
	return (p + z*z/(2*m) - z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))) / (1 + z*z/m)
}

// voice is a model as the reader of texts hears it.
func voice(m *Model, trained *vntext.Model) signs.Voice {
	return signs.Voice{ID: voiceName(m), Model: trained, Speaks: []signs.Speech{
		{Label: signs.Label(m.Label), Classes: []string{m.Label}, Threshold: m.Threshold, Lists: m.Lists},
	}}
}

// weighed are the places of a text that weighed most with the models that a
// listed label counts: the reviewer sees why it is there.
func weighed(s signs.Sign) []Mark {
	var marks []Mark
	for _, m := range s.Models {
		if !s.Listed || !m.Above {
			continue
		}
		for _, r := range m.Reasons {
			if r.Weight > 0 {
				marks = append(marks, Mark{From: r.From, To: r.To, Label: string(s.Label)})
			}
		}
	}
	return marks
}
