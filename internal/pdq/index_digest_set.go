// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// DigestSet is a DigestIndex that changes: what differs from the index is kept
// beside it in maps, and merged into a new one in the background when it has
// grown. What is added or removed counts for the next question.
type DigestSet[D Digest] struct {
	limit int

	mu       sync.RWMutex
	base     *DigestIndex[D]
	added    map[D][]uint64     // not in base
	more     int                // ids in added
	gone     map[Listed[D]]bool // in base, and removed
	building *rebuild
	closed   bool
}

// NewDigestSet returns a set of what base holds, which may be nil. It is to be
// closed.
func NewDigestSet[D Digest](base *DigestIndex[D]) *DigestSet[D] {
	return newDigestSet(base, rebuildAfter)
}

func newDigestSet[D Digest](base *DigestIndex[D], limit int) *DigestSet[D] {
	if base == nil {
		base = &DigestIndex[D]{}
	}
	return &DigestSet[D]{limit: limit, base: base, added: map[D][]uint64{}, gone: map[Listed[D]]bool{}}
}

// Len is the number of pairs of digest and id.
func (s *DigestSet[D]) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.base.Len() + s.more - len(s.gone)
}

// Find appends the ids of d to into, in rising order.
func (s *DigestSet[D]) Find(d D, into []uint64) []uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := len(into)
	into = s.base.Find(d, into)
	if len(s.gone) > 0 {
		kept := slices.DeleteFunc(into[from:], func(id uint64) bool { return s.gone[Listed[D]{d, id}] })
		into = into[:from+len(kept)]
	}
	if ids := s.added[d]; len(ids) > 0 {
		into = append(into, ids...)
		slices.Sort(into[from:])
	}
	return into
}

// Add puts a pair in, and reports whether it was not there.
func (s *DigestSet[D]) Add(d D, id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch l := (Listed[D]{d, id}); {
	case s.gone[l]:
		delete(s.gone, l)
	case slices.Contains(s.added[d], id) || slices.Contains(s.base.Find(d, nil), id):
		return false
	default:
		s.put(l)
	}
	s.startIfDue()
	return true
}

func (s *DigestSet[D]) put(l Listed[D]) {
	s.added[l.Digest] = append(s.added[l.Digest], l.ID)
	s.more++
}

// Remove takes a pair out, and reports whether it was there.
func (s *DigestSet[D]) Remove(d D, id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Listed[D]{d, id}
	if i := slices.Index(s.added[d], id); i >= 0 {
		if s.added[d] = slices.Delete(s.added[d], i, i+1); len(s.added[d]) == 0 {
			delete(s.added, d)
		}
		s.more--
		return true
	}
	if s.gone[l] || !slices.Contains(s.base.Find(d, nil), id) {
		return false
	}
	s.gone[l] = true
	s.startIfDue()
	return true
}

func (s *DigestSet[D]) startIfDue() {
	if s.more+len(s.gone) >= s.limit && s.building == nil && !s.closed {
		s.start()
	}
}

// start begins to merge what stands beside the index now.
func (s *DigestSet[D]) start() {
	s.building = &rebuild{done: make(chan struct{})}
	go s.merge(s.base, s.pairs(), maps.Clone(s.gone))
}

// pairs lists added in order.
func (s *DigestSet[D]) pairs() []Listed[D] {
	listed := make([]Listed[D], 0, s.more)
	for d, ids := range s.added {
		for _, id := range ids {
			listed = append(listed, Listed[D]{d, id})
		}
	}
	slices.SortFunc(listed, Listed[D].compare)
	return listed
}

// merge puts in the place of base one that has added and lacks gone, and keeps
// beside it in what the set differs from that by then.
func (s *DigestSet[D]) merge(base *DigestIndex[D], added []Listed[D], gone map[Listed[D]]bool) {
	merged := base.merged(added, gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	differ := map[Listed[D]]bool{} // true: the set has it and merged has not
	for _, l := range s.pairs() {
		differ[l] = true
	}
	for _, l := range added {
		if differ[l] {
			delete(differ, l)
		} else {
			differ[l] = false // removed meanwhile
		}
	}
	for l := range gone {
		if !s.gone[l] {
			differ[l] = true // came back meanwhile
		}
	}
	for l := range s.gone {
		if !gone[l] {
			differ[l] = false
		}
	}
	s.base, s.added, s.more, s.gone = merged, map[D][]uint64{}, 0, map[Listed[D]]bool{}
	for l, has := range differ {
		if has {
			s.put(l)
		} else {
			s.gone[l] = true
		}
	}
	close(s.building.done)
	s.building = nil
	s.startIfDue()
}

// Settle returns when no index is being merged or due.
func (s *DigestSet[D]) Settle(ctx context.Context) error {
	for {
		s.mu.RLock()
		running := s.building
		s.mu.RUnlock()
		if running == nil {
			return nil
		}
		if err := running.wait(ctx); err != nil {
			return err
		}
	}
}

// Close waits for the index that is being merged. The set answers and changes
// as before, but is never merged again.
func (s *DigestSet[D]) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.Settle(context.Background())
}

// Save is as that of Set.
func (s *DigestSet[D]) Save(ctx context.Context, path string, mark uint64) error {
	s.mu.RLock()
	base, added, gone := s.base, s.pairs(), maps.Clone(s.gone)
	s.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(added)+len(gone) > 0 {
		base = base.merged(added, gone)
	}
	return base.SaveSnapshot(path, mark)
}
