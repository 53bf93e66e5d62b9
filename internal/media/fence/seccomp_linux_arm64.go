// SPDX-License-Identifier: Apache-2.0

package fence

import "golang.org/x/sys/unix"

const arch = unix.AUDIT_ARCH_AARCH64

// alsoComputing are calls that only this kind of machine has: none.
var alsoComputing = []uint32{}
