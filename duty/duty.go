// SPDX-License-Identifier: Apache-2.0

// Package duty holds the values that all seven duties share: their names, the
// clauses of the dispatch that order them, periods, due dates and ages.
//
// Dispatch 4569/UBND-KGVX of Quảng Ngãi (23/8/2024) orders the province to
// protect children online. It has five points; points 1 and 5 have parts. The
// twelve places that order something are the clauses 1, 1.1 … 1.5, 2, 3, 4,
// 5.1, 5.2 and 5.3 (point 5 itself is only a heading). Each duty of the
// product answers some of them, and each package under duty/ cites its own,
// so that a table can show that no clause is forgotten (docs/traceability.md).
//
// Nothing here knows a database, a page or a person: these are values with
// arithmetic, on the standard library alone. Calendar arithmetic is Vietnam's
// (UTC+7 all year, no daylight saving).
package duty

// ID is the name of a duty. The same word names the package, the menu entry,
// the first part of the address, the permission and the table prefix.
type ID string

// The seven duties.
const (
	Outreach   ID = "outreach"
	Casework   ID = "casework"
	Schools    ID = "schools"
	Training   ID = "training"
	Inspection ID = "inspection"
	Detection  ID = "detection"
	Reporting  ID = "reporting"
)

// All lists the seven duties in the order of the menu.
func All() []ID {
	return []ID{Outreach, Casework, Schools, Training, Inspection, Detection, Reporting}
}

// Valid reports whether d is one of the seven.
func (d ID) Valid() bool { return d.Clauses() != nil }

// Clauses lists the clauses of dispatch 4569 that order the duty; nil for a
// name that is not a duty.
func (d ID) Clauses() []Clause {
	switch d {
	case Outreach:
		return []Clause{"1", "1.1", "1.2", "1.3", "1.4", "4", "5.1"}
	case Casework:
		return []Clause{"2", "5.1"}
	case Schools:
		return []Clause{"2", "3"}
	case Training:
		return []Clause{"3", "4"}
	case Inspection:
		return []Clause{"4", "5.2"}
	case Detection:
		return []Clause{"2", "5.2"}
	case Reporting:
		return []Clause{"1.5", "5.2", "5.3"}
	default:
		return nil
	}
}
