// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"container/list"
	"sync"
)

// gate bounds the connections of one kind. When it is full, whoever comes is
// let in and another goes: of those that have asked nothing yet the oldest, if
// they hold more than a quarter of the places, else the one that has been
// silent longest. So somebody who opens thousands of connections shuts out
// nobody who asks.
type gate struct {
	mu    sync.Mutex
	limit int
	fresh list.List // of *pass that asked nothing yet, the oldest first
	known list.List // of *pass that asked, the longest silent first
}

func newGate(limit int) *gate { return &gate{limit: limit} }

// pass is one connection inside.
type pass struct {
	gate *gate
	in   *list.List // nil: outside again
	at   *list.Element
	shut func()
}

// enter lets a connection in; shut closes it and must not block.
func (g *gate) enter(shut func()) *pass {
	p := &pass{gate: g, in: &g.fresh, shut: shut}
	var out *pass
	g.mu.Lock()
	if g.fresh.Len()+g.known.Len() >= g.limit {
		from := &g.known
		if from.Len() == 0 || g.fresh.Len() > g.limit/4 {
			from = &g.fresh
		}
		out = from.Front().Value.(*pass)
		out.drop()
	}
	p.at = g.fresh.PushBack(p)
	g.mu.Unlock()
	if out != nil {
		out.shut()
	}
	return p
}

// touch says that the connection was used.
func (p *pass) touch() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	switch p.in {
	case &g.known:
		g.known.MoveToBack(p.at)
	case &g.fresh:
		g.fresh.Remove(p.at)
		p.in, p.at = &g.known, g.known.PushBack(p)
	}
}

// leave says that the connection has ended; twice is as good as once.
func (p *pass) leave() {
	p.gate.mu.Lock()
	p.drop()
	p.gate.mu.Unlock()
}

func (p *pass) drop() {
	if p.in != nil {
		p.in.Remove(p.at)
		p.in, p.at = nil, nil
	}
}

// size is how many are inside.
func (g *gate) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fresh.Len() + g.known.Len()
}
