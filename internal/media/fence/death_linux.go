// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deathSignal is the signal that this process gets when the thread that started
// it ends.
func deathSignal() (int, error) {
	var signal int32
	if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0); err != nil {
		return 0, fmt.Errorf("fence: %w", err)
	}
	return int(signal), nil
}
