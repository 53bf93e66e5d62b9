// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"cmp"
	"slices"
)

// Skip is why an entry was not taken.
type Skip string

// The reasons.
const (
	SkipType      Skip = "type"      // a kind of signal that nothing here can match: PhotoDNA, TMK, free text
	SkipAmbiguous Skip = "ambiguous" // 64 digits: PDQ or SHA-256
	SkipValue     Skip = "value"     // not a value of its type
	SkipZero      Skip = "zero"      // a PDQ hash of zeros
	SkipQuality   Skip = "quality"   // a PDQ hash of a picture that is too flat
	SkipNumber    Skip = "number"    // a number that cannot be read
	SkipTime      Skip = "time"      // a moment that cannot be read
	SkipStatus    Skip = "status"    // a word for the status that is not known
	SkipPattern   Skip = "pattern"   // a STIX pattern that says more than that something equals something
	SkipEntry     Skip = "entry"     // not an entry of this format
)

// skipLines is how many lines of each reason a report names.
const skipLines = 20

// Report says what became of every signal of a list, of which an entry may have
// several, and where the next page is.
//
//	Entries = Taken + Withdrawn + Skipped
type Report struct {
	Format     Format
	Entries    int
	Taken      int // items passed on that are active or harmless
	Withdrawn  int // items passed on that the source takes back
	Skipped    int
	Reasons    []SkipReason // most frequent first
	Next       string       // token or address of the next page; "": this is the last
	Checkpoint string       // what the source says to begin with the next time
}

// SkipReason is one reason with the first lines where it stands.
type SkipReason struct {
	Code  Skip
	Count int
	Lines []int
}

func (r *Report) skip(code Skip, line int) {
	r.Entries++
	r.Skipped++
	i := slices.IndexFunc(r.Reasons, func(s SkipReason) bool { return s.Code == code })
	if i < 0 {
		i = len(r.Reasons)
		r.Reasons = append(r.Reasons, SkipReason{Code: code})
	}
	reason := &r.Reasons[i]
	if reason.Count++; len(reason.Lines) < skipLines {
		reason.Lines = append(reason.Lines, line)
	}
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Reasons, func(x, y SkipReason) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Code, y.Code))
	})
}
