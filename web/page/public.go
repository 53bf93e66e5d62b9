// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Home is the front door: GET /.
type Home struct {
	Base
	Warning *Warning // the newest published warning, nil if none is in force
	Reading *Reading // nil: no shift is staffed
}

// Warning is a danger that is told to everybody (clause 5.1).
type Warning struct {
	False string // what is false, one sentence
	Do    string // what to do
	On    time.Time
	Href  string
}

// Kids is the door of one age: GET /kids/{band}.
type Kids struct {
	Base
	Band string // "6-10", "11-15", "16-17"
}

// Door is the page of an adult audience: GET /parents, /teachers, /press.
type Door struct {
	Base
	Reading *Reading
	Figures []Figure // press only: the public numbers
}

// Figure is one public number; below five it is said in words by the caller.
type Figure struct {
	Name, Value, Note string
}

// Plain is a page that needs nothing but its words: GET /trusted-adult, /about.
type Plain struct{ Base }

// BlockAbout says how many blocks there are and how an owner appeals:
// GET /blocks.
type BlockAbout struct {
	Base
	Months []BlockMonth // newest first
	Active int
	Asked  string // where an appeal goes: an address or a link of the unit
}

// BlockMonth counts the blocks of one month by basis.
type BlockMonth struct {
	Month                          string // "11/2026"
	Provisional, Confirmed, Lifted int
}

// Error is any failure: what happened, what is safe, what to do. The sentence
// is Base.Problem's.
type Error struct {
	Base
	Back string // where to try again; empty: the front door
	Log  string // reference for the operator; no personal data
}

// Waiting is the price while many people send at once. Its script does a sum
// and posts Action with Hidden and the Answer; without scripts the button does
// so after Seconds.
type Waiting struct {
	Base
	Action    string
	Seconds   int
	Early     bool     // the button was pressed before its time
	Danger    bool     // the child said yes: 111 and 113 first
	Hidden    []Hidden // the child's answers travel here and nowhere else; personal
	Answer    string   // name of the field for the sum's answer
	Challenge string   // of the sum, see internal/gate
	Below     uint32
	Pieces    int
}

// Hidden is one hidden field.
type Hidden struct{ Name, Value string }
