// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// expr is a comparison of two sums, as a directive writes its checks:
//
//	X07 <= X06 + prev(X06) - prev(X07)
//
// Terms are cell codes, prev(code) for the accepted figure of the period
// before, whole numbers, and a number times a term. There is no more to it,
// so that the same text can be checked by any reader, in any program.
type expr struct {
	op          string
	left, right []term
}

type term struct {
	factor int64
	code   string // "" for a plain number
	prev   bool
}

// codes lists the cells that the expression reads.
func (e expr) codes() []string {
	var out []string
	for _, t := range append(append([]term{}, e.left...), e.right...) {
		if t.code != "" {
			out = append(out, t.code)
		}
	}
	return out
}

// holds evaluates the comparison. known is false when a figure is missing:
// then nothing can be said and the check does not run.
func (e expr) holds(value func(code string, prev bool) (int64, bool)) (ok, known bool) {
	sum := func(terms []term) (total int64, known bool) {
		for _, t := range terms {
			v := int64(1)
			if t.code != "" {
				if v, known = value(t.code, t.prev); !known {
					return 0, false
				}
			}
			total += t.factor * v
		}
		return total, true
	}
	l, ok1 := sum(e.left)
	r, ok2 := sum(e.right)
	if !ok1 || !ok2 {
		return true, false
	}
	switch e.op {
	case "<=":
		return l <= r, true
	case ">=":
		return l >= r, true
	case "<":
		return l < r, true
	case ">":
		return l > r, true
	default:
		return l == r, true
	}
}

// parseExpr reads an expression; the error names what it did not expect.
func parseExpr(s string) (expr, error) {
	for _, op := range []string{"<=", ">=", "==", "<", ">"} {
		left, right, ok := strings.Cut(s, op)
		if !ok {
			continue
		}
		e := expr{op: op}
		var err error
		if e.left, err = parseSum(left); err != nil {
			return expr{}, err
		}
		e.right, err = parseSum(right)
		return e, err
	}
	return expr{}, errors.New("no comparison")
}

func parseSum(s string) ([]term, error) {
	var out []term
	sign := int64(1)
	for rest := strings.TrimSpace(s); ; {
		end := strings.IndexAny(rest, "+-")
		one := rest
		if end >= 0 {
			one = rest[:end]
		}
		t, err := parseTerm(strings.TrimSpace(one))
		if err != nil {
			return nil, err
		}
		t.factor *= sign
		out = append(out, t)
		if end < 0 {
			return out, nil
		}
		if sign = 1; rest[end] == '-' {
			sign = -1
		}
		rest = rest[end+1:]
	}
}

func parseTerm(s string) (term, error) {
	t := term{factor: 1}
	if number, rest, ok := strings.Cut(s, "*"); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
		if err != nil {
			return term{}, fmt.Errorf("%q is not a number", number)
		}
		t.factor, s = n, strings.TrimSpace(rest)
	} else if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return term{factor: n}, nil
	}
	if inner, ok := strings.CutPrefix(s, "prev("); ok {
		if s, ok = strings.CutSuffix(inner, ")"); !ok {
			return term{}, errors.New("prev( is not closed")
		}
		t.prev = true
	}
	if t.code = strings.TrimSpace(s); !isCode(t.code) {
		return term{}, fmt.Errorf("%q is not a cell", s)
	}
	return t, nil
}

func isCode(s string) bool {
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '_' {
			return false
		}
	}
	return s != "" && unicode.IsUpper(rune(s[0]))
}
