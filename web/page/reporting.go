// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Work is "Việc của tôi": GET /work.
type Work struct {
	Base
	Lights   []Light
	Next     *NextCard // nil: nothing waits
	Rows     []CaseRow
	More     int // further rows, not shown
	MoreHref string
	Daily    *Columns
	Coverage *TileMap
	Approve  []TwoPerson
	Duties   []DutyRow
	// Ready is what the reader's own school lacks; ReadyHref its page.
	Ready     []ReadyLine
	ReadyHref string
	Waits     []WaitRow // what the filter asks of the reader
	Learn     []WaitRow // what a model keeper is offered to learn today
}

// WaitRow is one thing that waits, with the page where it is done.
type WaitRow struct{ Title, Note, Href, Act, State string }

// NextCard is the one thing to do next.
type NextCard struct {
	Code, Title, Why, Href string
	Open                   string // the words of the main button
	Urgent                 bool
	Clock                  Clock // without a date: none is shown
	Acts                   []Act
}

// Directive is a dispatch as data: GET /reporting/directives/{id}.
type Directive struct {
	Base
	ID, Number, Heading, Issuer string
	Issued                      time.Time
	Clauses                     []Clause
	Counts                      []KV // clauses, duties, indicators, assignees
	Parents                     []KV
	Problems                    []string // unverified facts, in words
}

// Clause is one clause with its duties.
type Clause struct {
	Ref, Text string
	Duties    []ClauseDuty
}

// ClauseDuty is one duty and whom it falls on.
type ClauseDuty struct {
	ID, Title, Assignee, Due string
	Units                    int // resolved as of the due date
	Acknowledged             int
	Indicators               []string
}

// Duties is "Nhiệm vụ": GET /mission. POST /mission/acknowledge with "duty".
type Duties struct {
	Base
	Lights    []Light
	Rows      []DutyRow
	Directive string
	Href      string
}

// DutyRow is a duty of the reader's unit.
type DutyRow struct {
	ID, Ref, Title, Directive string
	Clock                     Clock
	Continuous                bool
	Acknowledged              time.Time // zero: not yet
	By                        string
	Form                      string // address of its form; empty: none
	FormState                 string // in words
}

// Form is the yearly form: GET /reporting/forms/{id}; POST with one field a
// cell, named by the cell's key, "was-" and "note-" and the key, and "go" (save,
// submit, return, accept); return takes "why" and "back-" and the key for each
// cell that it is about.
type Form struct {
	Base
	ID, Heading, UnitName, Period string
	State                         string // in words
	States                        []State
	Clock                         Clock
	Sections                      []FormSection
	Missing                       []Missing
	CanEdit                       bool
	CanSubmit                     bool
	CanJudge                      bool // accept or return
	Why                           string
	Revision                      int
	Returned                      string // the reason it came back
	Excel                         string // address of the workbook; empty: none
	Filled, Cells                 int
}

// FormSection is a group of indicators.
type FormSection struct {
	Name string
	Rows []FormRow
}

// FormRow is one indicator.
type FormRow struct {
	Code, Name, Unit string
	Cells            []Cell
	Target           string
}

// Cell is one figure. State: value, zero (an explicit 0), missing.
type Cell struct {
	Key   string
	Label string // "nữ", "tiểu học"; empty: the only cell
	State string
	Value string
	Was   string // what was stored when the page was drawn
	Last  string // the year before
	Auto  bool   // computed from the log; not typed
	Error string
	Warn  string
	Note  string
}

// Missing names a missing cell, with its place.
type Missing struct{ Key, Text string }

// Consolidation is the live total: GET /reporting/totals with "period",
// "frame" (as_reported, today, as_of), "as_of", "indicator", "unit".
type Consolidation struct {
	Base
	CanBuild                          bool // the reader may build the yearly report
	Period, Indicator, Unit, UnitName string
	Periods, Frames, Indicators       []Option
	AsOf                              string
	Crumbs                            []KV
	Lights                            []Light
	Totals                            []TotalRow
	Own                               *UnitGroup // before the groups: what the unit itself gave
	Groups                            []UnitGroup
	Whole                             string   // the chosen indicator's total
	Find                              string   // name that the reader looks for
	Narrowed                          bool     // only some units are shown
	Kept                              []Hidden // of the address, for the form that looks for a name
	Chart                             *Columns
	Map                               *TileMap
	Filling                           bool // the cube is still being filled
	Ready, Expected                   int
	CSV                               string
	At                                int64 // the ledger index the figures stand at
}

// TotalRow is one indicator's total.
type TotalRow struct {
	Code, Name, Unit string
	Value            string
	Last             string
	Target           string
	Missing          int // units that gave no value
	Href             string
}

// UnitGroup are the units of one kind.
type UnitGroup struct {
	Name    string
	Figures bool   // the rows have figures, not only a state
	Value   string // their figure together; empty: none, or none to be shown
	Open    bool
	Lights  []Light // how many are late, wait for a decision, have not sent
	Rows    []UnitTotal
}

// UnitTotal is one unit's part.
type UnitTotal struct {
	Name, Href string
	Value      string // "thiếu" is said by State
	State      string // value, zero, missing
	Light      string
	Note       string
	Share      int // percent of the total
}

// ReportBuild is the yearly report: GET /reporting/report; POST builds, with
// "period", "frame", "number", "date", "signer".
type ReportBuild struct {
	Base
	Period, Frame   string
	Periods, Frames []Option
	Number, Date    string
	Signer          string
	Ready, Expected int
	Late            []Names // who has not submitted, or came late
	Files           []File
	Built           time.Time
	At              int64 // ledger index that the figures are pinned to
	Outline         []string
}

// Names is a list of units with what holds for all of them.
type Names struct {
	Title string
	List  []string
}
