// SPDX-License-Identifier: Apache-2.0

// Package resolver answers a school's DNS questions.
//
// Clause 3 of dispatch 4569/UBND-KGVX asks schools to filter; clause 2 asks
// that what the authority orders blocked is blocked. Here is where it happens.
// A question goes through few steps, and their order is the policy:
//
//	names that switch filters off (special.go)   never forwarded, whoever asks
//	bundle.View.Decide                           refused, or on
//	bundle.View.Rewrite                          safe search: answered as another name
//	cache                                        behind the filter: a new block bites
//	                                             at once, whatever the cache holds
//	upstream                                     with retry, failover, TCP on truncation
//	bundle.View.Decide on every CNAME            so that an alias hides nothing
//
// With the hub away everything goes on. Before the first bundle has arrived
// only the names of Config.AlwaysResolve are answered, so that a node can
// reach its hub; anything else is SERVFAIL with the extended error "not
// ready": an empty filter must not look like a filter.
//
// Nothing about a client is kept: no address, and no log. Refusals are handed to
// Config.Counter, which keeps sketches of devices (package counts). Only where a
// school looks for a fault is what became of questions handed to Config.Log,
// without the client (package faultlog).
package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
	"lachan/node/faultlog"
	"lachan/node/upstream"
)

// Resolver answers questions. Make it with New, give it sockets with Listen.
type Resolver struct {
	live    atomic.Pointer[live]
	bound   atomic.Pointer[Addresses] // where the sockets are; nil before Listen
	cache   *cache
	special map[string]int
	stats   Stats
	slots   chan struct{} // bounds the questions that wait for an upstream
	flights flights
	limiter *limiter
	cookies *dnswire.Cookies
	workers sync.Pool

	swapping sync.Mutex
	life     context.Context // of questions to upstreams, which outlive the clients that asked
	end      context.CancelFunc
}

// Stats counts since the start. Read with Resolver.Stats.
type Stats struct {
	Queries, Refused, Cached, Forwarded, Failed atomic.Int64
}

// Counts is a reading of Stats.
type Counts struct{ Queries, Refused, Cached, Forwarded, Failed int64 }

// maxWaiting bounds the questions that wait for an upstream; more are answered
// SERVFAIL at once, so that a dead upstream cannot fill the memory.
const maxWaiting = 2048

// New checks cfg and makes a Resolver.
func New(cfg Config) (*Resolver, error) {
	l, err := newLive(cfg)
	if err != nil {
		return nil, err
	}
	r := &Resolver{
		cache: newCache(cfg.CacheBytes), special: specialNames(), slots: make(chan struct{}, maxWaiting),
		flights: flights{byKey: map[string]*flight{}}, limiter: newLimiter(), cookies: dnswire.NewCookies(time.Now()),
	}
	r.life, r.end = context.WithCancel(context.Background())
	r.live.Store(l)
	r.workers.New = func() any { return &worker{r: r} }
	return r, nil
}

// Stats reads the counters.
func (r *Resolver) Stats() Counts {
	s := &r.stats
	return Counts{s.Queries.Load(), s.Refused.Load(), s.Cached.Load(), s.Forwarded.Load(), s.Failed.Load()}
}

// Resolving reports whether an upstream has answered the last question put to
// it, or none was put yet.
func (r *Resolver) Resolving() bool { return !r.live.Load().zones.rest.Down() }

// Upstreams are how the upstreams for names without others of their own do, in
// the order of the settings.
func (r *Resolver) Upstreams() []upstream.State { return r.live.Load().zones.rest.States() }

// worker answers one question at a time and owns what that needs, so that the
// path of a refused or a cached name allocates nothing.
type worker struct {
	r      *Resolver
	live   *live
	q      dnswire.Query
	key    bundle.Key
	lower  [cacheKeySize]byte // the cache key: lowered name, type, flags
	asked  []byte             // the part of lower that is in use
	view   *bundle.View
	who    bundle.Client
	now    time.Time
	atHome bool        // the client is a family's device
	final  bool        // the decision holds for every CNAME too
	never  bool        // the name is one that is never refused, counted or logged
	as     bundle.Name // what the name answers as; zero: itself
	keep   bool        // the client wants to hear how long its connection may idle
}

// begin answers the query at msg, writing over it and into its spare capacity
// (dnswire.Spare). A nil answer and wait false: say nothing. wait means that
// an upstream must be asked: call finish, which takes its time; msg is then
// untouched.
func (w *worker) begin(msg []byte, from asker) (answer []byte, wait bool) {
	w.r.stats.Queries.Add(1)
	w.live = w.r.live.Load()
	q := &w.q
	switch q.Parse(msg) {
	case dnswire.Drop:
		return nil, false
	case dnswire.Faulty:
		return q.Error(dnswire.FormatError, dnswire.NoEDE), false
	case dnswire.Unable:
		return q.Error(dnswire.NotImplemented, dnswire.NoEDE), false
	case dnswire.TooNew:
		return q.Error(dnswire.BadVersion, dnswire.NoEDE), false
	}
	if from.by != byUDP {
		w.keep = q.HasOption(dnswire.OptionKeepalive)
	}
	cookie := w.readCookie(from)
	if cookie == dnswire.FaultyCookie {
		return q.Error(dnswire.FormatError, dnswire.NoEDE), false
	}
	if !local(from.addr) {
		if _, home := w.home(from); !home && !w.live.serves(from.addr) && !w.knows(from) {
			return q.Error(dnswire.Refused, dnswire.NoEDE), false
		}
		if from.by == byUDP {
			if answer, over := w.flooded(from, cookie); over {
				return answer, false
			}
		}
	}
	if q.Class != dnswire.ClassIN || q.Type == dnswire.TypeAXFR || q.Type == dnswire.TypeANY {
		return q.Error(dnswire.Refused, dnswire.NoEDE), false
	}
	w.asked = cacheKey(&w.lower, q)
	name := w.asked[:len(q.NameWire())]
	if rcode, ok := w.r.special[string(name)]; ok {
		if rcode == dnswire.NoError {
			return w.designated(from), false
		}
		return q.Negative(rcode, 3600, dnswire.NoEDE), false
	}
	if refusal := w.decide(from); refusal != nil {
		return refusal, false
	}
	if w.view == nil || w.view.Bundle() == nil {
		if !w.live.always[string(name)] {
			return q.Error(dnswire.ServerFailure, dnswire.EDENotReady), false
		}
	}
	if e, age, renew := w.r.cache.get(w.asked, w.now); e != nil {
		w.r.stats.Cached.Add(1)
		if renew {
			w.r.ask(w.live, w.question(e.key), maxWaiting/4)
		}
		return w.deliver(msg, e, age, from), false
	}
	return nil, true
}

