// SPDX-License-Identifier: Apache-2.0

package org

// Level is the tier of government, or of a school's life, that a unit
// belongs to.
type Level string

// The levels, from the widest.
const (
	LevelProvince Level = "tinh"
	LevelDistrict Level = "huyen" // until 30/6/2025
	LevelCommune  Level = "xa"
	LevelHamlet   Level = "thon"
	LevelSchool   Level = "truong"
	LevelClass    Level = "lop"
)

// Kinds that the product itself asks for. Others are free words of the data.
const (
	KindCommittee = "ubnd"           // a place and its People's Committee, one unit
	KindPolice    = "cong_an"        //
	KindSchool    = "co_so_giao_duc" //
	KindClass     = "lop"            //
)

// School levels (field School of a unit of KindSchool or KindClass). They
// are also the filter's bands; ages are not.
const (
	SchoolPreschool      = "preschool"
	SchoolPrimary        = "primary"
	SchoolLowerSecondary = "lower_secondary"
	SchoolUpperSecondary = "upper_secondary"
)

// The two trees: by territory, and by the line of command of a sector
// (school → department of education, commune police → provincial police).
const (
	treeAdmin = "admin"
	treeLine  = "line"
)

// Unit is one agency, place, school or class as it is on some day.
type Unit struct {
	ID       string // permanent, UUIDv7
	Key      string // the data file's own name for it
	Name     string // official spelling, NFC
	Code     string // official code, may be ""; not an identity
	Kind     string // "ubnd", "so", "cong_an", "co_so_giao_duc" …
	Form     string // "phuong", "xa", "dac_khu" … ; "" where there are no forms
	Level    Level
	School   string // school level, for schools and classes
	Parent   string // id in the territorial tree, "" for a province
	Line     string // id in the sector's line, mostly ""
	Span     Span   // the days of the unit's life
	Verified bool   // checked against the document that made it
}

// Holder is a unit that holds a function on the days of Span.
type Holder struct {
	Function string
	Unit     string // id
	Span     Span
	Verified bool
}

// Link says that one unit became (a part of) another on a day.
type Link struct {
	From, To string // unit ids
	Day      Day    // the first day of the new state
	Whole    bool   // false: only a part of From went to To; the share is not known
	Type     string // merged, split, renamed, next_class …
	Basis    string // the document that ordered it
	Verified bool
}
