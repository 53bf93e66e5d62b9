// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// editionOf is a list of n names of one source; a tenth of them differs from
// edition to edition.
func editionOf(source, edition, n int) io.Reader {
	var b strings.Builder
	for i := range n {
		e := 0
		if i%10 == 0 {
			e = edition
		}
		fmt.Fprintf(&b, "n%x-%d.s%d.list%d.example\n", i*2654435761%(1<<32), e, i%977, source)
	}
	return strings.NewReader(b.String())
}

// BenchmarkOneChangedList has lists of 100,000 names, five million together,
// changes one, and builds the next bundle: what a province waits for when one
// of its lists was updated. Besides the whole it prints the import and the
// build by themselves. LIST=50 below is the number of lists; -short has ten.
func BenchmarkOneChangedList(b *testing.B) {
	lists := 50
	if testing.Short() {
		lists = 10
	}
	k, ctx := newKit(b), context.Background()
	load := func(source, edition int) {
		meta := ListMeta{Name: fmt.Sprintf("danh sách %d", source), Category: "adult", Format: Plain}
		if _, err := k.ListImport(ctx, lead, meta, editionOf(source, edition, 100_000)); err != nil {
			b.Fatal(err)
		}
	}
	for i := range lists {
		load(i, 0)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		b.Fatal(err)
	}
	var importing, building time.Duration
	edition := 0
	for b.Loop() {
		edition++
		start := time.Now()
		load(lists/2, edition)
		importing += time.Since(start)
		start = time.Now()
		info, err := k.BuildBundle(ctx, lead)
		if err != nil {
			b.Fatal(err)
		}
		building += time.Since(start)
		b.ReportMetric(float64(info.Names), "names")
		b.ReportMetric(float64(info.Bytes)/float64(info.Names), "B/name")
	}
	b.ReportMetric(importing.Seconds()/float64(b.N), "import-s")
	b.ReportMetric(building.Seconds()/float64(b.N), "build-s")
}
