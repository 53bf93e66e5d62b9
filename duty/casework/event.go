// SPDX-License-Identifier: Apache-2.0

package casework

import "time"

// Events are what flow hears, inside the transaction that made them: if its
// answer fails, the step fails. None holds a word of a reporter.

// Received says that a report was taken in.
type Received struct {
	Report, Case, Code, OwnerUnit string
	At                            time.Time
	Linked                        int // other open cases about the same address
	// Names are the domains that its links name. What somebody reports to have
	// found without a reporter has none.
	Names []Name
}

// Name is a domain that reports link to.
type Name struct {
	Domain string // as somebody registered it; never the address within
	// Reporters is how many people told of it, this one among them, in reports
	// that did not prove unfounded. Two who left nothing that tells them apart
	// count as one.
	Reporters int
}

// Triaged says that a case has a new score.
type Triaged struct {
	Case   string
	Points int
	Tier   Tier
	By     string
}

// EmergencyRaised asks for the ring. Ring is its id.
type EmergencyRaised struct {
	Case, Code, Ring, Unit, Person, StandIn, Floor string
	At                                             time.Time
}

// BlockOrder is a decision to refuse a domain in schools.
type BlockOrder struct {
	Decision, Case, Domain, Category string
	Kind                             BlockKind
	Basis, Authority, Number, Dated  string // Dated is "2026-11-23"
	Until                            time.Time
	By, Second                       string   // persons; Second is empty where one suffices
	Policies                         []string `json:"-"` // ids of the rules that allowed it
}

// Decided says that a decision took force. Block is nil for other decisions.
// Flow hands a block to schools inside this transaction.
type Decided struct {
	Case, Decision, Kind string
	Block                *BlockOrder
	At                   time.Time
}

// BlockLifted asks schools to withdraw what a decision blocked, at once.
type BlockLifted struct {
	Case, Decision, Domain, By, Why string
	At                              time.Time
}

// Referred says that a case was offered, accepted, returned or revoked.
type Referred struct {
	Case, Referral, Kind, State, From, To string
	At                                    time.Time
}

// Unanswered says that a receiver has let the time for an answer pass: both
// heads see it.
type Unanswered struct {
	Case, Referral, From, To string
	At                       time.Time
}

// Answered says that the reporter was written to.
type Answered struct {
	Case, Report, Message string
	Question              bool
	At                    time.Time
}

// Replied says that the reporter wrote back.
type Replied struct {
	Case, Report, Message string
	At                    time.Time
}

// Closed says that a case has an outcome. Where it is unfounded, its blocks
// were lifted in the same transaction.
type Closed struct {
	Case      string
	Outcome   Outcome
	Unfounded bool
	At        time.Time
}

// Merged says that a case's reports joined another.
type Merged struct {
	Case, Into string
	At         time.Time
}
