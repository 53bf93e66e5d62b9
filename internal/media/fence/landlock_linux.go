// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	toRead    = unix.LANDLOCK_ACCESS_FS_READ_FILE
	toList    = unix.LANDLOCK_ACCESS_FS_READ_DIR
	toExecute = unix.LANDLOCK_ACCESS_FS_EXECUTE
)

// confine leaves this thread, and what it becomes, the program of s with its
// libraries and what s.Read names. A kernel without landlock is no error.
func confine(s Spec) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil
	}
	all := uint64(unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1) // the thirteen rights of the first version
	attr, size := unix.LandlockRulesetAttr{}, unsafe.Sizeof(uint64(0))
	if version >= 2 {
		all |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		attr.Handled_access_net, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, 2*size
	}
	if version >= 5 {
		all |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		attr.Scoped, size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET|unix.LANDLOCK_SCOPE_SIGNAL, unsafe.Sizeof(uint64(0))*3
	}
	attr.Handled_access_fs = all
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("fence: landlock: %w", errno)
	}
	defer unix.Close(int(rules))
	if err := allow(int(rules), s.Program, toRead|toExecute); err != nil {
		return err
	}
	interpreter, libraries := linked(s.Program)
	if interpreter != "" {
		if err := allow(int(rules), interpreter, toRead|toExecute); err != nil {
			return err
		}
	}
	for _, path := range append(libraries, s.Read...) {
		if err := allow(int(rules), path, toRead|toList); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return fmt.Errorf("fence: landlock: %w", errno)
	}
	return nil
}

// allow gives rights to a file, or to a folder and all below it.
func allow(rules int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("fence: %s: %w", path, err)
	}
	defer unix.Close(fd)
	var is unix.Stat_t
	if err := unix.Fstat(fd, &is); err != nil {
		return fmt.Errorf("fence: %s: %w", path, err)
	}
	if is.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &^= toList
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("fence: landlock: %s: %w", path, errno)
	}
	return nil
}

// linked says what a program needs before its first line: nothing if it is
// static, as ours is.
func linked(program string) (interpreter string, libraries []string) {
	f, err := elf.Open(program)
	if err != nil {
		return "", nil
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz == 0 || p.Filesz > unix.PathMax {
			continue
		}
		path := make([]byte, p.Filesz)
		if _, err := p.ReadAt(path, 0); err != nil {
			return "", nil
		}
		return string(path[:len(path)-1]), []string{
			"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.conf", os.DevNull,
		}
	}
	return "", nil
}
