// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lastCap is above every capability that a kernel of today knows.
const lastCap = 63

// Enter makes this process the program of s, inside the fence. It returns only
// if it could not; a part that this kernel lacks is left out, since a picture
// that nobody opens protects nobody either.
func Enter(s Spec) error {
	// Privileges, landlock and filters belong to a thread, and exec keeps those of
	// the thread that calls it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := limit(s); err != nil {
		return err
	}
	// Capabilities that a service was given go through exec; with others gone from
	// the bounding set, exec gives none, not even to root. Who may not do either has
	// none to lose.
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	for c := range uintptr(lastCap) {
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("fence: no new privileges: %w", err)
	}
	if err := confine(s); err != nil {
		return err
	}
	_ = install(refusing(refused), 0) // Seal says so where it is missing
	// What this process was started with goes no further than in, out and errors.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && err != unix.ENOSYS {
		return fmt.Errorf("fence: files that are open: %w", err)
	}
	return fmt.Errorf("fence: %s: %w", s.Program, syscall.Exec(s.Program, s.Args, []string{}))
}

// addresses is how many bytes of them this process has, which is what a program
// of Go reserves before it does anything; another needs less.
func addresses() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("fence: %w", err)
	}
	var pages uint64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return 0, fmt.Errorf("fence: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}

func limit(s Spec) error {
	limits := map[int]uint64{unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: s.Files}
	if s.Memory > 0 {
		// Of addresses, not RLIMIT_DATA: Go's heap is mapped over addresses that it
		// reserved, which the kernel does not count against that one.
		reserved, err := addresses()
		if err != nil {
			return err
		}
		limits[unix.RLIMIT_AS] = reserved + uint64(s.Memory)
	}
	if s.CPU > 0 {
		limits[unix.RLIMIT_CPU] = uint64(max(1, s.CPU/time.Second))
	}
	for which, most := range limits {
		// Not that of x/sys: syscall's own forgets the limit on files that Go gives
		// back before exec.
		if err := syscall.Setrlimit(which, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("fence: limit %d: %w", which, err)
		}
	}
	return nil
}
