// SPDX-License-Identifier: Apache-2.0

package schools

import "strings"

// The rules of programs that choose a way for each connection. Where they name
// a way, only a rule that refuses is one for us; a rule that lets a name pass
// is an exception.

// v2fly reads a file of the domain list community: "domain:" or nothing for a
// name and all below it, "full:" for the name alone. Attributes ("@ads")
// change nothing here; files that are included are lists of their own.
func (l *lineReader) v2fly(line string) {
	fields := strings.Fields(comment(line))
	if len(fields) == 0 {
		l.note()
		return
	}
	for _, f := range fields[1:] {
		if f[0] != '@' && f[0] != '&' {
			l.skip(SkipSyntax, line)
			return
		}
	}
	kind, value, typed := strings.Cut(fields[0], ":")
	if !typed {
		kind, value = "domain", fields[0]
	}
	switch kind {
	case "domain":
		l.name(value)
	case "full":
		l.exact(value)
	case "keyword":
		l.skip(SkipKeyword, line)
	case "regexp":
		l.skip(SkipRegex, line)
	case "include":
		l.skip(SkipInclude, line)
	default:
		l.skip(SkipSyntax, line)
	}
}

// clash reads a rule provider in YAML with one item a line: names
// ("+.example.com", ".example.com", "*.example.com", "example.com") or rules
// ("DOMAIN-SUFFIX,example.com").
func (l *lineReader) clash(line string) {
	text := comment(line)
	item, isItem := strings.CutPrefix(text, "- ")
	item = strings.Trim(strings.TrimSpace(item), `'"`)
	switch {
	case text == "", text == "---", text == "...":
		l.note()
	case !isItem && (text == "payload:" || text == "rules:"):
		l.section = sectionBlock
		l.note()
	case !isItem && strings.HasSuffix(text, ":"):
		l.section = sectionOther
		l.note()
	case !isItem, l.section == sectionOther:
		l.skip(SkipOther, line)
	case strings.Contains(item, ","):
		l.rule(line, item)
	default:
		l.clashName(line, item)
	}
}

func (l *lineReader) clashName(line, item string) {
	name, all := strings.CutPrefix(item, "+.")
	switch {
	case strings.Contains(strings.TrimPrefix(name, "*."), "*"):
		l.skip(SkipPattern, line)
	case looksAddress(name):
		l.skip(SkipAddress, line)
	case strings.Contains(name, "/"):
		l.skip(SkipURL, line)
	case all || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "*."):
		l.name(name)
	default:
		l.exact(name)
	}
}

// rules reads rules of the form "KIND,value,way", alone or in the section
// [Rule] of a file of settings.
func (l *lineReader) rules(line string) {
	switch {
	case line[0] == '#', line[0] == ';', strings.HasPrefix(line, "//"):
		l.note()
	case line[0] == '[' && line[len(line)-1] == ']':
		l.section = sectionOther
		if name := strings.ToLower(strings.Trim(line, "[]")); name == "rule" || name == "filter_local" {
			l.section = sectionBlock
		}
		l.note()
	case l.section == sectionOther:
		l.skip(SkipOther, line)
	default:
		text, _, _ := strings.Cut(comment(line), " //")
		l.rule(line, strings.TrimSpace(text))
	}
}

// rule reads one rule. Without a way it is one of a set that is refused as a
// whole.
func (l *lineReader) rule(line, text string) {
	fields := strings.Split(text, ",")
	for i := range fields {
		fields[i] = strings.Trim(strings.TrimSpace(fields[i]), `'"`)
	}
	isException := false
	if len(fields) > 2 {
		switch way := strings.ToUpper(fields[2]); {
		case strings.HasPrefix(way, "REJECT"), way == "BLOCK", way == "DENY", way == "NO-RESOLVE", way == "EXTENDED-MATCHING", way == "PRE-MATCHING":
		case way == "DIRECT", way == "ALLOW":
			isException = true
		default:
			l.skip(SkipRedirect, line)
			return
		}
	}
	kind := strings.ToUpper(fields[0])
	if len(fields) < 2 {
		l.skip(SkipSyntax, line)
		return
	}
	value := fields[1]
	switch kind {
	case "DOMAIN-SUFFIX", "HOST-SUFFIX", "DOMAIN", "HOST":
		l.ruleName(line, value, strings.HasSuffix(kind, "-SUFFIX"), isException)
	case "DOMAIN-KEYWORD", "HOST-KEYWORD":
		l.skip(refusal(SkipKeyword, isException), line)
	case "DOMAIN-WILDCARD", "HOST-WILDCARD":
		l.skip(refusal(SkipPattern, isException), line)
	case "DOMAIN-REGEX", "URL-REGEX":
		l.skip(refusal(SkipRegex, isException), line)
	case "RULE-SET", "DOMAIN-SET", "GEOSITE":
		l.skip(SkipInclude, line)
	case "IP-CIDR", "IP-CIDR6", "IP6-CIDR", "IP-SUFFIX", "IP-ASN", "GEOIP", "SRC-IP-CIDR", "SRC-IP":
		l.skip(SkipAddress, line)
	default:
		l.skip(SkipOther, line)
	}
}

func (l *lineReader) ruleName(line, value string, below, isException bool) {
	switch {
	case strings.Contains(value, "*"):
		l.skip(refusal(SkipPattern, isException), line)
	case isException:
		l.except(value)
	case below:
		l.name(value)
	default:
		l.exact(value)
	}
}
