// SPDX-License-Identifier: Apache-2.0

package org

import "time"

// Calendar says which days are worked: Monday to Friday, less public holidays
// (Labour Code 2019, article 112), days off in lieu, and days swapped by
// decision of the Prime Minister. It is data: what is not decided yet is
// marked unverified.
type Calendar struct{ snap *snapshot }

// Calendar is the calendar as of the last Refresh.
func (s *Service) Calendar() Calendar { return Calendar{s.snap.Load()} }

// IsWorking reports whether a day is worked.
func (c Calendar) IsWorking(d Day) bool {
	if r, ok := c.snap.rest[d]; ok {
		return !r.Rest
	}
	w := d.Time().Weekday()
	return w != time.Saturday && w != time.Sunday
}

// Rest is the calendar's entry for a day, if it has one.
func (c Calendar) Rest(d Day) (RestDay, bool) {
	r, ok := c.snap.rest[d]
	return r, ok
}

// AddWorking is the n-th working day after d (before it, for negative n); d
// itself for 0.
func (c Calendar) AddWorking(d Day, n int) Day {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.Add(step)
		if c.IsWorking(d) {
			n--
		}
	}
	return d
}
