// SPDX-License-Identifier: Apache-2.0

// Package counts says how many devices met a refusal, and never which.
//
// A school has to know that its filter works, and a province where to look
// (clause 1.5 asks for figures). A log of what each pupil looked at would be
// the harm that this project is to prevent. So a node counts devices, not
// queries, per school, band, category and hour, in sketches that hold no
// address, and lets a number out only when five or more devices are in it:
//
//	an hour with fewer joins its day; a day with fewer joins its week;
//	a week with fewer is forgotten
//
// What joined a longer period is only what did not leave before, so that the
// difference of two published numbers tells nothing either. One pupil who
// asks 500 times is one device and never leaves the school. Bands of fewer
// than 20 pupils (bundle.Side.WeekOnly) are counted by the week only.
//
// # The sketch
//
// The first 32 devices of a cell are told apart by a keyed hash of their
// address; for more there is linear counting, where a device sets one of 2,048
// bits: the bits set never exceed the devices, and the estimate is
// −m·ln(empty share). The key is drawn anew each day, lives in memory only,
// and is thrown away. A week cannot be put together under daily keys (one
// device on five days would look like five), so every cell keeps a second
// sketch under a key of the week, drawn and thrown away in the same manner,
// from which only the week is read.
//
// Cells that may leave are written to the disk as numbers and kept until the
// hub has committed them (package bus). Sketches are never written: what was
// not yet countable when a node stops is lost, and that is the right side to
// err on.
package counts

import (
	"hash/maphash"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"sort"
	"sync"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
)

const (
	// sketchBits is the size of a sketch: 256 bytes, good to about 10,000 devices.
	sketchBits = 2048
	// exactUpTo is how many devices are told apart by their whole hash.
	exactUpTo = 32
)

// sketch counts different hashes: the first few exactly, more by their bits.
type sketch struct {
	few  [exactUpTo]uint64
	n    int // in few; exactUpTo: full, the bits count
	bits [sketchBits / 64]uint64
}

func (s *sketch) add(h uint64) {
	s.bits[h>>6%uint64(len(s.bits))] |= 1 << (h & 63)
	if s.n < exactUpTo && !slices.Contains(s.few[:s.n], h) {
		s.few[s.n] = h
		s.n++
	}
}

func (s *sketch) join(o *sketch) {
	for _, h := range o.few[:o.n] {
		s.add(h)
	}
	if o.n == exactUpTo {
		s.n = exactUpTo
	}
	for i := range s.bits {
		s.bits[i] |= o.bits[i]
	}
}

// least is a number of devices that there certainly are.
func (s *sketch) least() int {
	if s.n < exactUpTo {
		return s.n
	}
	n := 0
	for _, w := range s.bits {
		n += bits.OnesCount64(w)
	}
	return n
}

// devices is exact for a few, an estimate for many, and never below least.
func (s *sketch) devices() int {
	least := s.least()
	if s.n < exactUpTo {
		return least
	}
	empty := max(sketchBits-least, 1)
	return max(least, int(math.Round(-sketchBits*math.Log(float64(empty)/sketchBits))))
}

// key names a cell.
type key struct {
	school   string
	band     bundle.Band
	category string
}

// cell is what is known of a period so far, under both keys.
type cell struct{ day, week sketch }

func (c *cell) join(o *cell) {
	c.day.join(&o.day)
	c.week.join(&o.week)
}

// Counter takes refusals in and gives finished cells out. It is safe for
// concurrent use.
type Counter struct {
	mu      sync.Mutex
	out     func([]bus.Cell) // called with mu held, in order
	hour    time.Time        // the running hour; zero before the first refusal
	keyDay  maphash.Seed     // of today's sketches
	keyWeek maphash.Seed     // of this week's
	hours   map[key]*cell
	days    map[key]*cell
	weeks   map[key]*cell
	weekly  map[key]bool // counted by the week only
}

