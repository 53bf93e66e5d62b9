// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/problem"
)

// Edge answers what nodes ask over the bus. The bus has proven who asks; Edge
// sees to it that a node gets the side files of its own schools and no others.
// Deltas and bundles are signed and the same for all.
type Edge struct {
	schools *Service
	mu      sync.Mutex
	open    []openBundle // the newest first, at most two: nodes may still be at the last one
	patches []openPatch  // the newest first, at most four: nodes are at the last few bundles
}

type openPatch struct {
	from, to uint64
	data     []byte
}

type openBundle struct {
	number uint64
	data   []byte
}

var _ bus.Hub = (*Edge)(nil)

// NewEdge answers by s.
func NewEdge(s *Service) *Edge { return &Edge{schools: s} }

// State implements bus.Hub.
func (e *Edge) State(ctx context.Context) (bus.Heartbeat, error) {
	info, err := e.schools.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return bus.Heartbeat{}, err
	}
	delta, err := e.schools.HighestDelta(ctx)
	if err != nil {
		return bus.Heartbeat{}, err
	}
	keys, err := e.schools.FollowKeys(ctx)
	if err != nil {
		return bus.Heartbeat{}, err
	}
	h := bus.Heartbeat{Bundle: uint64(info.Number), Delta: uint64(delta), Keys: uint64(keys.Number)}
	r, err := e.schools.Rollout(ctx)
	if err == nil && r.Bundle == info.Number && r.Stage < 100 {
		h.Stage, h.Before = r.Stage, uint64(r.Before)
	}
	return h, err
}

// BundleChunk implements bus.Hub. The file is read from the store once and
// handed out from memory, since a thousand schools may ask in the same minute.
func (e *Edge) BundleChunk(ctx context.Context, _ string, r bus.ChunkRequest) (bus.Chunk, error) {
	number := r.Number
	if number == 0 {
		info, err := e.schools.CurrentBundle(ctx)
		if err != nil {
			return bus.Chunk{}, err
		}
		number = uint64(info.Number)
	}
	data, err := e.bundle(ctx, number)
	if err != nil {
		return bus.Chunk{}, err
	}
	return bus.ReadChunk(bytes.NewReader(data), number, uint64(len(data)), r)
}

// BundlePatch implements bus.Hub. A patch that is no quarter of the whole file
// is not worth a school's memory: its size is said to be 0.
func (e *Edge) BundlePatch(ctx context.Context, _ string, r bus.PatchRequest) (bus.Chunk, error) {
	if r.From >= r.To {
		return bus.Chunk{}, problem.New("bus/bad-request")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.patches {
		if p.from == r.From && p.to == r.To {
			return bus.ReadChunk(bytes.NewReader(p.data), r.To, uint64(len(p.data)), bus.ChunkRequest{Offset: r.Offset})
		}
	}
	from, err := e.read(ctx, r.From)
	if problem.Is(err, "schools/no-bundle") { // the node is further behind than we remember
		return bus.Chunk{Number: r.To, Offset: r.Offset}, nil
	}
	if err != nil {
		return bus.Chunk{}, err
	}
	to, err := e.read(ctx, r.To)
	if err != nil {
		return bus.Chunk{}, err
	}
	data, err := bundle.Patch(from, to)
	if err != nil {
		return bus.Chunk{}, err
	}
	if len(data) > len(to)/4 {
		data = nil
	}
	e.patches = append([]openPatch{{r.From, r.To, data}}, e.patches...)
	e.patches = e.patches[:min(4, len(e.patches))]
	return bus.ReadChunk(bytes.NewReader(data), r.To, uint64(len(data)), bus.ChunkRequest{Offset: r.Offset})
}

func (e *Edge) bundle(ctx context.Context, number uint64) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock() // the others wait for the one who reads
	return e.read(ctx, number)
}

// read is a bundle's file. The caller holds the lock.
func (e *Edge) read(ctx context.Context, number uint64) ([]byte, error) {
	for _, o := range e.open {
		if o.number == number {
			return o.data, nil
		}
	}
	info, file, err := e.schools.OpenBundle(ctx, int64(number))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, wrap("read bundle", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != info.SHA256 {
		return nil, problem.New("bundle/damaged")
	}
	e.open = append([]openBundle{{number, data}}, e.open...)
	e.open = e.open[:min(2, len(e.open))]
	return data, nil
}

// DeltasAfter implements bus.Hub.
func (e *Edge) DeltasAfter(ctx context.Context, _ string, after uint64) ([][]byte, error) {
	deltas, err := e.schools.Deltas(ctx, int64(after))
	sealed := make([][]byte, len(deltas))
	for i, d := range deltas {
		sealed[i] = d.Sealed
	}
	return sealed, err
}

// KeyLists implements bus.Hub.
func (e *Edge) KeyLists(ctx context.Context, _ string, after uint64) ([][]byte, error) {
	return e.schools.KeyLists(ctx, int64(after))
}

// Side implements bus.Hub.
func (e *Edge) Side(ctx context.Context, node, school string) ([]byte, error) {
	serves, err := e.schools.NodeServes(ctx, node, school)
	if err != nil {
		return nil, err
	}
	if !serves {
		return nil, problem.New("schools/no-school")
	}
	side, err := e.schools.Side(ctx, school)
	return side.Sealed, err
}

// Counts implements bus.Hub.
func (e *Edge) Counts(ctx context.Context, node string, c bus.Counts) error {
	if err := c.Validate(); err != nil {
		return err
	}
	cells := make([]CountCell, len(c.Cells))
	for i, cell := range c.Cells {
		cells[i] = CountCell{
			School: cell.School, Band: cell.Band, Category: cell.Category,
			Span: Span(cell.Period), Start: cell.Start, Devices: cell.Devices,
		}
	}
	_, err := e.schools.RecordCounts(ctx, node, int64(c.Sequence), cells)
	return err
}

// Health implements bus.Hub.
func (e *Edge) Health(ctx context.Context, node string, h bus.Health) error {
	return e.schools.Heartbeat(ctx, node, Health{
		Version: h.Version, Bundle: int64(h.Bundle), Delta: int64(h.Delta), Resolving: h.Resolving, Rejected: int64(h.Rejected),
	})
}

// Ask implements bus.Hub.
func (e *Edge) Ask(ctx context.Context, node string, a bus.Ask) error {
	return e.schools.Ask(ctx, node, a.School, a.Band, a.Domain, a.Day)
}

// OnBus publishes over the bus.
func OnBus(b *bus.Bus) Publisher { return onBus{b} }

type onBus struct{ bus *bus.Bus }

func (o onBus) PublishDelta(_ context.Context, d SealedDelta) error {
	return o.bus.PublishDelta(d.Sealed)
}

func (o onBus) PublishBundle(_ context.Context, b BundleInfo) error {
	return o.bus.PublishBundle(uint64(b.Number))
}

func (o onBus) PublishSide(_ context.Context, s SealedSide) error {
	return o.bus.PublishSide(s.School, s.Sealed)
}
