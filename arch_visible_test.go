// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// marked reports whether a letter bears a mark that English has not.
func marked(r rune) bool {
	return r >= 0xC0 && unicode.Is(unicode.Latin, r)
}

var (
	templateNote = regexp.MustCompile(`(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}|<!--.*?-->`)
	markup       = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[^>]*>|&[a-z#0-9]+;`)
	spokenAttr   = regexp.MustCompile(`\b(aria-label|title|placeholder|alt|content)="([^"]*)"`)
	letters      = regexp.MustCompile(`\p{L}{2,}`)
)

// wordless are what may stand in a template as it is: not words of a language,
// but names of formats and what is printed on keys.
var wordless = []string{"XLSX", "DOCX", "PDF", "QR", "DNS", "CSV", "TOTP", "SHA", "Shift", "Esc"}

// spokenMeta are contents of <meta> that machines read.
var spokenMeta = regexp.MustCompile(`<meta name="(viewport|color-scheme|referrer|robots|theme-color)"[^>]*>|<meta http-equiv[^>]*>`)

func checkNoVisibleText(t *tree) []string {
	var faults []string
	for _, s := range t.files {
		switch {
		case path.Ext(s.Path) == ".tmpl":
			text := templateNote.ReplaceAllStringFunc(s.Text, blank)
			text = action.ReplaceAllStringFunc(text, blank)
			text = spokenMeta.ReplaceAllStringFunc(text, blank)
			for _, m := range spokenAttr.FindAllStringSubmatchIndex(text, -1) {
				if value := text[m[4]:m[5]]; letters.MatchString(value) {
					faults = append(faults, fmt.Sprintf("%s:%d: the words %q belong in %s", s.Path, line(text, m[0]), value, texts))
				}
			}
			text = markup.ReplaceAllStringFunc(text, blank)
			for _, m := range letters.FindAllStringIndex(text, -1) {
				if word := text[m[0]:m[1]]; !slices.Contains(wordless, word) {
					faults = append(faults, fmt.Sprintf("%s:%d: the word %q belongs in %s", s.Path, line(text, m[0]), word, texts))
				}
			}
		case s.isGo() && !s.test():
			var sc scanner.Scanner
			fset := token.NewFileSet()
			sc.Init(fset.AddFile(s.Path, -1, len(s.Text)), []byte(s.Text), nil, 0)
			for {
				pos, tok, lit := sc.Scan()
				if tok == token.EOF {
					break
				}
				// A single letter is a rule of spelling (fold.go), not a word.
				if tok != token.CHAR && strings.ContainsFunc(lit, marked) {
					faults = append(faults, fmt.Sprintf("%s:%d: Vietnamese words in code: %s; they belong in %s", s.Path, fset.Position(pos).Line, lit, texts))
				}
			}
		}
	}
	return faults
}

// blank keeps the line breaks of what it takes away, so that lines still count.
func blank(s string) string { return " " + strings.Repeat("\n", strings.Count(s, "\n")) }

func line(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

func TestArchNoVisibleText(t *testing.T) {
	enforce(t, checkNoVisibleText,
		example{"Vietnamese in Go", map[string]string{"web/a.go": "package web\nvar x = \"Báo cáo\"\n"}, "Vietnamese words in code"},
		example{"Vietnamese in a template", map[string]string{"web/ui/a.tmpl": "<p>Gửi</p>"}, `the word "Gửi"`},
		example{"English in a template", map[string]string{"web/ui/a.tmpl": "{{if .X}}\n<p>Send</p>{{end}}"}, `web/ui/a.tmpl:2: the word "Send"`},
		example{"spoken by a screen reader", map[string]string{"web/ui/a.tmpl": `<a aria-label="Close">x</a>`}, `the words "Close"`},
		example{"good", map[string]string{
			"web/a.go":      "package web\n\n// \"trước ngày 10/12\" (1.5)\nvar x = 'đ'\n",
			"web/ui/a.tmpl": "{{/* a note */}}<meta name=\"viewport\" content=\"width=device-width\"><a title=\"{{.T \"ui.a.b\"}}\" href=\"tel:111\">111 &nbsp;·</a>",
		}, ""},
	)
}
