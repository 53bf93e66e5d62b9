// SPDX-License-Identifier: Apache-2.0

package fence

import "golang.org/x/sys/unix"

const arch = unix.AUDIT_ARCH_X86_64

// alsoComputing are calls that only this kind of machine has.
var alsoComputing = []uint32{unix.SYS_EPOLL_WAIT, unix.SYS_POLL, unix.SYS_ARCH_PRCTL, unix.SYS_TIME}
