// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// disk is the state folder:
//
//	bundle-<number>.lcb    the bundle in force, mapped; never changed in place
//	bundle-<number>.part   one being fetched
//	deltas.log             sealed deltas above it, each after its length
//	side-<school>.lcs      a sealed side file
//	guard.json             the highest numbers ever in force
type disk struct{ dir string }

// guard is what must never go down.
type guard struct {
	Bundle uint64            `json:"bundle"`
	Sides  map[string]uint64 `json:"sides"`
}

func (d disk) path(name string) string       { return filepath.Join(d.dir, name) }
func (d disk) sidePath(school string) string { return d.path("side-" + school + ".lcs") }

func (d disk) partPath(number uint64) string {
	return d.path(fmt.Sprintf("bundle-%020d.part", number))
}

func (d disk) bundlePath(number uint64) string {
	return d.path(fmt.Sprintf("bundle-%020d.lcb", number))
}

func (d disk) readGuard(g *guard) error {
	data, err := os.ReadFile(d.path("guard.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, g)
}

func (d disk) writeGuard(g guard) error {
	data, err := json.Marshal(g)
	if err != nil {
		return err
	}
	return d.writeFile(d.path("guard.json"), data)
}

// bundles lists the complete bundles, the highest number first.
func (d disk) bundles() []string {
	found, err := filepath.Glob(d.path("bundle-*.lcb"))
	if err != nil {
		return nil
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found
}

// install moves a fetched file to its place.
func (d disk) install(part string, number uint64) error {
	if err := os.Rename(part, d.bundlePath(number)); err != nil {
		return err
	}
	return syncDir(d.dir)
}

// dropBundlesBelow removes the files of older bundles and of broken fetches.
// One that is still mapped goes when its last reader does.
func (d disk) dropBundlesBelow(number uint64) error {
	var errs []error
	for _, path := range d.bundles() {
		if path < d.bundlePath(number) {
			errs = append(errs, os.Remove(path))
		}
	}
	parts, err := filepath.Glob(d.path("bundle-*.part"))
	errs = append(errs, err)
	for _, path := range parts {
		if strings.TrimSuffix(path, ".part") <= strings.TrimSuffix(d.bundlePath(number), ".lcb") {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(errs...)
}

// readDeltas reads as far as the file is whole, and reports whether that is to
// its end: a power cut may have torn the last record.
func (d disk) readDeltas() (all [][]byte, whole bool) {
	data, err := os.ReadFile(d.path("deltas.log"))
	if err != nil {
		return nil, errors.Is(err, fs.ErrNotExist)
	}
	for len(data) >= 4 {
		n := binary.LittleEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			break
		}
		all = append(all, data[4:4+n])
		data = data[4+n:]
	}
	return all, len(data) == 0
}

func frame(deltas [][]byte) []byte {
	var b []byte
	for _, s := range deltas {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// appendDeltas adds records and waits until they are on the disk.
func (d disk) appendDeltas(deltas [][]byte) error {
	f, err := os.OpenFile(d.path("deltas.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(frame(deltas))
	return errors.Join(err, f.Sync(), f.Close())
}

func (d disk) rewriteDeltas(deltas [][]byte) error {
	return d.writeFile(d.path("deltas.log"), frame(deltas))
}

// writeFile replaces a file as a whole: written beside it, synced, renamed,
// the folder synced.
func (d disk) writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(d.dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(d.dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
