// SPDX-License-Identifier: Apache-2.0

// Command lawref walks from the law to the code and back. A dispatch orders
// twelve things; each must be done by some package, shown on some page and
// proven by some test, and every reference in the code must exist in the law.
//
//	go run ./tools/lawref          writes docs/traceability.md
//	go run ./tools/lawref -check   fails if that file is not current
//
// Where it looks:
//
//   - the law: the table of docs/law/4569.md, held against package duty;
//   - packages: "clause 2" in the package comment of duty/*, or a line
//     "// Clauses: 2, 5.1" in any of their files;
//   - pages: the field Clauses of the routes in web/*.go and api/*.go, or a
//     line "// Clauses: …" above a handler;
//   - tests: a name such as TestClause_5_1_Receipt, or a line
//     "// Clause: 5.1" in the comment of a test.
//
// Both modes fail on a clause that nothing serves, a reference that does not
// exist, and a room that claims other clauses than package duty gives it. A
// clause whose room is not built yet is listed as open, by the room's name;
// the table openRooms loses its line when the room is there.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const page = "docs/traceability.md"

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	root := flag.String("root", ".", "the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	fsys := os.DirFS(root)
	found, err := collect(fsys)
	if err != nil {
		return err
	}
	text, faults := report(found)
	if check {
		have, err := fs.ReadFile(fsys, page)
		if err != nil || string(have) != text {
			faults = append(faults, page+" is not current; run make generate")
		}
	} else if err := os.WriteFile(filepath.Join(root, page), []byte(text), 0o644); err != nil {
		return err
	}
	for _, f := range faults {
		fmt.Fprintln(os.Stderr, "lawref:", f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("lawref: %d faults", len(faults))
	}
	return nil
}
