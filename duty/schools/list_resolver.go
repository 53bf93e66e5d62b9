// SPDX-License-Identifier: Apache-2.0

package schools

import "strings"

// The settings of two resolvers, as lists write them.

// dnsmasq reads the three settings that answer for a name and all below it:
// "address=/a/b/#", "server=/a/", "local=/a/". An answer that leads to a real
// machine is a redirection; "server=/a/#" asks as usual, which is an exception.
func (l *lineReader) dnsmasq(line string) {
	text := comment(line)
	setting, value, _ := strings.Cut(text, "=")
	setting = strings.TrimSpace(setting)
	switch {
	case text == "":
		l.note()
		return
	case setting != "address" && setting != "server" && setting != "local":
		l.skip(SkipOther, line)
		return
	}
	parts := strings.Split(strings.TrimSpace(value), "/")
	if len(parts) < 3 || parts[0] != "" {
		l.skip(SkipOther, line) // an upstream for everything
		return
	}
	target := parts[len(parts)-1]
	for _, name := range parts[1 : len(parts)-1] {
		switch {
		case setting != "address" && target == "#":
			l.except(name)
		case target != "" && (target != "#" || setting != "address") && !(setting == "address" && isNowhere(target)):
			l.skip(SkipRedirect, line)
		case name == "" || name == "#":
			l.skip(SkipTLD, line) // everything
		case strings.Contains(strings.TrimPrefix(name, "*."), "*"):
			l.skip(SkipPattern, line)
		default:
			l.name(name)
		}
	}
}

// unbound reads local-zone (a name and all below it) and local-data (the name
// alone, unless its zone is one of type redirect).
func (l *lineReader) unbound(line string) {
	text := comment(line)
	option, value, ok := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch {
	case text == "", ok && value == "":
		l.note() // a heading such as "server:"
	case option == "local-zone":
		l.unboundZone(line, strings.Fields(value))
	case option == "local-data":
		l.unboundData(line, strings.Fields(strings.Trim(value, `"'`)))
	default:
		l.skip(SkipOther, line)
	}
}

func (l *lineReader) unboundZone(line string, fields []string) {
	if len(fields) != 2 {
		l.skip(SkipSyntax, line)
		return
	}
	name := strings.Trim(fields[0], `"'`)
	switch strings.Trim(fields[1], `"'`) {
	case "always_null", "always_nxdomain", "always_nodata", "always_refuse", "always_deny",
		"static", "refuse", "deny", "inform_deny":
		l.name(name)
	case "redirect", "inform_redirect":
		l.owner = strings.ToLower(strings.TrimSuffix(name, "."))
		l.note() // where to stands in its data
	case "transparent", "typetransparent", "always_transparent", "inform":
		l.except(name)
	default:
		l.skip(SkipOther, line)
	}
}

func (l *lineReader) unboundData(line string, record []string) {
	if len(record) < 3 {
		l.skip(SkipSyntax, line)
		return
	}
	name := strings.ToLower(strings.TrimSuffix(record[0], "."))
	kind, target := strings.ToUpper(record[len(record)-2]), record[len(record)-1]
	switch {
	case kind != "A" && kind != "AAAA" || !isNowhere(target):
		l.skip(SkipRedirect, line)
	case isLocal(name):
		l.skip(SkipLocal, line)
	case name == l.owner:
		l.name(name)
	default:
		l.exact(name)
	}
}
