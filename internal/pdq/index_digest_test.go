// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"lachan/internal/problem"
	"lachan/internal/testkit"
)

func TestDigestsOfEachKind(t *testing.T) {
	checkDigests(t, func(b []byte) MD5 { return md5.Sum(b) })
	checkDigests(t, func(b []byte) SHA1 { return sha1.Sum(b) })
	checkDigests(t, func(b []byte) SHA256 { return sha256.Sum256(b) })
}

// checkDigests lists what numbers hash to, each with one id and every tenth
// with three, and looks for those and as many others, before and after a file.
func checkDigests[D Digest](t *testing.T, sum func([]byte) D) {
	t.Helper()
	const n = 5000
	var listed []Listed[D]
	for i := range n {
		d := sum(strconv.AppendInt(nil, int64(i), 10))
		listed = append(listed, Listed[D]{d, uint64(i)})
		if i%10 == 0 {
			listed = append(listed, Listed[D]{d, n + 2}, Listed[D]{d, n + 1}, Listed[D]{d, n + 1})
		}
	}
	x := BuildDigests(listed)
	path := filepath.Join(t.TempDir(), "digests")
	if err := x.SaveSnapshot(path, 77); err != nil {
		t.Fatal(err)
	}
	read, mark, err := OpenDigestSnapshot[D](path)
	if err != nil || mark != 77 {
		t.Fatal(mark, err)
	}
	runtime.GC() // which gives back no mapping that is in use
	for _, x := range []*DigestIndex[D]{x, read} {
		if x.Len() != n+2*n/10 {
			t.Errorf("%d pairs", x.Len())
		}
		for i := range 2 * n {
			d := sum(strconv.AppendInt(nil, int64(i), 10))
			var want []uint64
			if i < n {
				want = append(want, uint64(i))
				if i%10 == 0 {
					want = append(want, n+1, n+2)
				}
			}
			if got := x.Find(d, nil); !slices.Equal(got, want) || x.Has(d) != (i < n) {
				t.Fatalf("%d: %v, not %v", i, got, want)
			}
		}
	}
	if allocated := testing.AllocsPerRun(100, func() { x.Find(listed[0].Digest, nil); x.Has(listed[0].Digest) }); allocated > 1 && !testkit.Race {
		t.Errorf("%v allocations", allocated)
	}

	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 9, 13, 17, 25, 40, snapshotHeader, len(good) - 1} {
		bad := bytes.Clone(good)
		bad[at] ^= 4
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenDigestSnapshot[D](path); !problem.Is(err, "pdq/damaged-snapshot") {
			t.Errorf("byte %d changed: %v", at, err)
		}
	}
	// Out of order, though with the right checksum.
	last := x.Len() - 1
	x.digests[0], x.digests[last] = x.digests[last], x.digests[0]
	if err := x.SaveSnapshot(path, 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenDigestSnapshot[D](path); !problem.Is(err, "pdq/damaged-snapshot") {
		t.Errorf("out of order: %v", err)
	}
}

// Files of one kind are not read as another.
func TestDigestSnapshotOfAnotherKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "digests")
	if err := BuildDigests([]Listed[MD5]{{MD5{1}, 1}, {MD5{2}, 1}}).SaveSnapshot(path, 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenDigestSnapshot[SHA256](path); !problem.Is(err, "pdq/damaged-snapshot") {
		t.Error(err)
	}
	if _, _, err := OpenSnapshot(path); !problem.Is(err, "pdq/damaged-snapshot") {
		t.Error(err)
	}
}

func TestDigestSetIsAMap(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		draw := func() Listed[MD5] {
			return Listed[MD5]{MD5{15: rapid.Byte().Draw(t, "digest") % 8}, rapid.Uint64Range(0, 3).Draw(t, "id")}
		}
		want := map[Listed[MD5]]bool{}
		var listed []Listed[MD5]
		for range rapid.IntRange(0, 9).Draw(t, "base") {
			l := draw()
			want[l] = true
			listed = append(listed, l)
		}
		set := newDigestSet(BuildDigests(listed), rapid.IntRange(1, 6).Draw(t, "limit"))
		defer func() { set.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				l := draw()
				if added := set.Add(l.Digest, l.ID); added == want[l] {
					t.Fatalf("add says %v", added)
				}
				want[l] = true
			},
			"remove": func(t *rapid.T) {
				l := draw()
				if removed := set.Remove(l.Digest, l.ID); removed != want[l] {
					t.Fatalf("remove says %v", removed)
				}
				delete(want, l)
			},
			"settle": func(t *rapid.T) {
				if err := set.Settle(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"save and open": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") != 0 {
					t.Skip("a file is synced each time")
				}
				path := filepath.Join(folder, "set")
				if err := set.Save(context.Background(), path, 3); err != nil {
					t.Fatal(err)
				}
				read, _, err := OpenDigestSnapshot[MD5](path)
				if err != nil {
					t.Fatal(err)
				}
				set.Close()
				set = newDigestSet(read, set.limit)
			},
			"": func(t *rapid.T) {
				d := MD5{15: rapid.Byte().Draw(t, "query") % 8}
				var ids []uint64
				for l := range want {
					if l.Digest == d {
						ids = append(ids, l.ID)
					}
				}
				slices.Sort(ids)
				if got := set.Find(d, nil); !slices.Equal(got, ids) || set.Len() != len(want) {
					t.Fatalf("%v, not %v; %d, not %d", got, ids, set.Len(), len(want))
				}
			},
		})
	})
}

