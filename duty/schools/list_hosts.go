// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"net/netip"
	"strings"
)

// The formats with one name a line, and those that hold no names at all.

// isLocal reports whether name is one that hosts files carry for the machine
// itself, hosts(5).
func isLocal(name string) bool {
	switch strings.ToLower(strings.TrimSuffix(name, ".")) {
	case "localhost", "localhost.localdomain", "local", "broadcasthost",
		"localhost4", "localhost4.localdomain4", "localhost6", "localhost6.localdomain6",
		"ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix",
		"ip6-allnodes", "ip6-allrouters", "ip6-allhosts":
		return true
	}
	return false
}

// comment cuts what follows a "#" that begins the line or stands after white
// space, so that "a#b" stays one faulty word instead of becoming the name "a".
func comment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return strings.TrimSpace(line[:i])
		}
	}
	return line
}

// isNowhere reports whether an address is one that lists write for "no such
// machine".
func isNowhere(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && (a.IsUnspecified() || a.IsLoopback())
}

// hosts reads an address and the names that shall lead nowhere, each without
// those below it. The address must be one that leads nowhere: a line that
// names a real machine is a redirection, and a filter does not redirect
// children.
func (l *lineReader) hosts(line string) {
	fields := strings.Fields(comment(line))
	if len(fields) == 0 || line[0] == '!' {
		l.note()
		return
	}
	_, err := netip.ParseAddr(fields[0])
	if err != nil || len(fields) < 2 {
		l.skip(SkipSyntax, line)
		return
	}
	nowhere := isNowhere(fields[0])
	for _, f := range fields[1:] {
		switch {
		case isLocal(f):
			l.skip(SkipLocal, line)
		case !nowhere:
			l.skip(SkipRedirect, line)
		default:
			l.exact(f)
		}
	}
}

// plain reads one name a line.
func (l *lineReader) plain(line string) {
	if line[0] == '!' || line[0] == ';' {
		l.note()
		return
	}
	text := comment(line)
	switch {
	case text == "":
		l.note()
	case strings.ContainsAny(text, " \t"):
		l.skip(SkipSyntax, line)
	case strings.Contains(text, "/"):
		if _, err := netip.ParsePrefix(text); err == nil {
			l.skip(SkipAddress, line)
		} else {
			l.skip(SkipURL, line)
		}
	case strings.Contains(strings.TrimPrefix(text, "*."), "*"):
		l.skip(SkipPattern, line)
	default:
		l.name(text)
	}
}

// dnscrypt reads what dnscrypt-proxy blocks by name: "example.com" with all
// below it, "=example.com" alone, and patterns.
func (l *lineReader) dnscrypt(line string) {
	text := comment(line)
	rule, schedule, timed := strings.Cut(text, "@")
	name, alone := strings.CutPrefix(strings.TrimSpace(rule), "=")
	switch {
	case text == "":
		l.note()
	case timed && schedule != "":
		l.skip(SkipModifier, line)
	case strings.ContainsAny(strings.TrimPrefix(name, "*."), "*?["):
		l.skip(SkipPattern, line)
	case alone:
		l.exact(name)
	default:
		l.name(name)
	}
}

// expressions reads nothing: a regular expression over addresses of pages says
// less about a name than it seems. UT1's match "teen", "gay" and "mature"
// anywhere between two separators, and would refuse a child the help pages.
func (l *lineReader) expressions(line string) {
	if line[0] == '#' {
		l.note()
		return
	}
	l.skip(SkipRegex, line)
}