// question is what the worker's query asks, under a key of the cache.
func (w *worker) question(key string) question {
	return question{key: key, name: key[:len(w.q.NameWire())], qtype: w.q.Type, do: w.q.DO, cd: w.q.CheckingDisabled(), as: w.as}
}

// decide puts the asked name to the rules in force: the refusal, or nil.
func (w *worker) decide(from asker) []byte {
	w.now, w.view, w.final, w.never, w.as = w.live.cfg.Clock.Now(), w.live.cfg.View(), false, false, bundle.Name{}
	if w.view == nil {
		return nil
	}
	w.who = w.view.Client(from.addr, w.now.UnixMicro())
	if from.word != "" {
		if who, known := w.view.Device(from.word, w.now.UnixMicro()); known {
			w.who = who
		}
	}
	home, atHome := w.home(from)
	if w.atHome = atHome; atHome {
		w.who = bundle.Client{Band: home.Band} // of no school, at any time
	}
	w.view.Read(&w.key, w.asked) // what stands behind the name is not read
	d := w.view.Decide(&w.key, w.who, w.now.UnixMicro())
	if d.Blocked {
		return w.refuse(d, from)
	}
	w.final, w.never = d.Final(), d.Rule == bundle.NeverBlock
	var kind bundle.RewriteKind
	w.as, kind = w.view.Rewrite(&w.key, w.who)
	w.asked[len(w.asked)-1] = w.asked[len(w.asked)-1]&keyFlags | byte(kind)<<keyKind
	return nil
}

// finish asks an upstream and answers the query at msg, which begin left for
// it. Over UDP it runs in a goroutine of its own, so that a slow name holds up
// nobody.
func (w *worker) finish(ctx context.Context, msg []byte, from asker) []byte {
	w.live = w.r.live.Load()
	if w.q.Parse(msg) != dnswire.Good {
		return nil
	}
	w.readCookie(from)
	w.asked = cacheKey(&w.lower, &w.q)
	if refusal := w.decide(from); refusal != nil {
		return refusal
	}
	select {
	case w.r.slots <- struct{}{}:
		defer func() { <-w.r.slots }()
	default:
		w.r.stats.Failed.Add(1)
		w.note(faultlog.Failed, "", dnswire.EDENoReachable)
		return w.q.Error(dnswire.ServerFailure, dnswire.EDENoReachable)
	}
	e, err := w.find(ctx, w.question(string(w.asked)))
	if err != nil {
		w.r.stats.Failed.Add(1)
		w.note(faultlog.Failed, "", dnswire.EDENoReachable)
		return w.q.Error(dnswire.ServerFailure, dnswire.EDENoReachable)
	}
	w.r.stats.Forwarded.Add(1)
	if refusal := w.decide(from); refusal != nil { // the rules may have changed while we waited
		return refusal
	}
	return w.deliver(msg, e, 0, from)
}

// find is the answer to a question from upstream, or one past its time where no
// upstream has another (RFC 8767).
func (w *worker) find(ctx context.Context, q question) (*entry, error) {
	old := w.r.cache.stale(w.asked, w.now, w.live.cfg.StaleFor)
	if old != nil && old.failedLately(w.now) {
		return old.past(), nil
	}
	flight := w.r.ask(w.live, q, maxWaiting)
	if flight == nil {
		return nil, problem.New("node/upstream-silent")
	}
	patience := time.Duration(0)
	if old != nil {
		patience = clientPatience
		if group, _ := w.live.zones.find(q.name); group != nil && group.Down() {
			patience = atOnce
		}
	}
	e, err := flight.result(ctx, patience)
	if old == nil || err == nil && (e.bogus || e.msg[3]&0x0f != dnswire.ServerFailure && e.msg[3]&0x0f != dnswire.Refused) {
		return e, err
	}
	old.failed.Store(w.now.UnixMicro())
	return old.past(), nil
}

// deliver checks the chain of aliases and writes the packed answer for this
// client over msg.
func (w *worker) deliver(msg []byte, e *entry, age time.Duration, from asker) []byte {
	if w.view != nil && !w.final {
		for _, link := range e.links {
			if !w.view.Read(&w.key, link) {
				continue
			}
			if d := w.view.Decide(&w.key, w.who, w.now.UnixMicro()); d.Blocked {
				return w.refuse(d, from)
			}
		}
	}
	w.noteAnswer(e)
	limit := 0xffff
	if from.by == byUDP {
		limit = int(w.q.UDPSize)
	}
	return w.q.Deliver(msg, e.msg, e.ttlAt, age, e.ede, limit)
}
