// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ref is one place in the code that cites a clause.
type ref struct {
	Clause string
	Name   string // package, address of the page or function of the test
	File   string // from the repository's root
	Line   int
}

// found is all that was read of a repository.
type found struct {
	Law      []string // clauses of docs/law/4569.md, in order; nil: no such file
	Packages []ref
	Pages    []ref
	Tests    []ref
	Rooms    map[string]bool // duty/* with Go files
	Faults   []string
}

var (
	lawRow     = regexp.MustCompile("(?m)^\\|\\s*`(\\d+(?:\\.\\d+)*)`\\s*\\|")
	clausesTag = regexp.MustCompile(`^\s*Clauses?:\s*(.*\S)\s*$`)
	number     = regexp.MustCompile(`^\d+(\.\d+)*$`)
	prose      = regexp.MustCompile(`(?i)\bclauses?\s+((?:\d+(?:\.\d+)*)(?:(?:,\s*|\s+and\s+|\s+to\s+|,\s+and\s+)(?:clauses?\s+)?\d+(?:\.\d+)*)*)(\s+of\s+(?:article|decree|law|circular))?`)
	numbers    = regexp.MustCompile(`\d+(?:\.\d+)*`)
	testName   = regexp.MustCompile(`^TestClause((?:_\d+)+)_`)
)

// collect reads the law and the Go files under duty, web, api, flow and test.
func collect(fsys fs.FS) (*found, error) {
	f := &found{Rooms: map[string]bool{}}
	switch law, err := fs.ReadFile(fsys, "docs/law/4569.md"); {
	case err == nil:
		for _, m := range lawRow.FindAllStringSubmatch(string(law), -1) {
			f.Law = append(f.Law, m[1])
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "tools") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, p, text, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("lawref: %w", err)
		}
		f.goFile(fset, p, file)
		return nil
	})
	for _, list := range []*[]ref{&f.Packages, &f.Pages, &f.Tests} {
		slices.SortFunc(*list, func(a, b ref) int {
			return strings.Compare(a.Clause+" "+a.Name+" "+a.File, b.Clause+" "+b.Name+" "+b.File)
		})
		*list = slices.CompactFunc(*list, func(a, b ref) bool { return a.Clause == b.Clause && a.Name == b.Name })
	}
	return f, err
}

func (f *found) goFile(fset *token.FileSet, p string, file *ast.File) {
	dir := path.Dir(p)
	parts := strings.Split(dir, "/")
	line := func(n ast.Node) int { return fset.Position(n.Pos()).Line }
	switch {
	case strings.HasSuffix(p, "_test.go"):
		f.tests(p, file, line)
	case parts[0] == "duty" && len(parts) >= 2:
		room := "duty/" + parts[1]
		if dir == room { // a part may be there before its room is
			f.Rooms[parts[1]] = true
		}
		f.Packages = append(f.Packages, f.tagged(file, room, p, line)...)
		if file.Doc != nil && dir == room {
			for _, m := range prose.FindAllStringSubmatch(file.Doc.Text(), -1) {
				if m[2] != "" {
					continue // an article of another law
				}
				for _, c := range numbers.FindAllString(m[1], -1) {
					f.Packages = append(f.Packages, ref{c, room, p, line(file)})
				}
			}
		}
	case dir == "web" || dir == "api":
		f.routes(p, file, line)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				for _, c := range f.inComment(fn.Doc, p) {
					f.Pages = append(f.Pages, ref{c, fn.Name.Name, p, line(fn)})
				}
			}
		}
	}
}

// tagged reads the lines "// Clauses: …" anywhere in a file.
func (f *found) tagged(file *ast.File, name, p string, line func(ast.Node) int) []ref {
	var refs []ref
	for _, group := range file.Comments {
		for _, c := range f.inComment(group, p) {
			refs = append(refs, ref{c, name, p, line(group)})
		}
	}
	return refs
}

// inComment lists the clauses of a comment's "Clauses:" lines.
func (f *found) inComment(group *ast.CommentGroup, p string) []string {
	var all []string
	for _, text := range strings.Split(group.Text(), "\n") {
		m := clausesTag.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		for _, c := range strings.Split(m[1], ",") {
			c = strings.TrimSuffix(strings.TrimSpace(c), ".")
			if !number.MatchString(c) {
				f.Faults = append(f.Faults, fmt.Sprintf("%s: %q is not a clause; write \"Clauses: 2, 5.1\"", p, c))
				continue
			}
			all = append(all, c)
		}
	}
	return all
}

func (f *found) tests(p string, file *ast.File, line func(ast.Node) int) {
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(fn.Name.Name, "Test") {
			continue
		}
		clauses := f.inComment(fn.Doc, p)
		if m := testName.FindStringSubmatch(fn.Name.Name); m != nil {
			clauses = append(clauses, strings.ReplaceAll(m[1][1:], "_", "."))
		}
		for _, c := range clauses {
			f.Tests = append(f.Tests, ref{c, fn.Name.Name, p, line(fn)})
		}
	}
}

// routes reads the table of addresses: composite literals that have a path
// and a list of clauses, with the names of the fields or without.
func (f *found) routes(p string, file *ast.File, line func(ast.Node) int) {
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		var method, address string
		var clauses []string
		for _, e := range lit.Elts {
			value, field := e, ""
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				value = kv.Value
				if id, ok := kv.Key.(*ast.Ident); ok {
					field = id.Name
				}
			}
			text, isText := stringOf(value)
			switch {
			case field == "Clauses" || field == "" && isClauseList(value):
				read := stringsIn(resolve(value))
				if len(read) == 0 {
					f.Faults = append(f.Faults, fmt.Sprintf("%s:%d: the clauses cannot be read; write them out, or name a variable of this file", p, line(value)))
				}
				clauses = append(clauses, read...)
			case isText && strings.HasPrefix(text, "/") && address == "":
				address = text
			case isText && (text == "GET" || text == "POST"):
				method = text
			case isMethod(value) != "":
				method = isMethod(value)
			}
		}
		if address == "" {
			return true
		}
		for _, c := range clauses {
			f.Pages = append(f.Pages, ref{c, strings.TrimSpace(method + " " + address), p, line(lit)})
		}
		return true
	})
}

// isMethod reads http.MethodGet and http.MethodPost.
func isMethod(e ast.Expr) string {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if name, ok := strings.CutPrefix(sel.Sel.Name, "Method"); ok {
			return strings.ToUpper(name)
		}
	}
	return ""
}

// resolve is what a variable of the same file was first given; any other
// expression is itself.
func resolve(e ast.Expr) ast.Expr {
	id, ok := e.(*ast.Ident)
	if !ok || id.Obj == nil {
		return e
	}
	switch d := id.Obj.Decl.(type) {
	case *ast.AssignStmt:
		for i, l := range d.Lhs {
			if name, ok := l.(*ast.Ident); ok && name.Name == id.Name && i < len(d.Rhs) {
				return d.Rhs[i]
			}
		}
	case *ast.ValueSpec:
		for i, name := range d.Names {
			if name.Name == id.Name && i < len(d.Values) {
				return d.Values[i]
			}
		}
	}
	return e
}

func stringOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func isClauseList(e ast.Expr) bool {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	_, isList := lit.Type.(*ast.ArrayType)
	return isList && slices.ContainsFunc(stringsIn(e), number.MatchString)
}

func stringsIn(e ast.Expr) []string {
	var all []string
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			if s, ok := stringOf(x); ok {
				all = append(all, s)
			}
		}
		return true
	})
	return all
}
