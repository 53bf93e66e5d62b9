// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/problem"
	"pgregory.net/rapid"
)

// The words of these tests are invented: "brằm" and "zuxt" mean nothing.
func compiled(t testing.TB, list ...Pattern) *Patterns {
	t.Helper()
	p, err := Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatternsInAllReadings(t *testing.T) {
	own := Pattern{Text: "brằm", Label: "sample"}
	less := Pattern{Text: "brằm", Label: "sample", Marks: MarksLess}
	whatever := Pattern{Text: "zuxt", Label: "sample", Marks: MarksAny}
	inside := Pattern{Text: "zuxt", Label: "sample", Inside: true}
	phrase := Pattern{Text: "không brằm", Label: "sample"}
	silenced := Pattern{Text: "brằm", Label: "sample", Marks: MarksLess, Innocent: []string{"brằm nước", "uống brằm"}}
	for _, c := range []struct {
		name    string
		pattern Pattern
		text    string
		want    []string
	}{
		{"plain", own, "một brằm nữa", []string{"brằm"}},
		{"twice", own, "brằm, brằm", []string{"brằm", "brằm"}},
		{"large letters", own, "BRẰM!", []string{"BRẰM"}},
		{"marks apart", own, "bra\u0306\u0300m", []string{"bra\u0306\u0300m"}},
		{"look-alikes", own, "Ьrằm Ｂrằm", []string{"Ьrằm", "Ｂrằm"}},
		{"invisible", own, "b\u200brằm", []string{"b\u200brằm"}},
		{"signs inside", own, "b.r.ằ.m b_rằm", []string{"b.r.ằ.m", "b_rằm"}},
		{"letter by letter", own, "đồ b r ằ m kia", []string{"b r ằ m"}},
		{"drawn out", own, "brrrằằằmmm", []string{"brrrằằằmmm"}},
		{"a part of a word", own, "brằms xbrằm brằm1", nil},
		{"without marks is another word", own, "bram brăm", nil},
		{"without marks", less, "bram brăm Bram", []string{"bram", "brăm", "Bram"}},
		{"another tone is another word", less, "brắm brâm brảm", nil},
		{"under other marks", whatever, "zụxt zứxt", []string{"zụxt", "zứxt"}},
		{"a digit for a letter", whatever, "zu×t zux7 z0xt", nil},
		{"a sign for a letter", Pattern{Text: "zasit", Label: "sample"}, "z@$it", []string{"z@$it"}},
		{"inside", inside, "xxzuxtxx", []string{"zuxt"}},
		{"after a short form", phrase, "k brằm đâu", []string{"k brằm"}},
		{"innocent", silenced, "lấy brằm nước, uống brằm", nil},
		{"innocent without marks", silenced, "lay bram nuoc", nil},
		{"innocent beside another", silenced, "brằm nước và brằm", []string{"brằm"}},
	} {
		var got []string
		for _, h := range compiled(t, c.pattern).Find(c.text) {
			got = append(got, c.text[h.From:h.To])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: in %q found %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	good := Pattern{Text: "brằm", Label: "sample"}
	for name, bad := range map[string]Pattern{
		"no label":              {Text: "brằm"},
		"no letters":            {Text: " \u200b ", Label: "sample"},
		"only a mark":           {Text: "\u0301", Label: "sample"},
		"too long":              {Text: strings.Repeat("a", MaxPatternLength+1), Label: "sample"},
		"marks of no kind":      {Text: "brằm", Label: "sample", Marks: "some"},
		"innocent without it":   {Text: "brằm", Label: "sample", Innocent: []string{"nước"}},
		"innocent and too long": {Text: "brằm", Label: "sample", Innocent: []string{"brằm" + strings.Repeat(" a", MaxPatternLength)}},
	} {
		_, err := Compile([]Pattern{good, bad})
		var p *problem.Error
		if !errors.As(err, &p) || p.Code != "vntext/bad-pattern" || len(p.Fields) != 1 || p.Fields[0].Name != "pattern 2" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hits := compiled(t).Find("brằm"); hits != nil {
		t.Errorf("no patterns, and hits %v", hits)
	}
}

// The automaton finds what a search for each word at each place finds.
func TestAutomatonIsASearchForEach(t *testing.T) {
	word := rapid.StringMatching(`[abă]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word, 1, 8).Draw(t, "words")
		text := Base(rapid.StringMatching(`[abăc]{0,30}`).Draw(t, "text"))
		var runes [][]rune
		for _, w := range words {
			runes = append(runes, []rune(w))
		}
		got := map[[2]int]bool{}
		newAutomaton(runes).find(text, func(w int32, end int) {
			if key := [2]int{int(w), end}; got[key] {
				t.Fatalf("word %d ends twice at %d", w, end)
			} else {
				got[key] = true
			}
		})
		for w := range runes {
			for end := len(runes[w]); end <= len(text); end++ {
				want := text[end-len(runes[w]):end].Text() == words[w]
				if want != got[[2]int{w, end}] {
					t.Fatalf("%q at %d of %q: found %v", words[w], end, text.Text(), !want)
				}
			}
		}
	})
}

func FuzzPatterns(f *testing.F) {
	f.Add("một b.r.ằ.m nữa", "brằm", "brằm nước")
	f.Add("\xff\u0301", "\u0301a", "")
	f.Fuzz(func(t *testing.T, text, word, innocent string) {
		for _, marks := range []Marks{MarksOwn, MarksLess, MarksAny} {
			one := Pattern{Text: word, Label: "sample", Marks: marks, Inside: len(word)%2 == 0}
			if innocent != "" {
				one.Innocent = []string{innocent}
			}
			p, err := Compile([]Pattern{one})
			if err != nil {
				return
			}
			for _, h := range p.Find(text) {
				if h.From >= h.To || h.To > len(text) {
					t.Fatalf("%+v in %d bytes", h, len(text))
				}
			}
		}
	})
}

// invented are n different words that nobody has.
func invented(n int) []Pattern {
	rng := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	var list []Pattern
	for len(list) < n {
		w := make([]byte, 4+rng.IntN(6))
		for i := range w {
			w[i] = "bcdfghjklmnpqrstvwxz"[rng.IntN(20)]
		}
		if !seen[string(w)] {
			seen[string(w)] = true
			list = append(list, Pattern{Text: string(w), Label: "sample", Marks: MarksLess, Innocent: []string{string(w) + " mẫu"}})
		}
	}
	return list
}

// Twenty times the text takes about twenty times as long, with thousands of
// patterns and a text full of hits and of innocent ones; a square would take
// four hundred times.
func TestManyPatternsInLinearTime(t *testing.T) {
	list := invented(5000)
	p := compiled(t, list...)
	piece := list[0].Text + " mẫu " + list[1].Text + " và " + list[0].Text + " "
	took := func(times int) time.Duration {
		best := time.Hour
		for range 3 {
			began := time.Now()
			if n := len(p.Find(strings.Repeat(piece, times))); n != 2*times {
				t.Fatalf("%d hits in %d pieces", n, times)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	short, long := took(500), took(10000)
	if long > 200*short {
		t.Errorf("%v for 500 pieces, %v for 10,000", short, long)
	}
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("Sáng nay lớp mình đi học bơi, chiều về trường làm bài. ", 20)
	for _, n := range []int{400, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := compiled(b, invented(n)...)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				p.Find(text)
			}
		})
	}
}

const words = "../../../shared/data/text/vn_offensive_words/vn_offensive_words.txt"

// listed are the patterns of the public list (MIT), read where it lies, with
// the innocent phrases of testdata/neighbours.txt.
func listed(t *testing.T) []Pattern {
	file, err := os.ReadFile(words)
	if err != nil {
		t.Skip("the list of offensive words (MIT, github.com/blue-eyes-vn/vietnamese-offensive-words) is not beside this repository")
	}
	phrases := lines(t, "testdata/neighbours.txt")
	seen := map[string]bool{}
	var list []Pattern
	for sc := bufio.NewScanner(bytes.NewReader(file)); sc.Scan(); {
		w := Base(sc.Text()).Text()
		if w == "" || w[0] == '#' || seen[w] {
			continue
		}
		seen[w] = true
		one := Pattern{Text: w, Label: "offensive"}
		for _, phrase := range phrases {
			if contains(Stripped(Squeezed(Base(phrase))), Stripped(Squeezed(Base(w)))) {
				one.Innocent = append(one.Innocent, phrase)
			}
		}
		list = append(list, one)
	}
	if len(list) < 400 {
		t.Fatalf("%d words", len(list))
	}
	return list
}

// lines of a file of testdata, without notes.
func lines(t *testing.T, name string) []string {
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range strings.Split(string(file), "\n") {
		if line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// Neutral sentences of our own, full of words that resemble what filters look
// for, are let pass: at most one in a hundred is not.
func TestInnocentSentencesPass(t *testing.T) {
	p := compiled(t, listed(t)...)
	sentences := lines(t, "testdata/innocent.txt")
	if len(sentences) < 500 {
		t.Fatalf("%d sentences", len(sentences))
	}
	wrong := 0
	for _, s := range sentences {
		if hits := p.Find(s); len(hits) > 0 {
			wrong++
			t.Logf("false alarm in %q: %q", s, s[hits[0].From:hits[0].To])
		}
	}
	t.Logf("%d false alarms in %d sentences", wrong, len(sentences))
	if 100*wrong > len(sentences) {
		t.Errorf("%d of %d sentences", wrong, len(sentences))
	}
}

// Each word of the list is found in capitals and with something invisible
// behind it.
func TestListedWordsAreFound(t *testing.T) {
	list := listed(t)
	p := compiled(t, list...)
	for i, one := range list {
		if !slices.ContainsFunc(p.Find("xin "+strings.ToUpper(one.Text)+"\u200b !"), func(h Hit) bool { return h.Pattern == i }) {
			t.Errorf("pattern %d of the list is not found", i+1)
		}
	}
}
