// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"bufio"
	"context"
	"errors"
	"os"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

// patchBundle fetches what turns the bundle in force into the newest one, and
// makes that file beside it. first is the first piece of the whole file, for
// its number and size.
func (s *Syncer) patchBundle(ctx context.Context, hub Hub, have uint64, first bus.Chunk) error {
	from := s.keeper.View().Bundle()
	if from == nil || from.Number() != have {
		return problem.New("node/no-patch")
	}
	patch, err := s.fetchPatch(ctx, hub, have, first)
	if err != nil {
		return err
	}
	path := s.keeper.disk.partPath(first.Number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	out := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(from.Patch(out, patch), out.Flush(), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return s.keeper.ApplyBundle(path)
}

func (s *Syncer) fetchPatch(ctx context.Context, hub Hub, have uint64, first bus.Chunk) ([]byte, error) {
	var patch []byte
	for {
		c, err := s.patchChunk(ctx, hub, have, first.Number, uint64(len(patch)))
		if err != nil {
			return nil, err
		}
		if c.Size == 0 || c.Size > first.Size || len(c.Data) == 0 || uint64(len(c.Data)) > c.Size-uint64(len(patch)) {
			return nil, problem.New("node/no-patch")
		}
		if patch = append(patch, c.Data...); uint64(len(patch)) == c.Size {
			return patch, nil
		}
	}
}

func (s *Syncer) patchChunk(ctx context.Context, hub Hub, from, to, offset uint64) (bus.Chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return hub.Patch(ctx, from, to, offset)
}