// While indexes are merged, what was added is found at once and what stays is
// found all the time.
func TestDigestSetWhileItIsMerged(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	random := func() (d SHA256) {
		for i := range d {
			d[i] = byte(r.Uint32())
		}
		return d
	}
	var listed []Listed[SHA256]
	for i := range 20_000 {
		listed = append(listed, Listed[SHA256]{random(), uint64(i)})
	}
	stay := slices.Clone(listed[:100])
	set := newDigestSet(BuildDigests(listed), 50)
	defer set.Close()
	merged := map[*DigestIndex[SHA256]]bool{}
	var ids []uint64
	for i := range 2000 {
		d := random()
		if !set.Add(d, 5) || set.Add(d, 5) || !slices.Equal(set.Find(d, nil), []uint64{5}) {
			t.Fatal("not added once")
		}
		if i%2 == 0 {
			if !set.Remove(d, 5) || set.Remove(d, 5) || set.Find(d, nil) != nil {
				t.Fatal("not removed once")
			}
		}
		s := stay[i%len(stay)]
		if ids = set.Find(s.Digest, ids[:0]); !slices.Equal(ids, []uint64{s.ID}) {
			t.Fatalf("%v, not %d", ids, s.ID)
		}
		if i%400 == 0 { // else a busy machine might merge once only
			if err := set.Settle(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		set.mu.RLock()
		merged[set.base] = true
		set.mu.RUnlock()
	}
	if set.Len() != 21_000 || len(merged) < 4 {
		t.Errorf("%d pairs, %d indexes", set.Len(), len(merged))
	}
}

// Any bytes give an index or an error.
func FuzzDigestSnapshot(f *testing.F) {
	path := filepath.Join(f.TempDir(), "digests")
	if err := BuildDigests([]Listed[SHA1]{{SHA1{1}, 1}, {SHA1{1}, 2}, {SHA1{2}, 1}}).SaveSnapshot(path, 1); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:snapshotHeader])
	f.Fuzz(func(t *testing.T, data []byte) {
		x, _, err := parseDigests[SHA1](data)
		if err != nil {
			return
		}
		for i, d := range x.digests {
			if !slices.Contains(x.Find(d, nil), x.ids[i]) {
				t.Fatalf("%x is there and not found", d)
			}
		}
		x.Has(SHA1{3})
	})
}

func BenchmarkDigests(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	listed := make([]Listed[MD5], 10_000_000)
	for i := range listed {
		for j := range listed[i].Digest {
			listed[i].Digest[j] = byte(r.Uint32())
		}
	}
	sought := slices.Clone(listed[:4096])
	x := BuildDigests(listed)
	var ids []uint64
	for i := 0; b.Loop(); i++ {
		if ids = x.Find(sought[i%len(sought)].Digest, ids[:0]); len(ids) != 1 {
			b.Fatal(ids)
		}
	}
}

// A set that begins with nothing, saved and closed with nothing merged.
func TestDigestSetFromNothing(t *testing.T) {
	set := NewDigestSet[SHA256](nil)
	if d := (SHA256{1}); !set.Add(d, 4) || !set.Add(d, 2) || !slices.Equal(set.Find(d, nil), []uint64{2, 4}) || set.Len() != 2 {
		t.Error(set.Find(d, nil))
	}
	path := filepath.Join(t.TempDir(), "digests")
	ended, stop := context.WithCancel(context.Background())
	stop()
	if err := set.Save(ended, path, 1); err == nil {
		t.Error("saved after its context ended")
	}
	if err := set.Save(context.Background(), path, 1); err != nil {
		t.Fatal(err)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	if read, _, err := OpenDigestSnapshot[SHA256](path); err != nil || !slices.Equal(read.Find(SHA256{1}, nil), []uint64{2, 4}) {
		t.Error(err)
	}
}

// What happens between the beginning and the end of a merge is neither lost nor
// undone by it.
func TestDigestSetChangesDuringAMerge(t *testing.T) {
	digest := func(i byte) MD5 { return MD5{i} }
	set := newDigestSet(BuildDigests([]Listed[MD5]{{digest(1), 1}, {digest(2), 2}, {digest(3), 3}}), rebuildAfter)
	set.Remove(digest(1), 1) // comes back
	set.Remove(digest(2), 2) // stays away
	set.Add(digest(4), 4)    // goes
	set.Add(digest(5), 5)    // stays
	base, added, gone := set.base, set.pairs(), maps.Clone(set.gone)
	set.Add(digest(1), 1)
	set.Remove(digest(3), 3)
	set.Remove(digest(4), 4)
	set.Add(digest(6), 6)
	set.building = &rebuild{done: make(chan struct{})}
	set.merge(base, added, gone)
	for i, there := range []bool{1: true, 2: false, 3: false, 4: false, 5: true, 6: true} {
		if found := len(set.Find(digest(byte(i)), nil)) == 1; found != there {
			t.Errorf("%d: %v", i, found)
		}
	}
	if set.Len() != 3 || set.base.Len() != 3 {
		t.Errorf("%d, %d in the index", set.Len(), set.base.Len())
	}
}
