// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lachan/internal/fetch"
)

// maxHops is how many redirects lead to one page.
const maxHops = 5

// Why an address was not read to its end.
var (
	errHops      = errors.New("crawl: too many redirects")
	errScope     = errors.New("crawl: leads to where the plan does not")
	errDuplicate = errors.New("crawl: leads to what was seen")
	errDowngrade = errors.New("crawl: from https down to http")
)

// Crawl looks one source through, from the beginning or from where saved was
// left. Besides the report it gives the state to go on from, which is nil when
// nothing is left. An error is that of the context, of Found or of Capture; a
// site that fails is in the report.
func Crawl(ctx context.Context, p Plan, d Deps, saved []byte) (Report, []byte, error) {
	r := &run{plan: p, limits: p.Limits.filled(), deps: d, s: newState(), began: d.Clock.Now()}
	if saved != nil {
		s, err := readState(saved)
		if err != nil {
			return Report{}, nil, err
		}
		r.s = s
		r.took = s.Report.Took
	}
	for _, seed := range p.URLs {
		u, err := Canon(nil, seed)
		if err != nil {
			if saved == nil {
				r.s.Report.count(Refused, seed)
			}
			continue
		}
		r.seeds = append(r.seeds, hostOf(u))
		if saved == nil {
			r.s.add(waiting{URL: u, Role: map[Kind]string{Feed: roleFeed, Sitemap: roleSitemap}[p.Kind]}, r.limits)
		}
	}
	err := r.loop(ctx)
	var rest []byte
	if err != nil || r.s.Report.End != EndDone {
		var failed error
		if rest, failed = r.rest(); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	return r.report(), rest, err
}

// run is a crawl under way.
type run struct {
	plan   Plan
	limits Limits
	deps   Deps
	s      *state
	seeds  []string
	began  time.Time
	took   time.Duration // before it was interrupted
	marks  []uint64      // of seen, by the address that is being visited
}

func (r *run) report() Report {
	r.s.Report.Took = r.took + r.deps.Clock.Now().Sub(r.began)
	r.s.Report.Waiting = len(r.s.Queue)
	return r.s.Report
}

// rest is the state as it is now.
func (r *run) rest() ([]byte, error) {
	r.report()
	b, err := json.Marshal(r.s)
	if err != nil {
		return nil, fmt.Errorf("crawl: save the state: %w", err)
	}
	return b, nil
}

func (r *run) loop(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, max(r.limits.TotalTime-r.took, time.Nanosecond), errTotal)
	defer cancel()
	for {
		switch {
		case context.Cause(ctx) == errTotal: //nolint:errorlint // it is this very value
			r.s.Report.End = EndTime
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("crawl: %w", ctx.Err())
		case len(r.s.Queue) == 0:
			r.s.Report.End = EndDone
			return nil
		case r.s.Pages >= r.limits.Pages:
			r.s.Report.End = EndPages
			return nil
		case r.s.Report.Bytes >= r.limits.TotalBytes:
			r.s.Report.End = EndBytes
			return nil
		}
		w := heap.Pop(&r.s.Queue).(waiting)
		if w.Role == rolePage && r.s.stopped(w.URL) {
			r.s.Report.count(Trap, w.URL)
			continue
		}
		if err := r.one(ctx, w); err != nil {
			if ctx.Err() != nil { // it did not come to its end and is asked again
				for _, h := range r.marks {
					delete(r.s.Seen, h)
				}
				heap.Push(&r.s.Queue, w)
				continue
			}
			return err
		}
	}
}

var errTotal = errors.New("crawl: its time is over")

