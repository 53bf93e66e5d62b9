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
	switch {
	case s[0] != 0:
		return bits.TrailingZeros64(s[0])
	case s[1] != 0:
		return 64 + bits.TrailingZeros64(s[1])
	case s[2] != 0:
		return 128 + bits.TrailingZeros64(s[2])
	case s[3] != 0:
		return 192 + bits.TrailingZeros64(s[3])
	}
	return -1
}

// Period is a part of a school's day. Which hours are which stands in the
// school's side file (Timetable); what is refused in them, in the bundle. The
// numbers are part of the file format.
type Period uint8

// The periods.
const (
	AnyTime Period = 0 // what holds where a period has no policy of its own
	Lesson  Period = 1
	Break   Period = 2
	Evening Period = 3 // after lessons: boarders, evening classes
	Holiday Period = 4 // whole days without lessons

	maxPeriods = 8
)

var periodCodes = [...]string{"any", "lesson", "break", "evening", "holiday"}

// AllPeriods lists the periods, AnyTime first.
func AllPeriods() []Period {
	all := make([]Period, len(periodCodes))
	for i := range all {
		all[i] = Period(i)
	}
	return all
}

// ParsePeriod finds a period by its code ("lesson").
func ParsePeriod(code string) (Period, bool) {
	i := slices.Index(periodCodes[:], code)
	return Period(max(i, 0)), i >= 0
}

// String is the period's code, "" for a number that is no period.
func (p Period) String() string {
	if int(p) < len(periodCodes) {
		return periodCodes[p]
	}
	return ""
}

// Video is how far a band's video site is restricted by the site itself.
type Video uint8

// The steps, as sites offer them by DNS.
const (
	VideoFree     Video = 0
	VideoModerate Video = 1
	VideoStrict   Video = 2
)

var videoCodes = [...]string{"", "moderate", "strict"}

// ParseVideo finds a step by its code; "" is VideoFree.
func ParseVideo(code string) (Video, bool) {
	i := slices.Index(videoCodes[:], code)
	return Video(max(i, 0)), i >= 0
}

// String is the step's code.
func (v Video) String() string { return videoCodes[min(int(v), len(videoCodes)-1)] }

// Policy is what one band may see, in one period or at any time.
type Policy struct {
	Band       Band
	Period     Period   // AnyTime holds for every period without a policy of its own
	Blocked    []string // codes of categories and services that are refused
	Allowed    []string // codes of services that are answered whatever their category
	SafeSearch bool     // search engines answer as their safe host
	Video      Video
}

// masks is a Policy compiled against the categories of one bundle.
type masks struct {
	known   bool
	blocked Set
	allowed Set
	safe    bool
	video   Video
}

// Rewrite says that a name answers as another one: a search engine as its safe
// host, a video site as its restricted one. It is for exactly this name, not
// for what lies below: the engines' other hosts are other services.
type Rewrite struct {
	Kind   RewriteKind
	Name   Name
	Target Name
}

// RewriteKind says which rule of a policy asks for a rewrite.
type RewriteKind uint8

// The kinds; part of the file format.
const (
	RewriteSafe     RewriteKind = 1 // Policy.SafeSearch
	RewriteModerate RewriteKind = 2 // VideoModerate
	RewriteStrict   RewriteKind = 3 // VideoStrict

	rewriteKinds = 4
)
