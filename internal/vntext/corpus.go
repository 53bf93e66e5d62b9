// SPDX-License-Identifier: Apache-2.0

package vntext

import "math"

// row is one example as features, of length 1.
type row struct {
	buckets []uint32 // those in use are numbered anew, so that a training's memory is small and near
	values  []float32
	label   int
	weight  float32 // of the example among those of its class
}

// corpus is what a training runs over.
type corpus struct {
	rows []row
	bare []row     // the same examples without tone marks, where they are wanted
	idf  []float32 // of each bucket, 0 for those that are left out
	used []uint32  // the buckets that are not, by their new number
	cost []float32 // of a fault in a class, 1 in the mean
}

// gather reads all examples, as they are and without marks, and counts in how
// many texts each bucket occurs.
//
// Where a model is trained on, its buckets keep the weight that it gave them.
func gather(cfg Config, examples []Example, weights []float32, k int, from *Model) *corpus {
	c := &corpus{rows: rowsOf(cfg.Shape, examples, weights)}
	if cfg.Bare > 0 {
		c.bare = rowsOf(cfg.Shape, Bared(examples), weights)
	}
	texts := make([][]uint32, k) // of each class and bucket
	for i := range texts {
		texts[i] = make([]uint32, 1<<cfg.Shape.Bits)
	}
	total := make([]float64, k)
	for _, rows := range [][]row{c.rows, c.bare} {
		for _, x := range rows {
			total[x.label]++
			for _, b := range x.buckets {
				texts[x.label][b]++
			}
		}
	}
	c.idf = weigh(cfg, texts, total)
	if from != nil {
		for b, steps := range from.idf {
			if steps > 0 {
				c.idf[b] = float32(steps) * from.Step
			}
		}
	}
	numbers := make([]uint32, len(c.idf))
	for b, w := range c.idf {
		if w > 0 {
			numbers[b] = uint32(len(c.used))
			c.used = append(c.used, uint32(b))
		}
	}
	for _, rows := range [][]row{c.rows, c.bare} {
		for i := range rows {
			rows[i].scale(c.idf, numbers)
		}
	}
	c.cost = costs(cfg.Power, total)
	return c
}

func rowsOf(s Shape, examples []Example, weights []float32) []row {
	r := newReader(s)
	rows := make([]row, len(examples))
	for i, e := range examples {
		terms := r.count(r.read(r.views(e.Text)))
		x := row{make([]uint32, len(terms)), make([]float32, len(terms)), e.Label, 1}
		if weights != nil {
			x.weight = weights[i]
		}
		for j, t := range terms {
			x.buckets[j], x.values[j] = t.bucket, s.weight(t.count)
		}
		rows[i] = x
	}
	return rows
}

// weigh is the weight of each bucket: the inverse of its frequency, and where
// the Config asks for it, how unevenly it lies on the classes (the log-count
// ratio of naive Bayes).
func weigh(cfg Config, texts [][]uint32, total []float64) []float32 {
	n := 0.0
	for _, t := range total {
		n += t
	}
	idf := make([]float32, 1<<cfg.Shape.Bits)
	for b := range idf {
		all := 0.0
		for k := range texts {
			all += float64(texts[k][b])
		}
		if all < float64(max(cfg.MinTexts, 1)) {
			continue
		}
		w := math.Log((1+n)/(1+all)) + 1
		if cfg.Ratio > 0 {
			most := 0.0
			for k := range texts {
				in, out := float64(texts[k][b]), all-float64(texts[k][b])
				most = max(most, math.Abs(math.Log((in+1)/(total[k]+2))-math.Log((out+1)/(n-total[k]+2))))
			}
			w *= math.Pow(most, cfg.Ratio)
		}
		idf[b] = float32(w)
	}
	return idf
}

// scale weighs the values, leaves out those without weight, brings the rest to
// length 1 and numbers their buckets anew.
func (x *row) scale(idf []float32, numbers []uint32) {
	n, sum := 0, 0.0
	for i, b := range x.buckets {
		v := x.values[i] * idf[b]
		if v == 0 {
			continue
		}
		x.buckets[n], x.values[n] = numbers[b], v
		sum += float64(v) * float64(v)
		n++
	}
	x.buckets, x.values = x.buckets[:n], x.values[:n]
	length := float32(math.Sqrt(sum))
	for i := range x.values {
		x.values[i] /= length
	}
}

// costs are n^-power, so scaled that the mean over all examples is 1.
func costs(power float64, total []float64) []float32 {
	cost := make([]float32, len(total))
	n, sum := 0.0, 0.0
	for _, t := range total {
		n += t
		sum += t * math.Pow(t, -power)
	}
	for k, t := range total {
		cost[k] = float32(math.Pow(t, -power) * n / sum)
	}
	return cost
}
