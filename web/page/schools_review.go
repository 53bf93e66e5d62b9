// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Asks is what schools ask the department to open: GET /schools/requests. POST
// with "id", "go" (confirm, refuse, end) on a ruling.
type Asks struct {
	Base
	Rows    []AskRow
	Two     []TwoPerson
	Rulings []RulingRow
	Pending int // rulings that wait for the next bundle
}

// AskRow is one name.
type AskRow struct {
	Href, Domain, Category, Count string
	Why                           []string
	Clock                         Clock // without a date: only schools have to answer
}

// RulingRow is a decision about a name for all schools.
type RulingRow struct {
	ID, Domain, Kind, Reason, Basis, By string
	Since, Until                        time.Time
	End                                 bool // the reader may end it
}

// Ask is one name that is asked for: GET /schools/requests/name with "domain".
// POST with "domain" and "go": open ("bands", "why", "basis", "until"), off
// ("list"*, "why"), here ("reason"), keep ("keep_reason").
type Ask struct {
	Base
	Domain, Name string // as it is written, as people read it
	Clock        Clock
	Facts        []KV
	Blame        []Option
	Private      bool
	Here         []string // schools that passed it on
	Bands        []Option // asked: those that ask; all
	Reasons      []Option
	KeepReasons  []Option
	Two          bool // a second person must agree before it opens
	Typed        AskTyped
}

// AskTyped is what was typed where the form comes back.
type AskTyped struct{ Why, Basis, Until string }

// Nevers is the list of names that nothing refuses: GET /schools/never. POST
// with "domain", "go" (add, drop), "why"; /decide with "id", "go" (confirm,
// refuse).
type Nevers struct {
	Base
	Rows        []NeverRow
	Two         []TwoPerson
	May         bool // the reader may propose
	Domain, Why string
}

// NeverRow is one name of it.
type NeverRow struct {
	Domain, Reason, By string
	Since              time.Time
	Own, Pending       bool
}

// SchoolWeek is a school's week, to be printed: GET /schools/{id}/filter/week with
// "day", any day of it.
type SchoolWeek struct {
	Base
	School          SchoolHead
	From, To        time.Time // first and last day
	Prev, Next      string    // addresses; empty: none
	Rows            []WeekRow
	Asked, Answered int // requests to open a site
}

// WeekRow is one category; -1: fewer than five devices.
type WeekRow struct {
	Category, Trend string // more, same, fewer; empty: not to be said
	Devices, Prior  int
}

// Care is what a counsellor is told: GET /schools/care. POST with "school" and
// "week" notes that it was read.
type Care struct {
	Base
	Rows []CareRow
}

// CareRow is one notice.
type CareRow struct {
	School, Name, Value string // Value: the week for the form
	Week, Made, Seen    time.Time
}

// ChangePreview is what a school's change would mean: GET
// /schools/{id}/filter/preview with the fields of ChangeRow. The form on it
// makes the change.
type ChangePreview struct {
	Base
	School     SchoolHead
	What, Who  string // the category, the band and period, in words
	Open       bool   // it would be opened
	Nothing    bool   // it is so already
	Bands      []PreviewRow
	Names      int
	Popular    []string
	PopularAll int
	Hidden     []Hidden // of the form
}

// PreviewRow is the last week of one band; -1: fewer than five devices.
type PreviewRow struct {
	Band    string
	Devices int
	Changes bool
}
