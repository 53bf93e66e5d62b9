// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"net/netip"
	"strings"
)

// adblock reads the rules of blockers in browsers as a DNS filter can: those
// that are about a whole host. Everything else in that language either needs
// to see the page, or means more or less than a name, and a guess would block
// too much in one school and too little in another.
func (l *lineReader) adblock(line string) {
	switch {
	case line[0] == '!', line[0] == '[' && line[len(line)-1] == ']':
		l.note()
	case isCosmetic(line):
		l.skip(SkipCosmetic, line)
	case line[0] == '#':
		l.note()
	case isHostsLine(line):
		l.hosts(line)
	default:
		l.adblockRule(line)
	}
}

func isHostsLine(line string) bool {
	address, names, two := strings.Cut(line, " ")
	if !two || strings.TrimSpace(names) == "" {
		return false
	}
	_, err := netip.ParseAddr(address)
	return err == nil
}

// The kinds of rules that $badfilter tells apart.
const (
	ruleBlock     = "block "
	ruleImportant = "important "
	ruleExcept    = "except "
)

// modifiers is what the part behind "$" says, as far as names are concerned.
type modifiers struct {
	important bool
	cancels   bool     // $badfilter
	deny      []string // $denyallow
	redirects bool     // $dnsrewrite to somewhere
}

func (l *lineReader) adblockRule(line string) {
	rule, isException := strings.CutPrefix(line, "@@")
	pattern, text := splitRule(rule)
	mods, ok := readModifiers(text)
	switch {
	case isRegex(pattern):
		l.regexRule(line, pattern, text, isException)
		return
	case !ok || isException && mods.deny != nil:
		l.skip(refusal(SkipModifier, isException), line)
		return
	case mods.redirects:
		l.skip(SkipRedirect, line)
		return
	}
	host, alone, ok := adblockHost(pattern)
	switch {
	case !ok:
		l.skip(refusal(SkipPattern, isException), line)
	case mods.cancels:
		l.cancel(line, host, mods, isException)
	case isException:
		l.except(host)
	default:
		l.adblockName(host, alone, mods)
	}
}

// refusal is why a rule was not taken; of an exception that it is one, since
// what is lost with it is not a block.
func refusal(code Skip, isException bool) Skip {
	if isException {
		return SkipException
	}
	return code
}

func (l *lineReader) adblockName(host string, alone bool, mods modifiers) {
	var flags uint8
	if alone {
		flags |= flagWide
	}
	if mods.important {
		flags |= flagImportant
	}
	if !l.take(host, flags) {
		return
	}
	of, _ := readName(strings.TrimPrefix(host, "*."))
	for _, d := range mods.deny {
		name, why := readName(strings.TrimPrefix(d, "*."))
		if why == "" && len(l.exceptions) < maxExceptions {
			l.exceptions = append(l.exceptions, exception{name, of.String()})
		}
	}
}

// cancel notes a rule that the list takes back by $badfilter.
func (l *lineReader) cancel(line, host string, mods modifiers, isException bool) {
	name, why := readName(strings.TrimPrefix(host, "*."))
	if why != "" {
		l.skip(why, line)
		return
	}
	kind := ruleBlock
	switch {
	case isException:
		kind = ruleExcept
	case mods.important:
		kind = ruleImportant
	}
	if l.cancelled == nil {
		l.cancelled = map[string]bool{}
	}
	if len(l.cancelled) >= maxExceptions {
		l.skip(SkipException, line)
		return
	}
	l.cancelled[kind+name.String()] = true
	l.skip(SkipExcepted, line)
}

// splitRule cuts a rule from its modifiers.
func splitRule(rule string) (pattern, mods string) {
	from := 0
	if end := strings.LastIndexByte(rule, '/'); len(rule) > 1 && rule[0] == '/' && end > 0 && (end == len(rule)-1 || rule[end+1] == '$') {
		from = end // a "$" inside a regular expression is its own
	}
	if at := strings.LastIndexByte(rule, '$'); at >= from && at >= 0 {
		return rule[:at], rule[at+1:]
	}
	return rule, ""
}

func isRegex(pattern string) bool {
	return len(pattern) > 2 && pattern[0] == '/' && pattern[len(pattern)-1] == '/'
}

// readModifiers reads what may stand behind "$". ok is false for a condition
// that a name does not carry (of which page, by whom, for which type of query),
// and for what is not known here.
func readModifiers(text string) (m modifiers, ok bool) {
	if text == "" {
		return m, true
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "important":
			m.important = true
		case "badfilter":
			m.cancels = true
		case "all": // of every type, without a condition
		case "denyallow":
			m.deny = strings.Split(value, "|")
		case "dnsrewrite":
			switch first, _, _ := strings.Cut(value, ";"); first {
			case "NXDOMAIN", "REFUSED":
			default:
				m.redirects = !isNowhere(value)
			}
		default:
			return m, false
		}
	}
	return m, true
}

// adblockHost reads a pattern that is about a whole host: "||d^", and, without
// those below it, "|https://d^", "://d^", "|d^" or "d".
func adblockHost(pattern string) (host string, alone, ok bool) {
	rest, isSuffix := strings.CutPrefix(pattern, "||")
	if !isSuffix {
		alone = true
		rest = strings.TrimPrefix(pattern, "|")
		anchored := rest != pattern
		for _, scheme := range []string{"http://", "https://", "://"} {
			if t, cut := strings.CutPrefix(rest, scheme); cut && (anchored || scheme == "://") {
				rest, anchored = t, true
				break
			}
		}
		if !anchored { // a bare name
			return rest, true, rest != "" && !strings.ContainsAny(rest, "*/^|?=&:@ \t") && rest[0] != '.' && rest[len(rest)-1] != '.' || looksAddress(rest)
		}
	}
	end := strings.TrimRight(rest, "^|")
	if end == rest && alone {
		end = strings.TrimSuffix(rest, "/")
	}
	if end == rest || len(rest)-len(end) > 2 {
		return "", alone, false // begins so, but may go on
	}
	if strings.ContainsAny(strings.TrimPrefix(end, "*."), "*/^|?=&: \t") && !looksAddress(end) || end == "" || end[0] == '.' {
		return "", alone, false
	}
	return end, alone, true
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
