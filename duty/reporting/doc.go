// SPDX-License-Identifier: Apache-2.0

// Package reporting carries a directive from its text to the yearly report:
// clauses 1.5, 5.2 (urging) and 5.3 of dispatch 4569/UBND-KGVX.
//
// # The story
//
// A directive is data: clauses, the duties they order, who has them, when
// they are due, which indicators show them done (LoadDirective). A duty is
// given to a selector, resolved as of its due date and shown to a person
// before anything is sent (Preview, Distribute). Each unit finds its duties in
// its own worklist and acknowledges them; units that only receive a copy see
// them and owe nothing (Worklist, Acknowledge).
//
// Before 10 December each addressee reports. The form opens filled as far as
// the other duties know the figures (OpenForm); a cell is a value, an explicit
// zero, or missing, and missing is never zero. Rules block or warn, a warning
// wants an explanation (Submit). The lead agency returns single cells with
// reasons or accepts (Return, Accept). A submission is an immutable packed
// revision; the newest accepted one counts, the others are its history.
//
// # Totals
//
// The cube in memory adds the accepted revisions up the tree, along the map
// of the period, of today or of any day (org.Frame), and names what cannot be
// placed. It is rebuilt from the submissions at start, follows each decision
// of this hub at once and of other hubs by a poll, and is never the truth.
// Each acceptance in a form and year has the next number, without a gap: a
// report names the number it was made at, and made again at that number it is
// the same to the byte.
//
// "Before 10/12" is on time until 09/12 23:59:59 in Viet Nam. A ratio is one
// sum over another, never a mean of ratios. Numbers of reports and of abused
// children carry no target and no rank.
//
// Clauses: 1.5, 5.2, 5.3
package reporting
