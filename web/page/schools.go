// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Schools is the roster of schools: GET /schools with "q", "level", "light".
type Schools struct {
	Base
	Lights []Light
	Levels []Option
	Rows   []SchoolRow
	Pager  Pager
	Chart  *Columns // blocked devices by week
	Wishes string   // what became of wishes to open a site, in a sentence; empty: none, or not the reader's to know
	Filter bool
	Review bool // the reader answers requests for the department
}

// SchoolRow is a school in the list.
type SchoolRow struct {
	Href, Code, Name, Place, Level string
	Pupils                         int
	Node                           string // ok, soon (behind), late (silent), wait (none)
	NodeNote                       string
	Blocked                        int // devices this week; -1: fewer than five
}

// School is one school: GET /schools/{id}.
type School struct {
	Base
	ID, Code, Name, Place, Level string
	Pupils                       int
	Bands                        []BandRow
	Networks                     []NetworkRow
	Rules                        []RuleRow
	Nodes                        []NodeRow
	Counts                       []CountRow
	Chart                        *Columns
	Requests                     []UnblockRow
	Categories                   []Option
	CanEdit                      bool
	Sub                          SchoolHead
	BandOptions                  []Option
	EveningOptions               []Option // of a network or device in the evening; the first: the same
	Reasons                      []Option // codes for rules and answers
	Ends                         []Option // last days that an answer offers
	Devices                      []DeviceRow
	Week                         []HoursRow // POST /schools/{id}/hours
	Holidays                     string     // as typed there, in the field "holidays"
	Now                          string     // the period of this moment, in words; empty without hours
	Changes                      []ChangeRow
	Changeable                   []Option // categories and services that the school may open and close
	Periods                      []Option
	// Who is told of what asks for care: POST /schools/{id}/counsellor with
	// "counsellor". Counsellor is the name of the one who is.
	Counsellor  string
	Counsellors []Option
	Log         *FaultLog // nil: the reader may not switch it
}

// FaultLog is the log by which a school finds a fault on its own node. POST
// /schools/{id}/log with "hours" (4, 24) switches it on, /stop ends it.
type FaultLog struct {
	Until time.Time // zero: it is off
	Word  string    // opens it; on the answer that switched it on, else empty
}

// DeviceRow is a word by which devices name themselves. POST
// /schools/{id}/devices with "word", "device_band", "device_evening",
// "device_note"; /drop with "id".
type DeviceRow struct{ ID, Word, Band, Note string }

// HoursRow is the hours of one period on some days: the fields "days-N" and
// "hours-N", by its place.
type HoursRow struct {
	Period, Label string
	Days          []Option
	Hours         string
}

// ChangeRow is where the school differs from the ready policy. POST
// /schools/{id}/changes with "change_band", "change_period", "code", "go" (open, close);
// /drop with "id".
type ChangeRow struct{ ID, What, Who, Act string }

// BandRow is what one filter band refuses.
type BandRow struct {
	Band    string // in words: "Tiểu học (lớp 1–5)"
	Default bool
	Refuses []string // categories in words
	Safe    bool     // safe search on
	Video   string   // how far video is restricted, in words; empty: not at all
	Hours   string   // what a period refuses besides, in words
}

// NetworkRow maps a network to a band. POST /schools/{id}/networks with
// "network", "band".
type NetworkRow struct{ ID, Network, Band, Note string }

// RuleRow is the school's own allow or deny. POST /schools/{id}/rules with
// "domain", "kind" (allow, deny), "reason" (one of School.Reasons), "until";
// /drop with "id".
type RuleRow struct {
	ID, Domain, Kind, Reason string
	Last                     time.Time // within the last day; zero: no end
}

// CountRow is a count of devices, never of pupils.
type CountRow struct {
	Category, Band, When string
	Devices              int // -1: fewer than five
}

// UnblockRow is a request to open a site. POST /schools/{id}/requests with
// "id", "go" (open, keep, pass), "reason", "until" (one of School.Ends).
type UnblockRow struct {
	ID, Domain, Band string
	Asked            int // times
	On               time.Time
	Passed           time.Time // to the department, which answers it; zero: not
}

// Nodes is every node: GET /schools/nodes; POST /schools/nodes/enrol with
// "name", "school"* gives a one-time token (Token).
type Nodes struct {
	Base
	Lights  []Light
	Rows    []NodeRow
	Bundle  int64 // number of the newest bundle
	Delta   int64 // highest delta
	Token   string
	Command string // the command to type on the node
	QR      string // the token as a drawing, for a phone that is nearer to the node than this screen
	Schools []Option
	Rollout *Rollout // nil: no bundle goes by stages

	Query       string // of node or school
	Filter      bool   // something narrows the list
	Versions    []Version
	Without     int    // schools that no node serves
	Find        string // schools that the form offers
	MoreSchools int    // that it does not offer
	Pager       Pager
}

// Version is one program version of the fleet.
type Version struct {
	Name  string
	Nodes int
	Href  string
	On    bool
}

// NodeRow is one node.
type NodeRow struct {
	ID, Name, School, Version string
	State                     string // ok, soon (behind), late (silent), wait (not yet joined)
	Seen                      time.Time
	Bundle, Delta             int64
	Behind                    int64
	Revoke                    string // POST address; empty: not allowed
}

// Lists is the lists and the bundle: GET /schools/lists; POST with
// multipart "file", "format", "category", "name" imports one.
type Lists struct {
	Base
	Outs       bool // the reader may let filters of another make fetch
	Rows       []ListRow
	Formats    []Option
	Categories []Option
	Result     *ImportResult
	Bundle     *BundleInfo
	Protected  int
	Waiting    int // lists with an update that waits for a person
}

// ListRow is one list.
type ListRow struct {
	Href, Name, Category, Format, Source string
	Names                                int
	On                                   time.Time
	State                                string // ok, soon (held for a person), late (not fetched), wait (not yet)
	Note                                 string
}

// ImportResult says what an import did.
type ImportResult struct {
	Href, Name            string
	Taken, Known, Skipped int
	Reasons               []KV // why lines were skipped, with counts
	Held                  []string
	Seconds               float64
}

// BundleInfo is the signed file that nodes hold.
type BundleInfo struct {
	Number  int64
	Names   int
	Bytes   int64
	Made    time.Time
	Key     string // SHA-256 of the file
	Pending int    // changes not folded in yet
}

// Lookup answers why a name is or is not refused: GET /schools/lookup with
// "domain", "band", "school".
type Lookup struct {
	Base
	Domain, Band string
	Bands        []Option
	Answer       *Verdict
}

// Verdict is the answer with the order of decision, first match wins.
type Verdict struct {
	Domain  string
	Refused bool
	Band    string
	Why     string // in words
	Matched string // the name that matched
	Steps   []VerdictStep
	Trail   []KV // entry, decision, case, report, clause
}

// VerdictStep is one step of the fixed order.
type VerdictStep struct {
	Name string
	Hit  bool // this one decided
	Past bool // not reached
	Text string
}

// Rollout is a bundle that goes to some nodes first. POST
// /schools/nodes/rollout with "go" (halt, all).
type Rollout struct {
	Bundle           int64
	Stage            int // nodes in a hundred
	Nodes, Have, Ill int
	Since, Halted    time.Time
	Why              string // in words; empty while it goes on
	CanSteer         bool
}
