// SPDX-License-Identifier: Apache-2.0

// Package lookalike finds names of domains that were made to be taken for
// others: of a school, a bank, an agency. Children and parents type what looks
// right, and clause 2 wants what harms them found before it is clicked.
//
// A name is compared by what is read and by what is typed: letters of other
// alphabets that look like ours, a digit for a letter, a key beside the right
// one, a word like "dang nhap" put before it, another ending, a hyphen, or the
// whole name under a stranger's. Each hit says which and how much it weighs. A
// hit is a reason for a person to look and never a verdict: names are short,
// and honest ones are alike too. docs/crawl.md has the false alarms, measured.
//
// Letters that look alike are those of internal/vntext, chosen for Vietnamese,
// and not the whole table of Unicode (UTS #39).
package lookalike

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"lachan/internal/bundle"
	"lachan/internal/vntext"
)

// Reason is how a name is like another.
type Reason string

// The reasons, the weightiest first.
const (
	Under     Reason = "under"     // the whole name stands under a stranger's: mau.edu.vn.example.top
	Letters   Reason = "letters"   // reads the same in other letters
	Words     Reason = "words"     // with a word like "dang nhap"
	Hyphens   Reason = "hyphens"   // with hyphens
	Swapped   Reason = "swapped"   // two letters changed places
	Neighbour Reason = "neighbour" // one key beside the right one
	Typo      Reason = "typo"      // one letter more, less or other
	Ending    Reason = "ending"    // the same name under another ending
	TwoTypos  Reason = "two-typos"
)

// weights are out of 100: how seldom such a likeness is chance.
func weight(r Reason) int {
	switch r {
	case Under, Letters:
		return 95
	case Words:
		return 85
	case Hyphens:
		return 80
	case Swapped, Neighbour:
		return 75
	case Typo:
		return 65
	case Ending:
		return 60
	}
	return 40
}

// The least letters of a name for which a likeness is no chance.
const (
	leastExact   = 4
	leastOneTypo = 6
	leastTwoTypo = 11
)

// Hit is a likeness. Weight is out of 100.
type Hit struct {
	Domain    string // as it was given, in small letters
	Protected string
	Reason    Reason
	Weight    int
	Word      string // of Words: what was added
}

// Finder compares with the names it was made of. It is safe for concurrent use.
type Finder struct {
	own    map[string]bool // protected, and what lies below
	names  []name
	labels map[string][]int // by label
	reads  map[string][]int // by how the label reads
	joined map[string][]int // the same without hyphens
	less   map[string][]int // by the label less one or two letters
	words  map[string]bool
}

type name struct{ full, label, read string }

// New makes a finder for the protected names, "mau.edu.vn". What is none is
// passed over.
func New(protected []string) *Finder {
	f := &Finder{own: map[string]bool{}, labels: map[string][]int{}, reads: map[string][]int{}, joined: map[string][]int{}, less: map[string][]int{}, words: words()}
	for _, p := range protected {
		full, label, ok := split(p)
		if !ok || f.own[full] {
			continue
		}
		f.own[full] = true
		n := name{full, label, reading(label)}
		i := len(f.names)
		f.names = append(f.names, n)
		f.labels[label] = append(f.labels[label], i)
		f.reads[n.read] = append(f.reads[n.read], i)
		f.joined[strings.ReplaceAll(n.read, "-", "")] = append(f.joined[strings.ReplaceAll(n.read, "-", "")], i)
		if len(n.read) >= leastOneTypo {
			for d := range without(n.read, len(n.read) >= leastTwoTypo) {
				f.less[d] = append(f.less[d], i)
			}
		}
	}
	return f
}

//go:embed words.txt
var wordsText string

var words = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(wordsText) {
		if !strings.HasPrefix(line, "#") {
			for w := range strings.FieldsSeq(line) {
				m[w] = true
			}
		}
	}
	return m
})

// split gives the name that somebody registered, and its first label in the
// letters that are read.
func split(domain string) (registered, label string, ok bool) {
	n, err := bundle.ParseName(domain)
	if err != nil {
		return "", "", false
	}
	registered, err = publicsuffix.EffectiveTLDPlusOne(n.String())
	if err != nil {
		return "", "", false
	}
	shown, err := bundle.ParseName(registered)
	if err != nil {
		return "", "", false
	}
	label, _, _ = strings.Cut(shown.Unicode(), ".")
	return registered, label, true
}

