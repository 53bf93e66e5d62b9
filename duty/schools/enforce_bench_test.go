// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkEnforce is a decision from the first statement to the return of the
// commit, publishing included, with SQLite's synchronous=FULL.
func BenchmarkEnforce(b *testing.B) {
	k := newKit(b)
	i := 0
	for b.Loop() {
		i++
		if _, err := k.enforce(provisional(fmt.Sprintf("n%d.example", i))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup explains a name over a bundle of 100,000 names.
func BenchmarkLookup(b *testing.B) {
	k, ctx := newKit(b), context.Background()
	if _, err := k.ListImport(ctx, lead, ListMeta{Name: "lớn", Category: "adult", Format: Plain}, manyNames(100_000)); err != nil {
		b.Fatal(err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Lookup(ctx, lead, LookupQuery{Domain: "www1.site1.example", Band: "primary"}); err != nil {
			b.Fatal(err)
		}
	}
}
