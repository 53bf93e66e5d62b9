// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"strconv"
	"strings"
	"time"
)

// maxRobots is the most that is read of a robots.txt; RFC 9309 §2.5 wants at
// least 500 KiB.
const maxRobots = 500 << 10

// Rules are what a site's robots.txt says to one crawler, RFC 9309.
type Rules struct {
	rules    []rule
	Delay    time.Duration // Crawl-delay, which the RFC does not know and many sites write
	Sitemaps []string
}

type rule struct {
	allow   bool
	pattern string // in normal percent-encoding
}

// denied are the rules of a site that does not answer, §2.3.1.4.
func denied() *Rules { return &Rules{rules: []rule{{pattern: "/"}}} }

// ParseRobots reads the rules for the crawler of that product name, without
// version: those of all groups that name it, or else of all groups for "*".
func ParseRobots(text, product string) *Rules {
	if len(text) > maxRobots {
		text = text[:maxRobots]
		text = text[:strings.LastIndexAny(text, "\r\n")+1] // half a line may say something else
	}
	var mine, all Rules
	named, mentioned := false, false // this group names the product, any does
	star, rules := false, true       // this group is for all; the last line was a rule
	for line := range strings.FieldsFuncSeq(strings.TrimPrefix(text, "\uFEFF"), func(r rune) bool { return r == '\n' || r == '\r' }) {
		line, _, _ = strings.Cut(line, "#")
		field, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(field)) {
		case "user-agent":
			if rules { // a new group begins
				named, star, rules = false, false, false
			}
			if value == "*" {
				star = true
			} else if strings.EqualFold(productOf(value), product) {
				named, mentioned = true, true
			}
		case "allow", "disallow":
			rules = true
			if value == "" || value[0] != '/' && value[0] != '*' {
				continue // an empty rule says nothing, §2.2.2
			}
			r := rule{allow: strings.EqualFold(strings.TrimSpace(field), "allow"), pattern: normal(value, "/:@!$&'()*+,;=?[]")}
			if named {
				mine.rules = append(mine.rules, r)
			}
			if star {
				all.rules = append(all.rules, r)
			}
		case "crawl-delay":
			rules = true
			if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 && s < 1e6 {
				d := time.Duration(s * float64(time.Second))
				if named {
					mine.Delay = d
				}
				if star {
					all.Delay = d
				}
			}
		case "sitemap":
			if len(all.Sitemaps) < 100 {
				all.Sitemaps = append(all.Sitemaps, value)
			}
		}
	}
	mine.Sitemaps = all.Sitemaps
	if mentioned {
		return &mine
	}
	return &all
}

// productOf is the product token at the beginning, §2.2.1.
func productOf(s string) string {
	for i, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return s[:i]
		}
	}
	return s
}

// Allows reports whether the path with its query may be read: the longest rule
// that fits decides, and of two the one that allows, §2.2.2.
func (r *Rules) Allows(pathAndQuery string) bool {
	if pathAndQuery == "/robots.txt" {
		return true
	}
	target := normal(pathAndQuery, "/:@!$&'()*+,;=?[]")
	longest, allow := -1, true
	for _, x := range r.rules {
		if n := len(x.pattern); (n > longest || n == longest && x.allow) && matches(x.pattern, target) {
			longest, allow = n, x.allow
		}
	}
	return allow
}

// matches reports whether a pattern fits the beginning of s; "*" is anything
// and "$" at the end is the end. It takes time in proportion to the product of
// both at worst, never more.
func matches(pattern, s string) bool {
	pattern, anchored := strings.CutSuffix(pattern, "$")
	pieces := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, pieces[0]) {
		return false
	}
	s = s[len(pieces[0]):]
	for i, p := range pieces[1:] {
		if anchored && i == len(pieces)-2 {
			return strings.HasSuffix(s, p)
		}
		at := strings.Index(s, p)
		if at < 0 {
			return false
		}
		s = s[at+len(p):]
	}
	return !anchored || s == ""
}
