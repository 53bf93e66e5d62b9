// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"net/url"
	"time"

	"lachan/internal/problem"
)

// Reason is what became of an address.
type Reason string

// The reasons that are counted.
const (
	Fetched   Reason = "fetched"
	Unchanged Reason = "unchanged" // as it was when last seen
	Robots    Reason = "robots"    // the site does not want it read by machines
	OffScope  Reason = "off-scope" // a link or redirect to where the plan does not lead
	TooBig    Reason = "too-big"   // read in part
	TooSlow   Reason = "too-slow"  // read in part or not at all
	Refused   Reason = "refused"   // an address inside, or one that is none
	Failed    Reason = "failed"
	Trap      Reason = "trap"      // of a pattern that repeats itself
	Busy      Reason = "busy"      // the host asked to come later
	Missing   Reason = "missing"   // 404 or 410
	Other     Reason = "other"     // neither page, picture, feed nor sitemap
	Overflow  Reason = "overflow"  // found when queue or memory was full
	Duplicate Reason = "duplicate" // led to an address that was seen already
)

// Ends of a crawl.
const (
	EndDone  = "done"
	EndPages = "pages"
	EndBytes = "bytes"
	EndTime  = "time"
)

// Report is how much was looked through, and what was not. Samples have neither
// query nor fragment, which may name a person.
type Report struct {
	Counts   map[Reason]int      `json:"counts"`
	Samples  map[Reason][]string `json:"samples"` // at most five each
	Requests int                 `json:"requests"`
	Bytes    int64               `json:"bytes"` // of answers, on the wire
	Pictures int                 `json:"pictures"`
	Waiting  int                 `json:"waiting"` // addresses left when it ended
	End      string              `json:"end"`
	Took     time.Duration       `json:"took"`
}

func (r *Report) count(why Reason, address string) {
	if r.Counts == nil {
		r.Counts, r.Samples = map[Reason]int{}, map[Reason][]string{}
	}
	r.Counts[why]++
	if why != Fetched && why != Unchanged && len(r.Samples[why]) < 5 {
		r.Samples[why] = append(r.Samples[why], bare(address))
	}
}

// bare is an address without what may name a person.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	text := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	return text[:min(len(text), 200)]
}

// why is the reason that stands for an error of fetch.
func why(err error) Reason {
	switch {
	case problem.Is(err, "fetch/inside"), problem.Is(err, "fetch/bad-url"), problem.Is(err, "fetch/downgrade"):
		return Refused
	case problem.Is(err, "fetch/timeout"):
		return TooSlow
	case problem.Is(err, "fetch/too-large"):
		return TooBig
	}
	return Failed
}
