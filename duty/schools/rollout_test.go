// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"testing"
	"time"

	"lachan/internal/problem"
)

// fleet joins n nodes that are well and have the current bundle.
func (k *kit) fleet(t *testing.T, n int) []Node {
	t.Helper()
	var all []Node
	for i := range n {
		all = append(all, k.join(t, k.school(t, fmt.Sprintf("truong-%d", i), "primary").ID))
	}
	return all
}

// report lets nodes of a stage say that they have a bundle; ill says whether
// the i-th of the stage has a fault.
func (k *kit) report(t *testing.T, nodes []Node, number int64, ill func(i int) Health) (staged int) {
	t.Helper()
	ctx := context.Background()
	r, err := k.Rollout(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		h := Health{Version: "1", Bundle: r.Expected(n.ID, number), Resolving: true}
		if h.Bundle == number {
			if ill != nil {
				h = ill(staged)
			}
			staged++
		}
		if err := k.Heartbeat(ctx, n.ID, h); err != nil {
			t.Fatal(err)
		}
	}
	return staged
}

func (k *kit) build(t *testing.T) int64 {
	t.Helper()
	info, err := k.BuildBundle(context.Background(), lead)
	if err != nil {
		t.Fatal(err)
	}
	return info.Number
}

// drawn is how many nodes these tests have: which of them come first is drawn
// from their ids, and with so many a stage of five in a hundred is empty once
// in thirty thousand runs.
const drawn = 200

func TestABundleGoesByStages(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first := k.build(t)
	nodes := k.fleet(t, drawn)
	k.report(t, nodes, first, nil)
	second := k.build(t)
	edge := NewEdge(k.Service)
	advance := func(after time.Duration) Rollout {
		t.Helper()
		k.clock.Advance(after)
		if err := k.AdvanceRollout(ctx); err != nil {
			t.Fatal(err)
		}
		r, err := k.RolloutState(ctx, lead)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	beat, err := edge.State(ctx)
	if err != nil || beat.Bundle != uint64(second) || beat.Before != uint64(first) || beat.Stage != 5 {
		t.Fatalf("%+v, %v", beat, err)
	}
	few := k.report(t, nodes, second, nil)
	if few == 0 || few > 35 {
		t.Fatalf("%d of %d nodes are the first", few, drawn)
	}
	if r := advance(time.Minute); r.Stage != 5 || r.Nodes != few || r.Have != few || r.Ill != 0 {
		t.Errorf("before its time: %+v", r)
	}
	// Who has not reported in the time of the stage holds it up.
	k.report(t, nodes, second, func(i int) Health { return Health{Bundle: first, Resolving: true} })
	if r := advance(25 * time.Minute); r.Stage != 5 {
		t.Errorf("nobody has it, and it goes on: %+v", r)
	}
	k.report(t, nodes, second, nil)
	if r := advance(time.Second); r.Stage != 25 {
		t.Errorf("%+v", r)
	}
	more := k.report(t, nodes, second, nil)
	if more < few || more < 20 || more > 90 {
		t.Errorf("%d nodes after %d", more, few)
	}
	if r := advance(25 * time.Minute); r.Stage != 100 || k.ledger.count("schools.rollout_stage") != 2 {
		t.Errorf("%+v", r)
	}
	if beat, _ := edge.State(ctx); beat.Stage != 0 || beat.For(nodes[0].ID) != uint64(second) {
		t.Errorf("%+v", beat)
	}
}

func TestABundleThatMakesNodesIllIsHalted(t *testing.T) {
	for why, ill := range map[string]Health{
		"rejected": {Version: "1", Bundle: 1, Resolving: true, Rejected: 2},
		"upstream": {Version: "1", Bundle: 2, Resolving: false},
	} {
		k, ctx := newKit(t), context.Background()
		first := k.build(t)
		nodes := k.fleet(t, drawn)
		k.report(t, nodes, first, nil)
		second := k.build(t)
		k.report(t, nodes, second, func(i int) Health {
			if i%2 == 0 {
				return ill
			}
			return Health{Version: "1", Bundle: second, Resolving: true}
		})
		k.clock.Advance(25 * time.Minute)
		for range 2 { // safe to run twice
			if err := k.AdvanceRollout(ctx); err != nil {
				t.Fatal(err)
			}
		}
		r, err := k.RolloutState(ctx, lead)
		if err != nil || r.Halted.IsZero() || r.Why != why || r.Stage != 5 || k.ledger.count("schools.rollout_halted") != 1 {
			t.Fatalf("%s: %+v, %v", why, r, err)
		}
		// The next bundle begins its own; the others stay with what they have.
		third := k.build(t)
		beat, err := NewEdge(k.Service).State(ctx)
		if err != nil || beat.Bundle != uint64(third) || beat.Before != uint64(first) || beat.Stage != 5 {
			t.Errorf("%s: %+v, %v", why, beat, err)
		}
		if _, file, err := k.OpenBundle(ctx, first); err != nil {
			t.Errorf("%s: what the others stay with is gone: %v", why, err)
		} else {
			file.Close()
		}
		if err := k.FinishRollout(ctx, nobody); !problem.Is(err, "authz/forbidden") {
			t.Errorf("%v", err)
		}
		if err := k.FinishRollout(ctx, lead); err != nil {
			t.Error(err)
		}
		if err := k.HaltRollout(ctx, lead); !problem.Is(err, "schools/no-rollout") {
			t.Errorf("halted after its end: %v", err)
		}
	}
}

// A node that falls silent after it took the bundle is ill; a small fleet is
// given a bundle at once.
func TestSilenceHaltsAndASmallFleetWaitsForNothing(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first := k.build(t)
	nodes := k.fleet(t, drawn)
	k.report(t, nodes, first, nil)
	second := k.build(t)
	k.report(t, nodes, second, nil)
	why := func() string {
		t.Helper()
		if err := k.AdvanceRollout(ctx); err != nil {
			t.Fatal(err)
		}
		r, err := k.Rollout(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return r.Why
	}
	k.clock.Advance(45 * time.Minute) // evening: every school is off
	if got := why(); got != "" {
		t.Errorf("all are silent, and it is the bundle's fault: %s", got)
	}
	r, err := k.Rollout(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes { // the others are heard of again
		if r.Expected(n.ID, second) == first {
			if err := k.Heartbeat(ctx, n.ID, Health{Version: "1", Bundle: first, Resolving: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := why(); got != "silent" {
		t.Errorf("those with the new bundle are silent, and it goes on: %q", got)
	}
	small := newKit(t)
	small.build(t)
	few := small.fleet(t, 5)
	small.report(t, few, 1, nil)
	number := small.build(t)
	if beat, err := NewEdge(small.Service).State(ctx); err != nil || beat.Stage != 0 || beat.For(few[0].ID) != uint64(number) {
		t.Errorf("%+v, %v", beat, err)
	}
}
