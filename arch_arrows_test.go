// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// arrow says what the packages of one place may import from this module.
//
// A pattern is a directory; "x/..." is x and all below it; "x/*" is what lies
// below x, without x. The first arrow whose from fits a package is its arrow.
type arrow struct {
	from string
	to   []string
	why  string
}

// pages is what people's pages and machines' routes may use: services, and
// plumbing that decides nothing about data.
var pages = []string{
	"duty", "duty/*", "org/...", "flow/...",
	"internal/authz", "internal/identity", "internal/locale", "internal/look", "internal/problem",
	"internal/logs", "internal/metrics", "internal/clock", "internal/id", "internal/gate",
}

// edge is all the plumbing that a school's node may link, directly or not.
var edge = []string{
	"internal/bundle", "internal/filemap", // a bundle is read where it lies
	"internal/bus", "internal/config", "internal/logs", "internal/metrics", "internal/problem",
	"internal/clock", "internal/id", "internal/locale", "internal/look", "internal/dnswire/...",
}

// arrows are those of DESIGN, "The tree", and of ARCHITECTURE.md.
var arrows = []arrow{
	{
		"cmd/lachan/...",
		[]string{
			"cmd/lachan/...", "hub/...", "node/...", "internal/config", "internal/bundle", "internal/ledger", "internal/pdq",
			"internal/media", "internal/vntext/...", "internal/problem", "internal/locale", "internal/logs", "internal/clock",
		},
		"commands on data go through hub.Open, so that they meet the same permissions and the same ledger as a page",
	},
	{
		"cmd/lachan-node/...",
		[]string{"cmd/lachan-node/...", "node/...", "internal/config", "internal/logs"},
		"a school's router gets this binary: it must not link the hub",
	},
	{
		"hub/...",
		[]string{"hub/...", "node/...", "web/...", "api/...", "flow/...", "duty/...", "org/...", "internal/...", "policy/...", "directives/..."},
		"hub assembles everything, and nothing assembles hub but the commands",
	},
	{
		"node/...", append([]string{"node/..."}, edge...),
		"a school's node knows names and categories and never a report: no duty, no database",
	},
	{
		"web/...", append([]string{"web/..."}, pages...),
		"a page calls a service; it never touches the database, a key, a job or the bus",
	},
	{
		"api/...", append([]string{"api/..."}, pages...),
		"a route calls the same service as the page; it never touches the database, a key, a job or the bus",
	},
	{
		"flow/...",
		[]string{"flow/...", "duty", "duty/*", "internal/jobs", "internal/bus", "internal/clock", "internal/logs", "internal/sqldb"}, // sqldb: an arrow runs inside the transaction of its event
		"flow turns one duty's event into the next duty's command and decides nothing",
	},
	{"duty", nil, "clauses and periods are values: the standard library is enough"},
	{
		"duty/*",
		[]string{"duty", "org/...", "internal/..."},
		"a duty never knows another duty, a page or the network: flow and hub join them",
	},
	{"org/...", []string{"org/...", "internal/..."}, "who and where comes before any duty"},
	{"internal/look/...", nil, "the block page on a router links it: the standard library is enough"},
	{"internal/...", []string{"internal/..."}, "plumbing has no duty in it"},
	{"policy/...", nil, "policies are texts for the lawyer, handed in by hub"},
	{"directives/...", nil, "directives are data, handed in by hub"},
	{"tools/...", []string{"tools/...", "duty", "hub/...", "internal/...", "policy/...", "directives/..."}, "tools read the product, the product never reads the tools"},
	{"test/...", []string{"..."}, "a test of the whole system may use all of it"},
	{"deploy", []string{"internal/config"}, "the examples are checked by the reader of settings"},
	{".", []string{"..."}, "the repository's own tests"},
}

// testMay is what a test file may import besides its package's arrow.
var testMay = []string{"internal/...", "policy/...", "directives/...", "duty"}

// forbiddenStd are packages of the standard library that a place must not use.
var forbiddenStd = []struct {
	from, path, why string
}{
	{"duty/...", "net/http", "outgoing requests go through internal/fetch, with its guard and its limits; incoming ones are web's and api's"},
	{"org/...", "net/http", "who and where has no network"},
	{"flow/...", "net/http", "flow decides nothing and fetches nothing"},
	{"duty/...", "database/sql", "sqldb is the door to the database"},
	{"org/...", "database/sql", "sqldb is the door to the database"},
	{"web/...", "database/sql", "a page never touches the database"},
	{"api/...", "database/sql", "a route never touches the database"},
}

func fits(pattern, dir string) bool {
	switch {
	case pattern == "...":
		return true
	case strings.HasSuffix(pattern, "/..."):
		base := strings.TrimSuffix(pattern, "/...")
		return dir == base || strings.HasPrefix(dir, base+"/")
	case strings.HasSuffix(pattern, "/*"):
		return strings.HasPrefix(dir, strings.TrimSuffix(pattern, "*"))
	}
	return dir == pattern
}

func fitsAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, dir) })
}

// room is the directory of the duty that dir lies in: "duty/casework" of
// "duty/casework/clocks". Inside a room packages may import each other.
func room(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	if len(parts) >= 2 && parts[0] == "duty" {
		return parts[0] + "/" + parts[1]
	}
	return ""
}

