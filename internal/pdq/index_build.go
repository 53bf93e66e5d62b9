// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Build makes an index of hashes, each with the id of the same place; hashes
// and ids may repeat. It keeps both slices, which nobody may change any more,
// and uses every core. It fails when ctx ends.
func Build(ctx context.Context, hashes []Hash, ids []uint64) (*Index, error) {
	return build(ctx, hashes, ids, piecesFor(len(hashes)), runtime.GOMAXPROCS(0))
}

func build(ctx context.Context, hashes []Hash, ids []uint64, pieces, cores int) (*Index, error) {
	if len(hashes) != len(ids) || uint64(len(hashes)) > math.MaxUint32 {
		return nil, fmt.Errorf("pdq: an index of %d hashes with %d ids", len(hashes), len(ids))
	}
	x := &Index{hashes: hashes, ids: ids, pieces: layout(pieces), tables: make([]table, pieces)}
	x.fillMasks()
	next := make(chan int, pieces)
	for i := range pieces {
		next <- i
	}
	close(next)
	errs := make([]error, pieces)
	var work sync.WaitGroup
	for range min(cores, pieces) {
		work.Go(func() {
			s := sorter{make([]uint32, len(hashes)), make([]uint16, len(hashes))}
			for i := range next {
				if errs[i] = ctx.Err(); errs[i] == nil {
					x.tables[i] = s.table(hashes, x.pieces[i])
				}
			}
		})
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("pdq: building an index of %d hashes: %w", len(hashes), ctx.Err())
	}
	return x, nil
}

func (x *Index) fillMasks() {
	for flips := range maxFlips + 1 {
		x.masks[0][flips] = masksOf(x.pieces[0].width, flips)
		x.masks[1][flips] = masksOf(x.pieces[len(x.pieces)-1].width, flips)
	}
}

// sorter is what one core needs to sort the places of hashes by a piece.
type sorter struct {
	rows []uint32
	lows []uint16
}

// lowBits are the bits of a piece of which a core's cache holds all starts.
const lowBits = 16

// table sorts the places by the value of one piece, by counting: first by its
// high bits into parts, then each part by its low bits. Counting all bits at
// once would miss the cache three times for each hash.
func (s sorter) table(hashes []Hash, p piece) table {
	t := table{starts: make([]uint32, 1<<p.width+1), rows: make([]uint32, len(hashes))}
	low := min(p.width, lowBits)
	parts := make([]uint32, 1<<(p.width-low)+1) // where each begins
	for i := range hashes {
		parts[p.of(&hashes[i])>>low+1]++
		giveWay(i)
	}
	for i := range parts[1:] {
		parts[i+1] += parts[i]
	}
	next := slices.Clone(parts)
	for i := range hashes {
		v := p.of(&hashes[i])
		to := next[v>>low]
		next[v>>low]++
		s.rows[to], s.lows[to] = uint32(i), uint16(v)
		giveWay(i)
	}
	for i, from := range parts[:len(parts)-1] {
		to := parts[i+1]
		countingSort(t.starts[i<<low:(i+1)<<low], t.rows, from, s.rows[from:to], s.lows[from:to])
		runtime.Gosched()
	}
	t.starts[1<<p.width] = uint32(len(hashes))
	return t
}

// countingSort puts rows into sorted, from on, by the low bits of their pieces.
// starts holds first how many have a value, then where they end, and is moved
// back to where they start while they are put from the last one on.
func countingSort(starts, sorted []uint32, from uint32, rows []uint32, lows []uint16) {
	for _, v := range lows {
		starts[v]++
	}
	for v, n := range starts {
		from += n
		starts[v] = from
	}
	for i, v := range slices.Backward(lows) {
		starts[v]--
		sorted[starts[v]] = rows[i]
	}
}

// giveWay lets others have the core now and then: else a search that comes
// while an index is built would wait for the 10 ms of Go's scheduler.
func giveWay(i int) {
	if i%(1<<14) == 0 {
		runtime.Gosched()
	}
}
