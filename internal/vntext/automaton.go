// SPDX-License-Identifier: Apache-2.0

package vntext

// automaton finds all of many words in one pass over a view, however many they
// are (Aho and Corasick, 1975). Letters are numbered first, so that a state is
// one row of a table; a letter that no word has leads back to the start.
//
// It is our own, some seventy lines, because the libraries work on bytes: here
// positions must be those of a view's letters, and overlapping hits must all
// be seen, since what stands around a hit decides whether it counts.
type automaton struct {
	latin  [lastLatin]int32
	others map[rune]int32
	width  int32   // letters, with 0 for all others
	next   []int32 // state·width + letter
	ends   []int32 // of each state: the words that end there, as index in list, -1 for none
	list   []ending
}

// ending is a word that ends in a state, and the next one that does.
type ending struct {
	word int32
	more int32 // index in list, -1 for none
}

// newAutomaton is for words, none of which is empty.
func newAutomaton(words [][]rune) *automaton {
	a := &automaton{width: 1, others: map[rune]int32{}}
	for _, w := range words {
		for _, r := range w {
			if a.letter(r) != 0 {
				continue
			}
			if r < lastLatin {
				a.latin[r] = a.width
			} else {
				a.others[r] = a.width
			}
			a.width++
		}
	}
	a.state()
	for i, w := range words {
		s := int32(0)
		for _, r := range w {
			at := s*a.width + a.letter(r)
			if a.next[at] == 0 {
				a.next[at] = a.state()
			}
			s = a.next[at]
		}
		a.list = append(a.list, ending{int32(i), a.ends[s]})
		a.ends[s] = int32(len(a.list) - 1)
	}
	a.link()
	return a
}

func (a *automaton) letter(r rune) int32 {
	if r < lastLatin {
		return a.latin[r]
	}
	return a.others[r]
}

func (a *automaton) state() int32 {
	a.next = append(a.next, make([]int32, a.width)...)
	a.ends = append(a.ends, -1)
	return int32(len(a.ends) - 1)
}

// link fills in where a state goes with a letter that no word has there: to
// where the longest end of what was read so far goes. Words that end in that
// shorter state end here too.
func (a *automaton) link() {
	fail := make([]int32, len(a.ends))
	var queue []int32
	for l := range a.width {
		if s := a.next[l]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		a.inherit(s, fail[s])
		for l := range a.width {
			at := s*a.width + l
			short := a.next[fail[s]*a.width+l]
			if child := a.next[at]; child != 0 {
				fail[child] = short
				queue = append(queue, child)
			} else {
				a.next[at] = short
			}
		}
	}
}

// inherit puts the words of a shorter state behind those of s.
func (a *automaton) inherit(s, short int32) {
	if a.ends[s] < 0 {
		a.ends[s] = a.ends[short]
		return
	}
	last := a.ends[s]
	for a.list[last].more >= 0 {
		last = a.list[last].more
	}
	a.list[last].more = a.ends[short]
}

// find calls hit for each word in v, with its number and the index of the
// letter behind it.
func (a *automaton) find(v View, hit func(word int32, end int)) {
	s := int32(0)
	for i, l := range v {
		s = a.next[s*a.width+a.letter(l.R)]
		for e := a.ends[s]; e >= 0; e = a.list[e].more {
			hit(a.list[e].word, i+1)
		}
	}
}
