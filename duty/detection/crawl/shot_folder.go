// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// shotFolder is how the folders of browsers are called.
const shotFolder = "lachan-shot-"

// errOnDisk says that there is no place for a browser's files but a disk. What
// it draws is sealed later; in clear it never touches one.
var errOnDisk = errors.New("no file system in memory at /dev/shm")

// memory is where a browser may leave its files until it ends.
const memory = "/dev/shm"

// leftFor is how old a browser's folder is at least that nobody uses any more: no
// picture takes so long.
const leftFor = 10 * time.Minute

// newHome is an empty folder in memory. What a process left behind that was
// killed is removed.
func newHome(in string) (string, error) {
	if !inMemory(in) {
		return "", errOnDisk
	}
	home, err := os.MkdirTemp(in, shotFolder)
	if err == nil {
		sweepHomes(home)
	}
	return home, err
}

// sweepHomes removes the folders beside home that are older by leftFor.
func sweepHomes(home string) {
	in := filepath.Dir(home)
	own, err := os.Stat(home)
	if err != nil {
		return
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), shotFolder) && own.ModTime().Sub(info.ModTime()) > leftFor {
			os.RemoveAll(filepath.Join(in, e.Name())) //nolint:errcheck // another user's is not ours to remove
		}
	}
}