// reading is how a label is read: in plain letters, without tones, and with the
// letters for which digits stand.
func reading(label string) string { return digits().Replace(plain(label)) }

// plain is a label in plain letters, without tones, its digits as they are.
func plain(label string) string {
	var b strings.Builder
	for _, l := range vntext.Stripped(vntext.Base(label)) {
		b.WriteRune(l.R)
	}
	return b.String()
}

var digits = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("0", "o", "1", "l", "3", "e", "5", "s", "rn", "m", "vv", "w", "cl", "d")
})

// Look gives the likenesses of a domain, the weightiest first and one for each
// protected name; none for a protected name itself and what lies below it.
func (f *Finder) Look(domain string) []Hit {
	registered, label, ok := split(domain)
	if !ok || f.own[registered] {
		return nil
	}
	full, err := bundle.ParseName(domain)
	if err != nil {
		return nil
	}
	best := map[int]Hit{}
	add := func(i int, r Reason, word string) {
		if h, before := best[i]; !before || h.Weight < weight(r) {
			best[i] = Hit{Domain: full.String(), Protected: f.names[i].full, Reason: r, Weight: weight(r), Word: word}
		}
	}
	f.under(full.String(), registered, add)
	f.whole(label, add)
	f.worded(plain(label), add)
	f.typed(reading(label), add)
	hits := make([]Hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Weight != b.Weight {
			return b.Weight - a.Weight
		}
		return strings.Compare(a.Protected, b.Protected)
	})
	return hits
}

// under looks for a whole protected name in front of somebody else's, with dots
// or with hyphens.
func (f *Finder) under(full, registered string, add func(int, Reason, string)) {
	front := strings.TrimSuffix(strings.TrimSuffix(full, registered), ".")
	label, _, _ := strings.Cut(registered, ".")
	for _, text := range []string{front, strings.ReplaceAll(label, "-", ".")} {
		parts := strings.Split(text, ".")
		for from := range parts {
			for to := from + 2; to <= len(parts); to++ {
				if whole := strings.Join(parts[from:to], "."); f.own[whole] {
					for i, n := range f.names {
						if n.full == whole {
							add(i, Under, "")
						}
					}
				}
			}
		}
	}
}

// whole looks for labels that are or read the same.
func (f *Finder) whole(label string, add func(int, Reason, string)) {
	read := reading(label)
	if len(read) < leastExact {
		return
	}
	for _, i := range f.labels[label] {
		add(i, Ending, "")
	}
	for _, i := range f.reads[read] {
		if f.names[i].label != label {
			add(i, Letters, "")
		}
	}
	for _, i := range f.joined[strings.ReplaceAll(read, "-", "")] {
		if f.names[i].read != read {
			add(i, Hyphens, "")
		}
	}
}

// worded takes known words off both ends and looks for what is left.
func (f *Finder) worded(text string, add func(int, Reason, string)) {
	for cut := leastExact; cut < len(text); cut++ {
		for _, pair := range [2][2]string{{text[:cut], text[cut:]}, {text[len(text)-cut:], text[:len(text)-cut]}} {
			core, rest := strings.Trim(pair[0], "-"), strings.Trim(pair[1], "-")
			if len(core) < leastExact || !f.isWords(rest) {
				continue
			}
			for _, i := range f.reads[digits().Replace(core)] {
				add(i, Words, rest)
			}
		}
	}
}

// isWords reports whether a piece is one or two known words, or a number.
func (f *Finder) isWords(s string) bool {
	if s == "" {
		return false
	}
	if f.words[s] || strings.Trim(s, "0123456789") == "" {
		return true
	}
	for i := 1; i < len(s); i++ {
		if f.words[strings.Trim(s[:i], "-")] && f.words[strings.Trim(s[i:], "-")] {
			return true
		}
	}
	return false
}

// typed looks for labels a key or two away.
func (f *Finder) typed(read string, add func(int, Reason, string)) {
	if len(read) < leastOneTypo-1 {
		return
	}
	for d := range without(read, len(read) >= leastTwoTypo-2) {
		for _, i := range f.less[d] {
			if r, ok := between(read, f.names[i].read); ok {
				add(i, r, "")
			}
		}
	}
}
