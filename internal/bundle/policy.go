// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"math/bits"
	"slices"
)

// Band is a level of schooling, the unit of filter policy (DESIGN.md §7; the
// ages of the law are another matter). The numbers are part of the file
// format: they are never re-used and never change their meaning.
type Band uint8

// The bands.
const (
	Preschool       Band = 0 // staff devices only
	Primary         Band = 1 // classes 1–5
	LowerSecondary  Band = 2 // classes 6–9
	UpperSecondary  Band = 3 // classes 10–12, continuing education
	BoardingEvening Band = 4 // boarders, after lessons
	Staff           Band = 5

	maxBands = 32
)

var bandCodes = [...]string{"preschool", "primary", "lower_secondary", "upper_secondary", "boarding_evening", "staff"}

// AllBands lists the bands from the lowest school level up, staff last.
func AllBands() []Band {
	bands := make([]Band, len(bandCodes))
	for i := range bands {
		bands[i] = Band(i)
	}
	return bands
}

// ParseBand finds a band by its code ("primary").
func ParseBand(code string) (Band, bool) {
	i := slices.Index(bandCodes[:], code)
	return Band(max(i, 0)), i >= 0
}

// String is the band's code, "" for a number that is no band.
func (b Band) String() string {
	if int(b) < len(bandCodes) {
		return bandCodes[b]
	}
	return ""
}

// Bands is a set of bands, one bit each.
type Bands uint32

// EveryBand covers all bands, those to come included.
const EveryBand Bands = 1<<32 - 1

// BandsOf is the set of the given bands.
func BandsOf(bands ...Band) Bands {
	var s Bands
	for _, b := range bands {
		s |= 1 << (b & (maxBands - 1))
	}
	return s
}

// Has reports whether b is in the set.
func (s Bands) Has(b Band) bool { return b < maxBands && s>>b&1 == 1 }

// Codes lists the codes of the set's bands.
func (s Bands) Codes() []string {
	var codes []string
	for _, b := range AllBands() {
		if s.Has(b) {
			codes = append(codes, b.String())
		}
	}
	return codes
}

// Kind says what a category is about.
type Kind uint8

// The kinds of a category.
const (
	KindCategory Kind = 0 // what a name is: "gambling"
	KindService  Kind = 1 // whose it is: "tiktok"
)

// Category is one label of names. Its index in Bundle.Categories is its bit in
// every Set of that bundle, and of that bundle only; outside, use the code.
type Category struct {
	Code string // "gambling"; lower case, a–z, 0–9, "-", "_"
	Kind Kind
}

// maxCategories is the width of a Set.
const maxCategories = 256

// Set is a set of categories, by index.
type Set [4]uint64

// SetOf is the set of the given indexes.
func SetOf(indexes ...int) Set {
	var s Set
	for _, i := range indexes {
		s = s.with(i)
	}
	return s
}

func (s Set) with(i int) Set {
	s[i>>6&3] |= 1 << (i & 63)
	return s
}

// Has reports whether category i is in the set.
func (s Set) Has(i int) bool { return i >= 0 && i < maxCategories && s[i>>6]>>(i&63)&1 == 1 }

// IsEmpty reports whether no category is in the set.
func (s Set) IsEmpty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

func (s Set) or(o Set) Set {
	return Set{s[0] | o[0], s[1] | o[1], s[2] | o[2], s[3] | o[3]}
}

func (s Set) and(o Set) Set {
	return Set{s[0] & o[0], s[1] & o[1], s[2] & o[2], s[3] & o[3]}
}

func (s Set) minus(o Set) Set {
	return Set{s[0] &^ o[0], s[1] &^ o[1], s[2] &^ o[2], s[3] &^ o[3]}
}

// covers reports whether every category of o is in s.
func (s Set) covers(o Set) bool { return o.minus(s).IsEmpty() }

// first is the lowest index in the set, -1 if it is empty.
func (s Set) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// Policy is what one band may see.
type Policy struct {
	Band    Band
	Blocked []string // codes of categories and services that are refused
	Allowed []string // codes of services that are answered whatever their category
}

// masks is a Policy compiled against the categories of one bundle.
type masks struct {
	known   bool
	blocked Set
	allowed Set
}
