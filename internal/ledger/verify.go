// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/problem"
)

// Report is what an export was found to be.
type Report struct {
	Origin string
	Size   int64
	Root   string    // base64
	First  time.Time // time of the first leaf; zero in an empty log
	Last   time.Time // the latest time of any leaf
	Kinds  map[string]int64
}

// Verify checks an exported folder offline, against the hub's public key as
// the verifier got it by a way of his own. Every byte of the folder counts:
// each leaf is hashed anew, each tile is compared, the root must be the signed
// one, and no file may be there that does not belong.
//
// What is wrong is a problem that names the first faulty place:
// ledger/bad-checkpoint, ledger/bad-leaf (index), ledger/bad-tile (file),
// ledger/bad-root, ledger/bad-key or ledger/stray-file (file).
func Verify(dir, publicKey string, progress Progress) (Report, error) {
	return verify(os.DirFS(dir), publicKey, progress)
}

func verify(folder fs.FS, publicKey string, progress Progress) (Report, error) {
	signed, err := fs.ReadFile(folder, checkpointFile)
	if err != nil {
		return Report{}, problem.New("ledger/bad-checkpoint").Wrap(err)
	}
	checkpoint, err := openCheckpoint(signed, publicKey)
	if err != nil {
		return Report{}, problem.New("ledger/bad-checkpoint").Wrap(err)
	}
	key, err := fs.ReadFile(folder, keyFile)
	if err != nil || string(key) != strings.TrimSpace(publicKey)+"\n" {
		return Report{}, problem.New("ledger/bad-key").Wrap(err)
	}
	v := &verification{folder: folder, size: checkpoint.Size, belongs: map[string]bool{checkpointFile: true, keyFile: true}}
	v.report = Report{Origin: checkpoint.Origin, Size: checkpoint.Size, Root: checkpoint.Root.String(), Kinds: map[string]int64{}}
	v.tree.node = v.collect
	for first := int64(0); first < v.size; first += tileWidth {
		width := int(min(tileWidth, v.size-first))
		if err := v.bundle(first/tileWidth, width); err != nil {
			return Report{}, err
		}
		progress.tell(first+int64(width), v.size)
	}
	if err := v.finish(checkpoint.Root); err != nil {
		return Report{}, err
	}
	return v.report, nil
}

// verification walks an export from the first leaf to the root.
type verification struct {
	folder  fs.FS
	size    int64
	belongs map[string]bool
	tree    tree
	rows    [][]byte // per tile level: hashes gathered for the tile at hand
	tiles   []int64  // per tile level: number of the tile at hand
	fault   error    // the first wrong tile, found while the tree grows
	report  Report
}

// bundle checks one file of entries and the tile of leaf hashes beside it.
func (v *verification) bundle(n int64, width int) error {
	name := tilePath("entries", n, width)
	v.belongs[name] = true
	data, err := fs.ReadFile(v.folder, name)
	if err != nil {
		return problem.New("ledger/bad-tile", "file", name).Wrap(err)
	}
	tileName := tilePath("0", n, width)
	tile, err := fs.ReadFile(v.folder, tileName)
	if err != nil || len(tile) != width*tlog.HashSize {
		return problem.New("ledger/bad-tile", "file", tileName).Wrap(err)
	}
	leaves, cut := splitBundle(data, width)
	for i, text := range leaves[:min(len(leaves), width)] {
		index := n*tileWidth + int64(i)
		hash := tlog.RecordHash(text)
		if !bytes.Equal(hash[:], tile[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
			return problem.New("ledger/bad-leaf", "index", index)
		}
		leaf, err := ParseLeaf(text)
		if err != nil {
			return problem.New("ledger/bad-leaf", "index", index).Wrap(err)
		}
		v.count(leaf)
		v.tree.add(hash)
		if v.fault != nil {
			return v.fault
		}
	}
	if cut != nil {
		return problem.New("ledger/bad-leaf", "index", n*tileWidth+int64(len(leaves))).Wrap(cut)
	}
	return nil
}

func (v *verification) count(leaf Leaf) {
	if v.report.First.IsZero() {
		v.report.First = leaf.At
	}
	if leaf.At.After(v.report.Last) {
		v.report.Last = leaf.At
	}
	v.report.Kinds[leaf.Kind]++
}

// collect gathers the hashes of every eighth level into tiles and compares
// each full one with its file.
func (v *verification) collect(level int, n int64, hash tlog.Hash) {
	if level%tileHeight != 0 {
		return
	}
	l := level / tileHeight
	for len(v.rows) <= l {
		v.rows, v.tiles = append(v.rows, nil), append(v.tiles, 0)
	}
	v.rows[l] = append(v.rows[l], hash[:]...)
	if len(v.rows[l]) == tileWidth*tlog.HashSize {
		v.compare(l)
		v.rows[l], v.tiles[l] = v.rows[l][:0], v.tiles[l]+1
	}
}

func (v *verification) compare(l int) {
	name := tilePath(strconv.Itoa(l), v.tiles[l], len(v.rows[l])/tlog.HashSize)
	v.belongs[name] = true
	data, err := fs.ReadFile(v.folder, name)
	if v.fault == nil && (err != nil || !bytes.Equal(data, v.rows[l])) {
		v.fault = problem.New("ledger/bad-tile", "file", name).Wrap(err)
	}
}

// finish compares the partial tiles and the root, and looks for stray files.
func (v *verification) finish(want tlog.Hash) error {
	for l := range v.rows {
		if len(v.rows[l]) > 0 {
			v.compare(l)
		}
	}
	if v.fault != nil {
		return v.fault
	}
	root, err := v.tree.root()
	if err != nil {
		return err
	}
	if root != want {
		return problem.New("ledger/bad-root")
	}
	var stray []string
	err = fs.WalkDir(v.folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !v.belongs[name] {
			stray = append(stray, name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ledger: verify: %w", err)
	}
	if len(stray) > 0 {
		slices.Sort(stray)
		return problem.New("ledger/stray-file", "file", stray[0])
	}
	return nil
}
