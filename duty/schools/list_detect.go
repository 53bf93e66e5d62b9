// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"net/netip"
	"slices"
	"strings"
)

// How much of a list is looked at to find its format.
const (
	detectBytes = 64 << 10
	detectLines = 400
)

// detect guesses the format of a list from its beginning and, where that does
// not decide, from the name of its file. It is Plain if nothing speaks for
// anything.
func detect(head []byte, file string) Format {
	text := strings.TrimPrefix(string(head), byteOrderMark)
	lines := strings.Split(text, "\n")
	if len(head) == detectBytes && len(lines) > 1 {
		lines = lines[:len(lines)-1] // cut off in the middle
	}
	all := grammars()
	votes := make([]int, len(all))
	for i, line := range lines[:min(len(lines), detectLines)] {
		line = strings.TrimSpace(line)
		if line == "" || isRemark(line) {
			continue
		}
		for at, s := range all {
			if s.code == SingBox && i > 0 { // only the beginning of a document tells JSON
				continue
			}
			if s.looks(line) {
				votes[at]++
			}
		}
	}
	best := 0
	for at := range all {
		if votes[at] > votes[best] || votes[at] == votes[best] && all[at].hinted(file) && !all[best].hinted(file) {
			best = at
		}
	}
	// A heading decides: it stands once and says what the rest is.
	for at, s := range all {
		if votes[at] > 0 && slices.Contains([]Format{SingBox, TPL, Privoxy, RPZ}, s.code) {
			return s.code
		}
	}
	return all[best].code
}

// isRemark finds comments that many formats share. "##" is not one: adblock
// hides elements with it.
func isRemark(line string) bool {
	return line[0] == '#' && !isCosmetic(line) || line[0] == ';' || line[0] == '!'
}

func oneWord(line string) bool { return !strings.ContainsAny(line, " \t") }

func looksPlain(line string) bool {
	word := comment(line)
	if word == "" || !oneWord(word) || strings.Trim(word, "0123456789.") == "" {
		return false
	}
	return strings.Contains(word, ".") && !strings.ContainsAny(word, "*/:=,|^$@'\"(){}[]\\")
}

func looksWildcard(line string) bool {
	rest, ok := strings.CutPrefix(comment(line), "*.")
	return ok && looksPlain(rest)
}

func looksHosts(line string) bool {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return false
	}
	_, err := netip.ParseAddr(fields[0])
	return err == nil
}

func looksAdblock(line string) bool {
	return hasAnyPrefix(line, "||", "@@", "|http", "[Adblock") || isCosmetic(line)
}

func looksDnsmasq(line string) bool { return hasAnyPrefix(line, "address=/", "server=/", "local=/") }

func looksUnbound(line string) bool {
	return hasAnyPrefix(line, "local-zone:", "local-data:") || line == "server:"
}

func looksRPZ(line string) bool {
	fields := strings.Fields(line)
	return hasAnyPrefix(line, "$TTL", "$ORIGIN") || len(fields) > 2 && slices.ContainsFunc(fields[:min(4, len(fields))], func(f string) bool {
		return strings.EqualFold(f, "CNAME") || strings.EqualFold(f, "SOA")
	})
}

func looksDNSCrypt(line string) bool {
	word := comment(line)
	return oneWord(word) && (hasAnyPrefix(word, "=", "*") && !strings.ContainsAny(word, "/,:'\"$^|") && strings.Contains(word, "."))
}

func looksV2fly(line string) bool {
	return hasAnyPrefix(line, "domain:", "full:", "keyword:", "regexp:", "include:")
}

func looksClash(line string) bool {
	return line == "payload:" || line == "rules:" || strings.HasPrefix(line, "- ")
}

func looksJSON(line string) bool {
	return line[0] == '[' && strings.TrimRight(line, " \t\r[{\"") == "" || line[0] == '[' && strings.HasPrefix(strings.TrimLeft(line[1:], " "), "\"") ||
		line[0] == '{' && !hasAnyPrefix(line, "{+", "{-", "{{")
}

func looksSurge(line string) bool {
	return hasAnyPrefix(line, "DOMAIN-SUFFIX,", "DOMAIN,", "DOMAIN-KEYWORD,")
}

func looksQuantumult(line string) bool {
	return hasAnyPrefix(strings.ToUpper(line), "HOST-SUFFIX,", "HOST,", "HOST-KEYWORD,")
}

func looksPrivoxy(line string) bool { return hasAnyPrefix(line, "{+", "{-", "{{") }

func looksTPL(line string) bool { return line == "msFilterList" }

func looksUBlacklist(line string) bool { return hasAnyPrefix(line, "*://", "@*://") }

func looksURL(line string) bool {
	host, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "http://"), "https://"), "/")
	return ok && host != "" && strings.Contains(host, ".") && !strings.ContainsAny(host, "*=|@^$(){} \t,")
}

func looksExpression(line string) bool {
	return strings.ContainsAny(line[:1], "(^") && strings.ContainsAny(line, "|\\[")
}

func looksAddress(line string) bool {
	_, err := netip.ParsePrefix(line)
	if err != nil {
		_, err = netip.ParseAddr(line)
	}
	return err == nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
