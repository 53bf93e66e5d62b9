// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"regexp/syntax"
	"strings"
)

// A node knows names and never tries expressions: one more would cost every
// query of every child. But some expressions are only a long-winded way to
// write a few names, and those are taken as the names that they are.

// What an expression may cost.
const (
	regexLength = 256 // letters
	regexNames  = 64  // different names
	regexDepth  = 32  // levels of brackets
)

// regexRule takes a regular expression that stands for a few whole names.
func (l *lineReader) regexRule(line, pattern, mods string, isException bool) {
	m, ok := readModifiers(mods)
	names, below, finite := regexNamesOf(pattern[1 : len(pattern)-1])
	if !ok || !finite || m.cancels || m.deny != nil || m.redirects {
		l.skip(refusal(SkipRegex, isException), line)
		return
	}
	for _, n := range names {
		if isException {
			l.except(n)
		} else {
			l.adblockName(n, !below, modifiers{important: m.important})
		}
	}
}

// regexNamesOf lists the names for which an expression stands: "^a\.b$" is one
// name alone, "(^|\.)a\.b$" and "^(.*\.)?a\.b$" are one with all below it. ok
// is false if it stands for more than a few, or for parts of names.
func regexNamesOf(expr string) (names []string, below, ok bool) {
	if len(expr) > regexLength {
		return nil, false, false
	}
	rest, ended := strings.CutSuffix(expr, "$")
	if !ended || strings.HasSuffix(rest, "\\") {
		return nil, false, false
	}
	began := false
	for _, open := range []string{`^(.*\.)?`, `^(.+\.)?`, `^(?:.*\.)?`, `^(?:.+\.)?`, `(^|\.)`, `(?:^|\.)`, `(\.|^)`, `^`} {
		if t, cut := strings.CutPrefix(rest, open); cut {
			rest, began, below = t, true, open != "^"
			break
		}
	}
	if !began {
		return nil, false, false
	}
	tree, err := syntax.Parse(rest, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, false, false
	}
	names, ok = spell(tree, regexDepth)
	return names, below, ok && len(names) > 0
}

// spell lists all texts that an expression matches, if they are few.
func spell(re *syntax.Regexp, depth int) (texts []string, ok bool) {
	if depth == 0 {
		return nil, false
	}
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}, true
	case syntax.OpCharClass:
		seen := map[string]bool{}
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if text := strings.ToLower(string(r)); !seen[text] {
					seen[text], texts = true, append(texts, text)
				}
				if len(texts) > regexNames || r == re.Rune[i]+4*regexNames {
					return nil, false
				}
			}
		}
		return texts, true
	case syntax.OpCapture:
		return spell(re.Sub[0], depth-1)
	case syntax.OpQuest:
		texts, ok = spell(re.Sub[0], depth-1)
		return append(texts, ""), ok
	case syntax.OpRepeat:
		return spellRepeat(re, depth)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			some, few := spell(sub, depth-1)
			if texts = append(texts, some...); !few || len(texts) > regexNames {
				return nil, false
			}
		}
		return texts, true
	case syntax.OpConcat:
		texts = []string{""}
		for _, sub := range re.Sub {
			some, few := spell(sub, depth-1)
			if !few || len(texts)*len(some) > regexNames {
				return nil, false
			}
			texts = join(texts, some)
		}
		return texts, true
	}
	return nil, false
}

func spellRepeat(re *syntax.Regexp, depth int) (texts []string, ok bool) {
	one, few := spell(re.Sub[0], depth-1)
	if !few || re.Max < 0 || re.Max > regexNames {
		return nil, false
	}
	round := []string{""}
	for n := 0; n <= re.Max; n++ {
		if n >= re.Min {
			texts = append(texts, round...)
		}
		if len(round)*len(one) > regexNames || len(texts) > regexNames {
			return nil, false
		}
		round = join(round, one)
	}
	return texts, true
}

func join(heads, tails []string) []string {
	all := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			all = append(all, h+t)
		}
	}
	return all
}
