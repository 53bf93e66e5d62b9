// SPDX-License-Identifier: Apache-2.0

// Package page says what each page of La Chan shows: one plain struct a page.
//
// A page struct is the contract between a handler, which knows the services,
// and a template, which knows the look. It holds plain data: strings, numbers,
// times, slices, and parts (Clock, Score, Event …) that a component of web/ui
// draws. It holds no service and no HTML. A template that names a field which
// the struct lacks fails the test of web/ui, not the reader's page.
//
// Words follow one rule: what the look owns (states of a clock, names of
// tiers, buttons) is said by the template from locale keys; what a duty owns
// (the name of a category, of an outcome, of a clause) arrives here as ready
// text in the reader's language, made with Base.T.
//
// Personal data reaches a page only in the fields whose comment says so, and
// only after the caller's policy allowed it.
package page

import (
	"slices"
	"time"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Base is what every layout needs. Each page embeds it.
type Base struct {
	Lang  string // "vi" or "en": chooses the words of the template
	Theme string // "light", "dark", or empty for the system's choice
	Title string // of the window, before the product's name; the form layout ignores it
	Path  string // of this page, for the theme and language forms to come back to
	Place string // the province of this installation, as printed beside the name
	Demo  bool   // sample data: every page says so

	User  *User // nil on public pages
	Unit  Unit  // the unit that the user acts for
	Units []Unit
	Nav   []NavItem
	Query string // what stands in the search field
	Bell  int    // unread notices

	SearchPath string // where the search field leads; empty: no field
	BellPath   string // where notices are read; empty: no bell
	IntakePath string // where an officer enters a caller's report; empty: not allowed
	HelpPath   string // the page of components and keys; empty: none

	Flash   *Flash
	Problem *problem.Error
	Printer *locale.Printer
}

// T says a locale key in the reader's language; args are names and values in
// turn. Handlers use it for the words that a duty owns.
func (b Base) T(key string, args ...any) string { return b.Printer.T(key, args...) }

// Language is the language that the templates of this page speak.
func (b Base) Language() string { return b.Lang }

// ProblemText is the sentence of the page's problem, or empty.
func (b Base) ProblemText() string {
	if b.Problem == nil {
		return ""
	}
	return b.Printer.Problem(b.Problem)
}

// Faults lists the faulty fields of the page's problem with their sentences,
// in the order in which the service named them.
func (b Base) Faults() []Fault {
	if b.Problem == nil {
		return nil
	}
	faults := make([]Fault, 0, len(b.Problem.Fields))
	for _, f := range b.Problem.Fields {
		faults = append(faults, Fault{Name: f.Name, Text: b.Printer.Field(f)})
	}
	return faults
}

// Fault is the sentence for the first fault of the named field, or empty.
func (b Base) Fault(name string) string {
	for _, f := range b.Faults() {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}

// Fault is one faulty field in words. Name is the field's form name; the
// element's id is "f-" and the name.
type Fault struct{ Name, Text string }

// User is the person logged in, as the corner of the console shows it.
type User struct {
	Name     string
	Initials string
	Post     string // "Ca sáng, đến 15:00": ready words
	Locked   bool   // logged in, sealed content not opened; false too for who has none to open
	Unlocked bool   // sealed content is open
	CanSetUp bool   // may open units, accounts and roster
}

// Unit is a unit in the switcher.
type Unit struct{ ID, Name, Under string }

// NavItem is one entry of the console's menu.
type NavItem struct {
	Key     string // work, mission, outreach, casework, schools, training, inspection, detection, reporting, ledger
	Icon    string
	Href    string // empty: the room is not built yet, the word stands without a link
	Count   int    // 0 prints nothing
	Current bool
}

// Nav builds the menu in its one order. hrefs holds the rooms that are built,
// by key: where they begin, or "" for one that is closed to this reader, which
// is left out. counts says what waits in them; current is the key of this
// page's room.
func Nav(current string, hrefs map[string]string, counts map[string]int) []NavItem {
	order := []NavItem{
		{Key: "work", Icon: "check"},
		{Key: "mission", Icon: "flag"},
		{Key: "outreach", Icon: "megaphone"},
		{Key: "casework", Icon: "folder"},
		{Key: "schools", Icon: "school"},
		{Key: "training", Icon: "cap"},
		{Key: "inspection", Icon: "clipboard"},
		{Key: "detection", Icon: "radar"},
		{Key: "reporting", Icon: "chart"},
		{Key: "ledger", Icon: "link"},
	}
	for i := range order {
		k := order[i].Key
		order[i].Href, order[i].Count, order[i].Current = hrefs[k], counts[k], k == current
	}
	return slices.DeleteFunc(order, func(n NavItem) bool {
		href, built := hrefs[n.Key]
		return built && href == ""
	})
}

// Flash is one sentence about what has just been done.
type Flash struct {
	Text string
	Warn bool // needs attention, though nothing failed
}

// Reading is the promise that the on-call roster makes. A nil *Reading means
// that no shift is staffed: the page promises nothing and puts 111 first.
type Reading struct {
	At  time.Time // when somebody will have read it, at the latest
	Now bool      // somebody is on shift at this moment
}
