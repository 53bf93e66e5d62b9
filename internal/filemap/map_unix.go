// SPDX-License-Identifier: Apache-2.0

//go:build unix

package filemap

import (
	"os"
	"syscall"
)

func mapFile(f *os.File, size int) ([]byte, error) {
	data, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	return data, os.NewSyscallError("mmap", err)
}

func unmap(data []byte) {
	// Nothing can be done about a failure, and nothing reads the bytes again.
	_ = syscall.Munmap(data)
}
