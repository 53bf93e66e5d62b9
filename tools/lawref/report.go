// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"lachan/duty"
)

// openRooms are the duties whose package is not there yet, with what stands in
// for it meanwhile. A line goes when its room comes; the tool insists.
var openRooms = map[duty.ID]string{
	duty.Outreach:   "library, warnings, campaigns, coverage",
	duty.Training:   "courses, sessions, certificates",
	duty.Inspection: "plans, checklists, findings, remedies",
}

// heading is the one point of the dispatch that orders nothing itself.
const heading = "5"

func report(f *found) (string, []string) {
	faults := slices.Clone(f.Faults)
	known := map[string]bool{}
	for _, c := range duty.Clauses() {
		known[string(c)] = true
	}
	if f.Law != nil {
		law := slices.DeleteFunc(slices.Clone(f.Law), func(c string) bool { return c == heading })
		want := make([]string, 0, len(law))
		for _, c := range duty.Clauses() {
			want = append(want, string(c))
		}
		if !slices.Equal(law, want) {
			faults = append(faults, fmt.Sprintf("docs/law/4569.md has the clauses %v, package duty has %v", law, want))
		}
	}
	for _, list := range [][]ref{f.Packages, f.Pages, f.Tests} {
		for _, r := range list {
			if !known[r.Clause] && r.Clause != heading {
				faults = append(faults, fmt.Sprintf("%s:%d: there is no clause %s", r.File, r.Line, r.Clause))
			}
		}
	}
	faults = append(faults, rooms(f)...)

	var b strings.Builder
	b.WriteString("# From clause to code\n\n")
	b.WriteString("Written by `go run ./tools/lawref` (`make generate`); do not edit. The clauses are those of [dispatch 4569/UBND-KGVX](law/4569.md).\n\n")
	b.WriteString("| clause | package | page | test | open |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range duty.Clauses() {
		pkgs := cite(f.Packages, string(c))
		var open []string
		for _, d := range duty.All() {
			if _, waiting := openRooms[d]; waiting && slices.Contains(d.Clauses(), c) && !f.Rooms[string(d)] {
				open = append(open, string(d))
			}
		}
		if len(pkgs) == 0 && len(open) == 0 {
			faults = append(faults, fmt.Sprintf("nothing serves clause %s", c))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c, cell(pkgs), cell(cite(f.Pages, string(c))), cell(cite(f.Tests, string(c))), cell(open))
	}
	b.WriteString("\n## Rooms that are not built yet\n\n")
	waiting := 0
	for _, d := range duty.All() {
		if what, ok := openRooms[d]; ok && !f.Rooms[string(d)] {
			fmt.Fprintf(&b, "- **%s** (%s): clauses %s\n", d, what, clauseNames(d))
			waiting++
		}
	}
	if waiting == 0 {
		b.WriteString("None.\n")
	}
	return b.String(), faults
}

// rooms holds what each room says of itself against what package duty gives it.
func rooms(f *found) []string {
	var faults []string
	for _, d := range duty.All() {
		built := f.Rooms[string(d)]
		_, waiting := openRooms[d]
		switch {
		case built && waiting:
			faults = append(faults, fmt.Sprintf("duty/%s is there: take it out of openRooms in tools/lawref", d))
		case !built && !waiting:
			faults = append(faults, fmt.Sprintf("duty/%s is not there and openRooms in tools/lawref does not say so", d))
		}
		if !built {
			continue
		}
		said := map[string]bool{}
		for _, r := range f.Packages {
			if r.Name != "duty/"+string(d) {
				continue
			}
			said[r.Clause] = true
			if !slices.Contains(d.Clauses(), duty.Clause(r.Clause)) {
				faults = append(faults, fmt.Sprintf("%s:%d: clause %s is not given to %s by package duty", r.File, r.Line, r.Clause, d))
			}
		}
		for _, c := range d.Clauses() {
			if !said[string(c)] {
				faults = append(faults, fmt.Sprintf("duty/%s: no package comment cites clause %s, which package duty gives it; add a line \"// Clauses: …\"", d, c))
			}
		}
	}
	return faults
}

func clauseNames(d duty.ID) string {
	var all []string
	for _, c := range d.Clauses() {
		all = append(all, string(c))
	}
	return strings.Join(all, ", ")
}

// cite lists the links of a clause, without line numbers, so that the page
// changes only when a reference does.
func cite(refs []ref, clause string) []string {
	var all []string
	for _, r := range refs {
		if r.Clause == clause {
			all = append(all, fmt.Sprintf("[%s](../%s)", escape(r.Name), r.File))
		}
	}
	return all
}

func escape(s string) string {
	return strings.NewReplacer("|", "\\|", "_", "\\_", "{", "\\{", "}", "\\}").Replace(s)
}

func cell(all []string) string {
	if len(all) == 0 {
		return "–"
	}
	return strings.Join(all, "<br>")
}
