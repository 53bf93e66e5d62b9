// SPDX-License-Identifier: Apache-2.0

package media

import (
	"os"

	"golang.org/x/sys/unix"
)

// nameless is a file in memory: what strangers sent is never on a disk in clear.
func nameless() (*os.File, error) {
	fd, err := unix.MemfdCreate("media", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "media"), nil
}

// closed keeps everybody from changing f, this process too.
func closed(f *os.File) error {
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	return os.NewSyscallError("fcntl", err)
}
