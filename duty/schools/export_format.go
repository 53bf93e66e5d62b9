// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"time"
)

// exportGrammar is how one format writes an export. Write errors stay in the
// bufio.Writer and come out of its Flush.
type exportGrammar struct {
	code    Format
	remark  string // begins a line of the head
	opening func(w *bufio.Writer, info ExportInfo)
	refuse  func(w *bufio.Writer, name string, belowAllowed bool)
	allow   func(w *bufio.Writer, name string) // nil: the format has no word for it
	longest int                                // letters of a name
}

// anyLength is the longest name that DNS knows.
const anyLength = 253

// rpzLongest leaves a zone's own name, and "*.", room behind the name: a
// record whose owner is too long makes servers refuse the zone as a whole.
const rpzLongest = 200

// exportGrammars is the table of what can be written, in the order in which it
// is offered. Each line is read again by the grammar of the same code.
func exportGrammars() []exportGrammar {
	return []exportGrammar{
		{
			code: Hosts, remark: "#", longest: anyLength,
			refuse: func(w *bufio.Writer, name string, _ bool) { put(w, "0.0.0.0 ", name, "\n") },
		},
		{
			code: Plain, remark: "#", longest: anyLength,
			refuse: func(w *bufio.Writer, name string, _ bool) { put(w, name, "\n") },
		},
		{
			code: Adblock, remark: "!", longest: anyLength,
			// An exception wins over every rule that does not say $important.
			refuse: func(w *bufio.Writer, name string, belowAllowed bool) {
				if put(w, "||", name, "^"); belowAllowed {
					put(w, "$important")
				}
				put(w, "\n")
			},
			allow: func(w *bufio.Writer, name string) { put(w, "@@||", name, "^\n") },
		},
		{
			// The longest match decides, as in the two below.
			code: Dnsmasq, remark: "#", longest: anyLength,
			refuse: func(w *bufio.Writer, name string, _ bool) { put(w, "local=/", name, "/\n") },
			allow:  func(w *bufio.Writer, name string) { put(w, "server=/", name, "/#\n") },
		},
		{
			code: RPZ, remark: ";", longest: rpzLongest, opening: openZone,
			refuse: func(w *bufio.Writer, name string, _ bool) { putTwins(w, name, ".") },
			allow:  func(w *bufio.Writer, name string) { putTwins(w, name, "rpz-passthru.") },
		},
		{
			code: Unbound, remark: "#", longest: anyLength,
			opening: func(w *bufio.Writer, _ ExportInfo) { put(w, "server:\n") },
			refuse:  func(w *bufio.Writer, name string, _ bool) { put(w, `local-zone: "`, name, `." always_nxdomain`, "\n") },
			allow:   func(w *bufio.Writer, name string) { put(w, `local-zone: "`, name, `." always_transparent`, "\n") },
		},
	}
}

// ExportFormats are the formats that Export can write.
func ExportFormats() (codes []Format) {
	for _, g := range exportGrammars() {
		codes = append(codes, g.code)
	}
	return codes
}

func exportFormat(code Format) (exportGrammar, bool) {
	all := exportGrammars()
	i := slices.IndexFunc(all, func(g exportGrammar) bool { return g.code == code })
	if i < 0 {
		return exportGrammar{}, false
	}
	return all[i], true
}

// head writes what the file is: fields for programs and people, as lists in
// the wild carry them, in no language of the interface.
func (g exportGrammar) head(w *bufio.Writer, info ExportInfo, province string) {
	field := func(name string, value any) { put(w, g.remark, " ", name, ": ", oneLine(fmt.Sprint(value)), "\n") }
	field("province", province)
	field("band", info.Band)
	field("period", info.Period)
	field("bundle", info.Bundle)
	field("delta", info.Delta)
	field("made", info.Made.UTC().Format(time.RFC3339))
	field("names", info.Names)
	field("allowed", info.Allowed)
	field("allowed-unsaid", info.Unsaid)
	field("left-out", info.LeftOut)
	for _, l := range info.Lists {
		field("list", l.Name+"; "+l.Category)
		field("list-licence", l.Licence)
	}
	field("lists-without-licence", len(info.Without))
	if g.opening != nil {
		g.opening(w, info)
	}
}

// openZone begins a zone whose name the server's own settings say. Bundle and
// delta numbers only grow, and so does their sum; it turns over at 2^32, as
// serials do (RFC 1982).
func openZone(w *bufio.Writer, info ExportInfo) {
	fmt.Fprintf(w, "$TTL 300\n@ SOA localhost. root.localhost. %d 3600 600 604800 300\n@ NS localhost.\n", uint32(info.Bundle+info.Delta))
}

// putTwins says of a name and of all below it what CNAME stands for.
func putTwins(w *bufio.Writer, name, target string) {
	put(w, name, " CNAME ", target, "\n*.", name, " CNAME ", target, "\n")
}

func put(w *bufio.Writer, parts ...string) {
	for _, p := range parts {
		_, _ = w.WriteString(p) // kept by w
	}
}

// oneLine keeps a list's name from beginning a line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
