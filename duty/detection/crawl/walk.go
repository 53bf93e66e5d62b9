// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"lachan/internal/fetch"
)

// hop is one exchange and when it began.
type hop struct {
	*fetch.Visited
	at time.Time
}

// walk asks for an address and follows it through its redirects, each of which
// must be in scope, allowed and new. What a person gave as the beginning may
// lead to another host, as a short address does.
func (r *run) walk(ctx context.Context, w waiting, known Known) ([]hop, error) {
	var hops []hop
	q := fetch.Visit{URL: w.URL, Accept: "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", MaxBytes: r.limits.PageBytes, Timeout: r.limits.PageTime}
	if w.Depth >= r.plan.Depth { // else its links are needed
		q.ETag, q.Modified = known.ETag, known.Modified
	}
	for {
		at := r.deps.Clock.Now()
		v, err := r.visit(ctx, q)
		if err != nil {
			return hops, err
		}
		hops = append(hops, hop{v, at})
		to, err := v.Location()
		if err != nil {
			return hops, err
		}
		if to == nil {
			return hops, nil
		}
		next, err := Canon(nil, to.String())
		switch {
		case err != nil:
			return hops, errScope
		case len(hops) > maxHops:
			return hops, errHops
		case v.URL.Scheme == "https" && to.Scheme != "https":
			return hops, errDowngrade
		case w.Via != "" && !r.allowed(next):
			return hops, errScope
		}
		h := hashOf(next)
		if _, before := r.s.Seen[h]; before && next != w.URL {
			return hops, errDuplicate
		} else if next == w.URL && len(hops) > 1 {
			return hops, errHops
		}
		if len(r.s.Seen) < r.limits.Seen {
			r.s.Seen[h] = struct{}{}
			r.marks = append(r.marks, h)
		}
		if host := hostOf(next); w.Via == "" && !r.allowed(next) && sisters(host, hostOf(w.URL)) {
			r.s.Hosts = append(r.s.Hosts, host)
		}
		q.URL, q.ETag, q.Modified = next, "", ""
	}
}

// visit asks and counts.
func (r *run) visit(ctx context.Context, q fetch.Visit) (*fetch.Visited, error) {
	v, err := r.deps.Manners.Visit(ctx, q)
	if errors.Is(err, errRobots) || errors.Is(err, errBusy) {
		return nil, err
	}
	r.s.Report.Requests++
	if err == nil {
		r.s.Report.Bytes += int64(len(v.Got))
	}
	return v, err
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// sisters reports whether two hosts are one site with and without "www.".
func sisters(a, b string) bool {
	return strings.TrimPrefix(a, "www.") == strings.TrimPrefix(b, "www.")
}

// allowed reports whether the plan leads to the host of an address.
func (r *run) allowed(address string) bool {
	host := hostOf(address)
	if slices.Contains(r.seeds, host) || slices.Contains(r.s.Hosts, host) {
		return true
	}
	for _, h := range r.plan.Hosts {
		if h == host || strings.HasPrefix(h, ".") && (host == h[1:] || strings.HasSuffix(host, h)) {
			return true
		}
	}
	return false
}
