// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

// unusable reports that a bundle came whole and cannot be used. Once, that may
// be the fault of this node's disk or of pieces from two tries that do not go
// together; when it was fetched anew from its first byte and is still no good,
// it is the bundle's.
func unusable(err error) bool {
	return problem.Is(err, "bundle/bad-signature") || problem.Is(err, "bundle/unknown-key") || problem.Is(err, "bundle/damaged")
}

// fetchBundle fetches the bundle that we shall have: as a patch where the hub
// has one, whole otherwise.
func (s *Syncer) fetchBundle(ctx context.Context, hub Hub) error {
	first, err := s.chunk(ctx, hub, s.bundle.Load(), 0)
	if err != nil {
		return err
	}
	have, _ := s.keeper.Numbers()
	if first.Number <= have {
		return nil
	}
	if have > 0 {
		err := s.patchBundle(ctx, hub, have, first)
		if err == nil {
			return nil
		}
		// A hub that has no patch, or one that makes no good file: fetch it whole.
		s.log.Debug("no patch", slog.String("error", err.Error()))
	}
	if err = s.fetchWhole(ctx, hub, first); unusable(err) {
		s.log.Warn("a fetched bundle is no good; it is fetched once more from its beginning", slog.String("error", err.Error()))
		err = s.fetchWhole(ctx, hub, first) // the first try's file is gone
	}
	return err
}

// fetchWhole fetches a bundle piece by piece, going on behind what an earlier
// try left, and puts it into force. A file that is no good is removed.
func (s *Syncer) fetchWhole(ctx context.Context, hub Hub, first bus.Chunk) error {
	path := s.keeper.disk.partPath(first.Number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	at := uint64(info.Size())
	if at == 0 || at > first.Size {
		if at, err = put(f, first); err != nil {
			return err
		}
	}
	for at < first.Size {
		c, err := s.chunk(ctx, hub, first.Number, at)
		if err != nil {
			return err
		}
		if c.Size != first.Size || len(c.Data) == 0 || uint64(len(c.Data)) > first.Size-at {
			return problem.New("bus/bad-reply")
		}
		if at, err = put(f, c); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Truncate(int64(first.Size)), f.Sync()); err != nil {
		return problem.New("node/state").Wrap(err)
	}
	return s.keeper.ApplyBundle(path)
}

func put(f *os.File, c bus.Chunk) (next uint64, err error) {
	if _, err := f.WriteAt(c.Data, int64(c.Offset)); err != nil {
		return 0, problem.New("node/state").Wrap(err)
	}
	return c.Offset + uint64(len(c.Data)), nil
}

func (s *Syncer) chunk(ctx context.Context, hub Hub, number, offset uint64) (bus.Chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return hub.Chunk(ctx, number, offset)
}
