// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const texts = "internal/locale/texts"

// dynamicKeys are beginnings of keys whose rest is put together at run time
// from data, where no literal in Go or a template shows the beginning. A
// beginning that stands in the code ("ui.band." + band) needs no line here.
var dynamicKeys = map[string]string{
	"problem.": "problem.TextKey makes them of the codes of the catalogue; TestArchProblems holds both together",
}

// keyWord is the grammar of a key: room.noun.what, two parts at least.
var keyWord = regexp.MustCompile(`[a-z][a-z0-9]*(?:\.[A-Za-z0-9_-]+)+\.?`)

// wordRooms are first parts that only keys have, so a literal such as
// "console.work.title" is a key wherever it stands.
var wordRooms = []string{"ui", "public", "console", "cli"}

// templateKey finds the keys that a template asks for: {{.T "k"}}, {{t "k"}},
// {{t .Base "k"}}.
var templateKey = regexp.MustCompile(`(?:[.$]T|\bt(?:\s+[$.][\w.]*)?)\s+"([^"]+)"`)

// action is what stands between the braces of a template.
var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// keyUse is one place that asks for a key.
type keyUse struct{ key, at string }

// keyTables reads vi and en: language, key, text.
func keyTables(t *tree) (map[string]map[string]string, []string) {
	tables := map[string]map[string]string{"vi": {}, "en": {}}
	var faults []string
	for _, s := range t.files {
		lang := path.Base(s.dir())
		if path.Dir(s.dir()) != texts || tables[lang] == nil || path.Ext(s.Path) != ".json" {
			continue
		}
		var room map[string]string
		if err := json.Unmarshal([]byte(s.Text), &room); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", s.Path, err))
			continue
		}
		for k, v := range room {
			if _, twice := tables[lang][k]; twice {
				faults = append(faults, fmt.Sprintf("%s: key %s is in another file too", s.Path, k))
			}
			tables[lang][k] = v
		}
	}
	return tables, faults
}

// keyUses lists where Go files and templates ask for a key by name.
func keyUses(t *tree) []keyUse {
	var uses []keyUse
	for _, s := range t.files {
		if path.Ext(s.Path) == ".tmpl" {
			for _, a := range action.FindAllString(s.Text, -1) {
				for _, m := range templateKey.FindAllStringSubmatch(a, -1) {
					uses = append(uses, keyUse{m[1], s.Path})
				}
			}
		}
		if !s.isGo() || s.test() {
			continue
		}
		use := func(e ast.Expr) {
			if sum, ok := e.(*ast.BinaryExpr); ok { // "ui.band." + band
				e = sum.X
			}
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if k, err := strconv.Unquote(lit.Value); err == nil && keyWord.FindString(k) == k && k != "" {
					uses = append(uses, keyUse{k, t.at(s, lit.Pos())})
				}
			}
		}
		ast.Inspect(s.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "T" && len(n.Args) > 0 {
					use(n.Args[0])
				}
			case *ast.BasicLit:
				if k, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && strings.Count(k, ".") >= 2 {
					if first, _, _ := strings.Cut(k, "."); slices.Contains(wordRooms, first) {
						use(n)
					}
				}
			case *ast.KeyValueExpr:
				if field, ok := n.Key.(*ast.Ident); ok && strings.HasSuffix(field.Name, "Key") && field.Name != "Key" {
					use(n.Value)
				}
			}
			return true
		})
	}
	return uses
}

// spoken is every word of the shape of a key that stands in code, templates
// or data, and every beginning of one ("ui.band.").
func spoken(t *tree) (words map[string]bool, beginnings []string) {
	words = map[string]bool{}
	begun := map[string]bool{}
	add := func(text string) {
		for _, w := range keyWord.FindAllString(text, -1) {
			if strings.HasSuffix(w, ".") && strings.Count(w, ".") >= 2 {
				begun[w] = true
			}
			words[strings.TrimSuffix(w, ".")] = true
		}
	}
	for _, s := range t.files {
		switch path.Ext(s.Path) {
		case ".go":
			if !s.isGo() || s.test() {
				continue
			}
			ast.Inspect(s.AST, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						add(text)
					}
				}
				return true
			})
		case ".tmpl":
			for _, a := range action.FindAllString(s.Text, -1) {
				add(a)
			}
		case ".json", ".yaml", ".csv":
			if !s.under(texts) && !s.under("internal/problem/catalogue") {
				add(s.Text)
			}
		}
	}
	return words, slices.Sorted(maps.Keys(begun))
}

var placeholder = regexp.MustCompile(`\{[a-z][a-z0-9_-]*\}`)

