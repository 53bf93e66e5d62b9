// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lachan/internal/locale"
	"lachan/web/ui"

	"github.com/jba/templatecheck"
)

type shown struct {
	ui     *ui.UI
	assets *ui.Assets
	texts  *locale.Texts
}

func load(t *testing.T) shown {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := ui.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := ui.New(texts, assets)
	if err != nil {
		t.Fatal(err)
	}
	return shown{pages, assets, texts}
}

func (s shown) render(t *testing.T, name string, sample interface{ Language() string }) string {
	t.Helper()
	var b bytes.Buffer
	template, _, _ := strings.Cut(name, "#")
	if err := s.ui.Render(&b, template, sample); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b.String()
}

// A template that names a field which its struct lacks fails here, in every
// branch, also in those that no sample reaches.
func TestTemplatesFitTheirPages(t *testing.T) {
	s := load(t)
	all := samples(s.texts.Printer("vi"), "")
	for _, name := range s.ui.Names() {
		sample, ok := all[name]
		if !ok {
			t.Errorf("%s: no sample fills this page", name)
			continue
		}
		if err := templatecheck.CheckHTML(s.ui.Template("vi", name), sample); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// lost is what a page shows for a key without text.
const lost = "⟨"

var (
	inline   = regexp.MustCompile(`\s(style|on[a-z]+)="|<script(?:\s[^>]*)?>[^<]`)
	idAttr   = regexp.MustCompile(`\sid="([^"]+)"`)
	refAttr  = regexp.MustCompile(`\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"|href="#([^"]+)"`)
	otherWeb = regexp.MustCompile(`(?:src|href|action)="(?:https?:)?//[^"]*"`)
)

func TestEveryPageRendersInBothLanguages(t *testing.T) {
	s := load(t)
	for _, lang := range locale.Languages() {
		for name, sample := range samples(s.texts.Printer(lang), "dark") {
			html := s.render(t, name, sample)
			if i := strings.Index(html, lost); i >= 0 {
				t.Errorf("%s (%s): a key has no text: %s", name, lang, html[i:min(len(html), i+80)])
			}
			if m := inline.FindString(html); m != "" {
				t.Errorf("%s: %q breaks the content security policy", name, m)
			}
			if m := otherWeb.FindString(html); m != "" {
				t.Errorf("%s: %s asks another host", name, m)
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("%s: %d headings of the first level", name, n)
			}
			if strings.Contains(html, "ZgotmplZ") {
				t.Errorf("%s: html/template refused a value", name)
			}
			ids := map[string]bool{}
			for _, m := range idAttr.FindAllStringSubmatch(html, -1) {
				if ids[m[1]] {
					t.Errorf("%s: the id %s stands twice", name, m[1])
				}
				ids[m[1]] = true
			}
			for _, m := range refAttr.FindAllStringSubmatch(html, -1) {
				for _, id := range strings.Fields(m[1] + " " + m[2]) {
					if !ids[id] {
						t.Errorf("%s: nothing has the id %s", name, id)
					}
				}
			}
		}
	}
}

// The report form must not say in a window's title, which stays in the history
// of a shared phone, what it is.
func TestFormTitleIsNeutral(t *testing.T) {
	s := load(t)
	p := s.texts.Printer("vi")
	for name, sample := range samples(p, "") {
		if !strings.HasPrefix(name, "report/") {
			continue
		}
		if html := s.render(t, name, sample); !strings.Contains(html, "<title>"+p.T("ui.product")+"</title>") {
			t.Errorf("%s: the title says more than the product's name", name)
		}
	}
}

// An empty roster promises no reading time anywhere.
func TestNoShiftNoPromise(t *testing.T) {
	s := load(t)
	p := s.texts.Printer("vi")
	all := samples(p, "")
	before, _, _ := strings.Cut(p.T("public.reading.at", "time", "@"), "@")
	for _, name := range []string{"public/home#empty", "report/status#empty", "report/done#danger"} {
		html := s.render(t, name, all[name])
		if strings.Contains(html, before) || strings.Contains(html, p.T("public.reading.now")) {
			t.Errorf("%s promises a reading time without a shift", name)
		}
		if !strings.Contains(html, p.T("public.reading.none")) {
			t.Errorf("%s does not lead to 111 and 113", name)
		}
	}
	if html := s.render(t, "public/home", all["public/home"]); !strings.Contains(html, before) {
		t.Error("with a shift the front door does not say when somebody reads")
	}
}

var assetRef = regexp.MustCompile(`(?:src|href)="/static/([^"?]+)`)

// The first page must come quickly over a slow line.
func TestFirstLoadIsSmall(t *testing.T) {
	s := load(t)
	html := s.render(t, "public/home", samples(s.texts.Printer("vi"), "")["public/home"])
	var names []string
	for _, m := range assetRef.FindAllStringSubmatch(html, -1) {
		names = append(names, m[1])
	}
	if len(names) < 4 {
		t.Fatalf("the front door names only %v", names)
	}
	for _, weight := range []string{"400", "500", "700"} {
		for _, letters := range []string{"latin", "vietnamese"} {
			names = append(names, "fonts/be-vietnam-pro-"+letters+"-"+weight+"-normal.woff2")
		}
	}
	total := len(html) + s.assets.Bytes(names...)
	t.Logf("front door: %d bytes, of which %d are the page itself", total, len(html))
	if total > 300_000 {
		t.Errorf("the first load is %d bytes, more than 300 KB", total)
	}
	for _, name := range names {
		if s.assets.Bytes(name) == 0 {
			t.Errorf("no asset %s", name)
		}
	}
}

var (
	rawColour = regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(`)
	token     = regexp.MustCompile(`var\(--([a-z0-9-]+)`)
	defined   = regexp.MustCompile(`--([a-z0-9-]+):`)
	printRule = regexp.MustCompile(`(?s)@media print\s*\{.*$`)
)

// Colours come from tokens, so that both themes and the contrast test hold. A
// code for a camera stays black on white; so does print.
func TestStylesUseTokensOnly(t *testing.T) {
	tokens, err := os.ReadFile("../../internal/look/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range defined.FindAllStringSubmatch(string(tokens), -1) {
		known[m[1]] = true
	}
	files, err := filepath.Glob("css/*.css")
	if err != nil || len(files) < 6 {
		t.Fatalf("style files: %v %v", files, err)
	}
	for _, file := range append(files, "../../internal/look/base.css") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]bool{}
		for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
			own[m[1]] = true
		}
		for _, m := range token.FindAllStringSubmatch(string(text), -1) {
			if !known[m[1]] && !own[m[1]] {
				t.Errorf("%s: no token --%s", file, m[1])
			}
		}
		for line := range strings.Lines(printRule.ReplaceAllString(string(text), "")) {
			if strings.Contains(line, ".qr") {
				continue
			}
			if m := rawColour.FindString(line); m != "" {
				t.Errorf("%s: raw colour %s in %s", file, m, strings.TrimSpace(line))
			}
		}
	}
}

func TestNamesAreThoseThatHandlersUse(t *testing.T) {
	s := load(t)
	want := []string{"schools/schools", "schools/school", "schools/nodes", "schools/lists", "schools/lookup", "reporting/directive", "reporting/duties", "reporting/form", "reporting/totals", "reporting/report", "reporting/work", "org/org", "org/people", "ledger/ledger", "help/components", "casework/queue", "casework/case", "report/step", "public/home"}
	for _, name := range want {
		if !slices.Contains(s.ui.Names(), name) {
			t.Errorf("no page %s", name)
		}
	}
	if err := s.ui.Render(io.Discard, "no/page", samples(s.texts.Printer("vi"), "")["public/home"]); err == nil {
		t.Error("an unknown page is not an error")
	}
}

// TestWriteGallery writes every sample page with its assets, for looking at,
// into the folder named by LACHAN_GALLERY; without it there is nothing to do.
func TestWriteGallery(t *testing.T) {
	root := os.Getenv("LACHAN_GALLERY")
	if root == "" {
		t.Skip("LACHAN_GALLERY names no folder")
	}
	s := load(t)
	for _, theme := range []string{"light", "dark"} {
		for name, sample := range samples(s.texts.Printer("vi"), theme) {
			file := filepath.Join(root, theme, strings.NewReplacer("/", "-", "#", "-").Replace(name)+".html")
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(s.render(t, name, sample)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{"css", "../static", "../../internal/look"} {
		if err := os.CopyFS(filepath.Join(root, "static"), os.DirFS(dir)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
}
