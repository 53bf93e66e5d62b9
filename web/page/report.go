// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Report is the form that a child fills in, one question a step. All steps
// POST to /report; the address never changes and the server keeps nothing
// until the child sends. Fields:
//
//	step     1, 2, 3: the step that was shown
//	go       next, back, skip, send: the button
//	secret   the receipt's secret, made when the form opened
//	url, words, harm*, medium*                       step 1
//	age, who, relation                               step 2
//	more, answer, contact, contact_time, contact_hide, danger   step 3
//
// Fields marked * may be given several times. Answers of the other steps
// travel in Hidden.
type Report struct {
	Base
	Step    int
	Secret  string
	URL     string // step 1; personal
	Words   string // personal
	Harms   []Option
	Mediums []Option

	Ages      []Option // step 2: tiles
	Whos      []Option
	Relations []Option

	More        string // step 3; personal
	Answer      string // "code" (default) or "contact"
	Contact     string // personal
	ContactTime string
	ContactHide string
	Danger      string // "yes", "no", "unknown", ""

	Kept    string // what the child has told so far, shown back; personal
	Hidden  []Hidden
	Reading *Reading
}

// Mins is the time that is left, said beside the step.
func (r Report) Mins() int { return 4 - r.Step }

// ReportDone is the receipt: the answer to the last POST /report. To type it
// back posts to /report with go=check and "typed".
type ReportDone struct {
	Base
	Groups  []string // four groups of four characters
	Check   string   // the check character
	Words   []string // the same value as eight words
	Typed   bool     // it was typed back and is right
	Danger  bool     // the child said yes: 111 and 113 first
	Secret  string   // travels with the form that types it back
	Paid    []Hidden // a ticket of the gate, likewise
	Reading *Reading
	At      time.Time
	QR      string // SVG of the code, made by the server; empty: none
}

// ReportClosed says why no report can be taken in now, with 111 first: the
// answer to GET and POST /report while nobody could open one.
type ReportClosed struct {
	Base
	Why string
}

// StatusEnter asks for the receipt: GET /status, POST /status with "receipt".
type StatusEnter struct {
	Base
	Receipt string // as typed, shown again after an error; personal
}

// Status is what has become of a report, read with the receipt. All acts POST
// to /status: "receipt" travels in a hidden field, "reply" is the child's new
// message, "go" is reply or proof.
type Status struct {
	Base
	Receipt  string // personal
	Headline string // plain words: "Cô chú đang lo việc này."
	Explain  string
	Sent     time.Time
	States   []State
	Thread   []Message
	Closed   bool
	Reply    string   // as typed, after an error
	Proof    *File    // proof of submission, once in the ledger
	Asked    bool     // an answer of the child is waited for
	Paid     []Hidden // a ticket of the gate, for the forms of this page
	Reading  *Reading
}

// Message is one line of the thread.
type Message struct {
	At     time.Time
	Mine   bool // from the reporter
	Text   string
	Unread bool
}
