// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchQueries are half random and half at exactly 31 bits from a hash.
func benchQueries(r *rand.Rand, hashes []Hash, n int) []Hash {
	queries := make([]Hash, n)
	for i := range queries {
		if queries[i] = randomHash(r); i%2 == 1 {
			queries[i] = away(hashes[r.IntN(len(hashes))], r.Perm(Size), MaxDistance)
		}
	}
	return queries
}

// The bars: 1M in 200 µs a query and 10M in 600 µs, on one core; 10M built in
// 15 s and 1.5 GB. The linear scan runs in the same minute, since absolutes
// mean little on a shared machine.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			hashes, ids := randomHashes(r, n)
			queries := benchQueries(r, hashes, 4000)
			began := time.Now()
			x, err := Build(context.Background(), hashes, ids)
			if err != nil {
				b.Fatal(err)
			}
			built := time.Since(began)
			// Searches and scans in turn, the middle of each: another program that
			// takes the core for a while counts for neither.
			buffer := make([]Match, 0, 64)
			var searches, scans []time.Duration
			for i, q := range queries {
				began = time.Now()
				buffer = x.Search(q, MaxDistance, buffer[:0])
				searches = append(searches, time.Since(began))
				if i%(40+n/20_000) == 0 {
					began = time.Now()
					buffer = x.scan(&q, MaxDistance, 0, buffer[:0])
					scans = append(scans, time.Since(began))
				}
			}
			slices.Sort(searches)
			slices.Sort(scans)
			search, scan := searches[len(searches)/2], scans[len(scans)/2]
			asked, found := 0, 0
			for b.Loop() {
				buffer = x.Search(queries[asked%len(queries)], MaxDistance, buffer[:0])
				asked++
				found += len(buffer)
			}
			if found < asked/2 {
				b.Fatalf("%d of %d found", found, asked/2)
			}
			b.ReportMetric(0, "ns/op") // the same as µs/mean
			b.ReportMetric(micro(b.Elapsed()/time.Duration(asked)), "µs/mean")
			b.ReportMetric(micro(search), "µs/query")
			b.ReportMetric(micro(searches[len(searches)*99/100]), "µs/query-p99")
			b.ReportMetric(micro(scan), "µs/scan")
			b.ReportMetric(float64(scan)/float64(search), "scan/query")
			b.ReportMetric(built.Seconds(), "s/build")
			b.ReportMetric(float64(x.Bytes())/float64(n)-Size/8, "B/hash")
			b.ReportMetric(float64(x.Bytes())/1e6, "MB")
		})
	}
}

// The same hashes read where they lie in a file.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			hashes, ids := randomHashes(r, n)
			queries, path := benchQueries(r, hashes, 4000), filepath.Join(b.TempDir(), "index")
			x, err := Build(context.Background(), hashes, ids)
			if err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			if err := x.SaveSnapshot(path, 1); err != nil {
				b.Fatal(err)
			}
			saved := time.Since(began)
			began = time.Now()
			if x, _, err = OpenSnapshot(path); err != nil {
				b.Fatal(err)
			}
			opened := time.Since(began)
			asked, buffer := 0, make([]Match, 0, 64)
			for b.Loop() {
				buffer = x.Search(queries[asked%len(queries)], MaxDistance, buffer[:0])
				asked++
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(micro(b.Elapsed()/time.Duration(asked)), "µs/query")
			b.ReportMetric(saved.Seconds(), "s/save")
			b.ReportMetric(opened.Seconds(), "s/open")
		})
	}
}

// An addition to a million, with the search that finds it, while one reader
// asks all the time and indexes are built. The bar is 10 ms.
func BenchmarkSetAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	hashes, ids := randomHashes(r, 1_000_000)
	queries := benchQueries(r, hashes, 4000)
	x, err := Build(context.Background(), hashes, ids)
	if err != nil {
		b.Fatal(err)
	}
	set := NewSet(x)
	defer set.Close()
	var done atomic.Bool
	var beside sync.WaitGroup
	rebuilt, asked := 0, 0
	beside.Go(func() {
		for !done.Load() {
			if err := set.Rebuild(context.Background()); err != nil {
				b.Error(err)
				return
			}
			rebuilt++
		}
	})
	beside.Go(func() {
		for buffer := make([]Match, 0, 64); !done.Load(); asked++ {
			runtime.Gosched() // as where each question is a request of its own
			buffer = set.Search(queries[asked%len(queries)], MaxDistance, buffer[:0])
		}
	})
	// What a loop that does nothing waits at most is the machine's own doing.
	idle := time.Duration(0)
	for began, last := time.Now(), time.Now(); time.Since(began) < time.Second; {
		idle, last = max(idle, time.Since(last)), time.Now()
	}
	var took []time.Duration
	buffer := make([]Match, 0, 8)
	for b.Loop() {
		h, id := randomHash(r), uint64(len(took))
		began := time.Now()
		set.Add(h, id)
		buffer = set.Search(h, 0, buffer[:0])
		took = append(took, time.Since(began))
		if len(buffer) != 1 {
			b.Fatal("added and not found")
		}
	}
	done.Store(true)
	beside.Wait()
	slices.Sort(took)
	b.ReportMetric(micro(took[len(took)/2]), "µs/median")
	b.ReportMetric(micro(took[len(took)*99/100]), "µs/p99")
	b.ReportMetric(micro(took[len(took)-1]), "µs/max")
	b.ReportMetric(micro(idle), "µs/max-idle")
	b.ReportMetric(float64(rebuilt), "rebuilds")
	b.ReportMetric(float64(asked), "searches-beside")
}

// A search of the eight variants of a picture, with a full delta.
func BenchmarkSetSearchAny(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	hashes, ids := randomHashes(r, 1_000_000)
	x, err := Build(context.Background(), hashes, ids)
	if err != nil {
		b.Fatal(err)
	}
	for _, added := range []int{0, rebuildAfter - 1} {
		b.Run(fmt.Sprint(added), func(b *testing.B) {
			set := NewSet(x)
			defer set.Close()
			for i := range added {
				set.Add(randomHash(r), uint64(i))
			}
			queries, asked := benchQueries(r, hashes, 4000), 0
			buffer := make([]Match, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buffer = set.SearchAny(queries[asked%500*8:][:8], MaxDistance, buffer[:0])
				asked++
			}
		})
	}
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
