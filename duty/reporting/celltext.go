// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"strconv"
	"strings"

	"lachan/internal/locale"
)

// nothingOccurred is how people write the explicit zero, folded.
const nothingOccurred = "khong phat sinh"

// ParseCell reads a number as people type it: 1234, 1.234, 1,234, full-width
// digits, "không phát sinh" for zero. Empty is missing. ok is false for
// anything else, decimals included.
func ParseCell(s string) (value int64, filled, ok bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '\u00a0' || r == '\u202f':
			return ' '
		}
		return r
	}, locale.Normalize(s))
	if s = strings.TrimSpace(s); s == "" {
		return 0, false, true
	}
	if locale.Fold(s) == nothingOccurred {
		return 0, true, true
	}
	for _, sep := range []string{".", ",", " "} {
		if parts := strings.Split(s, sep); len(parts) > 1 {
			for n, part := range parts {
				if len(part) != 3 && (n > 0 || len(part) > 3 || part == "") {
					return 0, false, false
				}
			}
			s = strings.Join(parts, "")
			break
		}
	}
	value, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strings.HasPrefix(s, "+") {
		return 0, false, false
	}
	return value, true, true
}

// FormatCell writes a cell so that ParseCell reads it: plain digits, "" for
// missing.
func FormatCell(value int64, filled bool) string {
	if !filled {
		return ""
	}
	return strconv.FormatInt(value, 10)
}
