// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"lachan/internal/vntext"
)

func bare(text string) string { return vntext.Stripped(vntext.Base(text)).Text() }

// short writes words as they are often shortened.
func short(text string) string {
	words := map[string]string{
		"không": "ko", "được": "dc", "biết": "bit", "mình": "mk", "rồi": "r", "với": "vs", "nói": "ns",
		"học": "hc", "lớp": "lp", "muốn": "mún", "chết": "chít", "tiền": "xiền", "zalo": "zl", "người": "ng", "gì": "j", "tuổi": "tủi", "trường": "trg",
	}
	fields := strings.Fields(strings.ToLower(text))
	for i, w := range fields {
		if s, known := words[strings.Trim(w, ",.;!?")]; known {
			fields[i] = s + strings.TrimLeft(w, strings.Trim(w, ",.;!?"))
		}
	}
	return strings.Join(fields, " ")
}

// leet writes letters inside words as digits and signs, without marks.
func leet(text string) string {
	v := []rune(bare(text))
	in := func(i int) bool { return i >= 0 && i < len(v) && v[i] >= 'a' && v[i] <= 'z' }
	out := slices.Clone(v)
	for i, r := range v {
		if in(i-1) && in(i+1) {
			switch r {
			case 'o':
				out[i] = '0'
			case 'i':
				out[i] = '1'
			case 'a':
				out[i] = '@'
			}
		}
	}
	return string(out)
}

// dotted puts dots between the letters of each third word.
func dotted(text string) string {
	fields := strings.Fields(text)
	for i := 2; i < len(fields); i += 3 {
		fields[i] = strings.Join(strings.Split(fields[i], ""), ".")
	}
	return strings.Join(fields, " ")
}

// Sentences that must be found are found, in the forms in which children and
// those who hide from filters type. The share of each form is held at what it
// was when it was written down here; it is of sentences of our own and no
// accuracy of anything.
func TestWhatMustBeFound(t *testing.T) {
	r := reader(t)
	forms := map[string]struct {
		write func(string) string
		least float64
	}{
		"as written":    {func(s string) string { return s }, 0.97},
		"large letters": {strings.ToUpper, 0.97},
		"without marks": {bare, 0.95},
		"short forms":   {short, 0.97},
		"leet":          {leet, 0.95},
		"dotted":        {dotted, 0.95},
	}
	count, found := map[string]int{}, map[string]map[string]int{}
	for _, line := range testdata(t, "testdata/found.txt") {
		what, sentence, ok := strings.Cut(line, " | ")
		if !ok {
			continue
		}
		label, stage, _ := strings.Cut(what, " ")
		count[label]++
		for name, f := range forms {
			s := r.Read(f.write(sentence)).Of(Label(label))
			hit := s.Listed
			if stage != "" {
				hit = slices.ContainsFunc(s.Hits, func(h Hit) bool { return h.Stage == stage })
			}
			if found[label] == nil {
				found[label] = map[string]int{}
			}
			if hit {
				found[label][name]++
			} else {
				t.Logf("%s, not found %s: %s", what, name, f.write(sentence))
			}
		}
	}
	for _, label := range []string{"gambling", "scam", "self_harm", "grooming"} {
		if count[label] < 20 {
			t.Errorf("%s: %d sentences", label, count[label])
		}
		for _, name := range slices.Sorted(maps.Keys(forms)) {
			share := float64(found[label][name]) / float64(count[label])
			t.Logf("%-10s %-14s %3d of %3d, %.3f", label, name, found[label][name], count[label], share)
			if share < forms[name].least {
				t.Errorf("%s, %s: %.3f", label, name, share)
			}
		}
	}
}

// Sentences that were written after the patterns, with the aim of saying the
// same in other words: most are missed. That is what a list of phrases can do,
// and the figures are held so that nobody thinks better of it.
func TestFreshSentences(t *testing.T) {
	r := reader(t)
	count, listed, hinted := map[string]int{}, map[string]int{}, map[string]int{}
	for _, line := range testdata(t, "testdata/fresh.txt") {
		what, sentence, ok := strings.Cut(line, " | ")
		if !ok {
			continue
		}
		label, stage, _ := strings.Cut(what, " ")
		count[label]++
		s := r.Read(sentence).Of(Label(label))
		hit := slices.ContainsFunc(s.Hits, func(h Hit) bool { return h.Stage == stage })
		if stage == "" && s.Listed || stage != "" && hit {
			listed[label]++
		} else {
			t.Logf("%s, not found (a hint: %v): %s", what, hit, sentence)
		}
		if hit {
			hinted[label]++
		}
	}
	for _, label := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%s: of %d sentences %d found, %d with a hint", label, count[label], listed[label], hinted[label])
	}
	if listed["gambling"] < 3 || listed["scam"] < 1 || listed["grooming"] < 6 || listed["self_harm"] < 2 || hinted["self_harm"] < 9 {
		t.Error("fewer than before")
	}
}

// Neutral sentences of our own, full of words that look alike, are let pass:
// at most one in a hundred is listed. How often the model alone would alarm is
// printed: it has learnt from comments, and these are none.
func TestInnocentSentencesPass(t *testing.T) {
	r := reader(t)
	wrong, bareWrong, alone, n := 0, 0, 0, 0
	for _, s := range testdata(t, "../testdata/innocent.txt") {
		if s == "" {
			continue
		}
		n++
		signs := r.Read(s)
		if l := signs.Listed(); len(l) > 0 {
			wrong++
			t.Logf("false alarm, %v: %s", l, s)
		}
		if l := r.Read(bare(s)).Listed(); len(l) > 0 {
			bareWrong++
			t.Logf("false alarm without marks, %v: %s", l, bare(s))
		}
		if slices.ContainsFunc(signs, func(s Sign) bool {
			return slices.ContainsFunc(s.Models, func(m Said) bool { return m.Above })
		}) {
			alone++
		}
	}
	t.Logf("%d sentences: %d listed, %d without marks; the model alone is above a threshold in %d", n, wrong, bareWrong, alone)
	if n < 500 || 100*wrong > n || 100*bareWrong > n {
		t.Errorf("%d and %d of %d sentences", wrong, bareWrong, n)
	}
	if alone*100 < n {
		t.Error("the model alone is good enough to list: let it (Shipped)")
	}
}

// Everyday sentences about money, games, meeting, pictures and warnings. When
// they were first read nine of them were listed; those were mended.
func TestEverydaySentences(t *testing.T) {
	r := reader(t)
	n, wrong := 0, 0
	for _, s := range testdata(t, "testdata/everyday.txt") {
		if s == "" {
			continue
		}
		n++
		for _, form := range []string{s, bare(s)} {
			if l := r.Read(form).Listed(); len(l) > 0 {
				wrong++
				t.Logf("false alarm, %v: %s", l, form)
			}
		}
	}
	t.Logf("%d false alarms in %d sentences as written and without marks", wrong, n)
	if n < 70 || wrong > 1 {
		t.Errorf("%d of %d", wrong, n)
	}
}
