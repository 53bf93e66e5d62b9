// SPDX-License-Identifier: Apache-2.0

package crawl

import "syscall"

// tmpfs is the kind of file system that has no disk (TMPFS_MAGIC, statfs(2)).
const tmpfs = 0x01021994

// inMemory is whether a folder lies on a file system that has no disk.
func inMemory(folder string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(folder, &fs) == nil && fs.Type == tmpfs
}
