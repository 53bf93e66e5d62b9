// SPDX-License-Identifier: Apache-2.0

package learn

import (
	"math"
	"slices"

	"lachan/internal/vntext"
)

// Two texts are nearly the same when they share this part of their pieces of
// pieceLength letters.
const (
	nearlySame  = 0.5
	pieceLength = 4
	bands       = 12 // each of bandRows smallest hashes, one of which must agree for two texts to be compared
	bandRows    = 2
)

// clusters numbers texts so that those that are nearly the same have one
// number. It compares texts that share a band of smallest hashes (MinHash) with
// the first that had it, so that its time grows with the texts.
func clusters(texts []string) []int {
	pieces := make([][]uint64, len(texts))
	for i, t := range texts {
		pieces[i] = piecesOf(t)
	}
	parent := make([]int, len(texts))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	type key struct {
		band int
		row  [bandRows]uint64
	}
	first := map[key]int{}
	for i, p := range pieces {
		smallest := signature(p)
		for b := range bands {
			k := key{band: b, row: [bandRows]uint64(smallest[b*bandRows : (b+1)*bandRows])}
			other, seen := first[k]
			if !seen {
				first[k] = i
			} else if alike(p, pieces[other]) {
				parent[find(i)] = find(other)
			}
		}
	}
	out := make([]int, len(texts))
	for i := range out {
		out[i] = find(i)
	}
	return out
}

// piecesOf are the hashed pieces of a text as it is read without marks, each
// once, in order.
func piecesOf(text string) []uint64 {
	v := vntext.ViewsOf(text).SpelledStripped
	var out []uint64
	h := uint64(0)
	for i := range v {
		h = 0
		for _, l := range v[max(0, i-pieceLength+1) : i+1] {
			h = mix(h ^ uint64(l.R))
		}
		out = append(out, h)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func mix(h uint64) uint64 {
	h = (h + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9
	h ^= h >> 29
	h *= 0x94D049BB133111EB
	return h ^ h>>32
}

func signature(pieces []uint64) [bands * bandRows]uint64 {
	var out [bands * bandRows]uint64
	for n := range out {
		out[n] = math.MaxUint64
		for _, p := range pieces {
			out[n] = min(out[n], mix(p^uint64(n)<<48))
		}
	}
	return out
}

func alike(a, b []uint64) bool {
	shared, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			shared, i, j = shared+1, i+1, j+1
		}
	}
	all := len(a) + len(b) - shared
	return all == 0 || float64(shared) >= nearlySame*float64(all)
}
