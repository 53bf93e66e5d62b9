// SPDX-License-Identifier: Apache-2.0

package rdap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/problem"
)

const (
	maxBytes  = 256 << 10 // of an answer; with all contacts they have some 20 KiB
	maxHops   = 3         // redirects from the base to the registry's own server
	maxHosts  = 1000      // whose rest is remembered
	firstRest = time.Minute
	longRest  = time.Hour
)

var (
	// ErrNotNow says that nobody was asked: a server rests, or the time that the
	// caller gave is too short to wait for the pause. It says nothing of the name.
	ErrNotNow = errors.New("rdap: not now")
	// ErrAnswer says that what came is no answer about the name.
	ErrAnswer = errors.New("rdap: no answer about the name")
)

// Client asks one base. It is safe for concurrent use; questions wait for each
// other.
type Client struct {
	fetch *fetch.Client
	clock clock.Clock
	base  string
	pause time.Duration

	mu    sync.Mutex // held while a question is on its way
	next  time.Time  // no question before it
	rests map[string]rest
}

// rest is until when a host is left alone, and for the how manyth time in a row.
type rest struct {
	until time.Time
	times int
}

// New makes a client of a base, "https://rdap.example" with or without a path,
// that leaves at least pause between two questions.
func New(f *fetch.Client, c clock.Clock, base string, pause time.Duration) *Client {
	return &Client{fetch: f, clock: c, base: strings.TrimRight(base, "/"), pause: pause, rests: map[string]rest{}}
}

// Registered is when a domain was registered; the zero time where the registry
// has no such name or does not say. The domain must be in letters of DNS
// ("xn--…"). An error is ErrNotNow, ErrAnswer, the context's, or one of fetch,
// which names a server and never the domain.
func (c *Client) Registered(ctx context.Context, domain string) (time.Time, error) {
	if !isName(domain) {
		return time.Time{}, ErrAnswer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.wait(ctx); err != nil {
		return time.Time{}, err
	}
	defer func() { c.next = c.clock.Now().Add(c.pause) }()
	v, err := c.ask(ctx, c.base+"/domain/"+domain)
	switch {
	case err != nil:
		return time.Time{}, err
	case v.Status == 404:
		return time.Time{}, nil
	case v.Status != 200, v.Short:
		return time.Time{}, fmt.Errorf("%w: status %d", ErrAnswer, v.Status)
	}
	return registered(v.Body, domain, c.clock.Now())
}

// isName lets through what changes no path.
func isName(domain string) bool {
	return domain != "" && len(domain) <= 253 && strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && domain[0] != '.'
}

// wait waits for the pause to end, unless that is longer than there is time.
func (c *Client) wait(ctx context.Context) error {
	if ctx.Err() != nil { // the turn came too late
		return ErrNotNow
	}
	wait := c.next.Sub(c.clock.Now())
	if wait <= 0 {
		return nil
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return ErrNotNow
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ErrNotNow
	}
}

// ask goes where the base leads. Each hop meets the guard, and none leads from
// https down to http.
func (c *Client) ask(ctx context.Context, address string) (*fetch.Visited, error) {
	for range maxHops + 1 {
		u, err := url.Parse(address)
		if err != nil {
			return nil, problem.New("fetch/bad-url")
		}
		if c.clock.Now().Before(c.rests[u.Host].until) {
			return nil, ErrNotNow
		}
		v, err := c.fetch.Visit(ctx, fetch.Visit{URL: address, Accept: "application/rdap+json, application/json;q=0.9", MaxBytes: maxBytes})
		if err != nil || v.Status == 429 || v.Status >= 500 || v.Cut == "time" {
			c.leave(u.Host, v)
			if err == nil {
				err = fmt.Errorf("%w: status %d", ErrAnswer, v.Status)
			}
			return nil, err
		}
		delete(c.rests, u.Host)
		to, err := v.Location()
		if err != nil || to == nil {
			return v, err
		}
		if v.URL.Scheme == "https" && to.Scheme != "https" {
			return nil, problem.New("fetch/downgrade", "host", v.URL.Hostname())
		}
		address = to.String()
	}
	return nil, problem.New("fetch/too-many-redirects", "host", hostOf(c.base))
}

// leave lets a host rest: as long as it asks for, else longer each time.
func (c *Client) leave(host string, v *fetch.Visited) {
	if len(c.rests) >= maxHosts {
		clear(c.rests)
	}
	r := c.rests[host]
	long := min(firstRest<<min(r.times, 10), longRest)
	if v != nil {
		if s, err := strconv.Atoi(v.Header("Retry-After")); err == nil && s > 0 {
			long = max(long, min(time.Duration(s)*time.Second, 24*time.Hour))
		}
	}
	c.rests[host] = rest{until: c.clock.Now().Add(long), times: r.times + 1}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
