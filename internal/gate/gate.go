// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"log/slog"
	"sync"
	"time"

	"lachan/internal/clock"
)

// Kind is one sort of send, counted by itself.
type Kind string

// The kinds.
const (
	Report Kind = "report" // a report that is handed in
	Reply  Kind = "reply"  // a message under a receipt
	Guess  Kind = "guess"  // a look at a receipt; only those that nobody has count
)

// The prices. Work is in hashes, on average.
const (
	MinWork   = 20_000
	MinWait   = 5 * time.Second
	urgent    = 2 * time.Second // what a child in danger waits
	SteepAt   = 10              // times Free a minute, from where the price is highest
	Pieces    = 16              // of one sum
	life      = 10 * time.Minute
	together  = 256             // sends of one kind at work at once
	breath    = 3 * time.Second // until the next try while so many are
	guessPart = 5               // wrong receipts: this part of Free a minute
	dangerOf  = 10              // the lane of those in danger: this part of Free
)

// Settings are what an operator chooses.
type Settings struct {
	Free    int           // sends of a kind in a minute that nothing is asked for; 0: never ask
	MaxWork int           // hashes, MinWork or more
	MaxWait time.Duration // MinWait or more
}

// Deps is what a gate stands on.
type Deps struct {
	Settings
	Clock clock.Clock
	Log   *slog.Logger
	// Sign is a keyed hash of a text, in hexadecimal, alike on every hub of
	// the installation: 64 digits.
	Sign func(text string) string
}

// Gate counts and asks. Make one with New; it is safe for concurrent use.
type Gate struct {
	Deps
	mu     sync.Mutex
	gauges map[Kind]*gauge
}

// New makes a gate that has seen nobody yet.
func New(deps Deps) *Gate {
	g := &Gate{Deps: deps, gauges: map[Kind]*gauge{}}
	for _, k := range []Kind{Report, Reply, Guess} {
		g.gauges[k] = &gauge{}
	}
	return g
}

// gauge is what is known of one kind: numbers only.
type gauge struct {
	knocks, admitted, danger minute
	inside                   int
	logged                   bool // as asking
	loggedAt                 time.Time
	counts                   Counts
}

// Counts are what a gate did since it was made.
type Counts struct{ Free, Asked, Solved, Waited, Early int64 }

// Counts are those of one kind.
func (g *Gate) Counts(kind Kind) Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gauges[kind].counts
}

// Send is one try to pass.
type Send struct {
	// Subject is what a ticket is good for: the receipt in its stored
	// spelling, and whatever tells this send from the next under it.
	Subject string
	Ticket  string // as it came with the form; "": none
	Answer  string // of the sum; "": none
	Danger  bool   // the child says it is in danger now
}

// Ask is what a sender is asked for.
type Ask struct {
	Ticket    string        // travels with the form
	Challenge string        // 64 hexadecimal digits, for the script
	Below     uint32        // what the first 32 bits of each hash must be smaller than
	Wait      time.Duration // until the form may be sent without the sum, whole seconds
	Early     bool          // it was sent before its time
}

// Pass lets one send in. Done must be called once it is over.
type Pass struct {
	g    *Gate
	kind Kind
}

// Enter lets a send in, or says what it costs. Exactly one of the two is nil.
func (g *Gate) Enter(kind Kind, s Send) (*Pass, *Ask) {
	now := g.Clock.Now()
	paid, held := g.read(kind, s, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.gauges[kind]
	if held.mac == "" && kind != Guess { // the same form with its ticket does not knock twice
		u.knocks.add(now)
	}
	asking := g.asks(kind, u, now)
	switch {
	case u.inside >= together:
		if held.mac == "" {
			held = g.issue(kind, s.Subject, g.work(0), 0, now)
		}
		u.counts.Asked++
		return nil, held.ask(max(breath, held.left(now)))
	case !asking:
		u.counts.Free++
	case paid == bySum:
		u.counts.Solved++
	case paid == byWait:
		u.counts.Waited++
	case held.mac != "":
		u.counts.Early++
		a := held.ask(held.left(now))
		a.Early = true
		return nil, a
	default:
		u.counts.Asked++
		steep := g.steep(kind, u, now)
		work, wait := g.work(steep), g.wait(steep)
		if s.Danger && u.danger.sum(now) < max(1, g.Free/dangerOf) {
			u.danger.add(now)
			work, wait = MinWork, urgent
		}
		return nil, g.issue(kind, s.Subject, work, wait, now).ask(wait)
	}
	u.inside++
	return &Pass{g, kind}, nil
}

// Done ends a send. counts says whether it belongs to the load: a report or a
// reply that was taken in, a receipt that nobody has.
func (p *Pass) Done(counts bool) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	u, now := p.g.gauges[p.kind], p.g.Clock.Now()
	u.inside--
	if !counts {
		return
	}
	u.admitted.add(now)
	if p.kind == Guess {
		u.knocks.add(now)
	}
}

// free is how many of a kind pass in a minute unasked.
func (g *Gate) free(kind Kind) int {
	if kind == Guess {
		return max(1, g.Free/guessPart)
	}
	return g.Free
}

// asks reports whether there is a price now, and logs where that has changed:
// once a minute at most, since a load at the edge goes to and fro.
func (g *Gate) asks(kind Kind, u *gauge, now time.Time) bool {
	knocks := u.knocks.sum(now)
	asking := g.Free > 0 && knocks > g.free(kind)
	if kind == Guess {
		asking = g.Free > 0 && knocks >= g.free(kind) // this one is not known to be wrong yet
	}
	if asking != u.logged && now.Sub(u.loggedAt) >= time.Minute {
		u.logged, u.loggedAt = asking, now
		event := "flood gate opens"
		if asking {
			event = "flood gate asks"
		}
		g.Log.Warn(event, slog.String("kind", string(kind)), slog.Int("knocks", knocks), slog.Int("admitted", u.admitted.sum(now)),
			slog.Int64("free", u.counts.Free), slog.Int64("asked", u.counts.Asked), slog.Int64("solved", u.counts.Solved), slog.Int64("waited", u.counts.Waited))
	}
	return asking
}

// steep is how far the price has risen: 0 for the lowest, 1 for the highest.
func (g *Gate) steep(kind Kind, u *gauge, now time.Time) float64 {
	free := float64(g.free(kind))
	load := float64(u.admitted.sum(now) + u.inside)
	return min(1, max(0, (load-free)/(free*(SteepAt-1))))
}

func (g *Gate) work(steep float64) int {
	return MinWork + int(steep*float64(max(0, g.MaxWork-MinWork)))
}

func (g *Gate) wait(steep float64) time.Duration {
	return (MinWait + time.Duration(steep*float64(max(0, g.MaxWait-MinWait)))).Round(time.Second)
}

// minute counts events of the last 60 seconds, by the second.
type minute struct {
	at [60]int64 // unix second that the slot counts
	n  [60]int
}

func (m *minute) add(now time.Time) {
	s := now.Unix()
	i := s % 60
	if m.at[i] != s {
		m.at[i], m.n[i] = s, 0
	}
	m.n[i]++
}

func (m *minute) sum(now time.Time) int {
	s, all := now.Unix(), 0
	for i, at := range m.at {
		if at > s-60 && at <= s {
			all += m.n[i]
		}
	}
	return all
}
