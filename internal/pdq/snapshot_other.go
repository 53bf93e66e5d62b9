// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package pdq

import (
	"io"
	"os"

	"lachan/internal/problem"
)

// mapping is the file read into memory, where there is no mmap.
type mapping struct{ data []byte }

func mapFile(f *os.File) (*mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < snapshotHeader || info.Size() != int64(int(info.Size())) {
		return nil, problem.New("pdq/damaged-snapshot")
	}
	data, err := io.ReadAll(f)
	return &mapping{data}, err
}

func (m *mapping) release() {}
