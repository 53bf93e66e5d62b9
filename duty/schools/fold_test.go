// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestDecisionsAreFoldedIn(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	due := func(want bool, when string) {
		t.Helper()
		if got, err := k.FoldDue(ctx); got != want || err != nil {
			t.Fatalf("%s: %v, %v", when, got, err)
		}
	}
	due(false, "nothing is there")
	if _, err := k.enforce(provisional("mot.example")); err != nil {
		t.Fatal(err)
	}
	due(true, "a decision and no bundle")
	k.build(t)
	due(false, "all is in the bundle")
	if _, err := k.enforce(provisional("hai.example")); err != nil {
		t.Fatal(err)
	}
	due(false, "one decision, fresh")
	k.clock.Advance(25 * time.Hour)
	due(true, "one decision after a day")
	k.build(t)
	due(false, "folded")
	for i := range foldMany {
		if _, err := k.enforce(provisional(fmt.Sprintf("n%d.example", i))); err != nil {
			t.Fatal(err)
		}
	}
	due(true, "many decisions")
	info, err := k.BuildBundle(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	if v := k.view(t); v.LastDelta() != uint64(info.Folded) || info.Folded != foldMany+2 {
		t.Errorf("delta %d, folded %d", v.LastDelta(), info.Folded)
	}
	if _, err := k.ListImport(ctx, lead, ListMeta{Name: "mẫu", Category: "games", Format: Plain}, manyNames(2)); err != nil {
		t.Fatal(err)
	}
	due(true, "a list has changed")
}
