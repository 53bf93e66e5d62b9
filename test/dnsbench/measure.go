// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figures are what one round shows of one server.
type figures struct {
	qps, cpu        float64 // queries a second at full load; µs of processor time a query
	p50, p99        float64 // ms at 4,000 queries a second
	lost            int     // questions without an answer
	ready           float64 // s from start to the first right answers
	rss, anon, file float64 // MB, warm
	peak            float64 // MB, the highest since the start, a swap included where there is one
	perName         float64
}

const headline = "server         µs/query      q/s   p50 ms   p99 ms   lost  ready s   RSS MB   anon   file   peak MB"

func (f figures) row(name string) string {
	return fmt.Sprintf("%-14s %8.2f %8.0f %8.3f %8.3f %6d %8.2f %8.1f %6.1f %6.1f %9.1f", name, f.cpu, f.qps, f.p50, f.p99, f.lost, f.ready, f.rss, f.anon, f.file, f.peak)
}

func measure(ctx context.Context, p plan, w *work, s *server) (figures, error) {
	f := figures{perName: s.perName}
	run, err := s.start(ctx, w)
	if err != nil {
		return f, err
	}
	defer run.stop()
	f.ready = run.ready.Seconds()
	for _, warm := range [][]string{{"-d", w.allowed, "-n", "3", "-l", "4"}, {"-d", w.mix, "-l", "3"}} {
		if _, err := load(ctx, s.address, warm...); err != nil {
			return f, err
		}
	}
	before, err := run.cpu()
	if err != nil {
		return f, err
	}
	out, err := load(ctx, s.address, "-d", w.mix, "-l", strconv.Itoa(p.seconds))
	if err != nil {
		return f, err
	}
	after, err := run.cpu()
	if err != nil {
		return f, err
	}
	completed := out.number(`Queries completed:\s+(\d+)`)
	f.cpu = (after - before).Seconds() * 1e6 / completed
	f.qps = out.number(`Queries per second:\s+([\d.]+)`)
	f.lost = int(out.number(`Queries lost:\s+(\d+)`))
	if s.filters {
		half := out.number(`NXDOMAIN (\d+)`) / completed
		if half < 0.49 || half > 0.51 {
			return f, fmt.Errorf("%.0f %% of the answers are refusals, not half of them", 100*half)
		}
	}
	slow, err := load(ctx, s.address, "-d", w.mix, "-l", "3", "-Q", "4000", "-v")
	if err != nil {
		return f, err
	}
	f.lost += int(slow.number(`Queries lost:\s+(\d+)`))
	f.p50, f.p99 = slow.latency()
	f.rss, f.anon, f.file = run.memory("VmRSS"), run.memory("RssAnon"), run.memory("RssFile")
	if s.swap != nil {
		if err := s.swap(); err != nil {
			return f, err
		}
		time.Sleep(3 * time.Second) // fetched, verified, mapped
	}
	f.peak = run.memory("VmHWM")
	return f, nil
}

// output is what dnsperf printed.
type output string

func load(ctx context.Context, address string, args ...string) (output, error) {
	host, port, _ := strings.Cut(address, ":")
	args = append([]string{"-s", host, "-p", port, "-c", "10", "-T", "1", "-q", "200", "-t", "2"}, args...)
	out, err := pinned(ctx, loadCPU, "dnsperf", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("dnsperf: %w\n%.2000s", err, out)
	}
	return output(out), nil
}

// number finds the first figure of a pattern, 0 if there is none.
func (o output) number(pattern string) float64 {
	m := regexp.MustCompile(pattern).FindStringSubmatch(string(o))
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	return n
}

// latency is the median and the 99th percentile of the line for each query,
// "> NOERROR name A 0.000123", in ms.
func (o output) latency() (p50, p99 float64) {
	var all []float64
	for line := range strings.Lines(string(o)) {
		if !strings.HasPrefix(line, "> ") {
			continue
		}
		fields := strings.Fields(line)
		if s, err := strconv.ParseFloat(fields[len(fields)-1], 64); err == nil {
			all = append(all, 1000*s)
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}

func summarise(all map[string][]figures, servers []*server, rounds int) {
	fmt.Printf("\nmedian of %d rounds\n%s\n", rounds, headline)
	for _, s := range servers {
		fs := all[s.name]
		of := func(get func(figures) float64) float64 { return median(fs, get) }
		lost := 0
		for _, f := range fs {
			lost += f.lost
		}
		fmt.Println(figures{
			cpu: of(func(f figures) float64 { return f.cpu }), qps: of(func(f figures) float64 { return f.qps }),
			p50: of(func(f figures) float64 { return f.p50 }), p99: of(func(f figures) float64 { return f.p99 }), lost: lost,
			ready: of(func(f figures) float64 { return f.ready }), rss: of(func(f figures) float64 { return f.rss }),
			anon: of(func(f figures) float64 { return f.anon }), file: of(func(f figures) float64 { return f.file }),
			peak: of(func(f figures) float64 { return f.peak }),
		}.row(s.name))
	}
	cpu := func(name string) float64 { return median(all[name], func(f figures) float64 { return f.cpu }) }
	faster := cpu("echo")
	if b := cpu("echo-batch"); faster == 0 || b > 0 && b < faster {
		faster = b
	}
	if faster == 0 {
		return
	}
	fmt.Println("\nprocessor time a query, as a multiple of the faster echo")
	for _, s := range servers {
		fmt.Printf("%-14s %5.2f\n", s.name, cpu(s.name)/faster)
	}
	ours := all["lachan"]
	if len(ours) == 0 {
		return
	}
	p99 := func(name string) float64 { return median(all[name], func(f figures) float64 { return f.p99 }) }
	if e := p99("echo"); e > 0 {
		fmt.Printf("p99 at 4,000 queries a second: %.2f × the plain echo\n", p99("lachan")/e)
	}
	fmt.Printf("the bundle: %.2f bytes a name\n", ours[0].perName)
	// A round's ratio is to the faster echo of the same round.
	var ratios []float64
	for i, f := range ours {
		low := 0.0
		for _, e := range []string{"echo", "echo-batch"} {
			if i < len(all[e]) && (low == 0 || all[e][i].cpu < low) {
				low = all[e][i].cpu
			}
		}
		if low > 0 {
			ratios = append(ratios, f.cpu/low)
		}
	}
	if len(ratios) > 0 {
		fmt.Printf("lachan ratio=%.2f min=%.2f max=%.2f cpus=%d\n", cpu("lachan")/faster, slices.Min(ratios), slices.Max(ratios), runtime.NumCPU())
	}
}

func median(fs []figures, get func(figures) float64) float64 {
	if len(fs) == 0 {
		return 0
	}
	fs = slices.SortedFunc(slices.Values(fs), func(a, b figures) int { return cmp.Compare(get(a), get(b)) })
	return get(fs[len(fs)/2])
}
