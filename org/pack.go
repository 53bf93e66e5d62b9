// SPDX-License-Identifier: Apache-2.0

package org

// Pack is a set of facts about units, from a file or built by a caller (the
// demo's invented schools). Units are named by keys, which stay the same from
// load to load; ids are made at the first load.
type Pack struct {
	Key     string // its own name; loading again replaces what it said before
	Units   []UnitSpec
	Events  []EventSpec
	Holders []HolderSpec
	Rest    []RestDay
}

// UnitSpec is one unit of a pack. Changes are later names and forms.
type UnitSpec struct {
	Key, Name, Code    string
	Kind, Form, School string
	Level              Level
	Parent, Line       string // keys, of this pack or of one loaded before
	From, To           Day    // "" is Ever, Still
	Verified           bool
	Changes            []ChangeSpec
}

// ChangeSpec is a new name, form or parent from a day on; "" keeps the old.
type ChangeSpec struct {
	At           Day
	Name, Form   string
	Parent, Line string
}

// EventSpec is a reorganisation: a day, its legal basis and its links.
type EventSpec struct {
	Key, Basis string
	Day        Day
	Links      []LinkSpec
}

// LinkSpec is one link of an event, by keys.
type LinkSpec struct {
	From, To string
	Whole    bool
	Type     string
	Verified bool
}

// HolderSpec gives a function to a unit.
type HolderSpec struct {
	Function, Unit string
	From, To       Day
	Verified       bool
}

// RestDay is a day that is not worked though it is no Saturday or Sunday, or
// (Rest false) a Saturday or Sunday that is worked in exchange.
type RestDay struct {
	Day      Day
	Rest     bool
	Name     string // "tet", "national", "in_lieu" …: a word of the catalogue
	Verified bool
}
