// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// CaseRow is a case in a list: clock, what happened in plain words (never a
// name), code and tracks, score, next act.
type CaseRow struct {
	ID       string
	Href     string
	Code     string // "VV-2026-0412"
	Title    string // from categories, not from the narrative
	Clock    Clock
	Tracks   []string // criminal, child_support, takedown, administrative
	Reports  int
	Score    Score
	Next     string // the next act
	NextNote string
	Selected bool
	Urgent   bool
}

// Queue is the list of cases: GET /casework. Filters are query fields "state",
// "track", "light", "q".
type Queue struct {
	Base
	Lights []Light
	States []Option
	Tracks []Option
	Rows   []CaseRow
	Pager  Pager
	Shift  *Shift // nil: nobody is on call now, which is red
	Roster bool   // the reader may open the roster
	Closed string // why public intake is closed; empty: it is open
	Filter bool   // a filter is on
}

// Shift is who is on call.
type Shift struct {
	Person, Unit, Phone, StandIn string
	From, To                     time.Time
}

// Case is one case: GET /casework/cases/{id}. What may be done is said by
// Acts; the forms stand on pages of their own (Decide).
type Case struct {
	Base
	ID, Code, Title string
	Urgent          bool
	Score           Score
	Reports         int
	Lead            string
	State           string // in words
	States          []State
	Tracks          []Track
	Days            []Day
	Parties         []Party
	Safe            []KV // how to answer safely; stands above every phone and address
	Told            []Told
	Links           []CaseLink
	Blocks          []BlockRow
	Referrals       []Referral
	Waiting         []TwoPerson
	Facts           []KV
	Sealed          string // the reader's unit holds no key: whom to ask
	Locked          bool   // unlock first
	Acts            []Act  // at most three, the main one first
	More            []Act  // behind "other acts"
	Clocks          string // where all deadlines stand; empty: there are none
	Contact         string // where another way of contact is allowed; empty: it may not be
	Haste           string // reason for haste in the decision bar
	HasteState      string // late, soon, ok
	Ring            *Ring  // an emergency call that nobody has answered; nil: none
	Proof           string // "niêm phong 23:24, khớp sổ cái đến 09:40"
	ProofHref       string
	Exclude         string // where to name who must not know; empty: not allowed
}

// Ring is a call for somebody to come. "I have it" stops it: POST Take with
// "ring".
type Ring struct {
	ID, Step string // Step in words: who is being called
	Who      string
	Since    time.Time
	Red      bool // nobody came: both heads see it
	Take     string
}

// Told is one report's own words. Personal.
type Told struct {
	At    time.Time
	Code  string
	Who   string // "một em 11–14 tuổi, không nói tên"
	Words string
	URL   string // defanged by the caller
}

// Track is one of the parallel ways a case is handled.
type Track struct {
	Kind  string // criminal, child_support, takedown, administrative
	Clock Clock
	Note  string
	Open  bool
}

// Act is something that the reader may do now.
type Act struct {
	Key  string // ui.act.* says it
	Href string
	Main bool
	Two  bool // needs a second person
	Why  string
}

// BlockRow is one block that a case led to.
type BlockRow struct {
	ID, Domain, Basis, State string
	Until                    time.Time
	Provisional              bool
	Withdraw                 string // POST address, with "id" and "why"; empty: not allowed
	Whys                     []Option
}

// Referral is one hand-over to another body.
type Referral struct {
	To, Kind, State string
	At              time.Time
	Sees            string
	Accept, Return  string // POST addresses, only for the receiver; Return takes "reason" and "note"
	Revoke          string // POST address, only for the sender
	Reasons         []Option
	Clock           Clock
}

// Block decides on a name: GET, POST /casework/cases/{id}/block with "domain",
// "basis", "authority", "number", "date", "until", "category", "go" (preview,
// takedown, block). The preview shows what will be covered before it is made.
type Block struct {
	Base
	ID, Code                                                     string
	Domain, Basis, Authority, Number, Date, Until, Category, Why string
	Bases, Categories                                            []Option
	Preview                                                      *Coverage
}

