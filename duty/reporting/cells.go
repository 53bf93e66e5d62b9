// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"encoding/binary"
	"errors"
)

// State is what a cell says.
type State uint8

// The three states. Missing is "has not been reported" and is never read as
// zero; Zero is "nothing occurred", said on purpose.
const (
	Missing State = iota
	Zero
	Value
)

// Cells is the content of a form: one entry a cell, in the form's order. The
// zero Cells is all missing.
type Cells struct {
	filled []bool
	values []int64
}

// NewCells is n missing cells.
func NewCells(n int) Cells { return Cells{make([]bool, n), make([]int64, n)} }

// Len is the number of cells.
func (c Cells) Len() int { return len(c.filled) }

// Get is the number in cell i, and whether it was reported.
func (c Cells) Get(i int) (int64, bool) {
	if i >= len(c.filled) || !c.filled[i] {
		return 0, false
	}
	return c.values[i], true
}

// State is the state of cell i.
func (c Cells) State(i int) State {
	v, ok := c.Get(i)
	switch {
	case !ok:
		return Missing
	case v == 0:
		return Zero
	default:
		return Value
	}
}

// Set puts a number in cell i; 0 is the explicit zero.
func (c Cells) Set(i int, v int64) { c.filled[i], c.values[i] = true, v }

// Clear makes cell i missing.
func (c Cells) Clear(i int) { c.filled[i], c.values[i] = false, 0 }

// widen is c with n cells at least: a form may have grown at its end since c
// was kept.
func (c Cells) widen(n int) Cells {
	if c.Len() >= n {
		return c
	}
	wide := NewCells(n)
	copy(wide.filled, c.filled)
	copy(wide.values, c.values)
	return wide
}

func (c Cells) clone() Cells {
	return Cells{append([]bool(nil), c.filled...), append([]int64(nil), c.values...)}
}

// packVersion is the first byte of a packed array.
const packVersion = 1

// errPacked says that stored cells cannot be read.
var errPacked = errors.New("reporting: packed cells are damaged")

// pack writes cells as stored: version, count, then for each cell a varint: 0
// for missing, else the zigzag value plus one. Form 4569 takes about 250
// bytes.
func (c Cells) pack() []byte {
	out := binary.AppendUvarint([]byte{packVersion}, uint64(len(c.filled)))
	for i, ok := range c.filled {
		if !ok {
			out = append(out, 0)
			continue
		}
		v := c.values[i]
		out = binary.AppendUvarint(out, uint64(v<<1)^uint64(v>>63)+1)
	}
	return out
}

// unpack reads what pack wrote.
func unpack(raw []byte) (Cells, error) {
	if len(raw) == 0 || raw[0] != packVersion {
		return Cells{}, errPacked
	}
	raw = raw[1:]
	n, used := binary.Uvarint(raw)
	if used <= 0 || n > uint64(len(raw)) {
		return Cells{}, errPacked
	}
	raw = raw[used:]
	c := NewCells(int(n))
	for i := range c.filled {
		z, used := binary.Uvarint(raw)
		if used <= 0 {
			return Cells{}, errPacked
		}
		raw = raw[used:]
		if z > 0 {
			z--
			c.Set(i, int64(z>>1)^-int64(z&1))
		}
	}
	if len(raw) > 0 {
		return Cells{}, errPacked
	}
	return c, nil
}

// maxValue bounds a cell: a thousand million million fits the sums of all
// units with room to spare.
const maxValue = 1_000_000_000_000
