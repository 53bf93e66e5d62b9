// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// CaseLink is another case that may be, or is, about the same thing. Decide is
// the POST address, with "other" and "go" (same, other); empty: not allowed.
type CaseLink struct {
	ID, Href, Code, State string // State in words
	At                    time.Time
	Decide                string
	Same, Other           bool // which of the two answers is left to give
}

// Assign gives a case to a person: GET, POST /casework/cases/{id}/assign with
// "person".
type Assign struct {
	Base
	ID, Code string
	Handler  string // today's; empty: nobody
	People   []Option
}

// Suspend stops a case by the head's decision, or takes it up again: GET, POST
// /casework/cases/{id}/suspend (or resume) with "number", "date", "reason".
type Suspend struct {
	Base
	ID, Code             string
	Resume               bool
	Number, Date, Reason string
}

// Reopen takes a closed case up again: GET, POST /casework/cases/{id}/reopen
// with "note".
type Reopen struct {
	Base
	ID, Code, Outcome, Note string
}

// Merge proposes that a case's reports join another: GET, POST
// /casework/cases/{id}/merge with "linked" (a code) or "into" (a code typed),
// and "reason".
type Merge struct {
	Base
	ID, Code     string
	Linked       []Option
	Into, Reason string
}

// Clocks lists every deadline of a case: GET /casework/cases/{id}/clocks.
type Clocks struct {
	Base
	ID, Code string
	Rows     []ClockRow
}

// ClockRow is one deadline with what it rests on.
type ClockRow struct {
	Clock  Clock
	For    string // the track, or the case as a whole
	Change string // where it may be changed; empty: it may not
}

// ClockForm changes one deadline by a document: GET, POST
// /casework/cases/{id}/clocks/{clock} with "kind", "number", "date", "until".
type ClockForm struct {
	Base
	ID, Code, Send      string
	Clock               Clock
	Kinds               []Option
	Extend              bool // one of the kinds asks for the new last day
	Number, Date, Until string
}

// Tracks opens a track, registers the criminal one, or gives one its end: GET,
// POST /casework/cases/{id}/tracks with "track", "end" ("": open or register),
// "number", "unit", "note".
type Tracks struct {
	Base
	ID, Code              string
	Tracks, Ends          []Option // a track's Note says how it stands
	Criminal              bool     // the reader may register it
	Number, UnitRef, Note string
}

// Contact allows one contact that the reporter did not call safe: GET, POST
// /casework/cases/{id}/contact with "reason".
type Contact struct {
	Base
	ID, Code, Reason string
	Safe             []KV
}
