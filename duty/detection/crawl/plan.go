// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"io"
	"time"

	"lachan/internal/clock"
)

// Kind is what a source is.
type Kind string

// The kinds of sources.
const (
	Page    Kind = "page"    // a page, and those it links to as deep as the plan says
	Feed    Kind = "feed"    // RSS, Atom or JSON Feed, and the pages it names
	Sitemap Kind = "sitemap" // sitemaps.org, and the pages it names
	Channel Kind = "channel" // the public web view of a channel: one page with its pictures
	Links   Kind = "links"   // addresses that somebody listed
)

// Plan is one source and how far to go. The zero Limits are the usual ones.
type Plan struct {
	Kind  Kind
	URLs  []string // where to begin; one, but for Links
	Depth int      // links followed from the beginning; 0: none
	// Hosts are those that may be visited besides those of URLs: "mau.example",
	// or ".mau.example" for it and all below.
	Hosts []string
	// Pictures fetches the pictures of each page, from whatever host. A channel
	// has them always.
	Pictures bool
	Limits   Limits
}

// Limits end a crawl. A zero field is the value of DefaultLimits.
type Limits struct {
	Pages        int           // pages asked for
	PageBytes    int64         // of one answer
	TotalBytes   int64         // of all answers
	PageTime     time.Duration // for one answer
	TotalTime    time.Duration
	URLBytes     int // of an address
	PageLinks    int // taken from one page
	Pictures     int // fetched for one page
	PictureBytes int64
	ItemBytes    int64 // of all pictures of one page
	Queue        int   // addresses waiting
	Seen         int   // addresses known; beyond it no new one is taken up
	Entries      int   // taken from one feed or sitemap
	Sitemaps     int   // files of one sitemap
	Alike        int   // pages of one text and one pattern of addresses; then the pattern ends
}

// DefaultLimits are what a field of zero stands for.
func DefaultLimits() Limits {
	return Limits{
		Pages: 5000, PageBytes: 8 << 20, TotalBytes: 4 << 30, PageTime: 30 * time.Second, TotalTime: 6 * time.Hour,
		URLBytes: 1000, PageLinks: 500, Pictures: 20, PictureBytes: 10 << 20, ItemBytes: 24 << 20,
		Queue: 50_000, Seen: 100_000, Entries: 50_000, Sitemaps: 20, Alike: 20,
	}
}

func (l Limits) filled() Limits {
	d := DefaultLimits()
	set(&l.Pages, d.Pages)
	set(&l.PageBytes, d.PageBytes)
	set(&l.TotalBytes, d.TotalBytes)
	set(&l.PageTime, d.PageTime)
	set(&l.TotalTime, d.TotalTime)
	set(&l.URLBytes, d.URLBytes)
	set(&l.PageLinks, d.PageLinks)
	set(&l.Pictures, d.Pictures)
	set(&l.PictureBytes, d.PictureBytes)
	set(&l.ItemBytes, d.ItemBytes)
	set(&l.Queue, d.Queue)
	set(&l.Seen, d.Seen)
	set(&l.Entries, d.Entries)
	set(&l.Sitemaps, d.Sitemaps)
	set(&l.Alike, d.Alike)
	return l
}

func set[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Deps are the outside of a crawl.
type Deps struct {
	Manners *Manners // through which every request goes; shared by all crawls
	Clock   clock.Clock
	// Software names the writer of captures: "lachan/1.0".
	Software string
	// Known tells what the room remembers of an address, so that only what is
	// new is read; nil for nothing.
	Known func(ctx context.Context, url string) (Known, bool, error)
	// Capture opens the file for the capture of one item, which is closed before
	// the item is handed over; nil for no captures.
	Capture func(ctx context.Context, url string) (io.WriteCloser, error)
	// Found takes an item. What rest gives is the State that goes on after this
	// item: who saves both in one transaction has each item exactly once, however
	// often the scan is killed. An error ends the crawl.
	Found func(ctx context.Context, f Found, rest func() ([]byte, error)) error
}

// Known is what is remembered of an address: the headers of that name and the
// digests of Found.
type Known struct {
	URL        string
	ETag       string
	Modified   string
	SHA256     string
	NearDigest uint64
	Gone       bool // it was gone when last looked at
}
