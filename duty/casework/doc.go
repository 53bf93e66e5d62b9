// SPDX-License-Identifier: Apache-2.0

// Package casework takes a report in, turns it into a decision, and answers
// the child who made it.
//
// It serves dispatch 4569/UBND-KGVX, clause 2 (receive reports and handle
// harm to children online) and clause 5.1 (intake and warnings).
//
// # What the law asks
//
// Everybody who knows of harm to a child tells the hotline 111, the police or
// the commune at once, and whoever is told must take it (Decree 56/2017,
// article 25). It is passed on at once; where harm is grave, measures follow
// within 12 hours of the telling (articles 26 and 31), a support plan within 5
// working days (article 28). A tip about a crime goes to the investigators
// within 24 hours (Joint Circular 01/2017, article 8), the person who told
// hears within 3 working days that it was taken up (article 14). A platform
// takes content down within 24 hours of being asked (Decree 147/2024). The
// child's name, school, family and words stay secret (Decree 56/2017, article
// 33). All clocks are rows of data/clocks.json, each with its basis and a mark
// that says whether the rule was seen in a public text.
//
// # The words
//
// A Report is what one person told, once; it has a receipt, and the receipt is
// the only way back to it. A Case is what the State does about it: n reports
// to one case. A second report about the same address is linked and counted,
// never dropped. A case runs up to four tracks at once (criminal, child
// support, takedown, administrative), each with clocks of its own, and ends
// when all of them have an end code.
//
// The person whom a report is about is the person reported, in every page and
// every line of this package: a report is not a finding.
//
// # How the code is cut
//
// The files without a store in their name know no database: enumerations,
// cues (cue.go), the explained score (triage.go), clocks (clock.go), states
// (state.go), outcomes (outcome.go), the ring (ring.go). They are functions of
// their arguments and are tested by properties. Service has one method for
// each thing that a person does. Each method asks authz, loads, makes the
// step, and saves the change, its ledger entry and its event in one
// transaction; flow turns the event into other duties' commands inside that
// same transaction.
//
// # What is kept
//
// In clear: enumerations, the factors of the score, keyed hashes of address,
// account and phone, counts, times, ids. Everything a person wrote is sealed
// in memory before the transaction begins, each field group under its own key,
// to the units whose mask allows it and to the reporter's own key
// (internal/vault). Nothing here can open it without an unlocked session or
// the receipt.
//
// Clauses: 2, 5.1
package casework
