// SPDX-License-Identifier: Apache-2.0

package org

import (
	"fmt"
	"time"

	"lachan/internal/clock"
)

// Day is a calendar day in Vietnam, "2025-07-01". Days compare as strings.
type Day string

// The ends of time: from before our records, and still so.
const (
	Ever  Day = "0001-01-01"
	Still Day = "9999-12-31"
)

// DayOf is the day in Vietnam on which t falls.
func DayOf(t time.Time) Day { return Day(clock.Day(t)) }

// ParseDay reads "2025-07-01".
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("org: %q is not a day such as 2025-07-01", s)
	}
	return Day(s), nil
}

// Time is 00:00 of the day in Vietnam; the zero time for a malformed Day.
func (d Day) Time() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), clock.Vietnam)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add is the day n days later; Ever and Still stay what they are.
func (d Day) Add(n int) Day {
	if d == Ever || d == Still {
		return d
	}
	return DayOf(d.Time().AddDate(0, 0, n))
}

// Span is the days on which a fact holds, both ends included.
type Span struct{ From, To Day }

// Has reports whether the fact holds on d.
func (s Span) Has(d Day) bool { return s.From <= d && d <= s.To }

func span(from, to Day) Span {
	if from == "" {
		from = Ever
	}
	if to == "" {
		to = Still
	}
	return Span{from, to}
}
