// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"path"
	"strings"

	"lachan/internal/fetch"
	"lachan/internal/problem"
)

// Fate is what became of an address that was seen before.
type Fate string

// The fates.
const (
	There   Fate = "there"   // as it was
	Changed Fate = "changed" // there, and says something else
	Gone    Fate = "gone"
	Moved   Fate = "moved" // for good, to another address that answers
	Back    Fate = "back"  // was gone, and is there
	Unclear Fate = "unclear"
)

// Why an address is taken for gone, or nothing can be said.
const (
	WhyStatus = "status"  // 404 or 410
	WhyNoName = "no-name" // the domain does not exist
	WhySoft   = "soft"    // the site says the same of an address that never was
	WhyBusy   = "busy"
	WhyRobots = "robots"
	WhyFailed = "failed" // no answer, or one of a fault: nothing can be said
)

// Check is what a second look found.
type Check struct {
	Fate       Fate
	Why        string // of Gone and Unclear
	Status     int    // 0: no answer
	To         string // of Moved
	ETag       string
	Modified   string
	SHA256     string
	NearDigest uint64
}

// Recheck looks again at an address that was seen. It asks at most for a page
// with its redirects and for one that cannot be, which tells a site that says
// "not found" with status 200, and a domain that is for sale, from a page.
func Recheck(ctx context.Context, d Deps, l Limits, k Known) (Check, error) {
	r := &run{plan: Plan{}, limits: l.filled(), deps: d, s: newState()}
	at, err := Canon(nil, k.URL)
	if err != nil {
		return Check{}, problem.New("fetch/bad-url")
	}
	if k.Gone {
		k.ETag, k.Modified = "", ""
	}
	hops, err := r.walk(ctx, waiting{URL: at}, k)
	if ctx.Err() != nil {
		return Check{}, fmt.Errorf("crawl: %w", ctx.Err())
	}
	c := Check{}
	if len(hops) > 0 {
		c.Status = hops[len(hops)-1].Status
	}
	if err != nil {
		c.Fate, c.Why = Unclear, WhyFailed
		switch {
		case problem.Is(err, "fetch/no-host"):
			c.Fate, c.Why = Gone, WhyNoName
		case errors.Is(err, errRobots):
			c.Why = WhyRobots
		case errors.Is(err, errBusy):
			c.Why = WhyBusy
		}
		return c, nil
	}
	last := hops[len(hops)-1]
	switch {
	case c.Status == 304:
		c.Fate, c.ETag, c.Modified, c.SHA256, c.NearDigest = There, k.ETag, k.Modified, k.SHA256, k.NearDigest
		return c, nil
	case c.Status == 404 || c.Status == 410:
		c.Fate, c.Why = Gone, WhyStatus
		return c, nil
	case c.Status == 429 || c.Status == 503:
		c.Fate, c.Why = Unclear, WhyBusy
		return c, nil
	case c.Status < 200 || c.Status > 299:
		c.Fate, c.Why = Unclear, WhyFailed
		return c, nil
	}
	c.ETag, c.Modified, c.SHA256 = last.Header("ETag"), last.Header("Last-Modified"), hexSum(last.Payload)
	c.NearDigest = r.digest(last.Visited)
	if c.SHA256 != k.SHA256 || k.Gone {
		soft, err := r.soft(ctx, at, c.NearDigest)
		if err != nil {
			return Check{}, err
		}
		if soft {
			c.Fate, c.Why = Gone, WhySoft
			return c, nil
		}
	}
	switch {
	case k.Gone:
		c.Fate = Back
	case permanent(hops):
		c.Fate, c.To = Moved, last.URL.String()
	case c.SHA256 == k.SHA256, Alike(c.NearDigest, k.NearDigest):
		c.Fate = There
	default:
		c.Fate = Changed
	}
	return c, nil
}

// digest is the near digest of a page as Found has it.
func (r *run) digest(v *fetch.Visited) uint64 {
	var f Found
	if kind := mediaType(v.Header("Content-Type")); strings.HasPrefix(kind, "text/") || kind == "" || kind == "application/xhtml+xml" {
		r.read(&f, v, kind == "text/plain")
	}
	return f.NearDigest
}

// permanent reports whether all redirects were said to be for good.
func permanent(hops []hop) bool {
	for _, h := range hops[:len(hops)-1] {
		if h.Status != 301 && h.Status != 308 {
			return false
		}
	}
	return len(hops) > 1
}

// soft reports whether a site says of an address beside this one, which nobody
// made, what it says of this one. The first page of a domain is compared as
// well: one that is for sale says the same everywhere.
func (r *run) soft(ctx context.Context, address string, near uint64) (bool, error) {
	u, err := url.Parse(address)
	if err != nil {
		return false, nil //nolint:nilerr // it was parsed before
	}
	h := fnv.New64a()
	h.Write([]byte(address))
	invented := *u
	invented.Path, invented.RawPath, invented.RawQuery = path.Join(path.Dir(u.Path+"x"), "khong-co-"+hex.EncodeToString(h.Sum(nil))), "", ""
	if !strings.HasPrefix(invented.Path, "/") {
		invented.Path = "/" + invented.Path
	}
	hops, err := r.walk(ctx, waiting{URL: invented.String()}, Known{})
	if ctx.Err() != nil {
		return false, fmt.Errorf("crawl: %w", ctx.Err())
	}
	if err != nil {
		return false, nil //nolint:nilerr // nothing is said by it
	}
	last := hops[len(hops)-1]
	if last.Status < 200 || last.Status > 299 {
		return false, nil
	}
	other := r.digest(last.Visited)
	return Alike(near, other) || near == 0 && other == 0, nil
}