// one visits an address and does what its role wants. Only an error that ends
// the crawl is given back.
func (r *run) one(ctx context.Context, w waiting) error {
	r.s.Pages++
	r.marks = r.marks[:0]
	var known Known
	if r.deps.Known != nil && w.Role == rolePage {
		k, ok, err := r.deps.Known(ctx, w.URL)
		if err != nil {
			return fmt.Errorf("crawl: ask what is known: %w", err)
		}
		if ok {
			known = k
		}
	}
	hops, err := r.walk(ctx, w, known)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var last *fetch.Visited
	if len(hops) > 0 {
		last = hops[len(hops)-1].Visited
	}
	switch {
	case errors.Is(err, errBusy):
		r.s.Report.count(Busy, w.URL)
		return nil
	case err != nil:
		r.s.Report.count(reasonOf(err), w.URL)
		return nil
	case last.Status == 429 || last.Status == 503:
		if w.Tries < 2 {
			w.Tries++
			heap.Push(&r.s.Queue, w)
			return nil
		}
		r.s.Report.count(Busy, w.URL)
		return nil
	case last.Status == 304:
		r.s.Report.count(Unchanged, w.URL)
		return nil
	case last.Status == 404 || last.Status == 410:
		r.s.Report.count(Missing, w.URL)
		return nil
	case last.Status < 200 || last.Status > 299:
		r.s.Report.count(Failed, w.URL)
		return nil
	}
	switch w.Role {
	case roleFeed:
		return r.feed(ctx, w, last)
	case roleSitemap:
		r.sitemap(w, last)
		return nil
	}
	return r.item(ctx, w, hops, known)
}

func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, errRobots):
		return Robots
	case errors.Is(err, errScope):
		return OffScope
	case errors.Is(err, errDuplicate):
		return Duplicate
	case errors.Is(err, errDowngrade):
		return Refused
	}
	return why(err)
}

// feed takes up what a feed names, and hands over what stands in it alone.
func (r *run) feed(ctx context.Context, w waiting, v *fetch.Visited) error {
	text, _ := Decode(v.Body, v.Header("Content-Type"))
	entries, err := ParseFeed(text, v.URL, r.limits.Entries)
	if err != nil {
		r.s.Report.count(Other, w.URL)
		return nil
	}
	r.s.Report.count(cutReason(v), w.URL)
	var alone []Entry
	for _, e := range entries {
		if e.URL != "" {
			r.take(waiting{URL: e.URL, Fresh: seconds(e.Published), Via: w.URL})
		} else if e.Text != "" || e.Title != "" {
			alone = append(alone, e)
		}
	}
	for i, e := range alone {
		rest := r.rest
		if i < len(alone)-1 { // the feed is asked again if it ends here
			rest = func() ([]byte, error) {
				heap.Push(&r.s.Queue, w)
				defer func() {
					r.s.Queue = slices.DeleteFunc(r.s.Queue, func(o waiting) bool { return o == w })
					heap.Init(&r.s.Queue)
				}()
				return r.rest()
			}
		}
		f := Found{
			URL: w.URL, FinalURL: v.URL.String(), Kind: ItemEntry, Title: e.Title, Text: e.Text, Visible: e.Text, Published: e.Published,
			Fetched: r.deps.Clock.Now(), Status: v.Status, PayloadSHA256: hexSum([]byte(e.Title + "\n" + e.Text)), NearDigest: Near(e.Text), Reach: -1,
		}
		if err := r.deps.Found(ctx, f, rest); err != nil {
			return fmt.Errorf("crawl: hand over an entry: %w", err)
		}
	}
	return nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (r *run) sitemap(w waiting, v *fetch.Visited) {
	text, _ := Decode(gunzip(v.Body, 50<<20), v.Header("Content-Type")) // 50 MiB unpacked is the protocol's limit
	places, index, err := ParseSitemap(text, v.URL, r.limits.Entries)
	if err != nil {
		r.s.Report.count(Other, w.URL)
		return
	}
	r.s.Report.count(cutReason(v), w.URL)
	for _, p := range places {
		next := waiting{URL: p.URL, Fresh: seconds(p.Modified), Via: w.URL}
		if index {
			if r.s.Sitemaps++; r.s.Sitemaps > r.limits.Sitemaps {
				r.s.Report.count(Overflow, p.URL)
				continue
			}
			next.Role = roleSitemap
		}
		r.take(next)
	}
}

// take adds an address where the plan leads to it.
func (r *run) take(w waiting) {
	if !r.allowed(w.URL) {
		r.s.Report.count(OffScope, w.URL)
		return
	}
	r.s.add(w, r.limits)
}

func cutReason(v *fetch.Visited) Reason {
	switch {
	case v.Cut == "length", v.Cut == "" && v.Short:
		return TooBig
	case v.Cut == "time":
		return TooSlow
	}
	return Fetched
}
