// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// millionNames reads the shared million where it is present and makes names of
// the same shape where it is not; it says which.
func millionNames(b *testing.B) []Name {
	b.Helper()
	var names []Name
	if f, err := os.Open("../../../shared/data/domains/lists-1m/domains-1m.txt.gz"); err == nil {
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			b.Fatal(err)
		}
		for s := bufio.NewScanner(z); s.Scan(); {
			if n, err := ParseName(s.Text()); err == nil && n.Labels() > 1 {
				names = append(names, n)
			}
		}
		b.Logf("%d names of ../shared/data/domains/lists-1m", len(names))
		return names
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1_000_000 {
		n, err := ParseName(fmt.Sprintf("h%x.n%x.example", r.IntN(8), r.Uint64N(1<<40)))
		if err != nil {
			b.Fatal(err)
		}
		names = append(names, n)
	}
	b.Logf("SKIPPED ../shared/data/domains/lists-1m is absent: %d generated names", len(names))
	return names
}

func BenchmarkMillion(b *testing.B) {
	names := millionNames(b)
	codes := []string{"gambling", "adult", "malware", "phishing"}
	var categories []Category
	for _, c := range codes {
		categories = append(categories, Category{c, KindCategory})
	}
	signer, trust := testSigner()
	fill := func() *Builder {
		builder, err := NewBuilder(categories)
		if err != nil {
			b.Fatal(err)
		}
		for i, n := range names {
			if err := builder.Add(n, codes[i%len(codes)]); err != nil {
				b.Fatal(err)
			}
		}
		if err := builder.Policy(Policy{Band: Primary, Blocked: codes}); err != nil {
			b.Fatal(err)
		}
		return builder
	}
	var file bytes.Buffer
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			stats, err := fill().Build(&file, Head{Number: 1}, signer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(stats.Bytes)/float64(stats.Added), "B/name")
			b.ReportMetric(float64(stats.Folded), "folded")
		}
	})
	if file.Len() == 0 {
		if _, err := fill().Build(&file, Head{Number: 1}, signer); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := Parse(file.Bytes(), trust); err != nil {
				b.Fatal(err)
			}
		}
	})
	opened, err := Parse(file.Bytes(), trust)
	if err != nil {
		b.Fatal(err)
	}
	v, err := NewView(Parts{Bundle: opened})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	mix := func(prefix string) [][]byte {
		var wires [][]byte
		for i := range 100_000 {
			name := names[r.IntN(len(names))].String()
			if i%2 == 1 {
				name = fmt.Sprintf("ok%d.edu.vn", r.IntN(1_000_000))
			}
			wires = append(wires, append(mustName(b, prefix+name).Wire(), make([]byte, 8)...))
		}
		return wires
	}
	for _, set := range []struct {
		name  string
		wires [][]byte
	}{{"exact", mix("")}, {"sub", mix("cdn3.www.")}} {
		b.Run("decide/"+set.name, func(b *testing.B) {
			var k Key
			hits, i := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				v.Read(&k, set.wires[i%len(set.wires)])
				if v.Decide(&k, Client{Band: Primary}, 0).Blocked {
					hits++
				}
				i++
			}
			b.ReportMetric(float64(hits)/float64(i), "blocked")
		})
	}
}

func BenchmarkOverlay100k(b *testing.B) {
	var entries []Entry
	for i := range 100_000 {
		entries = append(entries, Entry{Number: uint64(i + 1), Domain: mustName(b, fmt.Sprintf("n%d.example", i)), Block: true, Source: Legal, Bands: EveryBand})
	}
	for b.Loop() {
		newOverlay(newSeed(1), entries, nil)
	}
}

// BenchmarkAgainstAMap asks five million names, by themselves and as
// subdomains, half of the questions for listed ones: of the bundle, as the
// path of a query does, and of a Go map walked label by label. Both stand in
// the same process and take turns; the ratio is what counts (at most 0.7).
func BenchmarkAgainstAMap(b *testing.B) {
	const total = 5_000_000
	base := millionNames(b)
	builder, err := NewBuilder([]Category{{Code: "gambling"}})
	if err != nil {
		b.Fatal(err)
	}
	listed := make(map[string]struct{}, total)
	for copy := 0; len(listed) < total; copy++ {
		for _, n := range base {
			text := n.String()
			if copy > 0 {
				text = fmt.Sprintf("c%d-%s", copy, text)
			}
			name, err := ParseName(text)
			if err != nil {
				continue // became too long
			}
			if err := builder.Add(name, "gambling"); err != nil {
				b.Fatal(err)
			}
			if listed[text] = struct{}{}; len(listed) == total {
				break
			}
		}
	}
	if err := builder.Policy(Policy{Band: Primary, Blocked: []string{"gambling"}}); err != nil {
		b.Fatal(err)
	}
	signer, trust := testSigner()
	path := filepath.Join(b.TempDir(), "five.lcb")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := builder.Build(file, Head{Number: 1}, signer); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	opened, err := Open(path, trust)
	if err != nil {
		b.Fatal(err)
	}
	v, err := NewView(Parts{Bundle: opened})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 8))
	const asked = 200_000
	texts, wires := make([]string, asked), make([][]byte, asked)
	for i := range asked {
		n := base[r.IntN(len(base))].String()
		if i%2 == 1 {
			n = fmt.Sprintf("ok%d.edu.vn", r.IntN(1_000_000))
		}
		if i%4 >= 2 {
			n = "cdn3.www." + n
		}
		name, err := ParseName(n)
		if err != nil {
			name = mustName(b, "ok.edu.vn")
		}
		texts[i], wires[i] = name.String(), append(name.Wire(), make([]byte, 8)...)
	}
	walk := func(name string) bool {
		for strings.IndexByte(name, '.') >= 0 { // not the bare top-level domain
			if _, ok := listed[name]; ok {
				return true
			}
			_, name, _ = strings.Cut(name, ".")
		}
		return false
	}
	var k Key
	decide := func(wire []byte) bool {
		v.Read(&k, wire)
		return v.Decide(&k, Client{Band: Primary}, 0).Blocked
	}
	for i := range texts { // both say the same, and what is asked is warm
		if walk(texts[i]) != decide(wires[i]) {
			b.Fatalf("%s: the map and the bundle differ", texts[i])
		}
	}
	var ofMap, ofBundle time.Duration
	n, hits := 0, 0
	const round = 20_000
	for b.Loop() {
		at := n % (asked / round) * round
		begun := time.Now()
		for _, t := range texts[at : at+round] {
			if walk(t) {
				hits++
			}
		}
		between := time.Now()
		for _, w := range wires[at : at+round] {
			if decide(w) {
				hits++
			}
		}
		ofMap, ofBundle = ofMap+between.Sub(begun), ofBundle+time.Since(between)
		n++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(ofMap.Nanoseconds())/float64(n*round), "map-ns")
	b.ReportMetric(float64(ofBundle.Nanoseconds())/float64(n*round), "bundle-ns")
	b.ReportMetric(float64(ofBundle)/float64(ofMap), "×map")
}