// Coverage is what a block will cover.
type Coverage struct {
	Domain      string
	Covers      string   // "vidu.example và mọi tên dưới nó"
	Schools     int      // that will refuse it
	Devices     int      // distinct devices that asked for it last week; -1: not known
	Risk        string   // public_suffix, protected, popular, shared, ""
	RiskText    string   // in words
	AlsoBlocked []string // known names below it
	NeedsTwo    bool
	Provisional bool // ends by itself unless confirmed
	EndsAt      time.Time
	Already     string // an existing block of the same name, in words
}

// Refer hands a case over: POST /casework/cases/{id}/refer with "kind"
// (referral, transfer), "to", "fields"*, "consent", "reason".
type Refer struct {
	Base
	ID, Code string
	Kinds    []Option
	Units    []Option
	Fields   []Option // field groups the receiver would see
	Consents []Option
	Reason   string
	Safe     []KV
}

// Answer writes to the reporter: POST /casework/cases/{id}/answer with
// "prompt"*, "text", "go" (send, ask: a question that waits for an answer).
type Answer struct {
	Base
	ID, Code string
	Text     string
	Prompts  []Option // ready sentences, safe for a child
	Safe     []KV
	Thread   []Message
	Voice    string // "em" or "bạn": how to address the reader
}

// Close ends a case: POST /casework/cases/{id}/close with "outcome", "note",
// "text" (child wording, may be edited).
type Close struct {
	Base
	ID, Code string
	Outcomes []Option // Note holds the child's wording
	Note     string
	Text     string
	Open     []string // tracks still without an end code: closing is refused
	Two      bool     // a chosen code needs a second person
}

// Measure records what was done for the child: POST
// /casework/cases/{id}/measure with "kind", "what", "who", "at". It is the only
// way out of the emergency state.
type Measure struct {
	Base
	ID, Code        string
	Kinds           []Option
	What, Who, When string
}

// Exclude makes a case unknown to a person or a unit: GET, POST
// /casework/cases/{id}/exclude with "who" ("person:ID", "unit:ID"), "reason".
type Exclude struct {
	Base
	ID, Code string
	Who      []Option
	Reason   string
}

// Override changes a score: POST /casework/cases/{id}/score with "points",
// "reason".
type Override struct {
	Base
	ID, Code string
	Score    Score
	Points   string
	Reason   string
	Two      bool
	Raise    bool // may call an emergency: POST /casework/cases/{id}/raise with "raise"
}

// Intake is a report that an officer types for somebody who calls, comes or
// writes: GET, POST /casework/intake with "receipt", "channel", "words", "url",
// "harm"*, "age", "who", "relation", "danger", "child_name", "child_school",
// "reported_name", "reported_phone", "reporter_name", "reporter_phone",
// "contact", "contact_to", "contact_time". Everything typed is personal.
type Intake struct {
	Base
	Receipt                                          string
	Channels, Harms, Ages, Whos, Relations, Contacts []Option
	Dangers                                          []Option
	Words, URL, ChildName, ChildSchool               string
	ReportedName, ReportedPhone                      string
	ReporterName, ReporterPhone                      string
	ContactTo, ContactTime                           string
	Done                                             *Taken // what to tell the caller
}

// Taken is what an officer tells somebody whose report he has typed.
type Taken struct {
	Code, Href string // the case, where this officer may open it
	Groups     []string
	Check      string
	Words      []string
}

// RosterPage is the on-call roster: GET /casework/roster; POST adds a shift
// with "person", "stand_in", "phone", "from", "to"; POST /casework/roster/drop
// with "id".
type RosterPage struct {
	Base
	Now     *Shift
	Next    *Reading
	Shifts  []ShiftRow
	Persons []Option
	Gaps    []string // hours of the coming week without anybody, in words
	CanEdit bool
}

// ShiftRow is one shift.
type ShiftRow struct {
	ID string
	Shift
	Is string // past, now, next
}
