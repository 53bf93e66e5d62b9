// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lachan/duty"
)

// law is a docs/law page of all clauses.
func law() string {
	text := "| mã | nội dung |\n| --- | --- |\n"
	for _, c := range duty.Clauses() {
		if c == "5.1" {
			text += "| `5` | heading |\n"
		}
		text += "| `" + string(c) + "` | … |\n"
	}
	return text
}

// sound is a repository with no fault.
func sound() map[string]string {
	return map[string]string{
		"docs/law/4569.md":          law(),
		"duty/casework/doc.go":      "// Package casework serves clauses 2 and 5.1 of the dispatch.\npackage casework\n",
		"duty/schools/doc.go":       "// Package schools serves clause 2 (block) and clause 3 (filter).\n// It cites clause 7 of article 54 too.\npackage schools\n",
		"duty/detection/doc.go":     "// Package detection finds: clauses 2 and 5.2.\npackage detection\n",
		"duty/reporting/doc.go":     "// Package reporting reports.\n//\n// Clauses: 1.5, 5.2, 5.3\npackage reporting\n",
		"web/casework.go":           "package web\nfunc r() []Route {\nboth := []string{\"2\", \"5.1\"}\nreturn []Route{{Method: http.MethodGet, Path: \"/casework/queue\", Clauses: both}, {\"POST\", \"/report\", []string{\"2\"}, true, 0, nil}} }\n",
		"duty/casework/law_test.go": "package casework\nfunc TestClause_5_1_Receipt(t *testing.T) {}\n// Clause: 2\nfunc TestDecide(t *testing.T) {}\n",
	}
}

func reportOf(t *testing.T, files map[string]string) (string, []string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	f, err := collect(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return report(f)
}

func TestSoundRepositoryIsListed(t *testing.T) {
	text, faults := reportOf(t, sound())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, want := range []string{
		"| `5.1` | [duty/casework](../duty/casework/doc.go) | [GET /casework/queue](../web/casework.go) | [TestClause\\_5\\_1\\_Receipt](../duty/casework/law_test.go) | outreach |",
		"[GET /casework/queue](../web/casework.go)<br>[POST /report](../web/casework.go)",
		"| `1.5` | [duty/reporting](../duty/reporting/doc.go) | – | – | – |",
		"| `1.1` | – | – | – | outreach |",
		"[TestDecide](../duty/casework/law_test.go)",
		"- **training** (courses, sessions, certificates): clauses 3, 4",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestFaultsAreFound(t *testing.T) {
	cases := []struct{ name, file, text, want string }{
		{"a package cites what is not there", "duty/casework/x.go", "package casework\n\n// Clauses: 9\n", "there is no clause 9"},
		{"a page cites what is not there", "web/x.go", "package web\nvar r = Route{Path: \"/x\", Clauses: []string{\"2.7\"}}\n", "there is no clause 2.7"},
		{"clauses from elsewhere", "web/x.go", "package web\nvar r = Route{Path: \"/x\", Clauses: elsewhere}\n", "cannot be read"},
		{"a test cites what is not there", "duty/casework/x_test.go", "package casework\nfunc TestClause_6_X(t *testing.T) {}\n", "there is no clause 6"},
		{"not a clause", "duty/casework/x.go", "package casework\n\n// Clauses: two\n", "is not a clause"},
		{"nothing serves a clause", "duty/reporting/doc.go", "// Package reporting serves clauses 1.5 and 5.2.\npackage reporting\n", "nothing serves clause 5.3"},
		{"a room forgets a clause", "duty/schools/doc.go", "// Package schools serves clause 2.\npackage schools\n", "duty/schools: no package comment cites clause 3"},
		{"a room takes another's clause", "duty/schools/x.go", "package schools\n\n// Clauses: 1.5\n", "clause 1.5 is not given to schools"},
		{"an open room was built", "duty/training/doc.go", "// Package training serves clauses 3 and 4.\npackage training\n", "take it out of openRooms"},
		{"the law lost a clause", "docs/law/4569.md", "| `1` | … |\n", "docs/law/4569.md has the clauses"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(sound())
			files[c.file] = c.text
			_, faults := reportOf(t, files)
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("no fault says %q: %q", c.want, faults)
			}
		})
	}
}

// Formats and the like may be there before the room that uses them: it stays
// open until its own package is there.
func TestAPartDoesNotMakeARoom(t *testing.T) {
	files := maps.Clone(sound())
	files["duty/training/cards/doc.go"] = "// Package cards draws certificates.\npackage cards\n"
	page, faults := reportOf(t, files)
	if len(faults) > 0 || !strings.Contains(page, "- **training**") {
		t.Errorf("%q\n%s", faults, page)
	}
}

func TestCheckWantsTheCurrentPage(t *testing.T) {
	root := t.TempDir()
	for name, text := range sound() {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(root, true); err == nil {
		t.Fatal("no page, yet no fault")
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, page), []byte("stale"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err == nil {
		t.Fatal("a stale page, yet no fault")
	}
}
