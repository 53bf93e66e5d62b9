// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"container/heap"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
)

// Roles of an address that waits.
const (
	rolePage    = ""
	roleFeed    = "feed"
	roleSitemap = "sitemap"
)

// waiting is an address that is to be visited.
type waiting struct {
	URL   string `json:"u"`
	Role  string `json:"r,omitempty"`
	Depth int    `json:"d,omitempty"`
	Fresh int64  `json:"f,omitempty"` // when it was changed, in seconds since 1970; 0: unknown
	Tries int    `json:"t,omitempty"`
	Order int    `json:"o"`
	Via   string `json:"v,omitempty"`
}

// frontier is what waits: what is near first, of that what is fresh.
type frontier []waiting

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (f frontier) Len() int { return len(f) }

func (f frontier) Less(i, j int) bool {
	a, b := f[i], f[j]
	switch {
	case a.Depth != b.Depth:
		return a.Depth < b.Depth
	case a.Fresh != b.Fresh:
		return a.Fresh > b.Fresh
	}
	return a.Order < b.Order
}

func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push implements heap.Interface.
func (f *frontier) Push(x any) { *f = append(*f, x.(waiting)) }

// Pop implements heap.Interface.
func (f *frontier) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	(*f)[last] = waiting{}
	*f = (*f)[:last]
	return x
}

// seen are the addresses known, by 64 bits of their hash: one in a hundred
// million million is taken for another.
type seen map[uint64]struct{}

func hashOf(canonical string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key(canonical)))
	return mix(h.Sum64())
}

// MarshalJSON implements json.Marshaler: eight bytes each, in base 64.
func (s seen) MarshalJSON() ([]byte, error) {
	all := make([]uint64, 0, len(s))
	for h := range s {
		all = append(all, h)
	}
	slices.Sort(all)
	b := make([]byte, 0, 8*len(all))
	for _, h := range all {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(b))
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *seen) UnmarshalJSON(text []byte) error {
	var packed string
	if err := json.Unmarshal(text, &packed); err != nil {
		return err
	}
	b, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil || len(b)%8 != 0 {
		return errState
	}
	*s = seen{}
	for ; len(b) > 0; b = b[8:] {
		(*s)[binary.BigEndian.Uint64(b)] = struct{}{}
	}
	return nil
}

// shape is what is remembered of a pattern of addresses.
type shape struct {
	Digests []uint64 `json:"d,omitempty"` // of texts seen, the last few
	Times   []int    `json:"n,omitempty"` // how often each
	Stopped bool     `json:"s,omitempty"`
}

// The bounds of what is remembered of patterns.
const (
	maxShapes  = 5000
	maxDigests = 8
)

// state is all that a crawl needs to go on after it was killed.
type state struct {
	Version  int               `json:"version"`
	Queue    frontier          `json:"queue"`
	Seen     seen              `json:"seen"`
	Shapes   map[string]*shape `json:"shapes"`
	Hosts    []string          `json:"hosts"` // added on the way
	Order    int               `json:"order"`
	Sitemaps int               `json:"sitemaps"`
	Pages    int               `json:"pages"`
	Report   Report            `json:"report"`
}

var errState = errors.New("crawl: a state that cannot be gone on from")

func newState() *state {
	return &state{Version: 1, Seen: seen{}, Shapes: map[string]*shape{}}
}

func readState(saved []byte) (*state, error) {
	s := &state{}
	if err := json.Unmarshal(saved, s); err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	if s.Version != 1 || s.Seen == nil || s.Shapes == nil {
		return nil, errState
	}
	heap.Init(&s.Queue)
	return s, nil
}

// add takes an address up, unless it is known or there is no room.
func (s *state) add(w waiting, l Limits) {
	h := hashOf(w.URL)
	if _, known := s.Seen[h]; known {
		return
	}
	switch {
	case len(w.URL) > l.URLBytes:
		s.Report.count(Refused, w.URL)
		return
	case circles(w.URL), s.stopped(w.URL):
		s.Report.count(Trap, w.URL)
	case len(s.Seen) >= l.Seen, len(s.Queue) >= l.Queue:
		s.Report.count(Overflow, w.URL)
		return
	default:
		s.Order++
		w.Order = s.Order
		heap.Push(&s.Queue, w)
	}
	if len(s.Seen) < l.Seen {
		s.Seen[h] = struct{}{}
	}
}

func (s *state) stopped(url string) bool {
	p := s.Shapes[pattern(url)]
	return p != nil && p.Stopped
}

// note remembers the text of a page under its pattern, and stops a pattern that
// says the same too often.
func (s *state) note(url string, near uint64, most int) {
	if near == 0 {
		near = 1 // pages without text are alike
	}
	name := pattern(url)
	p := s.Shapes[name]
	if p == nil {
		if len(s.Shapes) >= maxShapes {
			return
		}
		p = &shape{}
		s.Shapes[name] = p
	}
	for i, d := range p.Digests {
		if d == near || Alike(d, near) {
			p.Times[i]++
			p.Stopped = p.Stopped || p.Times[i] >= most
			return
		}
	}
	if len(p.Digests) >= maxDigests {
		least := slices.Index(p.Times, slices.Min(p.Times))
		p.Digests, p.Times = slices.Delete(p.Digests, least, least+1), slices.Delete(p.Times, least, least+1)
	}
	p.Digests, p.Times = append(p.Digests, near), append(p.Times, 1)
}
