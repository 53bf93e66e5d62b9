// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"time"

	"lachan/internal/authz"
)

// Events are what flow hears, inside the transaction that made them: if its
// answer fails, the step fails.

// EmergencyFound says that an item of the highest tier came into the queue.
type EmergencyFound struct {
	Item   string
	Number int64
	Unit   string
	At     time.Time
}

// EmergencyUnseen says that an emergency waits and that the reviewer who asked
// for it is to see no more today: the next on the roster is to be rung. Flow
// says in Case which case rings.
type EmergencyUnseen struct {
	Item   string
	Number int64
	Unit   string
	Harms  []string
	Not    string // id of the person who has seen enough
	At     time.Time

	Case string // of before, or set by flow
}

// SourceDue says that a source is to be looked at now.
type SourceDue struct{ Source string }

// Judged is a verdict that leads into another room. Flow makes the case and
// says in Case and Owner which it is.
type Judged struct {
	Item    string
	Number  int64
	Verdict Verdict
	Label   string
	Harms   []string
	Unit    string
	Actor   authz.Actor // whose word put it into effect
	By      string      // id of the person who judged it
	Second  string      // and of the second; "" where one sufficed
	Address string      // personal
	Words   string      // personal: what the case begins with
	Domain  string
	Wish    Wish
	Capture Capture
	At      time.Time

	// Case is the case that it joins; "" for a new one. Flow sets all three.
	Case, Code, Owner string
}

// Wish is what a block or a request to take down stands on; see casework.
type Wish struct {
	Kind, Basis, Authority, Number, Dated, Until string
}
