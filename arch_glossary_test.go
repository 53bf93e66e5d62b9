// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"
)

const glossary = "docs/glossary.md"

var glossaryName = regexp.MustCompile("`([a-z]+)\\.([A-Z][A-Za-z0-9]*)`")

// checkGlossary holds the names of the glossary against what the packages
// declare, so that a rename reaches the page that explains the word.
func checkGlossary(t *tree) []string {
	declared := map[string]bool{}
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		pkg := path.Base(s.dir())
		for _, d := range s.AST.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					declared[pkg+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						declared[pkg+"."+spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range spec.Names {
							declared[pkg+"."+n.Name] = true
						}
					}
				}
			}
		}
	})
	var faults []string
	for _, s := range t.files {
		if s.Path != glossary {
			continue
		}
		for i, text := range strings.Split(s.Text, "\n") {
			for _, m := range glossaryName.FindAllStringSubmatch(text, -1) {
				if !declared[m[1]+"."+m[2]] {
					faults = append(faults, fmt.Sprintf("%s:%d: no package %s declares %s", glossary, i+1, m[1], m[2]))
				}
			}
		}
	}
	return faults
}

var markdownLink = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

// checkLinks follows every link of our pages to a file of ours.
func checkLinks(t *tree) []string {
	var faults []string
	for _, s := range t.files {
		if path.Ext(s.Path) != ".md" {
			continue
		}
		for i, text := range strings.Split(s.Text, "\n") {
			for _, m := range markdownLink.FindAllStringSubmatch(text, -1) {
				if strings.Contains(m[1], ":") || strings.HasPrefix(m[1], "/") {
					continue // another host, or an address of the product
				}
				if to := path.Join(s.dir(), m[1]); !t.paths[to] {
					faults = append(faults, fmt.Sprintf("%s:%d: there is no %s", s.Path, i+1, to))
				}
			}
		}
	}
	return faults
}

func TestArchLinks(t *testing.T) {
	enforce(t, checkLinks,
		example{"a page that moved", map[string]string{"docs/a.md": "see [the law](law/4569.md)\n"}, "there is no docs/law/4569.md"},
		example{"good", map[string]string{"docs/a.md": "[x](../README.md#top) [y](https://example.org/) ![z](b.png)\n", "README.md": "", "docs/b.png": "\x00"}, ""},
	)
}

func TestArchGlossary(t *testing.T) {
	enforce(t, checkGlossary,
		example{"renamed", map[string]string{glossary: "| vụ việc | `casework.Case` |\n", "duty/casework/a.go": "package casework\ntype File struct{}\n"}, "no package casework declares Case"},
		example{"good", map[string]string{glossary: "| vụ việc | `casework.Case` |\n", "duty/casework/a.go": "package casework\ntype Case struct{}\n"}, ""},
	)
}
