// SPDX-License-Identifier: Apache-2.0

package web

import (
	"time"

	"lachan/duty"
	"lachan/internal/clock"
)

// parseDay reads a day as people here write it (23/11/2026), or as a browser's
// own field sends it (2026-11-23).
func parseDay(text string) (duty.Date, bool) {
	for _, layout := range []string{"2/1/2006", "2006-01-02", "2-1-2006", "2.1.2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return duty.NewDate(t.Year(), t.Month(), t.Day()), true
		}
	}
	return duty.Date{}, false
}

// isoDay brings a day to the form that services read; what is no day stays as
// it is, so that the service names the fault.
func isoDay(text string) string {
	if d, ok := parseDay(text); ok {
		return d.String()
	}
	return text
}

// parseTime reads a time in Vietnam: "15:04, 23/11/2026" as pages print it, or
// in the other usual orders.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{"15:04, 2/1/2006", "15:04 2/1/2006", "2/1/2006 15:04", "2/1/2006, 15:04", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, clock.Vietnam); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
