// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Ledger is the list of what was done: GET /ledger.
type Ledger struct {
	Base
	Entries []LedgerRow
	Pager   Pager
	Size    int64
	Root    string // first characters of the tree's root
	Signed  time.Time
	KeyName string
	Note    string // the signed checkpoint as text
	Export  []File
	Kinds   []Option
}

// LedgerRow is one entry; it names no person.
type LedgerRow struct {
	Index                       int64 // -1: not sequenced yet
	At                          time.Time
	Kind, KindText, Actor, Unit string
	Object, Href                string
	Policies                    []string
}

// Org is the tree of units as of a date: GET /org with "as_of", "q".
type Org struct {
	Base
	AsOf  string
	Units []OrgUnit
	Chain []Succession
	Total int
}

// OrgUnit is one line of the tree.
type OrgUnit struct {
	Depth            int
	Name, Code, Kind string
	Functions        []string
	From, To         time.Time
	Unverified       bool
	Members          int
	Href             string
	Red              string // why it is red: "một người", "chưa có khóa"
}

// Succession is one typed link.
type Succession struct {
	From, To, How, Basis string
	On                   time.Time
	Unverified           bool
}

// People is the accounts: GET /org/people; POST adds with "name", "login",
// "unit", "roles"*; POST /org/people/reset with "id".
type People struct {
	Base
	Rows  []PersonRow
	Units []Option
	Roles []Option
	Card  *Card // shown once after making an account
	Seal  []SealRow
	Pager Pager
	// Machines: the reader may give tokens to machines.
	Machines bool
}

// Machines is who asks the API: GET and POST /org/machines with "name", "unit",
// "roles", "days", "for" ("self", "me"); POST /org/machines/drop with "id".
type Machines struct {
	Base
	Rows       []MachineRow
	Units      []Option
	Roles      []Option
	For        []Option
	Name, Days string
	Token, URL string // shown once, on the answer that made it
	Pager      Pager
}

// MachineRow is one token, without its text.
type MachineRow struct {
	ID, Name, Unit, Roles string
	Person                string // for whom it acts; "": for itself
	State                 string // on, over, revoked
	Used, Until           time.Time
}

// PersonRow is an account.
type PersonRow struct {
	ID, Name, Login, Unit string
	Roles                 []string
	Factor                string // "TOTP", ""
	Key                   string // made, waiting, none
	Seen                  time.Time
	Off                   bool
}

// Card is a new account's one-time card, to be printed and handed over.
type Card struct{ Name, Login, Once, Until string }

// SealRow waits for somebody who holds the unit's key. POST /org/people/seal
// with "person", "unit".
type SealRow struct{ Person, PersonID, Unit, UnitID string }

// Components shows every component in every state: GET /help/components.
type Components struct {
	Base
	Icons     []string
	Clocks    []Clock
	Scores    []Score
	Lights    []Light
	Rows      []CaseRow
	Days      []Day
	Parties   []Party
	States    []State
	Files     []File
	Two       []TwoPerson
	Pager     Pager
	Fields    []Field
	Tiles     []Option
	Columns   Columns
	Map       TileMap
	Funnel    Funnel
	Spark     Spark
	Facts     []KV
	Empty     Empty
	Acts      []Act
	Verdict   Verdict
	Coverage  Coverage
	FormCells []Cell
	Warning   Warning
}