// New gives every cell that may leave to out, which must store it.
func New(out func([]bus.Cell)) *Counter {
	c := &Counter{out: out}
	c.reset()
	return c
}

func (c *Counter) reset() {
	c.hours, c.days, c.weeks, c.weekly = map[key]*cell{}, map[key]*cell{}, map[key]*cell{}, map[key]bool{}
	c.keyDay, c.keyWeek = maphash.MakeSeed(), maphash.MakeSeed()
}

// Refused notes that a device met a refusal. Names that are never blocked do
// not come here, and names that are answered do not either.
func (c *Counter) Refused(school *bundle.School, band bundle.Band, code string, client netip.Addr, now time.Time) {
	if school == nil || code == "" {
		return
	}
	k := key{school.School, band, code}
	addr := client.Unmap().As16()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(now)
	at := c.hours[k]
	if at == nil {
		at = &cell{}
		c.hours[k] = at
		c.weekly[k] = school.WeekOnly.Has(band)
	}
	at.day.add(maphash.Bytes(c.keyDay, addr[:]))
	at.week.add(maphash.Bytes(c.keyWeek, addr[:]))
}

// Advance closes the periods that have ended by now. Call it now and then: a
// school that is quiet at night still has its day to close.
func (c *Counter) Advance(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(now)
}

// Settle closes the running hour, day and week as if they had ended: at the
// stop of a node, because sketches are not kept.
func (c *Counter) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hour.IsZero() {
		return
	}
	c.closeHour()
	c.closeDay()
	c.closeWeek()
	c.hour = time.Time{}
	c.reset()
}

func (c *Counter) advance(now time.Time) {
	hour := now.In(clock.Vietnam).Truncate(time.Hour) // UTC+7: whole hours agree
	if !hour.After(c.hour) {
		return // the same hour, or a clock that was set back
	}
	if !c.hour.IsZero() {
		c.closeHour()
		if clock.Day(hour) != clock.Day(c.hour) {
			c.closeDay()
			c.keyDay = maphash.MakeSeed()
		}
		if !monday(hour).Equal(monday(c.hour)) {
			c.closeWeek()
			c.keyWeek = maphash.MakeSeed()
		}
	}
	c.hour = hour
}

// monday is the start of the week that t falls in.
func monday(t time.Time) time.Time {
	day := clock.StartOfDay(t)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

func (c *Counter) closeHour() {
	c.leave(c.hours, c.days, bus.Hour, c.hour)
	c.hours = map[key]*cell{}
}

func (c *Counter) closeDay() {
	c.leave(c.days, c.weeks, bus.Day, clock.StartOfDay(c.hour))
	c.days = map[key]*cell{}
}

func (c *Counter) closeWeek() {
	c.leave(c.weeks, nil, bus.Week, monday(c.hour))
	c.weeks, c.weekly = map[key]*cell{}, map[key]bool{}
}

// leave gives out the cells with enough devices and joins the others to the
// next longer period.
func (c *Counter) leave(cells, next map[key]*cell, period bus.Period, start time.Time) {
	var out []bus.Cell
	for k, at := range cells {
		s := &at.day
		if period == bus.Week {
			s = &at.week
		}
		switch {
		case s.least() >= bus.LeastDevices && (period == bus.Week || !c.weekly[k]):
			out = append(out, bus.Cell{School: k.school, Band: k.band.String(), Category: k.category, Period: period, Start: start, Devices: s.devices()})
		case next == nil:
		case next[k] == nil:
			next[k] = at
		default:
			next[k].join(at)
		}
	}
	if len(out) == 0 {
		return
	}
	sort.Slice(out, func(i, j int) bool { // so that order tells nothing
		a, b := out[i], out[j]
		if a.School != b.School {
			return a.School < b.School
		}
		if a.Band != b.Band {
			return a.Band < b.Band
		}
		return a.Category < b.Category
	})
	c.out(out)
}
