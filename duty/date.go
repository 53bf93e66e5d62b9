// SPDX-License-Identifier: Apache-2.0

package duty

import (
	"fmt"
	"time"
)

// Vietnam is Asia/Ho_Chi_Minh: UTC+7 since 1975, no daylight saving. It is
// written here once more (internal/clock has it too) because this package
// stands on the standard library alone.
func Vietnam() *time.Location { return time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60) }

// Date is a calendar day in Vietnam. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate is the day y-m-d; days and months beyond their range roll over, as
// in time.Date (31 February is 2 or 3 March).
func NewDate(y int, m time.Month, d int) Date {
	return DateOf(time.Date(y, m, d, 0, 0, 0, 0, Vietnam()))
}

// DateOf is the day in Vietnam on which t falls.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Vietnam()).Date()
	return Date{y, m, d}
}

// ParseDate reads "2026-12-09".
func ParseDate(s string) (Date, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, Vietnam())
	if err != nil {
		return Date{}, fmt.Errorf("duty: %q is not a day such as 2026-12-09", s)
	}
	return DateOf(t), nil
}

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2026-12-09", which sorts as the days do; "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Start is 00:00:00 of the day in Vietnam.
func (d Date) Start() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Vietnam())
}

// End is the last instant of the day that counts as on time, 23:59:59 and all
// of its fractions: the last microsecond, the finest that is stored.
func (d Date) End() time.Time { return d.AddDays(1).Start().Add(-time.Microsecond) }

// AddDays is the day n days later; n may be negative.
func (d Date) AddDays(n int) Date { return NewDate(d.Year, d.Month, d.Day+n) }

// Sub is the number of days from e to d.
func (d Date) Sub(e Date) int { return int(d.Start().Sub(e.Start()) / (24 * time.Hour)) }

// Before reports whether d lies before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// Compare is -1, 0 or 1 as d lies before, on or after e.
func (d Date) Compare(e Date) int { return d.Start().Compare(e.Start()) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.Start().Weekday() }
