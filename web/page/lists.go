// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// List is one list: GET /schools/lists/{id}.
type List struct {
	Base
	ID, Name, Category, About, Format, Trust, Source, Licence string
	Names                                                     int
	Since, On                                                 time.Time // zero: not taken yet
	Sub                                                       *ListSource
	Held                                                      *ListHeld
	Report                                                    *ListReport // nil before the first edition
	MayEdit                                                   bool
}

// ListSource is where a list comes from by itself.
type ListSource struct {
	URL, Host    string
	Hours        int
	Due, Fetched time.Time // Fetched zero: not yet
	State        string    // ok, soon, late, wait
	Outcome, Why string
}

// ListHeld is an update that waits for a person.
type ListHeld struct {
	Found                               time.Time
	Before, Names, Added, Removed       int
	Why                                 []string
	FirstAdded, FirstRemoved, Protected []string
	MayDecide                           bool
}

// ListReport is what became of the lines of the edition in force.
type ListReport struct {
	Figures                  []KV
	Before, Added, Removed   int // against the edition before; Before 0: there was none
	FirstAdded, FirstRemoved []string
	Reasons                  []ListReason
	Guarded                  []string
}

// ListReason is why entries were not taken, with the first of them.
type ListReason struct {
	Text  string
	Count int
	Lines []ListLine
}

// ListLine is a line of a list by its number.
type ListLine struct {
	Number int
	Text   string
}

// ListSubscribe is the form for a list that is fetched: GET and POST
// /schools/lists/subscribe.
type ListSubscribe struct {
	Base
	Name, URL, Hours, Source, Licence string
	Formats, Categories, Trusts       []Option
}

// ListOuts is who fetches what bands are refused, for filters of another make:
// GET and POST /schools/lists/out.
type ListOuts struct {
	Base
	Rows       []OutRow
	Name       string // as typed, after a fault
	Bands      []Option
	Algorithms []Option
	Given      *OutGiven // a token or a key, shown on this answer alone
	Address    string    // of the name server; empty: zones are not given
}

// OutRow is one subscriber.
type OutRow struct {
	Name, Bands            string
	Since, Fetched         time.Time // Fetched zero: not yet
	Key, Algorithm, Notify string    // Key empty: it takes no zones
}

// OutGiven is what is shown once.
type OutGiven struct {
	Token, URL string   // of a token
	Key        string   // "hmac-sha256:name:secret"
	Zones      []string // that the key opens
}
