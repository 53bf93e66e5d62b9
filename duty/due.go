// SPDX-License-Identifier: Apache-2.0

package duty

import (
	"fmt"
	"time"
)

// Due is the last day on which a thing is on time. It is a legal fact and
// never moves; only reminders look for a working day before it.
type Due struct {
	Last Date
}

// StrictlyBefore is the due of "trước ngày 10/12" (clause 1.5): the day named
// is already late, so the last day on time is the one before it.
func StrictlyBefore(d Date) Due { return Due{d.AddDays(-1)} }

// At is the last instant on time: 23:59:59 and its fractions, in Vietnam.
func (d Due) At() time.Time { return d.Last.End() }

// OnTime reports whether t is not late. A zero Due is never missed.
func (d Due) OnTime(t time.Time) bool { return d.Last.IsZero() || !t.After(d.At()) }

// DaysLeft is the number of days from the day of now to the last day: 0 on
// the last day itself, negative when it is over.
func (d Due) DaysLeft(now time.Time) int { return d.Last.Sub(DateOf(now)) }

// Plus is the due n days later.
func (d Due) Plus(days int) Due { return Due{d.Last.AddDays(days)} }

// WorkingDays says which days are worked. org keeps the calendar: weekly rest,
// public holidays, swapped days (Labour Code 2019, article 112).
type WorkingDays interface {
	IsWorkingDay(Date) bool
}

// Weekdays is the calendar without holidays: Monday to Friday.
type Weekdays struct{}

// IsWorkingDay implements WorkingDays.
func (Weekdays) IsWorkingDay(d Date) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

// longestRest bounds the search for a working day: Tết with its weekends and
// swapped days has never come near it.
const longestRest = 31

// ReminderDay is the day to remind on: offset days from the due (negative is
// before it), moved back to the last working day when it falls on a rest day.
// It fails when a calendar has no working day in a whole month.
func (d Due) ReminderDay(offset int, cal WorkingDays) (Date, error) {
	day := d.Last.AddDays(offset)
	for range longestRest {
		if cal.IsWorkingDay(day) {
			return day, nil
		}
		day = day.AddDays(-1)
	}
	return Date{}, fmt.Errorf("duty: no working day in the %d days up to %s", longestRest, d.Last.AddDays(offset))
}
