// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// cell is a weight with the sum of the squares of its gradients.
type cell struct{ w, g float32 }

// descent is one run of AdaGrad on the softmax loss.
type descent struct {
	cfg   Config
	k     int
	cost  []float32
	rng   *rand.Rand
	cells []cell // number of the bucket·k + class
	bias  []cell
	from  *Model // begun with, or nil
}

// checkEvery is the number of examples between two looks at the context.
const checkEvery = 1024

func (d *descent) run(ctx context.Context, c *corpus) error {
	d.cells = make([]cell, len(c.used)*d.k)
	d.bias = make([]cell, d.k)
	for i := range d.cells {
		d.cells[i].g = d.cfg.Start
	}
	for i := range d.bias {
		d.bias[i].g = d.cfg.Start
	}
	if d.from != nil {
		d.takeOver(c)
	}
	rows := make([]*row, 0, len(c.rows)+len(c.bare))
	for i := range c.rows {
		rows = append(rows, &c.rows[i])
	}
	for i := range c.bare {
		if d.rng.Float64() < d.cfg.Bare {
			rows = append(rows, &c.bare[i])
		}
	}
	p := make([]float32, d.k)
	for range d.cfg.Epochs {
		d.rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for i, x := range rows {
			if i%checkEvery == 0 && ctx.Err() != nil {
				return fmt.Errorf("train: %w", ctx.Err())
			}
			d.step(x, p)
		}
	}
	return nil
}

// takeOver begins with the weights of a model.
func (d *descent) takeOver(c *corpus) {
	for i, b := range c.used {
		for j := range d.k {
			d.cells[i*d.k+j].w = float32(d.from.weights[int(b)*d.k+j]) * d.from.Scale[j]
		}
	}
	for j := range d.bias {
		d.bias[j].w = d.from.Bias[j]
	}
}

// step learns from one example; p is room for k numbers.
func (d *descent) step(x *row, p []float32) {
	k := d.k
	for i := range p {
		p[i] = d.bias[i].w
	}
	for i, b := range x.buckets {
		v := x.values[i]
		for j, c := range d.cells[int(b)*k : int(b)*k+k] {
			p[j] += v * c.w
		}
	}
	softmax(p)
	cost := d.cost[x.label] * x.weight
	for j := range p {
		want := d.cfg.Smooth / float32(k)
		if j == x.label {
			want += 1 - d.cfg.Smooth
		}
		p[j] = (p[j] - want) * cost
		d.bias[j].move(p[j], d.cfg.Rate)
	}
	for i, b := range x.buckets {
		v := x.values[i]
		cells := d.cells[int(b)*k : int(b)*k+k]
		for j := range cells {
			cells[j].move(p[j]*v, d.cfg.Rate)
		}
	}
}

func (c *cell) move(gradient, rate float32) {
	c.g += gradient * gradient
	c.w -= rate * gradient / (float32(math.Sqrt(float64(c.g))) + 1e-8)
}

// softmax makes probabilities of scores, in place.
func softmax(p []float32) {
	top := p[0]
	for _, v := range p[1:] {
		top = max(top, v)
	}
	sum := float32(0)
	for i, v := range p {
		p[i] = float32(math.Exp(float64(v - top)))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}
