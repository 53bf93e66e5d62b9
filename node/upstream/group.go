// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"crypto/x509"
	"slices"
	"sync/atomic"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// rounds is how often every server of a group is asked.
const rounds = 2

// NoRace as Options.Race asks the next server only when one has failed.
const NoRace = time.Duration(-1)

// Options are what the servers of a group share.
type Options struct {
	Timeout time.Duration  // for one try of one server; 0: 1 s
	Race    time.Duration  // how late a server must be for the next to be asked beside it; 0: measured
	Roots   *x509.CertPool // that vouch for servers over TLS and HTTPS; nil: the system's
}

// Question is what is asked.
type Question struct {
	Name   string // in wire form, lower case
	Type   uint16
	DO, CD bool
}

// transport is one way to ask one server. Its answer fits the question.
type transport interface {
	exchange(ctx context.Context, q Question) ([]byte, error)
	close()
}

// Group is servers that know the same names.
type Group struct {
	members []*member
	opts    Options
	life    context.Context // of the tries: one that lost a race goes on, and is measured
	stop    context.CancelFunc
	down    atomic.Bool
}

// NewGroup makes a Group; close it when it is no longer asked.
func NewGroup(servers []Server, o Options) *Group {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	g := &Group{opts: o}
	g.life, g.stop = context.WithCancel(context.Background())
	for _, s := range servers {
		m := &member{}
		switch s.kind {
		case overTLS:
			m.transport = newSecure(s, o)
		case overHTTPS:
			m.transport = newDoH(s, o)
		default:
			m.transport = newDatagram(s, o)
		}
		g.members = append(g.members, m)
	}
	return g
}

// Close ends what is under way and closes the connections.
func (g *Group) Close() {
	g.stop()
	for _, m := range g.members {
		m.transport.close()
	}
}

// Down reports whether no server answered the last question.
func (g *Group) Down() bool { return g.down.Load() }

type result struct {
	reply []byte
	err   error
}

// Ask is the answer of the first server that has a good one, with its OPT
// record. SERVFAIL, REFUSED and a referral, which is what a server gives that
// does not resolve, are taken only when nobody has a better one. The
// error is node/upstream-silent, or that of ctx.
func (g *Group) Ask(ctx context.Context, q Question) ([]byte, error) {
	order := g.order(time.Now())
	tries := rounds * len(order)
	if g.down.Load() {
		tries = len(order)
	}
	results := make(chan result, tries)
	next, running := 0, 0
	late := time.NewTimer(0)
	defer late.Stop()
	launch := func() {
		m := order[next%len(order)]
		next, running = next+1, running+1
		go func() { results <- g.try(m, q) }()
		if margin := m.margin(g.opts); margin > 0 {
			late.Reset(margin)
		} else {
			late.Stop()
		}
	}
	launch()
	var poor []byte
	var last error
	for running > 0 {
		select {
		case r := <-results:
			running--
			switch {
			case r.err != nil:
				last = r.err
			case isPoor(r.reply):
				poor = r.reply
			default:
				g.down.Store(false)
				return r.reply, nil
			}
			if next < tries && (poor == nil || next < len(order)) {
				launch()
			}
		case <-late.C:
			if next < tries {
				launch()
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if poor != nil {
		g.down.Store(false)
		return poor, nil
	}
	g.down.Store(true)
	return nil, problem.New("node/upstream-silent").Wrap(last)
}

func isPoor(reply []byte) bool {
	rcode := int(reply[3] & 0x0f)
	return rcode == dnswire.ServerFailure || rcode == dnswire.Refused || dnswire.IsReferral(reply)
}

// order is the servers as the settings rank them, those that rest last, the one
// whose rest ends first before others.
func (g *Group) order(now time.Time) []*member {
	order := slices.Clone(g.members)
	if len(order) > 1 {
		slices.SortStableFunc(order, func(a, b *member) int { return a.rest(now).Compare(b.rest(now)) })
	}
	return order
}

func (g *Group) try(m *member, q Question) result {
	ctx, cancel := context.WithTimeout(g.life, g.opts.Timeout)
	defer cancel()
	start := time.Now()
	reply, err := m.transport.exchange(ctx, q)
	switch {
	case err == nil:
		m.answered(time.Since(start))
	case g.life.Err() == nil:
		m.failed(start)
	}
	return result{reply, err}
}
