// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pdq

import (
	"os"
	"syscall"

	"lachan/internal/problem"
)

// mapping is a file mapped read-only. Its pages belong to the page cache, and
// the collector never sees them.
type mapping struct{ data []byte }

func mapFile(f *os.File) (*mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < snapshotHeader || info.Size() != int64(int(info.Size())) {
		return nil, problem.New("pdq/damaged-snapshot")
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &mapping{data}, nil
}

func (m *mapping) release() {
	// Nothing can be done about a failure, and nothing reads the bytes again.
	_ = syscall.Munmap(m.data)
}
