// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var problemCode = regexp.MustCompile(`^[a-z][a-z0-9]*/[a-z0-9-]+$`)

func checkProblems(t *tree) []string {
	tables, _ := keyTables(t)
	known := map[string]bool{}
	var faults []string
	for _, s := range t.files {
		if s.dir() != "internal/problem/catalogue" {
			continue
		}
		var room map[string]string
		if err := json.Unmarshal([]byte(s.Text), &room); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", s.Path, err))
		}
		for code := range room {
			known[code] = true
			key := "problem." + strings.ReplaceAll(code, "/", ".")
			if _, ok := tables["vi"][key]; !ok {
				faults = append(faults, fmt.Sprintf("%s: %s has no text %s", s.Path, code, key))
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(tables["vi"])) {
		if rest, ok := strings.CutPrefix(k, "problem."); ok && !known[strings.Replace(rest, ".", "/", 1)] {
			faults = append(faults, fmt.Sprintf("%s/vi: %s is the text of no code in the catalogue", texts, k))
		}
	}
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		ast.Inspect(s.AST, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := c.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			arg := -1
			if calleeName(c.Fun) == "problem.New" || calleeName(c.Fun) == "problem.Is" {
				arg = map[string]int{"New": 0, "Is": 1}[sel.Sel.Name]
			} else if sel.Sel.Name == "Field" && len(c.Args) >= 2 {
				arg = 1
			}
			if arg < 0 || arg >= len(c.Args) {
				return true
			}
			lit, ok := c.Args[arg].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			code, err := strconv.Unquote(lit.Value)
			if err == nil && (problemCode.MatchString(code) || sel.Sel.Name == "New") && !known[code] {
				faults = append(faults, fmt.Sprintf("%s: the code %s is not in internal/problem/catalogue", t.at(s, lit.Pos()), code))
			}
			return true
		})
	})
	return faults
}

func TestArchProblems(t *testing.T) {
	cat, vi := "internal/problem/catalogue/org.json", texts+"/vi/problem.json"
	enforce(t, checkProblems,
		example{"a code nobody listed", map[string]string{"org/a.go": "package org\nvar e = problem.New(`org/unknown-unit`)\n"}, "not in internal/problem/catalogue"},
		example{"a field's code nobody listed", map[string]string{"org/a.go": "package org\nvar e = x.Field(`name`, `org/empty`)\n"}, "the code org/empty"},
		example{"a code without text", map[string]string{cat: `{"org/unknown-unit":"not_found"}`}, "has no text"},
		example{"a text without code", map[string]string{vi: `{"problem.org.unknown-unit":"x"}`}, "the text of no code"},
		example{"good", map[string]string{
			cat: `{"org/unknown-unit":"not_found"}`, vi: `{"problem.org.unknown-unit":"x"}`,
			"org/a.go": "package org\nvar e = problem.New(`org/unknown-unit`, `code`, c)\n",
		}, ""},
	)
}
