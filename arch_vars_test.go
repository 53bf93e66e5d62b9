// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// pureCalls make values that nothing changes afterwards, or that guard
// themselves; a package variable may be made by one of them.
var pureCalls = map[string]string{
	"errors.New":            "a sentinel error",
	"fmt.Errorf":            "a sentinel error",
	"problem.New":           "a sentinel error; it is never given a field",
	"sqldb.Register":        "the query catalogue",
	"regexp.MustCompile":    "compiled once, safe to share",
	"sync.OnceValue":        "read once, then the same for all",
	"sync.OnceValues":       "read once, then the same for all",
	"sync.OnceFunc":         "done once",
	"time.FixedZone":        "a zone without a zone database",
	"time.Date":             "an instant",
	"time.UnixMicro":        "an instant",
	"strings.NewReplacer":   "safe to share",
	"netip.MustParsePrefix": "a value",
	"netip.MustParseAddr":   "a value",
	"big.NewInt":            "a number that is only read",
	"base32.NewEncoding":    "an alphabet",
	"base64.NewEncoding":    "an alphabet",
	"crc32.MakeTable":       "a table",
	"language.MustParse":    "a value",
	"language.Make":         "a value",
	"hpke.MLKEM768X25519":   "a suite of algorithms, a value",
	"hpke.HKDFSHA256":       "a suite of algorithms, a value",
	"hpke.AES256GCM":        "a suite of algorithms, a value",
	"hpke.ChaCha20Poly1305": "a suite of algorithms, a value",
	"runes.In":              "a set of letters",
	"slices.Sorted":         "a list that is only read",
	"slices.Concat":         "a list that is only read",
	"append":                "a list that is only read",
	"len":                   "a number",
	"reflect.TypeFor":       "a type",
	"reflect.TypeOf":        "a type",
	"strings.Split":         "a list that is only read",
	"strings.Fields":        "a list that is only read",
	"idna.New":              "a profile, safe to share",
}

// varExceptions are variables that the rule would refuse, each with why it may
// stay.
var varExceptions = map[string]string{
	"internal/sqldb.catalogue": "the query catalogue: grows while packages are initialised, guarded, read by the test that prepares every query",
}

// calleeName is "pkg.Func" or "Func" of a call; the type's name of a
// conversion; "" for what has no plain name.
func calleeName(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	case *ast.IndexExpr: // a generic function with its type
		return calleeName(f.X)
	case *ast.ArrayType:
		return "[]"
	}
	return ""
}

// fixed reports whether an initial value is one that a variable may have:
// a literal, or a call of pureCalls.
func fixed(v ast.Expr) bool {
	switch v := v.(type) {
	case *ast.BasicLit, *ast.Ident, *ast.SelectorExpr, *ast.FuncLit, *ast.CompositeLit:
		return true
	case *ast.UnaryExpr:
		return fixed(v.X)
	case *ast.BinaryExpr:
		return fixed(v.X) && fixed(v.Y)
	case *ast.ParenExpr:
		return fixed(v.X)
	case *ast.StarExpr:
		return fixed(v.X)
	case *ast.IndexExpr:
		return fixed(v.X)
	case *ast.SliceExpr:
		return fixed(v.X)
	case *ast.CallExpr:
		name := calleeName(v.Fun)
		_, pure := pureCalls[name]
		return pure || name == "[]" || name == "string"
	}
	return false
}

// root is the identifier that an expression begins with: m of m[k].f.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// packageVar is one variable of a package.
type packageVar struct {
	name string
	spec *ast.ValueSpec
	in   *source
}

func checkVars(t *tree) []string {
	var faults []string
	vars := map[string]map[string]packageVar{} // directory, name
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		for _, d := range s.AST.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, sp := range g.Specs {
				spec := sp.(*ast.ValueSpec)
				embedded := strings.Contains(g.Doc.Text()+directives(g.Doc)+directives(spec.Doc), "//go:embed")
				for i, name := range spec.Names {
					if name.Name == "_" {
						continue
					}
					if vars[s.dir()] == nil {
						vars[s.dir()] = map[string]packageVar{}
					}
					vars[s.dir()][name.Name] = packageVar{name.Name, spec, s}
					if embedded || varExceptions[s.dir()+"."+name.Name] != "" {
						continue
					}
					switch {
					case i >= len(spec.Values):
						faults = append(faults, fmt.Sprintf("%s: %s has no value yet, so something will change it; pass it to New instead", t.at(s, name.Pos()), name.Name))
					case !fixed(spec.Values[i]):
						faults = append(faults, fmt.Sprintf("%s: %s is made by a call that the table pureCalls does not know; pass it to New, or add the call with its reason", t.at(s, name.Pos()), name.Name))
					}
				}
			}
		}
	})
	// A variable that some line writes to is state, whatever it began as.
	t.goFiles(func(s *source) {
		here := vars[s.dir()]
		if len(here) == 0 || s.test() {
			return
		}
		written := func(e ast.Expr, how string) {
			id := root(e)
			if id == nil {
				return
			}
			v, ok := here[id.Name]
			if !ok || id.Obj != nil && id.Obj.Decl != v.spec || varExceptions[s.dir()+"."+id.Name] != "" {
				return
			}
			faults = append(faults, fmt.Sprintf("%s: %s the package variable %s; what changes belongs in a struct that New returns", t.at(s, id.Pos()), how, id.Name))
		}
		ast.Inspect(s.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, l := range n.Lhs {
						written(l, "writes to")
					}
				}
			case *ast.IncDecStmt:
				written(n.X, "counts")
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
					written(n.Args[0], "empties")
				}
			}
			return true
		})
	})
	slices.Sort(faults)
	return faults
}

// directives is the raw text of a comment: Text() drops //go: lines.
func directives(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	var b strings.Builder
	for _, l := range c.List {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

func TestArchNoChangingVariables(t *testing.T) {
	enforce(t, checkVars,
		example{"a lock for all", map[string]string{"org/a.go": "package org\nimport \"sync\"\nvar mu sync.Mutex\n"}, "mu has no value yet"},
		example{"a client for all", map[string]string{"org/a.go": "package org\nvar c = dial()\n"}, "does not know"},
		example{"a map that grows", map[string]string{"org/a.go": "package org\nvar m = map[string]int{}\n", "org/b.go": "package org\nfunc f() { m[`a`] = 1 }\n"}, "writes to the package variable m"},
		example{"a counter", map[string]string{"org/a.go": "package org\nvar n = 0\nfunc f() { n++ }\n"}, "counts the package variable n"},
		example{"a map that shrinks", map[string]string{"org/a.go": "package org\nvar m = map[string]int{}\nfunc f() { delete(m, `a`) }\n"}, "empties the package variable m"},
		example{"good", map[string]string{"org/a.go": `package org
import ("embed"; "errors"; "regexp")
//go:embed a.txt
var files embed.FS
var ErrGone = errors.New("gone")
var name = regexp.MustCompile("a")
var kinds = map[string]int{"a": 1}
func f() { kinds := map[string]int{}; kinds["b"] = 2 }
`}, ""},
	)
}
