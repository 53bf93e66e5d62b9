// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

// BenchmarkDecisionToRefusal measures the time from the hub's publish to the
// first refusal that a client sees over UDP, the client asking without pause
// (DESIGN.md §13: at most 50 ms p99 for one node).
func BenchmarkDecisionToRefusal(b *testing.B) {
	w := newWorld(b)
	w.publish(1, 0)
	n, _ := w.node(b.TempDir())
	w.ready(n, 1)
	var took []time.Duration
	for b.Loop() {
		name := fmt.Sprintf("n%d.many.example", len(took))
		w.ask(n, name, dnswire.TypeA) // into the cache
		w.decide(false, w.emergency(name, true))
		start := time.Now()
		w.must(w.bus.PublishDelta(w.deltas[len(w.deltas)-1]))
		for {
			r, err := dnswire.Exchange(context.Background(), "udp", n.DNSAddr(), name, dnswire.TypeA)
			w.must(err)
			if refused(r) {
				break
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkSwapFiveMillion measures the longest time between two answers while
// a bundle of five million names is verified and put in place of another
// (DESIGN.md §13: no gap above 20 ms). The prober asks every millisecond.
func BenchmarkSwapFiveMillion(b *testing.B) {
	w := newWorld(b)
	w.publish(1, 0)
	state := b.TempDir()
	n, _ := w.node(state)
	w.ready(n, 1)
	build := func(number uint64) string {
		builder, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
		w.must(err)
		for i := range 5_000_000 {
			w.must(builder.Add(w.name(fmt.Sprintf("h%x.n%x.example", i%8, i)), "gambling"))
		}
		w.must(builder.Policy(bundle.Policy{Band: bundle.Primary, Blocked: []string{"gambling"}}))
		path := filepath.Join(state, fmt.Sprint("made-", number))
		f, err := os.Create(path)
		w.must(err)
		_, err = builder.Build(f, bundle.Head{Number: number}, w.signer)
		w.must(err)
		w.must(f.Close())
		return path
	}
	number := uint64(2)
	var longest, swap time.Duration
	for b.Loop() {
		b.StopTimer()
		path := build(number)
		stop, gap := make(chan struct{}), make(chan time.Duration)
		go func() {
			last, worst := time.Now(), time.Duration(0)
			for i := 0; ; i++ {
				select {
				case <-stop:
					gap <- worst
					return
				default:
				}
				r, err := dnswire.Exchange(context.Background(), "udp", n.DNSAddr(), fmt.Sprintf("x%d.bet.example", i%100), dnswire.TypeA)
				if err != nil || len(r.Answers) != 1 {
					b.Errorf("%v %+v", err, r)
				}
				worst, last = max(worst, time.Since(last)), time.Now()
				time.Sleep(time.Millisecond)
			}
		}()
		time.Sleep(50 * time.Millisecond)
		b.StartTimer()
		start := time.Now()
		w.must(n.keeper.ApplyBundle(path))
		swap = max(swap, time.Since(start))
		b.StopTimer()
		time.Sleep(100 * time.Millisecond)
		close(stop)
		longest = max(longest, <-gap)
		number++
		b.StartTimer()
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "longest-gap-ms")
	b.ReportMetric(float64(swap.Microseconds())/1000, "swap-ms")
}
