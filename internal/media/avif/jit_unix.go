// SPDX-License-Identifier: Apache-2.0

//go:build unix

package avif

import (
	"os"
	"syscall"
)

// mayMakeCode tries whether this system lets a program write code and then run
// it, which services are often denied (MemoryDenyWriteExecute of systemd).
func mayMakeCode() bool {
	page, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer syscall.Munmap(page)
	return syscall.Mprotect(page, syscall.PROT_READ|syscall.PROT_EXEC) == nil
}
