// SPDX-License-Identifier: Apache-2.0

// Package filemap reads a large file where it lies. A list of names and an
// index of hashes are used by many goroutines and changed by none: mapped, their
// pages belong to the page cache, two processes of a machine share them, and the
// collector never sees them. Where there is no mmap, the file is read.
package filemap

import (
	"errors"
	"os"
)

// ErrSize is reported for a file shorter or longer than asked for.
var ErrSize = errors.New("filemap: the file has not the size that was expected")

// Map is a file that nobody may change or shorten as long as it is mapped: write
// a new one beside it and rename.
type Map struct{ data []byte }

// Open maps f, which must hold between least (at least 1) and most bytes; else it
// reports ErrSize. The map outlives f's descriptor.
func Open(f *os.File, least, most int64) (*Map, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size < max(least, 1) || size > most || size != int64(int(size)) {
		return nil, ErrSize
	}
	data, err := mapFile(f, int(size))
	if err != nil {
		return nil, err
	}
	return &Map{data}, nil
}

// Bytes is the file. It must not be written to, nor read after Release.
func (m *Map) Bytes() []byte { return m.data }

// Release gives the map back.
func (m *Map) Release() { unmap(m.data) }
