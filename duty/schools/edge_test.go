// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/problem"
)

// A node that knows nothing fetches all it needs through Edge, as over the bus.
func TestANodeFetchesEverything(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s, other := k.school(t, "truong-1", "primary"), k.school(t, "truong-2", "primary")
	n, edge, trust := k.join(t, s.ID), NewEdge(k.Service), bundle.NewTrust(k.public)
	if beat, err := edge.State(ctx); err != nil || beat != (bus.Heartbeat{}) {
		t.Errorf("%+v, %v", beat, err)
	}
	if _, err := edge.BundleChunk(ctx, n.ID, bus.ChunkRequest{}); !problem.Is(err, "schools/no-bundle") {
		t.Errorf("%v", err)
	}
	if _, err := k.ListImport(ctx, lead, ListMeta{Name: "lớn", Category: "games", Format: Plain}, manyNames(60_000)); err != nil {
		t.Fatal(err)
	}
	info, err := k.BuildBundle(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.enforce(provisional("hai-mau.example")); err != nil {
		t.Fatal(err)
	}
	beat, err := edge.State(ctx)
	if err != nil || beat != (bus.Heartbeat{Bundle: 1, Delta: 1}) {
		t.Errorf("%+v, %v", beat, err)
	}
	var file []byte
	for chunks := 0; ; chunks++ {
		c, err := edge.BundleChunk(ctx, n.ID, bus.ChunkRequest{Offset: uint64(len(file))})
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, c.Data...)
		if uint64(len(file)) == c.Size {
			if chunks == 0 {
				t.Error("the test wants a file of several chunks")
			}
			break
		}
	}
	b, err := bundle.Parse(file, trust)
	if err != nil || int64(len(file)) != info.Bytes || b.Number() != 1 {
		t.Fatalf("%d bytes, %v", len(file), err)
	}
	sealed, err := edge.DeltasAfter(ctx, n.ID, b.Folded())
	if err != nil || len(sealed) != 1 {
		t.Fatalf("%d deltas, %v", len(sealed), err)
	}
	if d, err := bundle.OpenDelta(sealed[0], trust); err != nil || d.Number != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	if side, err := edge.Side(ctx, n.ID, s.ID); err != nil || len(side) == 0 {
		t.Errorf("own side file: %v", err)
	}
	if _, err := edge.Side(ctx, n.ID, other.ID); !problem.Is(err, "schools/no-school") {
		t.Errorf("another school's side file: %v", err)
	}
	if err := edge.Health(ctx, n.ID, bus.Health{Version: "1", Bundle: 1, Delta: 1, Resolving: true}); err != nil {
		t.Error(err)
	}
	counts := bus.Counts{Sequence: 1, Cells: []bus.Cell{{School: s.ID, Band: "primary", Category: "games", Period: bus.Hour, Start: time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Vietnam), Devices: 6}}}
	for range 2 {
		if err := edge.Counts(ctx, n.ID, counts); err != nil {
			t.Error(err)
		}
	}
	if sums, _ := k.DevicesBySchool(ctx, lead, k.clock.Now().Add(-time.Hour), k.clock.Now()); sums[s.ID] != 6 {
		t.Errorf("%v", sums)
	}
	if err := edge.Counts(ctx, n.ID, bus.Counts{Sequence: 2}); !problem.Is(err, "bus/implausible") {
		t.Errorf("%v", err)
	}
	if err := edge.Ask(ctx, n.ID, bus.Ask{School: s.ID, Band: "primary", Domain: "hai-mau.example", Day: "2026-11-23"}); err != nil {
		t.Error(err)
	}
	// A damaged file is not handed on.
	for key, data := range k.files.files {
		data = append([]byte(nil), data...)
		data[len(data)/2] ^= 1
		k.files.files[key] = data
	}
	if _, err := NewEdge(k.Service).BundleChunk(ctx, n.ID, bus.ChunkRequest{}); !problem.Is(err, "bundle/damaged") {
		t.Errorf("damaged: %v", err)
	}
}

// The next bundle is offered as a patch to who has the last one, and not at all
// to who has one that is no longer kept.
func TestTheNextBundleIsOfferedAsAPatch(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	edge := NewEdge(k.Service)
	if _, err := k.ListImport(ctx, lead, ListMeta{Name: "lớn", Category: "games", Format: Plain}, manyNames(20_000)); err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	var numbers []uint64
	for i := range 5 {
		k.importText(t, "nhỏ", "gambling", strings.Repeat("a", i+1)+"-mau.example\n")
		info, err := k.BuildBundle(ctx, lead)
		if err != nil {
			t.Fatal(err)
		}
		data, err := edge.bundle(ctx, uint64(info.Number))
		if err != nil {
			t.Fatal(err)
		}
		files, numbers = append(files, data), append(numbers, uint64(info.Number))
	}
	c, err := edge.BundlePatch(ctx, "n1", bus.PatchRequest{From: numbers[3], To: numbers[4]})
	if err != nil || c.Size == 0 || c.Size > 10_000 || c.Number != numbers[4] || uint64(len(c.Data)) != c.Size {
		t.Fatalf("%d bytes of a file of %d, %v", c.Size, len(files[4]), err)
	}
	last, err := bundle.Parse(files[3], bundle.NewTrust(k.public))
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := last.Patch(&made, c.Data); err != nil || !bytes.Equal(made.Bytes(), files[4]) {
		t.Errorf("%v", err)
	}
	if c, err := edge.BundlePatch(ctx, "n1", bus.PatchRequest{From: numbers[0], To: numbers[4]}); err != nil || c.Size != 0 {
		t.Errorf("a bundle that is gone: %d, %v", c.Size, err)
	}
	if _, err := edge.BundlePatch(ctx, "n1", bus.PatchRequest{From: numbers[4], To: numbers[4]}); !problem.Is(err, "bus/bad-request") {
		t.Errorf("%v", err)
	}
}
