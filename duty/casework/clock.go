// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lachan/duty"
)

// Calendar says which days are worked. org's calendar satisfies it.
type Calendar = duty.WorkingDays

// ClockRule is one deadline of the law, or one that we set ourselves.
// Exactly one of Minutes, Hours, Days, WorkingDays is set.
type ClockRule struct {
	Code        string `json:"code"`
	Minutes     int    `json:"minutes"`
	Hours       int    `json:"hours"`
	Days        int    `json:"days"`         // calendar days, to the end of the last
	WorkingDays int    `json:"working_days"` // to the end of the last
	Start       string `json:"start"`        // receipt, registration, request, offer, conclusion
	For         string `json:"for"`          // intake, emergency, referral, answer, or a track
	Basis       string `json:"basis"`        // law and article; "internal" for our own
	Legal       bool   `json:"legal"`
	Verified    bool   `json:"verified"` // seen in a public text
	Urgent      bool   `json:"urgent"`   // never paused
	Pause       bool   `json:"pause"`    // may be paused, with a document
	Extend      bool   `json:"extend"`   // may be extended, with a document
	Meet        bool   `json:"meet"`     // a document shows that it was met
}

// Key is the locale key of the rule's short name.
func (r ClockRule) Key() string { return "casework.clock." + r.Code }

// Due is the last instant on time for a clock started at start. Hours run day
// and night, holidays included; working days begin on the day after and end
// with their last day.
func (r ClockRule) Due(start time.Time, cal Calendar) (time.Time, error) {
	switch {
	case r.Minutes > 0:
		return start.Add(time.Duration(r.Minutes) * time.Minute), nil
	case r.Hours > 0:
		return start.Add(time.Duration(r.Hours) * time.Hour), nil
	case r.Days > 0:
		return duty.DateOf(start).AddDays(r.Days).End(), nil
	default:
		day, err := addWorkingDays(duty.DateOf(start), r.WorkingDays, cal)
		if err != nil {
			return time.Time{}, fmt.Errorf("casework: clock %s: %w", r.Code, err)
		}
		return day.End(), nil
	}
}

// longestRest bounds the search for a working day; Tết has never come near.
const longestRest = 31

func addWorkingDays(day duty.Date, n int, cal Calendar) (duty.Date, error) {
	rest := 0
	for n > 0 {
		day = day.AddDays(1)
		if cal.IsWorkingDay(day) {
			n, rest = n-1, 0
		} else if rest++; rest > longestRest {
			return duty.Date{}, fmt.Errorf("no working day in the %d days up to %s", longestRest, day)
		}
	}
	return day, nil
}

// ClockRules is one version of the deadlines. It does not change after
// loading.
type ClockRules struct {
	Version string      `json:"version"`
	Clocks  []ClockRule `json:"clocks"`
}

// LoadClocks reads and checks the embedded deadlines.
func LoadClocks() (*ClockRules, error) {
	data, err := dataFiles.ReadFile("data/clocks.json")
	if err != nil {
		return nil, fmt.Errorf("casework: clocks: %w", err)
	}
	var c ClockRules
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("casework: clocks: %w", err)
	}
	seen := map[string]bool{}
	for _, r := range c.Clocks {
		set := 0
		for _, n := range []int{r.Minutes, r.Hours, r.Days, r.WorkingDays} {
			if n > 0 {
				set++
			}
		}
		if set != 1 || seen[r.Code] || r.Code == "" || r.Basis == "" || r.For == "" || r.Urgent && (r.Pause || r.Meet) {
			return nil, fmt.Errorf("casework: clocks %s: rule %q is faulty", c.Version, r.Code)
		}
		seen[r.Code] = true
	}
	return &c, nil
}

// Rule is the rule of a code.
func (c *ClockRules) Rule(code string) (ClockRule, bool) {
	i := slices.IndexFunc(c.Clocks, func(r ClockRule) bool { return r.Code == code })
	if i < 0 {
		return ClockRule{}, false
	}
	return c.Clocks[i], true
}

// Starting lists the rules of a purpose that start with an event:
// Starting("emergency", "receipt").
func (c *ClockRules) Starting(purpose, start string) []ClockRule {
	var out []ClockRule
	for _, r := range c.Clocks {
		if r.For == purpose && r.Start == start {
			out = append(out, r)
		}
	}
	return out
}

// ClockState is how a clock stands.
type ClockState string

// The states. Soon is the last quarter of the clock's whole time.
const (
	ClockLate   ClockState = "late"
	ClockSoon   ClockState = "soon"
	ClockOK     ClockState = "ok"
	ClockPaused ClockState = "wait"
	ClockDone   ClockState = "done"
	ClockNone   ClockState = "none" // of a case: no clock is open
)

// ClockNote is what was done with a clock, and the document that allows it.
type ClockNote struct {
	Kind     string    `json:"kind"` // of ClockKinds
	At       time.Time `json:"at"`
	Document string    `json:"document"` // number and date of the document
	Until    time.Time `json:"until"`    // extend: the new due
	By       string    `json:"by"`
}

// Clock is one running deadline of a case.
type Clock struct {
	ID      string
	Case    string
	Track   Track // "" for the case as a whole
	Code    string
	Version string // of the rules in force when it started
	Basis   string
	Legal   bool
	Urgent  bool
	Started time.Time
	Due     time.Time
	Paused  time.Time // zero: running
	Met     time.Time // zero: open
	Notes   []ClockNote
}

// Key is the locale key of the clock's short name.
func (c Clock) Key() string { return "casework.clock." + c.Code }

// SoonAt is the instant at which the last quarter begins.
func (c Clock) SoonAt() time.Time { return c.Due.Add(-c.Due.Sub(c.Started) / 4) }

// State is how the clock stands at now.
func (c Clock) State(now time.Time) ClockState {
	switch {
	case !c.Met.IsZero():
		return ClockDone
	case !c.Paused.IsZero():
		return ClockPaused
	case now.After(c.Due):
		return ClockLate
	case !now.Before(c.SoonAt()):
		return ClockSoon
	default:
		return ClockOK
	}
}

// InTime reports whether a clock that was met was met on time.
func (c Clock) InTime() bool { return !c.Met.IsZero() && !c.Met.After(c.Due) }

// Left is the time left at now, negative when it is over; for a paused clock
// the time that was left when it was paused.
func (c Clock) Left(now time.Time) time.Duration {
	if !c.Paused.IsZero() {
		now = c.Paused
	}
	return c.Due.Sub(now)
}
