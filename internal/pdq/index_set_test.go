// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"lachan/internal/testkit"
)

// plain is what a set has to be: a Go map that is scanned.
type plain map[entry]bool

func (p plain) search(h Hash, radius int) []Match {
	var found []Match
	for e := range p {
		if d := e.hash.Distance(h); d <= radius {
			found = append(found, Match{ID: e.id, Distance: d})
		}
	}
	sortMatches(found)
	return found
}

// unplaced takes out of matches what only their order depends on.
func unplaced(found []Match) []Match {
	for i := range found {
		found[i].at = 0
	}
	return found
}

// Whatever is added, removed and rebuilt, in whatever order, while indexes are
// being built beside it: a set answers as a map does that is scanned.
func TestSetIsAMapThatIsScanned(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		pool, _ := randomHashes(r, 12)
		for i := range pool {
			if i%3 != 0 {
				pool[i] = away(pool[i-i%3], r.Perm(Size), 5+i*2)
			}
		}
		draw := func() entry {
			return entry{pool[rapid.IntRange(0, len(pool)-1).Draw(t, "hash")], rapid.Uint64Range(0, 2).Draw(t, "id")}
		}
		want := plain{}
		var hashes []Hash
		var ids []uint64
		for range rapid.IntRange(0, 6).Draw(t, "base") {
			if e := draw(); !want[e] {
				want[e] = true
				hashes, ids = append(hashes, e.hash), append(ids, e.id)
			}
		}
		base, err := Build(context.Background(), hashes, ids)
		if err != nil {
			t.Fatal(err)
		}
		set := newSet(base, rapid.IntRange(2, 9).Draw(t, "limit"))
		defer func() { set.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				e := draw()
				if added := set.Add(e.hash, e.id); added == want[e] {
					t.Fatalf("add says %v", added)
				}
				want[e] = true
			},
			"remove": func(t *rapid.T) {
				e := draw()
				if removed := set.Remove(e.hash, e.id); removed != want[e] {
					t.Fatalf("remove says %v", removed)
				}
				delete(want, e)
			},
			"rebuild": func(t *rapid.T) {
				if err := set.Rebuild(context.Background()); err != nil {
					t.Fatal(err)
				}
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
				read, mark, err := OpenSnapshot(path)
				if err != nil || mark != 3 {
					t.Fatal(mark, err)
				}
				set.Close()
				set = newSet(read, set.limit)
			},
			"": func(t *rapid.T) {
				if set.Len() != len(want) {
					t.Fatalf("%d entries, not %d", set.Len(), len(want))
				}
				q, radius := pool[rapid.IntRange(0, len(pool)-1).Draw(t, "query")], rapid.IntRange(0, MaxDistance).Draw(t, "radius")
				if got, wanted := unplaced(set.Search(q, radius, nil)), want.search(q, radius); !slices.Equal(got, wanted) {
					t.Fatalf("%v, not %v", got, wanted)
				}
			},
		})
	})
}

// While indexes are built one after the other, what a writer added is found by
// its next search and what it removed is not; readers beside it never miss what
// was there all the time. Then the index alone holds what is left.
func TestSetWhileItIsRebuilt(t *testing.T) {
	n, rounds := 20_000, 3_000
	if testkit.Race {
		n, rounds = 3_000, 600
	}
	r := rand.New(rand.NewPCG(4, 4))
	hashes, ids := randomHashes(r, n)
	base, err := Build(context.Background(), slices.Clone(hashes), ids)
	if err != nil {
		t.Fatal(err)
	}
	set := newSet(base, 100)
	defer set.Close()
	var done atomic.Bool
	var readers sync.WaitGroup
	for seed := range uint64(2) {
		readers.Go(func() {
			r, buffer := rand.New(rand.NewPCG(seed, 1)), make([]Match, 0, 8)
			for !done.Load() {
				stays := r.IntN(n/2) + n/2
				buffer = set.Search(away(hashes[stays], r.Perm(Size), r.IntN(MaxDistance+1)), MaxDistance, buffer[:0])
				if len(buffer) != 1 || buffer[0].ID != ids[stays] {
					t.Errorf("a reader found %v, not %d", buffer, ids[stays])
					return
				}
			}
		})
	}
	builds := map[*epoch]bool{}
	var added []entry
	for i := range rounds {
		if i%(rounds/6) == 0 { // else a busy machine might build one only
			if err := set.Settle(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		builds[set.now.Load()] = true
		e := entry{randomHash(r), uint64(i)}
		if added = append(added, e); !set.Add(e.hash, e.id) || set.Add(e.hash, e.id) {
			t.Fatal("an entry is not added once")
		}
		if found := set.Search(away(e.hash, r.Perm(Size), MaxDistance), MaxDistance, nil); len(found) != 1 || found[0].ID != e.id {
			t.Fatalf("added and not found: %v", found)
		}
		gone := entry{hashes[i], ids[i]}
		if i%2 == 1 {
			gone = added[i/2]
		}
		if !set.Remove(gone.hash, gone.id) || set.Remove(gone.hash, gone.id) || len(set.Search(gone.hash, 5, nil)) != 0 {
			t.Fatal("an entry is not removed once")
		}
		if i%5 == 0 { // and comes back
			if !set.Add(gone.hash, gone.id) || len(set.Search(gone.hash, 0, nil)) != 1 || !set.Remove(gone.hash, gone.id) {
				t.Fatal("an entry does not come back")
			}
		}
	}
	done.Store(true)
	readers.Wait()
	if err := set.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(builds) < 3 {
		t.Errorf("%d indexes were used: nothing was rebuilt meanwhile", len(builds))
	}
	if err := set.Rebuild(context.Background()); err != nil {
		t.Fatal(err)
	}
	e := set.now.Load()
	if e.base.Len() != n || set.Len() != n || e.delta.used.Load() != 0 || e.some.Load() {
		t.Errorf("%d of %d in the index, %d beside it", e.base.Len(), n, e.delta.used.Load())
	}
	for i, a := range added {
		if there := len(set.Search(a.hash, 0, nil)) == 1; there != (i >= rounds/2) {
			t.Fatalf("addition %d: %v", i, there)
		}
	}
}

// Close gives up the index that is being built and loses nothing.
func TestSetCloses(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	hashes, ids := randomHashes(r, 3000)
	set := newSet(nil, 1000)
	for i := range hashes {
		set.Add(hashes[i], ids[i])
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	if !set.Add(randomHash(r), 1) || !set.Remove(hashes[0], ids[0]) || set.Len() != 3000 {
		t.Error("a closed set does not change")
	}
	for i := range hashes {
		if found := len(set.Search(hashes[i], MaxDistance, nil)); found != min(i, 1) {
			t.Fatalf("%d: %d found", i, found)
		}
	}
	if err := set.Rebuild(context.Background()); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if err := set.Close(); err != nil {
		t.Error(err)
	}
}

func TestSetWaitsNoLongerThanItsCaller(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 6))
	hashes, ids := randomHashes(r, 50_000)
	set := NewSet(mustBuild(t, hashes, ids, 16))
	defer set.Close()
	ended, stop := context.WithCancel(context.Background())
	stop()
	if err := set.Rebuild(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := set.Rebuild(context.Background()); err != nil {
		t.Error(err)
	}
	if err := set.Settle(context.Background()); err != nil {
		t.Error(err)
	}
}
