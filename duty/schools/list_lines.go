// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"net/netip"
	"strings"
)

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

// hosts reads an address and the names that shall lead nowhere. The address
// must be one that leads nowhere: a line that names a real machine is a
// redirection, and a filter does not redirect children.
func (l *lineReader) hosts(line string) {
	fields := strings.Fields(comment(line))
	if len(fields) == 0 {
		l.note()
		return
	}
	target, err := netip.ParseAddr(fields[0])
	if err != nil || len(fields) < 2 {
		l.skip(SkipSyntax, line)
		return
	}
	nowhere := target.IsUnspecified() || target.IsLoopback()
	for _, f := range fields[1:] {
		switch {
		case isLocal(f):
			l.skip(SkipLocal, line)
		case !nowhere:
			l.skip(SkipRedirect, line)
		default:
			l.name(f)
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
	default:
		l.name(text)
	}
}

// adblock takes "||name^" and nothing else. Everything else in that language
// either needs to see the page, or means more or less than a name, and a guess
// would block too much in one school and too little in another.
func (l *lineReader) adblock(line string) {
	switch {
	case line[0] == '!', line[0] == '[' && line[len(line)-1] == ']':
		l.note()
	case strings.HasPrefix(line, "@@"):
		l.skip(SkipException, line)
	case isCosmetic(line):
		l.skip(SkipCosmetic, line)
	case line[0] == '#':
		l.note()
	case line[0] == '/' && strings.LastIndexByte(line, '/') > 0:
		l.skip(SkipRegex, line)
	default:
		rule, _, conditional := strings.Cut(line, "$")
		inner, opened := strings.CutPrefix(rule, "||")
		name, closed := strings.CutSuffix(inner, "^")
		switch {
		case conditional:
			l.skip(SkipModifier, line)
		case !opened || !closed || name == "" || strings.ContainsAny(name, "*/^|?=&"):
			l.skip(SkipPattern, line)
		case name[0] == '.':
			l.skip(SkipPattern, line)
		default:
			l.name(name)
		}
	}
}

// isCosmetic finds the separators of rules that work on a page's elements:
// ##, #@#, #?#, #$#, #%# and their combinations.
func isCosmetic(line string) bool {
	for at := strings.IndexByte(line, '#'); at >= 0 && at+1 < len(line); {
		rest := line[at+1:]
		if end := strings.IndexByte(rest, '#'); end >= 0 && strings.Trim(rest[:end], "@?$%") == "" {
			// "### id" and "####" are headings, "###id" hides an element.
			after := rest[end+1:]
			return at > 0 || end > 0 || after != "" && after[0] != ' ' && !strings.HasPrefix(after, "##") && !strings.HasPrefix(after, "# ")
		}
		next := strings.IndexByte(rest, '#')
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return false
}
