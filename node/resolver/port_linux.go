// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const canSharePort = true

// sharePort lets several sockets of ours take the same port; the kernel
// spreads the clients over them (SO_REUSEPORT).
func sharePort(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if err != nil {
		return err
	}
	return failed
}
