// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"slices"

	"lachan/internal/problem"
	"lachan/internal/vntext"
)

//go:embed data/*.txt
var dataFiles embed.FS

// Entry is a pattern with what it means.
type Entry struct {
	vntext.Pattern
	ID         string   // stable for label or stage and text, and does not show the text
	Label      Label    // hides that of Pattern, which is the same
	Stage      string   // of a course, or "" for a pattern that speaks for itself
	With       []string // one of these stands near, or the pattern does not count
	Without    []string // none of these stands near, or the pattern does not count
	Weight     int      // 1, a hint, to 5, cannot wait
	Note       string   // why it is here
	Source     string
	ReviewedBy string // "" until a person who knows the matter looked at it
	File       string
	Line       int
}

// Course is a sequence of stages that together mean what none means alone.
type Course struct {
	ID     string
	Label  Label
	Stages []string // in the order in which they mostly come
	Any    []string // one of these must be among those that were seen
	All    []string // and all of these
	Least  int      // different stages
	Lines  int      // messages, of all authors, within which they stand
	Hours  int      // within which they stand, where times are known; 0 for any
	About  string
	File   string
	Line   int
}

// Library is patterns and courses.
type Library struct {
	Entries []Entry
	Courses []Course
}

// Builtin reads the library that is shipped.
func Builtin() (*Library, error) {
	sub, err := fs.Sub(dataFiles, "data")
	if err != nil {
		return nil, problem.New("vntext/bad-signs").Wrap(err)
	}
	return Load(sub)
}

// Load reads all *.txt in the root of files (see data/README.md for their
// form). It reports code vntext/bad-signs with a field "FILE:LINE" for each
// line that is wrong. Whether courses have their stages is looked at by
// NewReader, since these may stand in another library.
func Load(files fs.FS) (*Library, error) {
	names, err := fs.Glob(files, "*.txt")
	if err != nil {
		return nil, problem.New("vntext/bad-signs").Wrap(err)
	}
	lib := &Library{}
	bad := problem.New("vntext/bad-signs")
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, problem.New("vntext/bad-signs").Wrap(err)
		}
		p := parser{lib: lib, bad: bad, file: name}
		p.read(string(text))
	}
	lib.refuseTwice(bad)
	return lib, bad.OrNil()
}

// Joined are the entries and courses of several libraries. It reports code
// vntext/bad-signs where one stands in two of them.
func Joined(libraries ...*Library) (*Library, error) {
	out := &Library{}
	for _, l := range libraries {
		out.Entries = append(out.Entries, l.Entries...)
		out.Courses = append(out.Courses, l.Courses...)
	}
	bad := problem.New("vntext/bad-signs")
	out.refuseTwice(bad)
	return out, bad.OrNil()
}

func (l *Library) refuseTwice(bad *problem.Error) {
	seen := map[string]bool{}
	for _, e := range l.Entries {
		if seen[e.ID] {
			bad.Field(at(e.File, e.Line), "vntext/signs-twice")
		}
		seen[e.ID] = true
	}
	for _, c := range l.Courses {
		if seen[c.ID] {
			bad.Field(at(c.File, c.Line), "vntext/signs-twice")
		}
		seen[c.ID] = true
	}
}

// stages are the names of all stages that have an entry.
func (l *Library) stages() []string {
	var out []string
	for _, e := range l.Entries {
		if e.Stage != "" && !slices.Contains(out, e.Stage) {
			out = append(out, e.Stage)
		}
	}
	return out
}

// entryID is the same for the same pattern in every edition, so that stored
// features stay comparable, and a hash, so that they show no word.
func entryID(label Label, stage, text string) string {
	sum := sha256.Sum256([]byte(string(label) + "\x00" + stage + "\x00" + vntext.Base(text).Text()))
	return string(label) + "-" + hex.EncodeToString(sum[:5])
}
