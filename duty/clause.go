// SPDX-License-Identifier: Apache-2.0

package duty

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Clause is a place in a directive that orders something: "2" is a point,
// "5.1" the first part of point 5.
type Clause string

// Clauses lists the twelve clauses of dispatch 4569, in its order. Point 5 is
// not among them: it is the heading of 5.1 to 5.3.
func Clauses() []Clause {
	return []Clause{"1", "1.1", "1.2", "1.3", "1.4", "1.5", "2", "3", "4", "5.1", "5.2", "5.3"}
}

// Known reports whether c is a clause of dispatch 4569.
func (c Clause) Known() bool { return slices.Contains(Clauses(), c) }

// ParseClause reads a reference of any directive: numbers from 1 to 99 with
// points between them, at most three levels, no leading zero. Whether such a
// clause exists is the directive's affair (Known, for dispatch 4569).
func ParseClause(s string) (Clause, error) {
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return "", fmt.Errorf("duty: clause %q has more than three levels", s)
	}
	for _, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 99 || strconv.Itoa(n) != part {
			return "", fmt.Errorf("duty: %q is not a clause reference such as 1.5", s)
		}
	}
	return Clause(s), nil
}

// Compare orders clauses as they stand in the text: 1 < 1.1 < 1.5 < 2 < 10.
func (c Clause) Compare(d Clause) int {
	return slices.Compare(c.numbers(), d.numbers())
}

// Parent is the clause one level up ("5.1" → "5"), "" for a point.
func (c Clause) Parent() Clause {
	i := strings.LastIndexByte(string(c), '.')
	if i < 0 {
		return ""
	}
	return c[:i]
}

func (c Clause) numbers() []int {
	var out []int
	for part := range strings.SplitSeq(string(c), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			n = 0
		}
		out = append(out, n)
	}
	return out
}
