// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"strconv"
	"sync"
	"time"

	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/problem"
)

// Why a visit was not made.
var (
	errRobots = errors.New("crawl: robots.txt forbids it")
	errBusy   = errors.New("crawl: the host wants to be left alone for longer than a scan waits")
)

// The measures of politeness that are not the operator's.
const (
	robotsFor    = 24 * time.Hour // RFC 9309 §2.4
	robotsHops   = 5              // §2.3.1.2
	keptHosts    = 10_000
	robotsWithin = 15 * time.Second
)

// Pace is how often one host may be asked. A zero field is the usual value.
type Pace struct {
	Pause   time.Duration // between two requests, at least; each is drawn from it to its double; 2 s
	Longest time.Duration // the most that Crawl-delay may ask for; 30 s
	Wait    time.Duration // the most that a scan waits when told to come later; 2 min
}

// NewManners makes the door for all crawls. product is the name that sites know
// us by in robots.txt, without version: "lachan"; it must be what the client's
// User-Agent begins with.
func NewManners(client *fetch.Client, c clock.Clock, product string, p Pace) *Manners {
	set(&p.Pause, 2*time.Second)
	set(&p.Longest, 30*time.Second)
	set(&p.Wait, 2*time.Minute)
	return &Manners{client: client, clock: c, product: product, pace: p, hosts: map[string]*host{}}
}

// Manners is how we behave: one request at a time for a host, a pause after
// each, what robots.txt says, and later when told so. It is safe for concurrent
// use; crawls of the same host wait for each other.
type Manners struct {
	client  *fetch.Client
	clock   clock.Clock
	product string
	pace    Pace

	mu    sync.Mutex
	hosts map[string]*host // by name, whatever scheme and port
}

// host is what is remembered of one.
type host struct {
	turn  chan struct{} // holds one token; who has it speaks to the host
	used  time.Time
	next  time.Time         // no request before it
	late  int               // answers in a row that told us to come later
	rules map[string]ruling // by scheme, name and port, RFC 9309 §2.3
}

// ruling are rules and how long they count.
type ruling struct {
	*Rules
	until time.Time
}

// maxRulings is how many ports of one host are remembered.
const maxRulings = 20

// of finds a host, and forgets those not asked for longest when there are too
// many.
func (m *Manners) of(u *url.URL) *host {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := u.Hostname()
	h := m.hosts[name]
	now := m.clock.Now()
	if h == nil {
		if len(m.hosts) >= keptHosts {
			for other, o := range m.hosts {
				if now.Sub(o.used) > time.Hour && len(o.turn) == 1 {
					delete(m.hosts, other)
				}
			}
		}
		h = &host{turn: make(chan struct{}, 1), rules: map[string]ruling{}}
		h.turn <- struct{}{}
		m.hosts[name] = h
	}
	h.used = now
	return h
}

// Visit asks for an address when it is the host's turn and robots.txt allows it.
// Besides the errors of fetch there are errRobots and errBusy.
func (m *Manners) Visit(ctx context.Context, q fetch.Visit) (*fetch.Visited, error) {
	u, err := fetch.CheckURL(q.URL)
	if err != nil {
		return nil, err
	}
	h := m.of(u)
	select {
	case <-h.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { h.turn <- struct{}{} }()
	rules, err := m.learn(ctx, h, u)
	if err != nil {
		return nil, err
	}
	if !rules.Allows(pathOf(u)) {
		return nil, errRobots
	}
	return m.ask(ctx, h, rules, q)
}

func pathOf(u *url.URL) string {
	p := u.EscapedPath()
	if p == "" {
		p = "/"
	}
	if u.RawQuery != "" {
		p += "?" + u.RawQuery
	}
	return p
}

// ask waits for the pause to end and asks.
func (m *Manners) ask(ctx context.Context, h *host, rules *Rules, q fetch.Visit) (*fetch.Visited, error) {
	wait := h.next.Sub(m.clock.Now())
	if wait > max(m.pace.Wait, 2*m.pace.Longest) {
		return nil, errBusy
	}
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	v, err := m.client.Visit(ctx, q)
	pause := max(m.pace.Pause, min(rules.Delay, m.pace.Longest))
	pause += rand.N(pause + 1) //nolint:gosec // a pause is no secret
	now := m.clock.Now()
	if err == nil && (v.Status == 429 || v.Status == 503) {
		h.late++
		pause = max(pause, m.later(v.Header("Retry-After"), h.late, now))
	} else if err == nil {
		h.late = 0
	}
	h.next = now.Add(pause)
	return v, err
}

// later is how long a host wants to be left alone, RFC 9110 §10.2.3; where it
// does not say, longer each time.
func (m *Manners) later(text string, times int, now time.Time) time.Duration {
	if s, err := strconv.ParseInt(text, 10, 32); err == nil && s >= 0 {
		return min(time.Duration(s)*time.Second, 24*time.Hour)
	}
	for _, form := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(form, text); err == nil {
			return min(max(t.Sub(now), 0), 24*time.Hour)
		}
	}
	return m.pace.Pause * time.Duration(10<<min(times, 6))
}

// learn reads a host's robots.txt where it is not known: no such file allows
// all, one that cannot be had allows nothing (RFC 9309 §2.3.1).
func (m *Manners) learn(ctx context.Context, h *host, u *url.URL) (*Rules, error) {
	site := u.Scheme + "://" + u.Host
	if known, ok := h.rules[site]; ok && m.clock.Now().Before(known.until) {
		return known.Rules, nil
	}
	next := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	rules := denied()
	for range robotsHops + 1 {
		v, err := m.ask(ctx, h, &Rules{}, fetch.Visit{URL: next.String(), Accept: "text/plain", MaxBytes: maxRobots + 1, Timeout: robotsWithin})
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, errBusy) || problem.Is(err, "fetch/inside") || problem.Is(err, "fetch/no-host") {
				return nil, err
			}
			break
		}
		if to, err := v.Location(); err == nil && to != nil {
			next = to
			continue
		}
		switch {
		case v.Status >= 200 && v.Status < 300:
			rules = ParseRobots(string(v.Body), m.product)
		case v.Status >= 300 && v.Status < 500 && v.Status != 429:
			rules = &Rules{}
		}
		break
	}
	if len(h.rules) >= maxRulings {
		clear(h.rules)
	}
	h.rules[site] = ruling{rules, m.clock.Now().Add(robotsFor)}
	return rules, nil
}
