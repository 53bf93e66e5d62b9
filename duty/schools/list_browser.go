// SPDX-License-Identifier: Apache-2.0

package schools

import "strings"

// The formats of other things that sit in or before a browser.

// ublacklist reads match patterns of pages that a search shall not show:
// "*://*.example.com/*". "@" in front takes a page out again.
func (l *lineReader) ublacklist(line string) {
	text := comment(line)
	rule, isException := strings.CutPrefix(text, "@")
	scheme, rest, isPattern := strings.Cut(rule, "://")
	host, page, _ := strings.Cut(rest, "/")
	name := strings.TrimPrefix(host, "*.")
	switch {
	case text == "":
		l.note()
	case rule != "" && rule[0] == '/':
		l.skip(refusal(SkipRegex, isException), line)
	case !isPattern, isException && rule[0] >= '0' && rule[0] <= '9': // "@1" paints a result
		l.skip(SkipOther, line)
	case strings.Contains(name, "*") || name == "" || scheme == "":
		l.skip(refusal(SkipPattern, isException), line)
	case page != "*":
		l.skip(refusal(SkipURL, isException), line)
	case isException:
		l.except(name)
	case name == host || scheme != "*":
		l.exact(name)
	default:
		l.name(name)
	}
}

// tpl reads a tracking protection list of Internet Explorer: "-d" refuses a
// domain, "+d" takes it out again; a word behind it is a part of the address.
func (l *lineReader) tpl(line string) {
	fields := strings.Fields(line)
	switch {
	case line[0] == '#', line[0] == ':', line == "msFilterList":
		l.note()
	case fields[0] != "-d" && fields[0] != "+d":
		if fields[0] == "-" || fields[0] == "+" {
			l.skip(SkipPattern, line)
		} else {
			l.skip(SkipSyntax, line)
		}
	case len(fields) < 2:
		l.skip(SkipSyntax, line)
	case len(fields) > 2:
		l.skip(refusal(SkipURL, fields[0] == "+d"), line)
	case strings.ContainsAny(fields[1], "*$/,=") || strings.HasSuffix(fields[1], "."):
		l.skip(refusal(SkipPattern, fields[0] == "+d"), line)
	case fields[0] == "+d":
		l.except(fields[1])
	default:
		l.name(fields[1])
	}
}

// What the lines of a section are about.
const (
	sectionBlock  = "block"
	sectionExcept = "except"
	sectionOther  = "other"
)

// privoxy reads an action file: "{+block}" begins lines that are refused,
// "{-block}" lines that are not. ".example.com" is a name with all below it,
// "example.com" the name alone.
func (l *lineReader) privoxy(line string) {
	switch {
	case line[0] == '#':
		l.note()
	case line[0] == '{':
		l.section = sectionOther
		switch actions := strings.Fields(strings.Trim(line, "{} \t")); {
		case strings.HasPrefix(line, "{{"):
		case len(actions) > 0 && strings.HasPrefix(actions[0], "+block"):
			l.section = sectionBlock
		case len(actions) > 0 && strings.HasPrefix(actions[0], "-block"):
			l.section = sectionExcept
		}
		l.note()
	case l.section != sectionBlock && l.section != sectionExcept:
		l.skip(SkipOther, line)
	default:
		l.privoxyPattern(line, l.section == sectionExcept)
	}
}

func (l *lineReader) privoxyPattern(line string, isException bool) {
	host, page, _ := strings.Cut(line, "/")
	name := strings.TrimPrefix(host, ".")
	switch {
	case host == "" || page != "":
		l.skip(refusal(SkipURL, isException), line)
	case strings.Contains(host, ":") && !looksAddress(host):
		l.skip(SkipOther, line) // a port, or a tag of a client
	case strings.ContainsAny(name, "*?[") || strings.HasSuffix(name, ".") || name == "":
		l.skip(refusal(SkipPattern, isException), line)
	case isException:
		l.except(name)
	case name == host:
		l.exact(name)
	default:
		l.name(name)
	}
}
