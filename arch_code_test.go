// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// minComment is the least length, in bytes, of a package comment that teaches.
const minComment = 80

func checkPackageComments(t *tree) []string {
	longest := map[string]int{}
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		n := 0
		if s.AST.Doc != nil {
			n = len(s.AST.Doc.Text())
		}
		longest[s.dir()] = max(longest[s.dir()], n)
	})
	var faults []string
	for dir, n := range longest {
		if n < minComment {
			faults = append(faults, fmt.Sprintf("%s: the package comment has %d bytes; say in at least %d what the law wants here and how the code does it", dir, n, minComment))
		}
	}
	slices.Sort(faults)
	return faults
}

// vague are names that say nothing about what is in a package.
var vague = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "manager", "misc", "shared", "lib"}

func checkNames(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		for _, part := range strings.Split(s.dir(), "/") {
			if slices.Contains(vague, part) {
				faults = append(faults, fmt.Sprintf("%s: %q names nothing; name the package for what it holds", s.Path, part))
			}
		}
	})
	return faults
}

func checkNoInit(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		for _, d := range s.AST.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.test() {
				faults = append(faults, fmt.Sprintf("%s: init() runs before anybody asked; give the work to New or to sync.OnceValue", t.at(s, f.Pos())))
			}
		}
	})
	return faults
}

const licence = "// SPDX-License-Identifier: Apache-2.0\n"

func checkLicence(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		if !strings.HasPrefix(s.Text, licence) {
			faults = append(faults, s.Path+": the first line must be "+strings.TrimSpace(licence))
		}
	})
	return faults
}

// call is a function or method that must not be used in a place.
type call struct {
	name   string   // "fmt.Print" stops all that begin so; ".FormFile" stops the method
	within []string // patterns; nil: everywhere
	except []string
	why    string
}

var forbiddenCalls = []call{
	{".ParseMultipartForm", nil, nil, "it writes what was sent to disk in clear; use MultipartReader"},
	{".FormFile", nil, nil, "it writes what was sent to disk in clear; use MultipartReader"},
	{".FormValue", nil, nil, "it calls ParseMultipartForm unseen; use ParseForm and PostForm, or MultipartReader"},
	{".PostFormValue", nil, nil, "it calls ParseMultipartForm unseen; use ParseForm and PostForm, or MultipartReader"},
	{"fmt.Print", nil, []string{"cmd/...", "tools/...", "test/..."}, "what is not a command says nothing on standard output; log with slog, answer with a value"},
	{"log.", nil, []string{"tools/..."}, "log/slog only, through internal/logs, so that personal data stays hidden"},
	{"os.Exit", nil, []string{"cmd/...", "tools/..."}, "only a command ends the program; deferred work would be lost"},
	{"time.Now", []string{"duty/...", "org/...", "flow/...", "web/...", "api/..."}, nil, "ask the clock that was handed in, or no deadline can be tested"},
}

// isLog reports whether the identifier log of this file is the standard one.
func isLog(s *source) bool {
	_, std := imports(s)["log"]
	return std
}

func checkCalls(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		ast.Inspect(s.AST, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			recv := ""
			if x, ok := sel.X.(*ast.Ident); ok {
				recv = x.Name
			}
			for _, c := range forbiddenCalls {
				if c.within != nil && !fitsAny(c.within, s.dir()) || fitsAny(c.except, s.dir()) {
					continue
				}
				hit := false
				switch {
				case strings.HasPrefix(c.name, "."):
					hit = "."+sel.Sel.Name == c.name
				case c.name == "log.":
					hit = recv == "log" && isLog(s)
				case strings.HasPrefix(c.name, "fmt."):
					hit = strings.HasPrefix(recv+"."+sel.Sel.Name, c.name)
				default:
					hit = recv+"."+sel.Sel.Name == c.name
				}
				if hit {
					faults = append(faults, fmt.Sprintf("%s: %s.%s: %s", t.at(s, sel.Pos()), recv, sel.Sel.Name, c.why))
				}
			}
			return true
		})
	})
	return faults
}

// later finds work put off without a number under which it is remembered.
var later = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b(\(#\d+\))?`)

func checkNothingPutOff(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		for _, group := range s.AST.Comments {
			for _, c := range group.List {
				if m := later.FindStringSubmatch(c.Text); m != nil && m[2] == "" {
					faults = append(faults, fmt.Sprintf("%s: %s without the number of an issue; do it, leave it out, or number it", t.at(s, c.Pos()), m[1]))
				}
			}
		}
	})
	return faults
}

const migrations = "internal/sqldb/migrations"

var migrationName = regexp.MustCompile(`^\d{5}_[a-z]+\.sql$`)

func checkMigrations(t *tree) []string {
	byFolder := map[string][]string{"sqlite": nil, "postgres": nil}
	var faults []string
	numbers := map[string]string{}
	for _, s := range t.files {
		dir, name := path.Split(s.Path)
		folder, here := strings.CutPrefix(path.Clean(dir), migrations+"/")
		if !here {
			continue
		}
		if _, known := byFolder[folder]; !known || !migrationName.MatchString(name) {
			faults = append(faults, s.Path+": a migration is NNNNN_room.sql under sqlite or postgres")
			continue
		}
		if !strings.Contains(s.Text, "-- +goose Up") {
			faults = append(faults, s.Path+": no line -- +goose Up")
		}
		if other := numbers[folder+name[:5]]; other != "" {
			faults = append(faults, fmt.Sprintf("%s: %s has that number", s.Path, other))
		}
		numbers[folder+name[:5]] = name
		byFolder[folder] = append(byFolder[folder], name)
	}
	for _, pair := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		for _, name := range byFolder[pair[0]] {
			if !slices.Contains(byFolder[pair[1]], name) {
				faults = append(faults, fmt.Sprintf("%s/%s/%s has no twin in %s: both databases take the same steps", migrations, pair[0], name, pair[1]))
			}
		}
	}
	return faults
}

