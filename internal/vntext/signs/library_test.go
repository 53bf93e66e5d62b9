// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"lachan/internal/problem"
)

func library(t testing.TB, file string) *Library {
	t.Helper()
	lib, err := Load(fstest.MapFS{"own.txt": {Data: []byte(file)}})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// fields of a problem vntext/bad-signs, "name code" each.
func fields(t *testing.T, err error) []string {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != "vntext/bad-signs" {
		t.Fatalf("%v", err)
	}
	var out []string
	for _, f := range p.Fields {
		out = append(out, f.Name+" "+f.Code)
	}
	return out
}

func TestAFileIsRead(t *testing.T) {
	lib := library(t, `@label scam
@weight 2
@source a circular
@note why
brằm quà

# a note
zuxt | marks: any | weight: 4 | with: một; hai | without: ba | innocent: zuxt nước | reviewed_by: unit 3
@course small
@about what it is
@stages first second
@any second
@lines 9
@hours 24
@stage first
@weight 1
hỏi mấy
@label hate
krong | note: its own
`)
	if len(lib.Entries) != 4 || len(lib.Courses) != 1 {
		t.Fatalf("%d entries, %d courses", len(lib.Entries), len(lib.Courses))
	}
	a, b, c, d := lib.Entries[0], lib.Entries[1], lib.Entries[2], lib.Entries[3]
	if a.Text != "brằm quà" || a.Label != Scam || a.Weight != 2 || a.Source != "a circular" || a.Note != "why" || a.Marks != "less" || a.Line != 5 || a.File != "own.txt" || a.ReviewedBy != "" {
		t.Errorf("%+v", a)
	}
	if b.Marks != "any" || b.Weight != 4 || !slices.Equal(b.With, []string{"một", "hai"}) || !slices.Equal(b.Without, []string{"ba"}) || !slices.Equal(b.Innocent, []string{"zuxt nước"}) || b.ReviewedBy != "unit 3" {
		t.Errorf("%+v", b)
	}
	if c.Stage != "first" || c.Weight != 1 || c.Label != Scam || d.Stage != "" || d.Label != Hate || d.Note != "its own" {
		t.Errorf("%+v, %+v", c, d)
	}
	course := lib.Courses[0]
	if course.ID != "scam/small" || course.Least != 2 || course.Lines != 9 || course.Hours != 24 || course.About != "what it is" || !slices.Equal(course.Any, []string{"second"}) {
		t.Errorf("%+v", course)
	}
}

func TestFaultsAreNamedByFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"no label":            {"brằm", "own.txt:1 vntext/signs-label"},
		"a label of nobody":   {"@label good", "own.txt:1 vntext/signs-label"},
		"a setting of nobody": {"@label hate\n@wait 3", "own.txt:2 vntext/signs-setting"},
		"behind a bar":        {"@label hate\nbrằm | wait: 3", "own.txt:2 vntext/signs-setting"},
		"no weight":           {"@label hate\nbrằm | weight: much", "own.txt:2 vntext/signs-number"},
		"too much weight":     {"@label hate\n@weight 6", "own.txt:2 vntext/signs-number"},
		"no pattern":          {"@label hate\n | weight: 3", "own.txt:2 vntext/signs-pattern"},
		"innocent without it": {"@label hate\nbrằm | innocent: nước", "own.txt:2 vntext/signs-pattern"},
		"marks of no kind":    {"@label hate\nbrằm | marks: some", "own.txt:2 vntext/signs-pattern"},
		"open brackets":       {"@label hate\n(brằm/zuxt", "own.txt:2 vntext/signs-pattern"},
		"an empty part":       {"@label hate\nbrằm ..", "own.txt:2 vntext/signs-pattern"},
		"a bad context":       {"@label hate\nbrằm | with: \u200b", "own.txt:2 vntext/signs-pattern"},
		"twice":               {"@label hate\nbrằm\nBRẰM", "own.txt:3 vntext/signs-twice"},
		"too few stages":      {"@label hate\n@course a\n@stages one", "own.txt:2 vntext/signs-stage"},
		"a stage of nobody":   {"@label hate\n@course a\n@stages one two\n@any three", "own.txt:2 vntext/signs-stage"},
		"a course twice":      {"@label hate\n@course a\n@stages one two\n@course a\n@stages one two", "own.txt:4 vntext/signs-twice"},
	} {
		_, err := Load(fstest.MapFS{"own.txt": {Data: []byte(c.file)}})
		if got := fields(t, err); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
	lib := library(t, "@label hate\n@course a\n@stages one two\n@stage one\nbrằm")
	_, err := NewReader(lib)
	if got := fields(t, err); !slices.Equal(got, []string{"own.txt:2 vntext/signs-stage"}) {
		t.Errorf("a stage without patterns: %q", got)
	}
}

func TestAProvinceAddsFiles(t *testing.T) {
	own, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	lib, err := Joined(own, library(t, "@label scam\nquỹ tiền zuxt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(lib)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Read("vào quỹ tiền zuxt nhé").Of(Scam); !s.Listed || len(s.Hits) != 1 {
		t.Errorf("%+v", s)
	}
	if _, err := Joined(own, own); len(fields(t, err)) != len(own.Entries)+len(own.Courses) {
		t.Errorf("a library twice")
	}
}

// Each entry says where it is from and whether somebody has looked at it; none
// shows its words in its ID, and each label has entries.
func TestTheBuiltinLibrary(t *testing.T) {
	lib, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	count := map[Label]int{}
	for _, e := range lib.Entries {
		if e.Source == "" || e.Note == "" {
			t.Errorf("%s:%d has no source or no note", e.File, e.Line)
		}
		if e.ReviewedBy != "" {
			t.Errorf("%s:%d is said to be reviewed", e.File, e.Line)
		}
		count[e.Label]++
	}
	for _, l := range Labels() {
		if count[l] < 40 {
			t.Errorf("%s has %d entries", l, count[l])
		}
	}
	t.Logf("%d entries %v, %d courses", len(lib.Entries), count, len(lib.Courses))
	if len(lib.Courses) < 4 {
		t.Errorf("%d courses", len(lib.Courses))
	}
	if _, err := NewReader(lib); err != nil {
		t.Error(err)
	}
}
