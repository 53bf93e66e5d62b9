// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"fmt"
	"runtime"
)

// startIfDue begins to build an index where enough has changed: additions cost
// every search, removals only memory.
func (s *Set) startIfDue() {
	if s.added >= s.limit || s.removed >= max(s.limit, s.now.Load().base.Len()/8) {
		s.start()
	}
}

// start begins to build an index of what the set holds now, unless one is
// being built already.
func (s *Set) start() {
	if s.building != nil || s.closed || s.failed != nil {
		return
	}
	s.building = &rebuild{done: make(chan struct{})}
	go s.build(s.building, s.now.Load(), s.added, int(s.live.Load()))
}

// rebuild is an index that is being built.
type rebuild struct {
	done chan struct{}
	err  error // once done is closed
}

// build makes an index of that of old and of its first cut additions.
func (s *Set) build(r *rebuild, old *epoch, cut, live int) {
	hashes, ids := make([]Hash, 0, live), make([]uint64, 0, live)
	take := func(h Hash, id uint64) {
		hashes, ids = append(hashes, h), append(ids, id)
	}
	for i := range old.base.hashes {
		giveWay(i)
		if !old.gone.has(i) {
			take(old.base.hashes[i], old.base.ids[i])
		}
	}
	old.delta.each(cut, take)
	// Half of the cores are left to those who search.
	base, err := build(s.ctx, hashes, ids, piecesFor(len(hashes)), max(1, runtime.GOMAXPROCS(0)/2))

	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.swap(old, cut, base)
	}
	r.err, s.failed = err, err
	s.since, s.building = nil, nil
	close(r.done)
	s.startIfDue()
}

// swap carries over what happened while base was being built, and lets searches
// see it. An entry that was removed meanwhile is struck out of base, and stands
// there again only among the additions.
func (s *Set) swap(old *epoch, cut int, base *Index) {
	e := newEpoch(base)
	s.last, s.removed = e.delta, 0
	for _, r := range s.since {
		s.removed += e.strike(&r.hash, r.id)
	}
	skip, added := cut, 0
	for d := old.delta; d != nil; d = d.next.Load() {
		for i := range int(d.used.Load()) {
			if skip--; skip < 0 && !d.gone.has(i) {
				h := d.hash(i)
				s.last = s.last.add(&h, d.ids[i])
				added++
			}
		}
	}
	s.added = added
	s.now.Store(e)
}

// Rebuild builds the index anew, however little has changed, and returns when
// searches use it.
func (s *Set) Rebuild(ctx context.Context) error {
	for {
		s.mu.Lock()
		before := s.building
		if before == nil {
			s.failed = nil
			s.start()
		}
		mine := s.building
		s.mu.Unlock()
		if mine == nil {
			return errClosed
		}
		if err := mine.wait(ctx); err != nil || before == nil {
			return err
		}
	}
}

// Settle returns when no index is being built or due.
func (s *Set) Settle(ctx context.Context) error {
	for {
		s.mu.Lock()
		running, err := s.building, s.failed
		s.mu.Unlock()
		if running == nil {
			return err
		}
		if err := running.wait(ctx); err != nil {
			return err
		}
	}
}

func (r *rebuild) wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("pdq: waiting for the index: %w", ctx.Err())
	}
}

// Close gives up an index that is being built and waits until that has ended.
// The set answers and changes as before, but is never rebuilt.
func (s *Set) Close() error {
	s.mu.Lock()
	s.closed = true
	running := s.building
	s.mu.Unlock()
	s.stop()
	if running != nil {
		<-running.done
	}
	return nil
}

// Save writes a snapshot of all that the set held when Save was called, and
// maybe of some later changes: who puts those in again after OpenSnapshot does
// no harm. mark is as of Index.SaveSnapshot.
func (s *Set) Save(ctx context.Context, path string, mark uint64) error {
	s.mu.Lock()
	changed := s.added > 0 || s.removed > 0 || len(s.now.Load().base.tables) == 0
	s.mu.Unlock()
	if changed {
		if err := s.Rebuild(ctx); err != nil {
			return err
		}
	}
	return s.now.Load().base.SaveSnapshot(path, mark)
}
