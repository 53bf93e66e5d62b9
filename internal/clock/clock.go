// SPDX-License-Identifier: Apache-2.0

// Package clock says what time it is, in one place, so that a law clock can be
// tested at the stroke of midnight without waiting for it.
//
// Every deadline of the dispatch is read in Vietnam time: "trước ngày 10/12"
// (clause 1.5) means until 09/12 23:59:59 in Asia/Ho_Chi_Minh. Viet Nam has
// kept UTC+7 without daylight saving since 1975, so the zone is a fixed
// offset and needs no zone database on the machine.
//
// Stored times are whole microseconds since 1970 in UTC (see internal/sqldb);
// Micro and FromMicro are the only conversions.
package clock

import (
	"sync"
	"time"
)

// Vietnam is Asia/Ho_Chi_Minh, UTC+7 all year.
var Vietnam = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Clock tells the time. Production uses System; tests and the demo's past
// year use Fixed.
type Clock interface {
	// Now is the current instant, in Vietnam time.
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now().In(Vietnam) }

// Fixed stands still until it is moved. It is safe for concurrent use.
type Fixed struct {
	mu sync.Mutex
	t  time.Time
}

// NewFixed returns a clock that shows t.
func NewFixed(t time.Time) *Fixed { return &Fixed{t: t.In(Vietnam)} }

// Now implements Clock.
func (f *Fixed) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.t
}

// Set moves the clock to t, backwards too.
func (f *Fixed) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = t.In(Vietnam)
}

// Advance moves the clock on by d.
func (f *Fixed) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = f.t.Add(d)
}

// Micro is t as stored: microseconds since 1970 UTC. The zero time is 0.
func Micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicro reads a stored time back, in Vietnam time. 0 is the zero time.
func FromMicro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).In(Vietnam)
}

// Day is the calendar day of t in Vietnam, "2026-11-23".
func Day(t time.Time) string { return t.In(Vietnam).Format(time.DateOnly) }

// StartOfDay is 00:00 in Vietnam of the day t falls on.
func StartOfDay(t time.Time) time.Time {
	y, m, d := t.In(Vietnam).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Vietnam)
}
