// SPDX-License-Identifier: Apache-2.0

package lookalike

import "strings"

// without is a word itself and all that it becomes less one letter, and less
// two if asked: words at most that far apart share one of these.
func without(word string, two bool) map[string]bool {
	all := map[string]bool{word: true}
	for i := range len(word) {
		once := word[:i] + word[i+1:]
		all[once] = true
		if two {
			for j := range len(once) {
				all[once[:j]+once[j+1:]] = true
			}
		}
	}
	return all
}

// between says how two words differ, if by no more than is counted.
func between(a, b string) (Reason, bool) {
	switch distance(a, b) {
	case 1:
		if len(a) == len(b) {
			for i := range len(a) {
				if a[i] != b[i] {
					if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] {
						return Swapped, true
					}
					if beside(a[i], b[i]) {
						return Neighbour, true
					}
					break
				}
			}
		}
		return Typo, len(b) >= leastOneTypo
	case 2:
		return TwoTypos, len(b) >= leastTwoTypo
	}
	return "", false
}

// beside reports whether two letters lie side by side on a keyboard.
func beside(a, b byte) bool {
	for _, row := range [...]string{"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qaz", "wsx", "edc", "rfv", "tgb", "yhn", "ujm", "ik", "ol"} {
		if strings.Contains(row, string([]byte{a, b})) || strings.Contains(row, string([]byte{b, a})) {
			return true
		}
	}
	return false
}

// distance is how many letters must be added, taken away, changed or swapped
// with the next (optimal string alignment), counted up to 3.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return 3
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], 3)
}
