// SPDX-License-Identifier: Apache-2.0

package duty

import (
	"fmt"
	"time"
)

// Period is a window of whole days, both ends included. Reports of the
// dispatch are not built on calendar years: due "before 10/12", the yearly
// report covers 10/12 of the year before to 09/12, four days short of the
// 15/12–14/12 of the general reporting rules (Decree 09/2019). So a period is
// any window, and a year is only one of them.
type Period struct {
	From, To Date
}

// NewPeriod is the window from from to to, both included.
func NewPeriod(from, to Date) (Period, error) {
	p := Period{from, to}
	if !p.Valid() {
		return Period{}, fmt.Errorf("duty: the period %s to %s is empty", from, to)
	}
	return p, nil
}

// Month is the calendar month m of year y.
func Month(y int, m time.Month) Period {
	return Period{NewDate(y, m, 1), NewDate(y, m+1, 1).AddDays(-1)}
}

// Quarter is quarter q (1 to 4) of year y.
func Quarter(y, q int) Period {
	first := time.Month(3*(q-1) + 1)
	return Period{NewDate(y, first, 1), NewDate(y, first+3, 1).AddDays(-1)}
}

// CalendarYear is 1 January to 31 December of y.
func CalendarYear(y int) Period {
	return Period{NewDate(y, time.January, 1), NewDate(y, time.December, 31)}
}

// Valid reports whether the window holds at least one day.
func (p Period) Valid() bool { return !p.From.IsZero() && !p.To.IsZero() && !p.To.Before(p.From) }

// Days is the number of days in the window; 0 for an invalid one.
func (p Period) Days() int {
	if !p.Valid() {
		return 0
	}
	return p.To.Sub(p.From) + 1
}

// Has reports whether the day lies in the window.
func (p Period) Has(d Date) bool { return !d.Before(p.From) && !p.To.Before(d) }

// Contains reports whether the instant falls, in Vietnam, on a day of it.
func (p Period) Contains(t time.Time) bool { return p.Has(DateOf(t)) }

// Bounds are the first instant and the first instant after the window: what
// a query on stored times compares with (from <= t < until).
func (p Period) Bounds() (from, until time.Time) { return p.From.Start(), p.To.AddDays(1).Start() }

// Overlaps reports whether the windows share a day.
func (p Period) Overlaps(q Period) bool { return !p.To.Before(q.From) && !q.To.Before(p.From) }

// Intersect is the window of shared days, and whether there is one.
func (p Period) Intersect(q Period) (Period, bool) {
	if !p.Overlaps(q) {
		return Period{}, false
	}
	if p.From.Before(q.From) {
		p.From = q.From
	}
	if q.To.Before(p.To) {
		p.To = q.To
	}
	return p, true
}

// Split cuts the window at day d: what lies before it, and what begins with
// it. Either may be empty (not Valid).
func (p Period) Split(d Date) (before, from Period) {
	before, from = p, p
	if cut := d.AddDays(-1); cut.Before(p.To) {
		before.To = cut
	}
	if p.From.Before(d) {
		from.From = d
	}
	return before, from
}

// String is "2025-12-10/2026-12-09", the interval of ISO 8601.
func (p Period) String() string { return p.From.String() + "/" + p.To.String() }

// ParsePeriod reads what String writes.
func ParsePeriod(s string) (Period, error) {
	if len(s) != 21 || s[10] != '/' {
		return Period{}, fmt.Errorf("duty: %q is not a period such as 2025-12-10/2026-12-09", s)
	}
	from, err := ParseDate(s[:10])
	if err != nil {
		return Period{}, err
	}
	to, err := ParseDate(s[11:])
	if err != nil {
		return Period{}, err
	}
	return NewPeriod(from, to)
}
