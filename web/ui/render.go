// SPDX-License-Identifier: Apache-2.0

// Package ui turns page structs into HTML.
//
// One directory holds one duty's templates; layout/ holds the four frames
// (public, form, console, bare), part/ the components, each once. A page's
// file defines "page", which calls a layout, and "main", its content:
//
//	{{define "page"}}{{template "layout/console" .}}{{end}}
//	{{define "main"}} … {{end}}
//
// Templates are parsed once at start, one set for each language, so that the
// function t says a locale key in the right language anywhere, inside
// components too. There is no inline style, script or handler: the content
// security policy allows none, and what needs a computed length (bars, meters)
// is drawn as SVG by chart.go.
package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"

	"lachan/internal/locale"
	"lachan/internal/look"
)

//go:embed */*.tmpl
var templates embed.FS

// UI renders pages. It is safe for concurrent use.
type UI struct {
	sets  map[string]map[string]*template.Template // language, page name
	names []string
}

// New parses every template in every language. It fails on a template that
// does not parse; what only shows on execution is found by the tests.
func New(texts *locale.Texts, assets *Assets) (*UI, error) {
	drawings, err := look.Load()
	if err != nil {
		return nil, err
	}
	shared, pages, err := sources()
	if err != nil {
		return nil, err
	}
	u := &UI{sets: map[string]map[string]*template.Template{}}
	for _, p := range pages {
		u.names = append(u.names, strings.TrimSuffix(p, ".tmpl"))
	}
	for _, lang := range locale.Languages() {
		base, err := template.New("base").Funcs(funcs(texts.Printer(lang), drawings, assets)).ParseFS(templates, shared...)
		if err != nil {
			return nil, fmt.Errorf("ui: shared templates: %w", err)
		}
		u.sets[lang] = map[string]*template.Template{}
		for _, p := range pages {
			set, err := template.Must(base.Clone()).ParseFS(templates, p)
			if err != nil {
				return nil, fmt.Errorf("ui: %s: %w", p, err)
			}
			u.sets[lang][strings.TrimSuffix(p, ".tmpl")] = set.Lookup("page")
		}
	}
	return u, nil
}

// sources lists the shared template files and those of pages.
func sources() (shared, pages []string, err error) {
	all, err := fs.Glob(templates, "*/*.tmpl")
	if err != nil {
		return nil, nil, fmt.Errorf("ui: list templates: %w", err)
	}
	for _, name := range all {
		if strings.HasPrefix(name, "layout/") || strings.HasPrefix(name, "part/") {
			shared = append(shared, name)
		} else {
			pages = append(pages, name)
		}
	}
	return shared, pages, nil
}

// Names lists the pages by name: "public/home", "casework/queue" and so on.
func (u *UI) Names() []string { return append([]string(nil), u.names...) }

// Template is the parsed template of a page in a language, for tests.
func (u *UI) Template(lang, name string) *template.Template { return u.sets[lang][name] }

// Render writes the page of that name, filled from p, which embeds page.Base.
// The page is made in memory first: a fault in a template never sends half a
// page.
func (u *UI) Render(w io.Writer, name string, p interface{ Language() string }) error {
	set, ok := u.sets[p.Language()]
	if !ok {
		set = u.sets[locale.Source]
	}
	t := set[name]
	if t == nil {
		return fmt.Errorf("ui: no page %q", name)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("ui: render %s: %w", name, err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("ui: write %s: %w", name, err)
	}
	return nil
}
