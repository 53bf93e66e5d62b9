// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"slices"
	"strings"
)

// rpz reads the master file (RFC 1035 §5) of a response policy zone. Its usual
// way to write a name with all below it is two records, "d CNAME ." and
// "*.d CNAME ."; one of them alone is taken as both and counted as widened.
// Triggers on addresses and name servers are no names and are passed over.
func (l *lineReader) rpz(line string) {
	fields, opened := rpzFields(line)
	if l.depth > 0 || len(fields) == 0 { // the middle of a record of several lines
		l.depth = max(0, l.depth+opened)
		l.note()
		return
	}
	l.depth = max(0, opened)
	if strings.HasPrefix(fields[0], "$") {
		l.rpzControl(line, fields)
		return
	}
	if !l.indented {
		l.owner, fields = fields[0], fields[1:]
	}
	for len(fields) > 0 && (isTTL(fields[0]) || strings.EqualFold(fields[0], "IN")) {
		fields = fields[1:]
	}
	switch {
	case len(fields) == 0:
		l.skip(SkipSyntax, line)
	case slices.Contains([]string{"SOA", "NS", "DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DS"}, strings.ToUpper(fields[0])):
		if strings.EqualFold(fields[0], "SOA") && l.origin == "" && strings.HasSuffix(l.owner, ".") {
			l.origin = l.owner
		}
		l.note() // the zone itself
	default:
		l.rpzRecord(line, strings.ToUpper(fields[0]), strings.Join(fields[1:], " "))
	}
}

func (l *lineReader) rpzControl(line string, fields []string) {
	switch {
	case strings.EqualFold(fields[0], "$ORIGIN") && len(fields) == 2:
		l.origin = fields[1]
		l.note()
	case strings.EqualFold(fields[0], "$TTL"):
		l.note()
	default:
		l.skip(SkipOther, line)
	}
}

func (l *lineReader) rpzRecord(line, kind, target string) {
	name, ok := l.rpzName()
	if !ok {
		l.skip(SkipSyntax, line)
		return
	}
	switch last := name[strings.LastIndexByte(name, '.')+1:]; last {
	case "rpz-ip", "rpz-client-ip", "rpz-nsip", "rpz-nsdname":
		l.skip(SkipTrigger, line)
		return
	}
	switch {
	case kind == "CNAME" && (target == "." || target == "*." || strings.EqualFold(target, "rpz-drop.")),
		(kind == "A" || kind == "AAAA") && isNowhere(target):
		l.rpzTwin(name)
	case kind == "CNAME" && (strings.EqualFold(target, "rpz-passthru.") || strings.EqualFold(target, strings.TrimPrefix(name, "*.")+".")):
		l.except(name)
	case kind == "CNAME" && strings.EqualFold(target, "rpz-tcp-only."):
		l.skip(SkipOther, line)
	default:
		l.skip(SkipRedirect, line)
	}
}

// rpzTwin takes a name that its twin record may complete.
func (l *lineReader) rpzTwin(name string) {
	base, isBelow := strings.CutPrefix(strings.ToLower(name), "*.")
	if isBelow && l.pair == base || !isBelow && l.pair == "*."+base {
		l.pair = ""
		if l.take(base, 0) {
			l.report.Widened-- // the first of the two was counted
		}
		return
	}
	l.pair = ""
	if l.exact(name) {
		l.pair = base
		if isBelow {
			l.pair = "*." + base
		}
	}
}

// rpzName is the owner of the record without the zone's own name.
func (l *lineReader) rpzName() (string, bool) {
	name, absolute := strings.CutSuffix(l.owner, ".")
	if name == "" || name == "@" {
		return "", false
	}
	if !absolute {
		return name, true
	}
	zone := strings.TrimSuffix(l.origin, ".")
	cut := len(name) - len(zone) - 1
	if zone == "" || cut <= 0 || name[cut] != '.' || !strings.EqualFold(name[cut+1:], zone) {
		return "", false
	}
	return name[:cut], true
}

// rpzFields splits a line at white space, leaves the remark and the brackets
// out and says how many brackets it opens more than it closes. Text in quotes
// is one field.
func rpzFields(line string) (fields []string, opened int) {
	var word strings.Builder
	quoted, any := false, false
	end := func() {
		if any {
			fields = append(fields, word.String())
		}
		word.Reset()
		any = false
	}
	for i := range len(line) {
		c := line[i]
		switch {
		case c == '"':
			quoted, any = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == ';':
			end()
			return fields, opened
		case c == '(' || c == ')':
			if end(); c == '(' {
				opened++
			} else {
				opened--
			}
		case c == ' ' || c == '\t':
			end()
		default:
			word.WriteByte(c)
			any = true
		}
	}
	end()
	return fields, opened
}

// isTTL reports whether a field is a time to live: "300", "2h", "1w2d".
func isTTL(field string) bool {
	return field != "" && field[0] >= '0' && field[0] <= '9' && strings.Trim(strings.ToLower(field), "0123456789smhdw") == ""
}
