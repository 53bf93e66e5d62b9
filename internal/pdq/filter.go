// SPDX-License-Identifier: Apache-2.0

package pdq

import "image"

// shrink fills small with 64×64 samples of the filtered picture.
//
// The filter (Jarosz) is two rounds of a box along rows and a box along
// columns, each a running sum. The picture streams through it row by row: a
// column's sum meets the same values in the same order as in the reference,
// which walks down each column in turn, so the result is the same to the bit;
// but no more of the picture is held than one window of rows, and in the
// second round only the 64 columns that are sampled.
func (h *Hasher) shrink(img image.Image, r image.Rectangle, c Convention) {
	width, height := r.Dx(), r.Dy()
	if c == Within512 && (width > side512 || height > side512) {
		width, height = side512, side512
	}
	luma := lumaOf(img, r)
	cols := h.columnsOf(r, width)
	across, down := window(width), window(height)
	h.reserve((6+1+down)*width + (1+1+down)*grid)
	rows, sums, mids := pair{h.take(width), h.take(width)}, pair{h.take(width), h.take(width)}, pair{h.take(width), h.take(width)}
	first := columnBox{window: down, sum: h.take(width), held: h.take(down * width)}
	narrow := h.take(grid)
	second := columnBox{window: down, sum: h.take(grid), held: h.take(down * grid)}
	sampled := centres(width)
	next, wanted := 0, centres(height)
	sample := func() { // what the second round wrote last, as often as it is sampled
		for next < grid && wanted[next] == second.written-1 {
			copy(h.small[next][:], narrow)
			next++
		}
	}
	secondRound := func(n int) {
		runningSums(&sums, &mids, n, across)
		for k := range n {
			for i, x := range &sampled {
				narrow[i] = sums[k][x] / float32(inWindow(x, width, across))
			}
			if second.take(narrow, narrow) {
				sample()
			}
		}
	}
	for y := 0; y < height; y += len(rows) {
		n := min(len(rows), height-y)
		for k := range n {
			luma(rows[k], cols, r.Min.Y+(y+k)*r.Dy()/height)
		}
		runningSums(&sums, &rows, n, across)
		made := 0
		for k := range n {
			means(rows[k], sums[k], across)
			if first.take(rows[k], mids[made]) {
				made++
			}
		}
		secondRound(made)
	}
	for first.finish(mids[0]) {
		secondRound(1)
	}
	for second.finish(narrow) {
		sample()
	}
}

// centres are the places of 64 samples on a side of n pixels.
func centres(n int) (at [grid]int) {
	for i := range at {
		at[i] = int((float64(i) + 0.5) * float64(n) / grid)
	}
	return at
}

// pair is two rows that are summed at the same time: each addition waits for
// the one before, and meanwhile the other row's is done.
type pair [2][]float32

// window is the width of the box for a side of n pixels.
func window(n int) int { return (n + windowDiv - 1) / windowDiv }

// lead is by how many values a running sum is ahead of what is written.
func lead(window int) int { return (window+2)/2 - 1 }

// inWindow is over how many values the sum at place i of n runs: the window,
// cut off at both ends.
func inWindow(i, n, window int) int {
	return min(i+lead(window)+1, window, window-i+n-lead(window)-1)
}

// runningSums writes for each place of the first n rows of src the sum of the
// window about it.
func runningSums(dst, src *pair, n, window int) {
	if n == 0 {
		return
	}
	ahead, width := lead(window), len(src[0])
	if n == 1 { // an odd row at the end is summed twice
		src = &pair{src[0], src[0]}
		dst = &pair{dst[0], dst[0]}
	}
	var sum, sum1 float32
	for i := range ahead {
		sum += src[0][i]
		sum1 += src[1][i]
	}
	for i := range window - ahead {
		sum += src[0][ahead+i]
		sum1 += src[1][ahead+i]
		dst[0][i], dst[1][i] = sum, sum1
	}
	inner := width - window
	enter, leave, out := src[0][window:][:inner], src[0][:inner], dst[0][window-ahead:][:inner]
	enter1, leave1, out1 := src[1][window:][:inner], src[1][:inner], dst[1][window-ahead:][:inner]
	for i, v := range enter {
		sum += v
		sum1 += enter1[i]
		sum -= leave[i]
		sum1 -= leave1[i]
		out[i], out1[i] = sum, sum1
	}
	for i := width - ahead; i < width; i++ {
		sum -= src[0][i+ahead-window]
		sum1 -= src[1][i+ahead-window]
		dst[0][i], dst[1][i] = sum, sum1
	}
}

// means divides running sums by what they run over.
func means(dst, sums []float32, window int) {
	n, ahead := len(sums), lead(window)
	from, to := window-ahead-1, n-ahead
	for i := range from {
		dst[i] = sums[i] / float32(inWindow(i, n, window))
	}
	full := float32(window)
	inner := sums[from:to]
	for i, v := range inner {
		dst[from+i] = v / full
	}
	for i := to; i < n; i++ {
		dst[i] = sums[i] / float32(inWindow(i, n, window))
	}
}

// columnBox is the box along columns for rows that come one by one. sum and
// held (window rows) begin as zeros.
type columnBox struct {
	window, taken, written int
	sum, held              []float32
}

// take adds a row and reports whether a row was written to out, which may be
// the row itself.
func (b *columnBox) take(row, out []float32) bool {
	n := len(b.sum)
	slot := b.held[b.taken%b.window*n:][:n]
	b.taken++
	sum, row, out := b.sum, row[:n], out[:n]
	if b.taken <= b.window {
		copy(slot, row)
		for i, v := range row {
			sum[i] += v
		}
		if b.taken <= lead(b.window) {
			return false
		}
		over := float32(b.taken)
		for i, s := range sum {
			out[i] = s / over
		}
		b.written++
		return true
	}
	over := float32(b.window)
	for i, v := range row {
		s := sum[i] + v
		s -= slot[i]
		slot[i] = v
		sum[i] = s
		out[i] = s / over
	}
	b.written++
	return true
}

// finish writes the next of the rows for which nothing enters any more, and
// reports whether there was one.
func (b *columnBox) finish(out []float32) bool {
	if b.written == b.taken {
		return false
	}
	first := b.written + lead(b.window) - b.window // the row that leaves
	n := len(b.sum)
	slot := b.held[first%b.window*n:][:n]
	over := float32(inWindow(b.written, b.taken, b.window))
	for i, v := range slot {
		b.sum[i] -= v
		out[i] = b.sum[i] / over
	}
	b.written++
	return true
}

// reserve makes room for n zeros, which take then hands out.
func (h *Hasher) reserve(n int) {
	if cap(h.memory) < n {
		h.memory = make([]float32, 0, n)
	}
	h.memory = h.memory[:0]
}

func (h *Hasher) take(n int) []float32 {
	at := len(h.memory)
	h.memory = h.memory[:at+n]
	part := h.memory[at : at+n : at+n]
	clear(part)
	return part
}