// placePattern finds paths that exist on one machine only. Its own text is cut
// in two so that it does not find itself.
var placePattern = regexp.MustCompile(`(/wo` + `rk/(main|shared|\.library)|/ro` + `ot/|/ho` + `me/[a-z]|/Us` + `ers/[a-zA-Z]|/tmp/br` + `ief)`)

func checkPlaces(t *tree) []string {
	var faults []string
	for _, s := range t.files {
		for i, line := range strings.Split(s.Text, "\n") {
			if m := placePattern.FindString(line); m != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: %q is a path of one machine", s.Path, i+1, m))
			}
		}
	}
	return faults
}

func TestArchPackageComments(t *testing.T) {
	good := "// Package org " + strings.Repeat("says who held which post on which day. ", 4) + "\npackage org\n"
	enforce(t, checkPackageComments,
		example{"no comment", map[string]string{"org/a.go": "package org\n"}, "org: the package comment has 0 bytes"},
		example{"a comment that teaches nothing", map[string]string{"org/a.go": "// Package org is org.\npackage org\n"}, "the package comment has"},
		example{"only the test has one", map[string]string{"org/a.go": "package org\n", "org/a_test.go": good}, "0 bytes"},
		example{"good", map[string]string{"org/a.go": good, "org/b.go": "package org\n"}, ""},
	)
}

func TestArchNames(t *testing.T) {
	enforce(t, checkNames,
		example{"util", map[string]string{"internal/util/a.go": "package util\n"}, "names nothing"},
		example{"good", map[string]string{"internal/clock/a.go": "package clock\n"}, ""},
	)
}

func TestArchNoInit(t *testing.T) {
	enforce(t, checkNoInit,
		example{"init", map[string]string{"org/a.go": "package org\nfunc init() {}\n"}, "init() runs"},
		example{"a method may be called so", map[string]string{"org/a.go": "package org\ntype T int\nfunc (T) init() {}\n"}, ""},
	)
}

func TestArchLicence(t *testing.T) {
	enforce(t, checkLicence,
		example{"none", map[string]string{"org/a.go": "package org\n"}, "the first line must be"},
		example{"good", map[string]string{"org/a.go": licence + "\npackage org\n"}, ""},
	)
}

func TestArchForbiddenCalls(t *testing.T) {
	in := func(dir, body string, imports ...string) map[string]string {
		text := "package p\n"
		for _, i := range imports {
			text += "import \"" + i + "\"\n"
		}
		return map[string]string{dir + "/a.go": text + "func f() { " + body + " }\n"}
	}
	enforce(t, checkCalls,
		example{"spills to disk", in("web", "r.ParseMultipartForm(1)"), "MultipartReader"},
		example{"spills to disk, shorter", in("web", "r.FormFile(`a`)"), "MultipartReader"},
		example{"spills to disk, unseen", in("web", "_ = r.FormValue(`a`)"), "unseen"},
		example{"prints", in("duty/casework", "fmt.Println(1)", "fmt"), "standard output"},
		example{"logs past the log", in("hub", "log.Printf(`x`)", "log"), "slog only"},
		example{"exits", in("hub", "os.Exit(1)", "os"), "only a command"},
		example{"looks at the wall", in("duty/casework", "time.Now()", "time"), "ask the clock"},
		example{"good", in("hub", "fmt.Fprintln(w, 1); log.Info(`x`)", "fmt"), ""},
		example{"a command may print", in("cmd/lachan", "fmt.Println(1); os.Exit(2)", "fmt", "os"), ""},
	)
}

func TestArchNothingPutOff(t *testing.T) {
	enforce(t, checkNothingPutOff,
		example{"later", map[string]string{"org/a.go": "package org\n// TO" + "DO: later\n"}, "without the number"},
		example{"numbered", map[string]string{"org/a.go": "package org\n// TO" + "DO(#7): the sieve\n"}, ""},
	)
}

func TestArchMigrations(t *testing.T) {
	up := "-- +goose Up\n"
	enforce(t, checkMigrations,
		example{"one folder only", map[string]string{migrations + "/sqlite/00001_org.sql": up}, "has no twin in postgres"},
		example{"a number twice", map[string]string{
			migrations + "/sqlite/00001_org.sql": up, migrations + "/postgres/00001_org.sql": up,
			migrations + "/sqlite/00001_hub.sql": up, migrations + "/postgres/00001_hub.sql": up,
		}, "has that number"},
		example{"no step", map[string]string{migrations + "/sqlite/00001_org.sql": "", migrations + "/postgres/00001_org.sql": up}, "no line"},
		example{"a strange name", map[string]string{migrations + "/sqlite/1.sql": up}, "NNNNN_room.sql"},
		example{"good", map[string]string{migrations + "/sqlite/00001_org.sql": up, migrations + "/postgres/00001_org.sql": up}, ""},
	)
}

func TestArchNoPlaceOfOneMachine(t *testing.T) {
	enforce(t, checkPlaces,
		example{"a home", map[string]string{"docs/a.md": "see /ho" + "me/an/lachan\n"}, "path of one machine"},
		example{"good", map[string]string{"docs/a.md": "see ./lachan-data, /etc/lachan and ../shared/data\n"}, ""},
	)
}
