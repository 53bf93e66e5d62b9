// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"math"
	"sync"
)

// Model is a trained classifier. It is safe for use by several goroutines,
// except while Calibrate runs.
type Model struct {
	Provenance Provenance
	params
	idf     []uint8 // of each bucket, in steps of params.Step
	weights []int8  // bucket·k + class, in steps of params.Scale[class]
	readers sync.Pool
}

// params are the numbers of a model that are few.
type params struct {
	Shape       Shape     `json:"shape"`
	Labels      []string  `json:"labels"`
	Step        float32   `json:"step"`
	Scale       []float32 `json:"scale"`
	Bias        []float32 `json:"bias"`
	Temperature float32   `json:"temperature"`
	Offset      []float32 `json:"offset"` // of each label, for the decision alone
}

// Result is what a model says of a text.
type Result struct {
	Label         int       // index of the label decided for
	Probabilities []float32 // of each label, 0 to 1; calibrated if the model is
}

// quantised is a model of trained weights, in 8 bits each.
func quantised(cfg Config, labels []string, idf, weights, bias []float32) *Model {
	k := len(labels)
	m := &Model{
		params:  params{Shape: cfg.Shape, Labels: labels, Scale: make([]float32, k), Bias: bias, Temperature: 1, Offset: make([]float32, k)},
		idf:     make([]uint8, len(idf)),
		weights: make([]int8, len(weights)),
	}
	for _, v := range idf {
		m.Step = max(m.Step, v/math.MaxUint8)
	}
	for b, v := range idf {
		if v > 0 {
			m.idf[b] = uint8(max(1, math.Round(float64(v/m.Step))))
		}
	}
	for i, w := range weights {
		m.Scale[i%k] = max(m.Scale[i%k], float32(math.Abs(float64(w)))/math.MaxInt8)
	}
	for i, w := range weights {
		if s := m.Scale[i%k]; s > 0 {
			m.weights[i] = int8(math.Round(float64(w / s)))
		}
	}
	return m
}

// Labels are the names of the classes.
func (m *Model) Labels() []string { return m.params.Labels }

// Classify reads a text, which may be any bytes.
func (m *Model) Classify(text string) Result {
	r := m.reader()
	defer m.readers.Put(r)
	scores := m.logits(r.count(r.read(r.views(text))))
	return m.result(scores)
}

func (m *Model) reader() *reader {
	if r, ok := m.readers.Get().(*reader); ok {
		return r
	}
	return newReader(m.Shape)
}

// logits are the scores of each label before calibration.
func (m *Model) logits(terms []term) []float32 {
	k := len(m.params.Labels)
	out := make([]float32, k)
	length := m.add(terms, out)
	for j := range out {
		out[j] *= m.Scale[j]
		if length > 0 {
			out[j] /= length
		}
		out[j] += m.Bias[j]
	}
	return out
}

// add sums the weights of terms into out, in steps, and is the length of the
// vector that they are.
func (m *Model) add(terms []term, out []float32) float32 {
	k := len(out)
	sum := float32(0)
	for _, t := range terms {
		idf := m.idf[t.bucket]
		if idf == 0 {
			continue
		}
		v := float32(idf) * m.Shape.weight(t.count)
		sum += v * v
		for j, w := range m.weights[int(t.bucket)*k : int(t.bucket)*k+k] {
			out[j] += v * float32(w)
		}
	}
	return float32(math.Sqrt(float64(sum)))
}

// result calibrates and decides. It takes scores over.
func (m *Model) result(scores []float32) Result {
	for j := range scores {
		scores[j] /= m.Temperature
	}
	best := decide(scores, m.Offset)
	softmax(scores)
	return Result{best, scores}
}

func decide(scores, offset []float32) int {
	best := 0
	for j := range scores {
		if scores[j]+offset[j] > scores[best]+offset[best] {
			best = j
		}
	}
	return best
}

// Tokens is the number of words and signs in all views that the model reads:
// what Classify does before it looks at a feature, as a yardstick.
func (m *Model) Tokens(text string) int {
	r := m.reader()
	defer m.readers.Put(r)
	return r.tokens(text)
}
