// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/dnswire"
)

const (
	cacheKeySize = 255 + 3
	cacheShards  = 16
	// entryCost is what an entry takes besides its bytes.
	entryCost = 250
	// prefetchPart of a name's time is left when it is asked for anew, if it is in
	// use: then nobody waits for it.
	prefetchPart = 10
)

// The last byte of a key: two flags that change an answer, and above them which
// rewrite it is an answer under (bundle.RewriteKind).
const (
	keyDO    = 1 << 0
	keyCD    = 1 << 1
	keyFlags = keyDO | keyCD
	keyKind  = 2 // how far to shift
)

// cacheKey lowers the asked name into buf and appends type and the two flags
// that change an answer.
func cacheKey(buf *[cacheKeySize]byte, q *dnswire.Query) []byte {
	name := q.NameWire()
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	n := len(name)
	buf[n], buf[n+1], buf[n+2] = byte(q.Type>>8), byte(q.Type), 0
	if q.DO {
		buf[n+2] |= keyDO
	}
	if q.CheckingDisabled() {
		buf[n+2] |= keyCD
	}
	return buf[:n+3]
}

// entry is one packed answer without OPT. It never changes but for the marks at
// its end. What each look-up reads stands close together.
type entry struct {
	msg     []byte
	ttlAt   []uint16 // where the TTLs are
	links   [][]byte // names the answer leads to, each to be decided
	stored  time.Time
	life    time.Duration // from then on, until it may no longer be given out
	fresh   time.Duration // until it is asked for anew, if it is in use
	ede     uint16        // extended error that goes with it, or NoEDE
	bogus   bool          // DNSSEC says that nothing may be answered
	inside  bool          // an address in it is of this network
	used    atomic.Bool   // since the hand passed last
	renewed atomic.Bool   // has been asked for anew
	key     string
	failed  atomic.Int64 // when that failed last, microseconds since 1970 UTC
}

func (e *entry) cost() int {
	n := entryCost + len(e.key) + len(e.msg) + 2*len(e.ttlAt)
	for _, l := range e.links {
		n += len(l) + 24
	}
	return n
}

// cache is bounded by bytes. Out goes what was not asked for since the hand
// came by last (CLOCK), a shard at a time.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
}

type shard struct {
	mu    sync.Mutex
	byKey map[string]*entry
	queue []*entry
	bytes int
	limit int
}

func newCache(limit int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].byKey = map[string]*entry{}
		c.shards[i].limit = limit / cacheShards
	}
	return c
}

func (c *cache) shard(key []byte) *shard {
	return &c.shards[maphash.Bytes(c.seed, key)%cacheShards]
}

// get is the entry for key that has not expired and its age, nil if there is
// none. renew says, once for an entry, that it is in use and near its end.
func (c *cache) get(key []byte, now time.Time) (e *entry, age time.Duration, renew bool) {
	s := c.shard(key)
	s.mu.Lock()
	e = s.byKey[string(key)]
	s.mu.Unlock()
	if e == nil {
		return nil, 0, false
	}
	if age = now.Sub(e.stored); age >= e.life || age < 0 { // stored by a clock that was ahead
		return nil, 0, false
	}
	if !e.used.Load() {
		e.used.Store(true)
		return e, age, false
	}
	return e, age, age >= e.fresh && !e.renewed.Swap(true)
}

// stale is the entry for key whether it has expired or not, if it did so no
// longer than keep ago.
func (c *cache) stale(key []byte, now time.Time, keep time.Duration) *entry {
	s := c.shard(key)
	s.mu.Lock()
	e := s.byKey[string(key)]
	s.mu.Unlock()
	if e == nil || now.Sub(e.stored) >= e.life+keep {
		return nil
	}
	return e
}

// put stores e in place of what was there.
func (c *cache) put(e *entry) {
	s := c.shard([]byte(e.key))
	cost := e.cost()
	s.mu.Lock()
	defer s.mu.Unlock()
	if cost > s.limit {
		return
	}
	if old := s.byKey[e.key]; old != nil {
		s.bytes -= old.cost() // its place in the queue is passed over later
	}
	s.byKey[e.key] = e
	s.bytes += cost
	s.queue = append(s.queue, e)
	for s.bytes > s.limit || len(s.queue) > 2*len(s.byKey)+64 {
		s.evict()
	}
}

// evict moves the hand by one.
func (s *shard) evict() {
	e := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	switch {
	case s.byKey[e.key] != e: // replaced meanwhile
	case e.used.Swap(false):
		s.queue = append(s.queue, e)
	default:
		delete(s.byKey, e.key)
		s.bytes -= e.cost()
	}
}

// resize gives the cache another bound.
func (c *cache) resize(limit int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.limit = limit / cacheShards
		for s.bytes > s.limit {
			s.evict()
		}
		s.mu.Unlock()
	}
}

// clear forgets everything.
func (c *cache) clear() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.byKey, s.queue, s.bytes = map[string]*entry{}, nil, 0
		s.mu.Unlock()
	}
}

// size is the bytes and entries held, for tests.
func (c *cache) size() (bytes, entries int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		bytes, entries = bytes+s.bytes, entries+len(s.byKey)
		s.mu.Unlock()
	}
	return bytes, entries
}
