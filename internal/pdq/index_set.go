// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// rebuildAfter is how many entries a set scans before it builds its index anew:
// some 15 µs a search.
const rebuildAfter = 20_000

// errClosed is what a set says that builds no index any more.
var errClosed = errors.New("pdq: the set is closed")

// Set is an index that changes: what is added is found by the next search, what
// is removed is not, and neither waits for the index. Additions are scanned
// until there are rebuildAfter of them; then a new index is built beside the
// old one and takes its place in one step. Searches lock nothing. An entry is a
// hash with an id; a hash may have several ids, and an id several hashes.
//
// While it is rebuilt a set needs twice its memory.
type Set struct {
	limit int
	now   atomic.Pointer[epoch]
	live  atomic.Int64
	ctx   context.Context // ends with Close
	stop  context.CancelFunc

	mu       sync.Mutex // what follows, and all that changes in an epoch
	last     *delta     // where the next addition goes
	added    int        // entries in the delta
	removed  int        // entries of this epoch that were removed
	building *rebuild
	since    []entry // removed while an index is being built
	failed   error   // why the last one was not
	closed   bool
}

type entry struct {
	hash Hash
	id   uint64
}

// epoch is what searches see: an index, which of its entries are gone, and what
// came since.
type epoch struct {
	base  *Index
	gone  bitmap
	some  atomic.Bool // whether gone has a bit
	delta *delta
}

func newEpoch(base *Index) *epoch {
	return &epoch{base: base, gone: newBitmap(base.Len()), delta: newDelta()}
}

// NewSet returns a set of the entries of base, which may be nil. It is to be
// closed.
func NewSet(base *Index) *Set { return newSet(base, rebuildAfter) }

func newSet(base *Index, limit int) *Set {
	if base == nil {
		base = &Index{} // has no table that a search would look at
	}
	s := &Set{limit: limit}
	s.ctx, s.stop = context.WithCancel(context.Background())
	e := newEpoch(base)
	s.last = e.delta
	s.now.Store(e)
	s.live.Store(int64(base.Len()))
	return s
}

// Len is the number of entries.
func (s *Set) Len() int { return int(s.live.Load()) }

// Search is Index.Search over what the set holds now.
func (s *Set) Search(h Hash, radius int, into []Match) []Match {
	from := len(into)
	into = s.now.Load().search(&h, radius, 0, into)
	sortMatches(into[from:])
	return into
}

// SearchAny is Index.SearchAny over what the set holds now.
func (s *Set) SearchAny(hashes []Hash, radius int, into []Match) []Match {
	e, from := s.now.Load(), len(into)
	for q := range hashes {
		into = e.search(&hashes[q], radius, q, into)
	}
	return onceEach(into, from)
}

func (e *epoch) search(h *Hash, radius, query int, into []Match) []Match {
	from := len(into)
	into = e.base.search(h, radius, query, into)
	if len(into) > from && e.some.Load() {
		kept := slices.DeleteFunc(into[from:], func(m Match) bool { return e.gone.has(int(m.at)) })
		into = into[:from+len(kept)]
	}
	return e.delta.search(h, min(radius, MaxDistance), query, e.base.Len(), into)
}

// Add puts an entry in, and reports whether it was not there. The next search
// finds it.
func (s *Set) Add(h Hash, id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.now.Load()
	if _, _, there := e.delta.exact(&h, id); there || len(e.places(&h, id)) > 0 {
		return false
	}
	s.last = s.last.add(&h, id)
	s.added++
	s.live.Add(1)
	s.startIfDue()
	return true
}

// Remove takes an entry out, and reports whether it was there. The next search
// does not find it.
func (s *Set) Remove(h Hash, id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, n := s.now.Load(), 0
	if d, i, there := e.delta.exact(&h, id); there {
		d.gone.set(i)
		n++
	}
	n += e.strike(&h, id)
	if n == 0 {
		return false
	}
	if s.building != nil {
		s.since = append(s.since, entry{h, id})
	}
	s.removed += n
	s.live.Add(-int64(n))
	s.startIfDue()
	return true
}

// places are those of the entry h, id in the index, where it is not gone.
func (e *epoch) places(h *Hash, id uint64) (places []int) {
	e.base.exact(h, func(at int) bool {
		if e.base.ids[at] == id && !e.gone.has(at) {
			places = append(places, at)
		}
		return true
	})
	return places
}

// strike marks the entry h, id of the index as gone and says how many there were.
func (e *epoch) strike(h *Hash, id uint64) int {
	places := e.places(h, id)
	for _, at := range places {
		e.gone.set(at)
		e.some.Store(true)
	}
	return len(places)
}
