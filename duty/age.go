// SPDX-License-Identifier: Apache-2.0

package duty

import "fmt"

// Ages is a set of the finest age parts that the product stores. The lines
// that the law draws differ: a child (trẻ em) is under 16 (Law on Children
// 2016, article 1), criminal procedure protects everyone under 18, quizzes
// and forms speak to 6–10, 11–15 and 16–17, statistics (Circular 13/2021)
// count under 6, 6–10, 11–15. Each of them is a union of these parts, so a
// figure can be read along any line without having been asked for it.
//
// Filter bands are school levels and never ages.
type Ages uint8

// The parts. A person has exactly one.
const (
	Under6 Ages = 1 << iota
	From6To10
	From11To14
	Aged15
	From16To17
	Adult
	AgeUnknown
)

// The unions that the rooms use.
const (
	From11To15 = From11To14 | Aged15
	TreEm      = Under6 | From6To10 | From11To15 // under 16
	Under18    = TreEm | From16To17              // under 18
	AnyAge     = Under18 | Adult | AgeUnknown
)

// AgeParts lists the parts from the youngest, unknown last.
func AgeParts() []Ages {
	return []Ages{Under6, From6To10, From11To14, Aged15, From16To17, Adult, AgeUnknown}
}

// AgePart is the part of a person of the given age in completed years.
func AgePart(years int) Ages {
	switch {
	case years < 0:
		return AgeUnknown
	case years < 6:
		return Under6
	case years <= 10:
		return From6To10
	case years <= 14:
		return From11To14
	case years == 15:
		return Aged15
	case years <= 17:
		return From16To17
	default:
		return Adult
	}
}

// Has reports whether all parts of b lie in a.
func (a Ages) Has(b Ages) bool { return a&b == b }

// Overlaps reports whether a and b share a part: "may be a child" of an
// age that is only known as a union.
func (a Ages) Overlaps(b Ages) bool { return a&b != 0 }

// Code is the stored word of a part ("6_10"), "" for anything but one part.
func (a Ages) Code() string {
	switch a {
	case Under6:
		return "d6"
	case From6To10:
		return "6_10"
	case From11To14:
		return "11_14"
	case Aged15:
		return "15"
	case From16To17:
		return "16_17"
	case Adult:
		return "18"
	case AgeUnknown:
		return "unknown"
	default:
		return ""
	}
}

// ParseAge reads the stored word of a part.
func ParseAge(code string) (Ages, error) {
	for _, part := range AgeParts() {
		if part.Code() == code {
			return part, nil
		}
	}
	return 0, fmt.Errorf("duty: %q is not an age part", code)
}
