// SPDX-License-Identifier: Apache-2.0

package vntext

// Squeezed is v with each run of one letter as one, and each run of one sign
// as one. Vietnamese doubles no letter but the o inside a word (xoong), which
// therefore stays; runs of digits are numbers and stay.
func Squeezed(v View) View {
	out := make(View, 0, len(v))
	for i := 0; i < len(v); {
		j := i + 1
		for j < len(v) && v[j].R == v[i].R {
			j++
		}
		switch {
		case isDigit(v[i].R):
			out = append(out, v[i:j]...)
		case v[i].R == 'o' && j == i+2 && i > 0 && isLetter(v[i-1].R) && j < len(v) && isLetter(v[j].R):
			out = append(out, v[i:j]...)
		default:
			out = append(out, Letter{v[i].R, v[i].From, v[j-1].To})
		}
		i = j
	}
	return out
}

// leet are digits and signs that stand for letters.
func leet(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!', '|':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	case '9':
		return 'g'
	}
	return 0
}

// Unleeted is v with digits and signs read as the letters they stand for, but
// only between letters (and $ before one): "3 lon", "2k", "@lan" and "covid19"
// stay what they are, and so does "ngon!mua", where two words meet.
func Unleeted(v View) View {
	out := make(View, len(v))
	copy(out, v)
	for i := 0; i < len(v); {
		j := i
		for j < len(v) && j < i+maxLeet && leet(v[j].R) != 0 {
			j++
		}
		before := i > 0 && isLetter(v[i-1].R)
		if i == j || j == len(v) || !isLetter(v[j].R) || !before && (v[i].R != '$' || j != i+1 || i > 0 && inWord(v[i-1].R)) {
			i = max(j, i+1)
			continue
		}
		if v.meet(i, j) {
			i = j
			continue
		}
		for ; i < j; i++ {
			out[i].R = leet(v[i].R)
		}
	}
	return out
}

// meet reports whether the signs [i, j), between letters, end one word and
// begin the next: they are all ! or |, and there is a vowel on each side, so
// that none is missing in between.
func (v View) meet(i, j int) bool {
	for _, l := range v[i:j] {
		if l.R != '!' && l.R != '|' {
			return false
		}
	}
	before, after := false, false
	for at := i - 1; at >= max(0, i-longestSyllable) && isLetter(v[at].R); at-- {
		before = before || isVowel(v[at].R)
	}
	for at := j; at < min(len(v), j+longestSyllable) && isLetter(v[at].R); at++ {
		after = after || isVowel(v[at].R)
	}
	return before && after
}

// longestSyllable is that of Vietnamese, nghiêng, in letters.
const longestSyllable = 7

func isVowel(r rune) bool {
	switch bare(r) {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

// maxLeet is the greatest number of such signs in a row: longer ones are
// numbers.
const maxLeet = 3

// Joined is v without signs inside words: "đ.m", "s_e_x", "c.hết", and letters
// spelt one by one with spaces, three at least ("v c l"), since two may be
// choices of a question (a b).
func Joined(v View) View {
	out := make(View, 0, len(v))
	for i := 0; i < len(v); {
		if end := v.spelt(i); end > i {
			for ; i < end; i += 2 {
				out = append(out, v[i])
			}
			i = end
			continue
		}
		if separates(v[i].R) && i > 0 && i+1 < len(v) && isLetter(v[i-1].R) && isLetter(v[i+1].R) && (v.alone(i-1) || v.alone(i+1)) {
			i++
			continue
		}
		out = append(out, v[i])
		i++
	}
	return out
}

// spelt is the end of the letters spelt one by one with spaces that begin at
// i, or i where there are fewer than three.
func (v View) spelt(i int) int {
	if i > 0 && v[i-1].R != ' ' {
		return i
	}
	n, end := 0, i
	for j := i; j < len(v) && isLetter(v[j].R) && (j+1 == len(v) || v[j+1].R == ' '); j += 2 {
		n, end = n+1, j+1
	}
	if n < 3 {
		return i
	}
	return end
}

// alone reports whether the letter at i has no letter or digit beside it.
func (v View) alone(i int) bool {
	return (i == 0 || !inWord(v[i-1].R)) && (i+1 == len(v) || !inWord(v[i+1].R))
}

func separates(r rune) bool {
	switch r {
	case '.', '_', '-', '*', '/', '\\', '|', '~', '+', ',', '\'', '`', '·', '•', '^', '=':
		return true
	}
	return false
}
