// SPDX-License-Identifier: Apache-2.0

// Package lachan_test holds the tests of the repository itself: who may import
// whom, which vendor comes in by which door, and what every package, text and
// migration must have. They parse the source and build nothing, so they run
// first and take seconds.
//
// Each rule is a function from a tree to a list of faults. It is run twice: on
// the repository, where it must find nothing, and on small bad examples held
// in memory, where it must find each fault. A rule that cannot fail is no rule.
package lachan_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// module is the path of the product's module.
const module = "lachan"

// source is one file of the tree. AST is nil unless the file is Go.
type source struct {
	Path string // from the repository's root, with slashes
	Text string
	AST  *ast.File
}

func (s *source) dir() string { return path.Dir(s.Path) }
func (s *source) test() bool {
	// What stands under test/ is linked into tests only, whatever its name.
	return strings.HasSuffix(s.Path, "_test.go") || strings.HasPrefix(s.Path, "test/")
}
func (s *source) isGo() bool { return s.AST != nil }
func (s *source) under(d string) bool {
	return strings.HasPrefix(s.Path, d+"/")
}

// tree is every text file of the repository.
type tree struct {
	fset  *token.FileSet
	files []*source
	paths map[string]bool // every file and folder, pictures and fonts too
}

// at names a place as path:line.
func (t *tree) at(s *source, pos token.Pos) string {
	return fmt.Sprintf("%s:%d", s.Path, t.fset.Position(pos).Line)
}

// goFiles calls f for each Go file.
func (t *tree) goFiles(f func(*source)) {
	for _, s := range t.files {
		if s.isGo() {
			f(s)
		}
	}
}

// skippedDirs hold nothing that is ours or nothing that is kept.
var skippedDirs = []string{".git", "bin", "node_modules", "lachan-data", "tmp"}

// readTree parses what lies under fsys. A Go file that does not parse is left
// to the compiler to report, with a better message.
func readTree(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), paths: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		t.paths[p] = true
		if d.IsDir() {
			if slices.Contains(skippedDirs, d.Name()) && path.Dir(p) == "." {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || p == ".git" { // a file in a second work tree
			return nil
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		if strings.IndexByte(string(text[:min(len(text), 4096)]), 0) >= 0 {
			return nil // a picture, a font
		}
		s := &source{Path: p, Text: string(text)}
		if path.Ext(p) == ".go" && !strings.Contains(p, "testdata/") {
			if s.AST, err = parser.ParseFile(t.fset, p, text, parser.ParseComments); err != nil {
				s.AST = nil
			}
		}
		t.files = append(t.files, s)
		return nil
	})
	return t, err
}

// repository is the tree that the test stands in, read once.
var repository = sync.OnceValues(func() (*tree, error) { return readTree(os.DirFS(".")) })

// imports lists what a file imports, unquoted, with the position of each.
func imports(s *source) map[string]token.Pos {
	all := map[string]token.Pos{}
	for _, spec := range s.AST.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			all[p] = spec.Pos()
		}
	}
	return all
}

// own is the directory of an import of this module, and whether it is one.
func own(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// thirdParty reports whether an import is neither ours nor of the standard
// library: the first part of a module's path has a dot.
func thirdParty(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

// example is a bad tree and a piece of the fault that must be found in it.
type example struct {
	name  string
	files map[string]string
	want  string // part of a fault; empty: the rule must be silent
}

// enforce runs a rule on the repository and on its examples.
func enforce(t *testing.T, rule func(*tree) []string, examples ...example) {
	t.Helper()
	real, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	found := rule(real)
	slices.Sort(found)
	for _, fault := range slices.Compact(found) {
		t.Error(fault)
	}
	proven := false
	for _, e := range examples {
		fsys := fstest.MapFS{}
		for name, text := range e.files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		bad, err := readTree(fsys)
		if err != nil {
			t.Fatal(err)
		}
		faults := rule(bad)
		if e.want == "" {
			if len(faults) > 0 {
				t.Errorf("example %q is good, yet: %s", e.name, strings.Join(faults, "; "))
			}
			continue
		}
		proven = true
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, e.want) }) {
			t.Errorf("example %q: no fault says %q; got %q", e.name, e.want, faults)
		}
	}
	if !proven {
		t.Error("the rule has no bad example, so nothing shows that it can fail")
	}
}
