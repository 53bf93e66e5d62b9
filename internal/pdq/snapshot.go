// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"

	"lachan/internal/filemap"
	"lachan/internal/problem"
)

// The snapshot: a header of 64 bytes, the hashes, the ids, and for each piece
// its starts and rows, each begun on a multiple of 64. All numbers are
// little-endian. Pieces and count say where everything lies, so there is no
// offset to be false. docs/pdq-index.md has the drawing.
const (
	snapshotMagic   = "LCPDQIX1"
	snapshotVersion = 1
	snapshotHeader  = 64
	snapshotSum     = 32 // where the checksum stands in the header
	snapshotAlign   = 64
)

// snapshotHead is what the header says.
type snapshotHead struct {
	pieces int
	count  uint64
	mark   uint64
}

func (h snapshotHead) encode() []byte {
	b := make([]byte, snapshotHeader)
	copy(b, snapshotMagic)
	le := binary.LittleEndian
	le.PutUint32(b[8:], snapshotVersion)
	le.PutUint32(b[12:], uint32(h.pieces))
	le.PutUint64(b[16:], h.count)
	le.PutUint64(b[24:], h.mark)
	return b
}

// size is the length in bytes of the file that the header announces.
func (h snapshotHead) size() uint64 {
	size := aligned(snapshotHeader+h.count*Size/8) + h.count*8
	for _, p := range layout(h.pieces) {
		size = aligned(aligned(size)+4*(1<<p.width+1)) + 4*h.count
	}
	return size
}

func aligned(n uint64) uint64 { return (n + snapshotAlign - 1) &^ (snapshotAlign - 1) }

// OpenSnapshot maps the file at path and returns its index, which is read where
// it lies, with the mark that it was saved with. The whole file is read once to
// compare its checksum. What is not such a file, or was cut or changed, is
// pdq/damaged-snapshot. Until the index is given up nobody may change or
// shorten the file; SaveSnapshot writes a new one and renames.
func OpenSnapshot(path string) (x *Index, mark uint64, err error) {
	m, err := openFile(path)
	if err != nil {
		return nil, 0, err
	}
	if x, mark, err = parseSnapshot(m.Bytes()); err != nil {
		m.Release()
		return nil, 0, err
	}
	x.mapped = m
	runtime.AddCleanup(x, func(m *filemap.Map) { m.Release() }, m)
	return x, mark, nil
}

// openFile maps the file at path whose checksum is right.
func openFile(path string) (*filemap.Map, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pdq: %w", err)
	}
	defer f.Close() // a mapping outlives its descriptor
	m, err := filemap.Open(f, snapshotHeader, math.MaxInt64)
	if errors.Is(err, filemap.ErrSize) {
		err = problem.New("pdq/damaged-snapshot")
	}
	if err != nil {
		return nil, fmt.Errorf("pdq: mapping %s: %w", path, err)
	}
	data, sum := m.Bytes(), sha256.New()
	sum.Write(data[:snapshotSum])
	sum.Write(data[snapshotHeader:])
	if !bytes.Equal(sum.Sum(nil), data[snapshotSum:snapshotHeader]) {
		m.Release()
		return nil, problem.New("pdq/damaged-snapshot")
	}
	return m, nil
}

// parseSnapshot reads a snapshot in memory, without its checksum. Any bytes
// give pdq/damaged-snapshot or an index that can be searched, though one whose
// tables are false finds less. It keeps data, which must not change.
func parseSnapshot(data []byte) (*Index, uint64, error) {
	damaged := func() (*Index, uint64, error) { return nil, 0, problem.New("pdq/damaged-snapshot") }
	le := binary.LittleEndian
	if len(data) < snapshotHeader || string(data[:8]) != snapshotMagic || le.Uint32(data[8:]) != snapshotVersion {
		return damaged()
	}
	pieces, h := le.Uint32(data[12:]), snapshotHead{count: le.Uint64(data[16:]), mark: le.Uint64(data[24:])}
	if pieces < minPieces || pieces > maxPieces || h.count > math.MaxUint32 {
		return damaged()
	}
	if h.pieces = int(pieces); h.size() != uint64(len(data)) {
		return damaged()
	}
	at := uint64(0)
	next := func(length uint64) []byte {
		from := aligned(at)
		at = from + length
		return data[from:at:at]
	}
	next(snapshotHeader)
	x := &Index{hashes: column[Hash](next(h.count * Size / 8)), ids: column[uint64](next(h.count * 8)), pieces: layout(h.pieces)}
	x.fillMasks()
	for _, p := range x.pieces {
		t := table{starts: column[uint32](next(4 * (1<<p.width + 1))), rows: column[uint32](next(4 * h.count))}
		if !t.within(uint32(h.count)) {
			return damaged()
		}
		x.tables = append(x.tables, t)
	}
	return x, h.mark, nil
}

// within reports whether the table leads to places below count only.
func (t table) within(count uint32) bool {
	before := uint32(0)
	for _, s := range t.starts {
		if s < before {
			return false
		}
		before = s
	}
	for _, r := range t.rows {
		if r >= count {
			return false
		}
	}
	return t.starts[0] == 0 && before == count
}
