// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"cmp"
	"slices"
)

// Skip is why a line of a list, or a name on it, was not taken. The locale has
// a sentence for each: schools.skip.<code>.
type Skip string

// The reasons, each a sentence in the report of an import.
const (
	SkipSyntax       Skip = "syntax"        // not a line of this format
	SkipTooLong      Skip = "too-long"      // a line longer than MaxLine
	SkipName         Skip = "name"          // no domain name can be read from it
	SkipAddress      Skip = "address"       // an IP address: DNS filters names
	SkipRedirect     Skip = "redirect"      // a hosts line that points at a real machine
	SkipLocal        Skip = "local"         // localhost and its kin
	SkipTLD          Skip = "tld"           // a bare top-level domain
	SkipSuffix       Skip = "public-suffix" // com.vn: under it are other people's names
	SkipSharedSuffix Skip = "shared-suffix" // blogspot.com: the same, by its owner's choice
	SkipURL          Skip = "url"           // a page; a block is a name
	SkipException    Skip = "exception"     // an exception that is not about a whole name
	SkipExcepted     Skip = "excepted"      // the list takes it out itself: by an exception or by $badfilter
	SkipCosmetic     Skip = "cosmetic"      // adblock ##: hides parts of a page
	SkipModifier     Skip = "modifier"      // adblock $…: a condition that DNS cannot see, or a claim to priority
	SkipPattern      Skip = "pattern"       // adblock text with wildcards or without ||…^
	SkipRegex        Skip = "regex"         // a regular expression that stands for more than a few names
	SkipKeyword      Skip = "keyword"       // a word anywhere in a name
	SkipTrigger      Skip = "trigger"       // RPZ: an address or a name server
	SkipInclude      Skip = "include"       // another list, to be imported by itself
	SkipOther        Skip = "other"         // a setting of the program that the list was written for
	SkipProtected    Skip = "protected"     // would refuse a protected name: held for a person
	SkipPopular      Skip = "popular"       // a large platform on a list of malware or scams: held for a person
)

// skipLines is how many lines of each reason a report shows.
const skipLines = 20

// Report says what became of every line of a list. No line is lost:
//
//	Lines   = Notes + Bearing
//	Entries = Taken + Duplicates + Exceptions + Skipped
type Report struct {
	Format     Format       // in which it was read
	Detected   bool         // found out from the first lines
	Lines      int          // lines read
	Notes      int          // comments, headings and empty lines
	Bearing    int          // lines with entries
	Entries    int          // what stands on them; one or more each
	Taken      int          // names that are on the list now
	Duplicates int          // names that were there already, earlier in the same list
	Widened    int          // written as the name alone or as what lies below it: taken as both
	Exceptions int          // names that the list takes out again
	Kept       int          // exceptions below a listed name: they go into the bundle
	Skipped    int          // sum over Reasons
	Reasons    []SkipReason // most frequent first
	Guarded    []string     // names held back for a person, the first 500
	Changes    Changes      // against the edition before
	Digest     string       // SHA-256 of names and exceptions, hex
}

// Changes is how an edition of a list differs from the one before.
type Changes struct {
	Before       int // names of the edition before; 0: there was none
	Added        int
	Removed      int
	FirstAdded   []string // at most 20, by the alphabet
	FirstRemoved []string
	Popular      []string // added ones that very many people use, at most 20
}

// None reports whether both editions hold the same names.
func (c Changes) None() bool { return c.Before > 0 && c.Added == 0 && c.Removed == 0 }

// maxGuarded is how many held names a report keeps, so that the next one can
// tell which are new.
const maxGuarded = 500

func (r *Report) guard(name string) {
	if len(r.Guarded) < maxGuarded && !slices.Contains(r.Guarded, name) {
		r.Guarded = append(r.Guarded, name)
	}
}

// SkipReason is one reason with its count and the first lines that it hit.
type SkipReason struct {
	Code  Skip
	Count int
	Lines []SkipLine // at most 20
}

// SkipLine is a line that was not taken: its number from 1 and its beginning.
type SkipLine struct {
	Number int
	Text   string // at most 80 letters
}

// Held are the names that wait for a person, the first 20 of each reason.
func (r *Report) Held() []string {
	var names []string
	for _, s := range r.Reasons {
		if s.Code == SkipProtected || s.Code == SkipPopular {
			for _, l := range s.Lines {
				names = append(names, l.Text)
			}
		}
	}
	return names
}

// Count is the number of lines skipped for one reason.
func (r *Report) Count(code Skip) int {
	for _, s := range r.Reasons {
		if s.Code == code {
			return s.Count
		}
	}
	return 0
}

func (r *Report) skip(code Skip, line int, text string) {
	r.Skipped++
	i := slices.IndexFunc(r.Reasons, func(s SkipReason) bool { return s.Code == code })
	if i < 0 {
		i = len(r.Reasons)
		r.Reasons = append(r.Reasons, SkipReason{Code: code})
	}
	s := &r.Reasons[i]
	s.Count++
	if len(s.Lines) < skipLines {
		s.Lines = append(s.Lines, SkipLine{line, clip(text, 80)})
	}
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Reasons, func(a, b SkipReason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
}

// clip cuts s to n letters at most.
func clip(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}