func placeholders(text string) string {
	all := placeholder.FindAllString(text, -1)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func checkKeys(t *tree) []string {
	tables, faults := keyTables(t)
	vi, en := tables["vi"], tables["en"]
	begins := func(prefix string) bool {
		for k := range vi {
			if strings.HasPrefix(k, prefix) {
				return true
			}
		}
		return false
	}
	for _, u := range keyUses(t) {
		if strings.HasSuffix(u.key, ".") {
			if !begins(u.key) {
				faults = append(faults, fmt.Sprintf("%s: no key of vi begins with %s", u.at, u.key))
			}
		} else if _, ok := vi[u.key]; !ok {
			faults = append(faults, fmt.Sprintf("%s: the key %s is in no file of %s/vi", u.at, u.key, texts))
		}
	}
	words, beginnings := spoken(t)
	for _, k := range slices.Sorted(maps.Keys(vi)) {
		other, ok := en[k]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("%s/en: %s is not translated", texts, k))
		case placeholders(other) != placeholders(vi[k]):
			faults = append(faults, fmt.Sprintf("%s: vi has the placeholders %q, en has %q", k, placeholders(vi[k]), placeholders(other)))
		}
		has := func(b string) bool { return strings.HasPrefix(k, b) }
		if !words[k] && !slices.ContainsFunc(beginnings, has) && !slices.ContainsFunc(slices.Collect(maps.Keys(dynamicKeys)), has) {
			faults = append(faults, fmt.Sprintf("%s/vi: nobody asks for %s; delete it, or name its beginning in dynamicKeys with the reason", texts, k))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(en)) {
		if _, ok := vi[k]; !ok {
			faults = append(faults, fmt.Sprintf("%s/en: %s is not in vi, the source", texts, k))
		}
	}
	return faults
}

func TestArchKeys(t *testing.T) {
	vi, en := texts+"/vi/ui.json", texts+"/en/ui.json"
	enforce(t, checkKeys,
		example{"asked in Go, not there", map[string]string{"web/a.go": "package web\nvar x = p.T(`ui.door.kids`)\n"}, "the key ui.door.kids is in no file"},
		example{"asked in a field", map[string]string{"web/a.go": "package web\nvar x = I{NameKey: `ui.door.kids`}\n"}, "the key ui.door.kids is in no file"},
		example{"asked in a template", map[string]string{"web/ui/a.tmpl": `<p>{{.T "ui.door.kids"}}</p>`}, "the key ui.door.kids is in no file"},
		example{"asked somewhere", map[string]string{"web/a.go": "package web\nvar titles = []string{`console.work.title`}\n"}, "the key console.work.title is in no file"},
		example{"asked by the function", map[string]string{"web/ui/a.tmpl": `<p title="{{t "ui.door.kids"}}">`}, "the key ui.door.kids is in no file"},
		example{"asked through the base", map[string]string{"web/ui/a.tmpl": `<p>{{t .Base "ui.door.kids" "n" 1}}</p>`}, "the key ui.door.kids is in no file"},
		example{"a beginning of nothing", map[string]string{"web/a.go": "package web\nvar x = p.T(`ui.band.` + b)\n", vi: `{}`}, "no key of vi begins with ui.band."},
		example{"not translated", map[string]string{vi: `{"ui.a.b":"x"}`, en: `{}`}, "ui.a.b is not translated"},
		example{"only translated", map[string]string{vi: `{}`, en: `{"ui.a.b":"x"}`}, "not in vi"},
		example{"nobody asks", map[string]string{vi: `{"ui.a.b":"x"}`, en: `{"ui.a.b":"x"}`}, "nobody asks for ui.a.b"},
		example{"only a test asks", map[string]string{vi: `{"ui.a.b":"x"}`, en: `{"ui.a.b":"x"}`, "web/a_test.go": "package web\nvar x = p.T(`ui.a.b`)\n"}, "nobody asks for ui.a.b"},
		example{"placeholders differ", map[string]string{vi: `{"ui.a.b":"{n} x"}`, en: `{"ui.a.b":"{m} x"}`}, "placeholders"},
		example{"good", map[string]string{
			vi: `{"ui.a.b":"{n} x","ui.band.primary":"x","ui.c.d":"x"}`, en: `{"ui.a.b":"x {n}","ui.band.primary":"y","ui.c.d":"y"}`,
			"web/a.go":      "package web\nvar x = p.T(\"ui.band.\" + b)\n",
			"web/ui/a.tmpl": `{{.T "ui.a.b" "n" 1}}`,
			"org/a.yaml":    "label: ui.c.d\n",
		}, ""},
	)
}
