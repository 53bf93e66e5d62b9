// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"sync"
	"time"
)

const (
	firstRest = 500 * time.Millisecond
	longRest  = time.Minute
	// leastMargin keeps a race from beginning with every scheduling hiccup.
	leastMargin = 25 * time.Millisecond
)

// member is a server of a group with what is known of its health.
type member struct {
	transport transport

	mu      sync.Mutex
	usual   time.Duration // how long an answer takes, smoothed; 0: none yet
	spread  time.Duration // how far from that answers are
	fails   int           // since the last answer
	until   time.Time     // rests until then
	counted time.Time     // when the last failure was counted
}

// answered notes how long an answer took, smoothed as TCP does (RFC 6298 §2).
func (m *member) answered(took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.usual == 0 {
		m.usual, m.spread = max(took, 1), took/2
	} else {
		m.spread += ((m.usual - took).Abs() - m.spread) / 4
		m.usual = max(m.usual+(took-m.usual)/8, 1)
	}
	m.fails, m.until = 0, time.Time{}
}

// failed notes that a try, begun at start, had no answer. Tries that were under
// way together count once.
func (m *member) failed(start time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if start.Before(m.counted) {
		return
	}
	m.counted = time.Now()
	m.until = m.counted.Add(min(firstRest<<min(m.fails, 10), longRest))
	m.fails++
}

// rest is until when the server rests; zero if it does not.
func (m *member) rest(now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.until) {
		return m.until
	}
	return time.Time{}
}

// margin is after how long without an answer the next server is asked; 0 for
// never.
func (m *member) margin(o Options) time.Duration {
	if o.Race != 0 {
		return max(o.Race, 0)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.usual == 0 {
		return o.Timeout / 4
	}
	return min(max(m.usual+4*m.spread, leastMargin), o.Timeout/2)
}

// State is how a server of a group does.
type State struct {
	Resting bool          // it failed, and is asked last until its rest ends
	Fails   int           // in a row
	Usual   time.Duration // how long its answers take, smoothed; 0: none came yet
}

// States are how the servers do, in the order of the settings.
func (g *Group) States() []State {
	states := make([]State, len(g.members))
	now := time.Now()
	for i, m := range g.members {
		m.mu.Lock()
		states[i] = State{Resting: now.Before(m.until), Fails: m.fails, Usual: m.usual}
		m.mu.Unlock()
	}
	return states
}
