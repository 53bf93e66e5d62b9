// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Seal leaves this process the system calls that computing needs, and returns
// what is kept from it: Words that hold. It is called once, inside the fence,
// before anything of a stranger is read.
func Seal() []string {
	var held []string
	if limited(unix.RLIMIT_AS) {
		held = append(held, HeldMemory)
	}
	if limited(unix.RLIMIT_CPU) {
		held = append(held, HeldTime)
	}
	if limited(unix.RLIMIT_FSIZE) && limited(unix.RLIMIT_CORE) {
		held = append(held, HeldWriting)
	}
	if set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && set == 1 && powerless() {
		held = append(held, HeldPrivileges)
	}
	if signal, err := deathSignal(); err == nil && signal != 0 {
		held = append(held, HeldParent)
	}
	_ = seal() // what follows tries whether it holds
	if err := opens(); err != nil {
		held = append(held, HeldFiles)
	}
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		held = append(held, HeldNetwork)
	} else {
		unix.Close(fd)
	}
	// Nothing is started: a kernel that lets exec answers that there is no such file.
	if err := unix.Exec("", nil, nil); err == unix.EPERM {
		held = append(held, HeldPrograms)
	}
	ordered := slices.DeleteFunc(Words(), func(w string) bool { return !slices.Contains(held, w) })
	return ordered
}

// limited reports whether a limit is set that cannot be raised again.
func limited(which int) bool {
	var is unix.Rlimit
	return unix.Getrlimit(which, &is) == nil && is.Max != unix.RLIM_INFINITY
}

// powerless reports whether the process has no capability.
func powerless() bool {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return false
	}
	return data[0].Effective|data[1].Effective|data[0].Permitted|data[1].Permitted == 0
}

// opens tries to open the root of all files.
func opens() error {
	f, err := os.Open("/")
	if err != nil {
		return err
	}
	return f.Close()
}
