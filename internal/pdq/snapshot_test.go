// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"lachan/internal/problem"
)

func TestSnapshotIsReadAsItWasSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	r := rand.New(rand.NewPCG(1, 8))
	for _, n := range []int{0, 1, 7, 4096, 9001} {
		for _, pieces := range []int{12, 14, 16, 32} { // 11 make a file of 450 MB
			if pieces == 12 && n != 7 || pieces < fewest() {
				continue
			}
			hashes, ids := randomHashes(r, n)
			x := mustBuild(t, hashes, ids, pieces)
			if err := x.SaveSnapshot(path, uint64(n)); err != nil {
				t.Fatal(err)
			}
			read, mark, err := OpenSnapshot(path)
			if err != nil || mark != uint64(n) || read.Len() != n || read.Bytes() != x.Bytes() {
				t.Fatalf("%d hashes: mark %d, %v", n, mark, err)
			}
			runtime.GC() // which gives back no mapping that is in use
			if !slices.Equal(read.hashes, hashes) || !slices.Equal(read.ids, ids) {
				t.Fatal("other hashes were read")
			}
			if n > 0 {
				queries, near := queriesFor(r, hashes, 3)
				checkRecall(t, read, hashes, ids, queries, near)
			}
			size, err := os.Stat(path)
			if err != nil || size.Size() < read.Bytes() || size.Size() > read.Bytes()+snapshotHeader+64*int64(2+2*pieces) {
				t.Errorf("%d bytes of file for %d: %v", size.Size(), read.Bytes(), err)
			}
			runtime.KeepAlive(read)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// Each byte counts: changed anywhere, cut anywhere, the file is refused.
func TestSnapshotDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	good := snapshotOf(t, path, 300)
	refused := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenSnapshot(path); !problem.Is(err, "pdq/damaged-snapshot") {
			t.Errorf("%s: %v", what, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 8))
	places := []int{0, 8, 12, 16, 24, 31, 32, 63, 64, len(good) - 1}
	for range 30 {
		places = append(places, r.IntN(len(good)))
	}
	for _, at := range places {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << r.IntN(8)
		refused("changed", bad)
	}
	for _, size := range []int{0, 1, snapshotHeader, len(good) / 2, len(good) - 1} {
		refused("cut", good[:size])
	}
	refused("longer", append(bytes.Clone(good), 0))
	if _, _, err := OpenSnapshot(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func snapshotOf(t testing.TB, path string, n int) []byte {
	t.Helper()
	hashes, ids := randomHashes(rand.New(rand.NewPCG(uint64(n), 8)), n)
	if err := mustBuild(t, hashes, ids, 32).SaveSnapshot(path, 1); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A snapshot that cannot be written whole leaves the one before as it was.
func TestSnapshotThatFailsLeavesTheOld(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "index")
	x := mustBuild(t, make([]Hash, 3), make([]uint64, 3), 16)
	if err := os.Mkdir(path, 0o700); err != nil { // a name that a file cannot take
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := x.SaveSnapshot(path, 1); err == nil {
		t.Error("saved over a folder")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := x.SaveSnapshot(filepath.Join(folder, "none", "index"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// What a machine cannot read where it lies is copied, with the same values.
func TestColumnAtAnOddAddress(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	data := make([]byte, 321)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	var placed []byte
	for from := range 2 { // one of them is odd
		placed = data[from : from+320]
		want := bytes.Clone(placed)
		for _, got := range [][]byte{bytesOf(column[Hash](placed)), bytesOf(column[uint64](placed)), bytesOf(column[uint32](placed))} {
			if !bytes.Equal(got, want) {
				t.Errorf("from %d: %x, not %x", from, got, want)
			}
		}
	}
}

func bytesOf[T cell](values []T) []byte {
	var out bytes.Buffer
	write(&sectionWriter{out: &out}, values)
	return out.Bytes()
}

// Any bytes give an index or an error; an index, however false its tables, is
// searched without a panic.
func FuzzSnapshot(f *testing.F) {
	path := filepath.Join(f.TempDir(), "index")
	good := snapshotOf(f, path, 3)
	f.Add(good[:100], uint32(0), []byte{}, true)
	f.Add([]byte(snapshotMagic), uint32(8), []byte{1}, true)
	f.Add([]byte{}, uint32(len(good)-8), []byte{9}, false)
	f.Add([]byte{}, uint32(snapshotHeader+3*32+64), []byte{9, 9, 9, 9}, false)
	f.Fuzz(func(t *testing.T, head []byte, at uint32, over []byte, alone bool) {
		// A file has 33 kB of tables at least. What is drawn is the file, or goes
		// over the beginning and another part of a good one.
		data := head
		if !alone {
			data = bytes.Clone(good)
			copy(data, head)
			copy(data[int(at)%len(data):], over)
		}
		x, _, err := parseSnapshot(data)
		if err != nil {
			return
		}
		hashes := append(slices.Clone(x.hashes[:min(len(x.hashes), 8)]), Hash{1, 2, 3, 4})
		for _, h := range hashes {
			x.Search(h, MaxDistance, nil)
			x.Has(h)
		}
		x.SearchAny(hashes, MaxDistance, nil)
		set := NewSet(x)
		set.Remove(hashes[0], 0)
		if err := errors.Join(set.Rebuild(context.Background()), set.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

// A file whose tables lead outside is refused, though its checksum may be right.
func TestSnapshotWithFalseTables(t *testing.T) {
	good := snapshotOf(t, filepath.Join(t.TempDir(), "index"), 3)
	if _, _, err := parseSnapshot(good); err != nil {
		t.Fatal(err)
	}
	for _, other := range [][]byte{good[:len(good)-1], append(bytes.Clone(good), 0)} {
		if _, _, err := parseSnapshot(other); !problem.Is(err, "pdq/damaged-snapshot") {
			t.Errorf("%d bytes of %d: %v", len(other), len(good), err)
		}
	}
	starts := snapshotHeader + 2*snapshotAlign + snapshotAlign // behind three hashes, three ids
	rows := starts + int(aligned(4*257))
	for what, change := range map[string]struct {
		at    int
		value uint32
	}{
		"a row beyond the last hash": {rows + 4, 3}, "the last row of all": {len(good) - 4, 1 << 31},
		"starts that fall": {starts + 4*10, 9}, "a first start": {starts, 1}, "a last start": {starts + 4*256, 4},
	} {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint32(bad[change.at:], change.value)
		if _, _, err := parseSnapshot(bad); !problem.Is(err, "pdq/damaged-snapshot") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