func checkArrows(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		i := slices.IndexFunc(arrows, func(a arrow) bool { return fits(a.from, s.dir()) })
		if i < 0 {
			faults = append(faults, fmt.Sprintf("%s: no arrow begins at %s; say in arch_arrows_test.go what it may import, and why", s.Path, s.dir()))
			return
		}
		a := arrows[i]
		for imp, pos := range imports(s) {
			for _, f := range forbiddenStd {
				if imp == f.path && !s.test() && fits(f.from, s.dir()) {
					faults = append(faults, fmt.Sprintf("%s: %s must not import %s: %s", t.at(s, pos), s.dir(), imp, f.why))
				}
			}
			to, ours := own(imp)
			switch {
			case !ours, to == s.dir():
			case to == "internal/testkit" || fits("internal/testkit/...", to):
				if !s.test() && !fits("test/...", s.dir()) && !fits("internal/testkit/...", s.dir()) {
					faults = append(faults, fmt.Sprintf("%s: testkit is for tests only", t.at(s, pos)))
				}
			case fitsAny(a.to, to):
			case room(to) != "" && room(to) == room(s.dir()):
			case s.test() && fitsAny(testMay, to):
			default:
				faults = append(faults, fmt.Sprintf("%s: %s must not import %s: %s", t.at(s, pos), s.dir(), to, a.why))
			}
		}
	})
	slices.Sort(faults)
	return faults
}

// checkNodeLinks follows the imports of the node to their end: what it links
// through a permitted package counts as well.
func checkNodeLinks(t *tree) []string {
	next := map[string]map[string]bool{}
	t.goFiles(func(s *source) {
		if s.test() {
			return
		}
		for imp := range imports(s) {
			if to, ours := own(imp); ours {
				if next[s.dir()] == nil {
					next[s.dir()] = map[string]bool{}
				}
				next[s.dir()][to] = true
			}
		}
	})
	var faults []string
	via := map[string]string{}
	var walk func(dir, from string)
	walk = func(dir, from string) {
		if _, seen := via[dir]; seen {
			return
		}
		via[dir] = from
		if !fits("node/...", dir) && !fitsAny(edge, dir) {
			faults = append(faults, fmt.Sprintf("the node links %s through %s; only %s may reach a school's router", dir, from, strings.Join(edge, ", ")))
			return
		}
		for _, to := range slices.Sorted(maps.Keys(next[dir])) {
			walk(to, dir)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(next)) {
		if fits("node/...", dir) {
			walk(dir, dir)
		}
	}
	return faults
}

func TestArchArrows(t *testing.T) {
	enforce(t, checkArrows,
		example{"a duty imports another duty", map[string]string{"duty/casework/a.go": "package casework\nimport _ \"lachan/duty/schools\"\n"}, "a duty never knows another duty"},
		example{"a duty imports web", map[string]string{"duty/casework/a.go": "package casework\nimport _ \"lachan/web/page\"\n"}, "must not import web/page"},
		example{"a duty speaks HTTP", map[string]string{"duty/casework/a.go": "package casework\nimport _ \"net/http\"\n"}, "internal/fetch"},
		example{"a page opens the database", map[string]string{"web/casework.go": "package web\nimport _ \"lachan/internal/sqldb\"\n"}, "must not import internal/sqldb"},
		example{"a page holds keys", map[string]string{"web/casework.go": "package web\nimport _ \"lachan/internal/vault\"\n"}, "must not import internal/vault"},
		example{"values import plumbing", map[string]string{"duty/duty.go": "package duty\nimport _ \"lachan/internal/clock\"\n"}, "standard library is enough"},
		example{"plumbing imports a duty", map[string]string{"internal/jobs/a.go": "package jobs\nimport _ \"lachan/duty/casework\"\n"}, "plumbing has no duty"},
		example{"the node imports a duty", map[string]string{"node/a.go": "package node\nimport _ \"lachan/duty/schools\"\n"}, "never a report"},
		example{"a command bypasses the hub", map[string]string{"cmd/lachan/a.go": "package main\nimport _ \"lachan/internal/sqldb\"\n"}, "hub.Open"},
		example{"the router's binary links the hub", map[string]string{"cmd/lachan-node/a.go": "package main\nimport _ \"lachan/hub\"\n"}, "must not link the hub"},
		example{"a product package uses testkit", map[string]string{"org/a.go": "package org\nimport _ \"lachan/internal/testkit\"\n"}, "for tests only"},
		example{"a room nobody named", map[string]string{"shed/a.go": "package shed\n"}, "no arrow begins at shed"},
		example{"good", map[string]string{
			"duty/casework/a.go":        "package casework\nimport (\n_ \"lachan/duty\"\n_ \"lachan/org\"\n_ \"lachan/internal/sqldb\"\n_ \"lachan/duty/casework/clocks\"\n)\n",
			"duty/casework/a_test.go":   "package casework\nimport _ \"lachan/internal/testkit\"\n",
			"hub/hub.go":                "package hub\nimport _ \"lachan/web\"\n",
			"flow/flow.go":              "package flow\nimport _ \"lachan/duty/schools\"\n",
			"internal/testkit/login.go": "package testkit\nimport _ \"lachan/internal/sqldb\"\n",
		}, ""},
	)
}

func TestArchNodeLinks(t *testing.T) {
	enforce(t, checkNodeLinks,
		example{"through a permitted package", map[string]string{
			"node/a.go":         "package node\nimport _ \"lachan/internal/bus\"\n",
			"internal/bus/a.go": "package bus\nimport _ \"lachan/internal/sqldb\"\n",
		}, "links internal/sqldb through internal/bus"},
		example{"good", map[string]string{
			"node/a.go":            "package node\nimport _ \"lachan/internal/locale\"\n",
			"internal/locale/a.go": "package locale\nimport _ \"lachan/internal/clock\"\n",
		}, ""},
	)
}
