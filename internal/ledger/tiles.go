// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// The layout of C2SP tlog-tiles: hashes in tiles of 256, entries in bundles
// of 256, the last of each partial and named by its width.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tilePath is the place of a tile: level 0 and up, or "entries".
func tilePath(level string, n int64, width int) string {
	p := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		p = fmt.Sprintf("x%03d/%s", n%1000, p)
	}
	if width < tileWidth {
		p += fmt.Sprintf(".p/%d", width)
	}
	return path.Join("tile", level, p)
}

// appendBundled adds a leaf to an entry bundle: its length as a big-endian
// uint16, then its bytes.
func appendBundled(bundle, leaf []byte) []byte {
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf)))
	return append(bundle, leaf...)
}

// splitBundle cuts an entry bundle into exactly want leaves.
func splitBundle(bundle []byte, want int) ([][]byte, error) {
	leaves := make([][]byte, 0, want)
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return leaves, errors.New("cut off in a length")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+n {
			return leaves, errors.New("cut off in an entry")
		}
		leaves = append(leaves, bundle[2:2+n])
		bundle = bundle[2+n:]
	}
	if len(leaves) != want {
		return leaves, fmt.Errorf("%d entries, want %d", len(leaves), want)
	}
	return leaves, nil
}

// tree builds the Merkle tree from the left and keeps only its right edge: at
// most one complete subtree a level. It is written apart from tlog, with
// which the sequencer works, so that verification does not share a fault with
// what it verifies.
type tree struct {
	size  int64
	edge  []tlog.Hash                              // complete subtrees, largest first
	level []int                                    // their heights
	node  func(level int, n int64, hash tlog.Hash) // hears of every complete subtree; may be nil
}

func (t *tree) add(leaf tlog.Hash) {
	h, level, n := leaf, 0, t.size
	t.tell(level, n, h)
	for len(t.level) > 0 && t.level[len(t.level)-1] == level {
		last := len(t.level) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge, t.level = t.edge[:last], t.level[:last]
		level, n = level+1, n/2
		t.tell(level, n, h)
	}
	t.edge, t.level = append(t.edge, h), append(t.level, level)
	t.size++
}

func (t *tree) tell(level int, n int64, h tlog.Hash) {
	if t.node != nil {
		t.node(level, n, h)
	}
}

// root is the hash of the whole, whatever its size.
func (t *tree) root() (tlog.Hash, error) {
	if len(t.edge) == 0 {
		return tlog.TreeHash(0, nil)
	}
	h := t.edge[len(t.edge)-1]
	for _, left := range slices.Backward(t.edge[:len(t.edge)-1]) {
		h = tlog.NodeHash(left, h)
	}
	return h, nil
}
