// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestReadings(t *testing.T) {
	base := func(s string) View { return Base(s) }
	for _, c := range []struct {
		name string
		read func(string) View
		in   string
		want string
	}{
		{"case and space", base, "  Trường\t\nHỌC  mẫu ", "trường học mẫu"},
		{"marks apart are joined", base, "tie\u0302\u0301ng Vie\u0323\u0302t", "tiếng việt"},
		{"nothing to see", base, "h\u200bọ\u00adc \ufeffsi\u2060nh\u202e", "học sinh"},
		{"Cyrillic", base, "һọс ѕіnһ", "học sinh"},
		{"Cyrillic under a Vietnamese mark", base, "а\u0301о", "áo"},
		{"Greek", base, "αο ΒΑ", "ao ba"},
		{"full width", base, "Ｈọｃ　１２", "học 12"},
		{"for mathematics", base, "𝐡𝓸𝖼 Ⓗⓞⓒ 🅗🅞🅒", "hoc hoc hoc"},
		{"something invisible under a mark", base, "a\u200b\u0301o", "áo"},
		{"Icelandic", base, "Ðăk ðến", "đăk đến"},
		{"bytes that are no text", base, "a\xff\xc3b", "a\uFFFD\uFFFDb"},
		{"squeezed", func(s string) View { return Squeezed(Base(s)) }, "Vuiiii quáaaa điiii!!!", "vui quáa đi!"},
		{"the o of a loan word stays", func(s string) View { return Squeezed(Base(s)) }, "cái xoong goood 1000 ooo", "cái xoong god 1000 o"},
		{"short forms", func(s string) View { return Spelled(Base(s)) }, "k bik j, mn ơi", "không biết gì, mọi người ơi"},
		{"only whole words are short forms", func(s string) View { return Spelled(Base(s)) }, "kem jar 2k đk", "kem jar 2k đk"},
		{"digits inside words", func(s string) View { return Unleeted(Base(s)) }, "b1t th3 l@m $inh", "bit th3 lam sinh"},
		{"words that meet", func(s string) View { return Unleeted(Base(s)) }, "ngon!mua ăn|đi đẹp!!em t!nh k!ểu ch|ch ng|", "ngon!mua ăn|đi đẹp!!em tinh kiểu chich ng|"},
		{"numbers stay", func(s string) View { return Unleeted(Base(s)) }, "3 lon 2k covid19 @lan 10h30 a12345b x1", "3 lon 2k covid19 @lan 10h30 a12345b x1"},
		{"signs inside words", func(s string) View { return Joined(Base(s)) }, "h.ọ.c s_i_n_h c.hào b-ạn", "học sinh chào bạn"},
		{"letters one by one", func(s string) View { return Joined(Base(s)) }, "ơi h ọ c sinh", "ơi học sinh"},
		{"other signs stay", func(s string) View { return Joined(Base(s)) }, "TP.HCM, câu a b, 1.000 - 2.000 tre-em.example", "tp.hcm, câu a b, 1.000 - 2.000 tre-em.example"},
		{"without marks", func(s string) View { return Stripped(Base(s)) }, "Đường đến trường Ngô Gia Tự", "duong den truong ngo gia tu"},
		{"all in turn", func(s string) View { return ViewsOf(s).Spelled }, "k0000 b.1.k", "k0000 bạn.1.không"},
		{"all in turn, stripped", func(s string) View { return ViewsOf(s).SpelledStripped }, "KKKK b1111k vuiiii qáaa", "khong b1111k vui qaa"},
	} {
		if got := c.read(c.in).Text(); got != c.want {
			t.Errorf("%s: %q reads %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestWhereItStood(t *testing.T) {
	const text = "Xin ＣHÀO, h.ọ.c  k"
	v := ViewsOf(text).Spelled
	at := func(word string) string {
		runes := []rune(v.Text())
		i := strings.Index(string(runes), word)
		if i < 0 {
			t.Fatalf("%q is not in %q", word, string(runes))
		}
		from := utf8.RuneCountInString(string(runes)[:i])
		r := v.Original(from, from+utf8.RuneCountInString(word))
		return text[r.From:r.To]
	}
	for word, want := range map[string]string{"chào": "ＣHÀO", "học": "h.ọ.c", "không": "k"} {
		if got := at(word); got != want {
			t.Errorf("%q came from %q, want %q", word, got, want)
		}
	}
}

// checkView fails unless the map to the original is monotone, lies on borders
// of runes and the view is no longer than it may be.
func checkView(t interface{ Fatalf(string, ...any) }, text, name string, v View) {
	border := map[int32]bool{}
	for i := 0; i < len(text); {
		border[int32(i)] = true
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	border[int32(len(text))] = true
	if len(v) > MaxGrowth*len(text) {
		t.Fatalf("%s: %d letters of %d bytes", name, len(v), len(text))
	}
	var last Letter
	for i, l := range v {
		switch {
		case l.From >= l.To:
			t.Fatalf("%s: letter %d of %q comes from nothing: %+v", name, i, text, l)
		case l.From < last.From || l.To < last.To:
			t.Fatalf("%s: letter %d of %q goes back: %+v after %+v", name, i, text, l, last)
		case !border[l.From] || !border[l.To]:
			t.Fatalf("%s: letter %d of %q is not on a border: %+v", name, i, text, l)
		}
		last = l
	}
}

func checkViews(t interface{ Fatalf(string, ...any) }, text string) {
	v := ViewsOf(text)
	for name, one := range map[string]View{"base": v.Base, "unleeted": v.Unleeted, "joined": v.Joined, "squeezed": v.Squeezed, "spelled": v.Spelled, "base stripped": v.BaseStripped, "spelled stripped": v.SpelledStripped} {
		checkView(t, text, name, one)
	}
	again := Base(v.Base.Text())
	if !sameText(again, v.Base) {
		t.Fatalf("%q reads %q, and that reads %q", text, v.Base.Text(), again.Text())
	}
}

func TestViewsOfAnyText(t *testing.T) {
	pieces := []string{"k", "không", "đ", ".", " ", "0", "@", "Ｋ", "а", "\u0301", "\u0323", "\u200b", "\xff", "\xe1\xba", "😀", "ooo", "ﬃ", "\u034f", "\u1100\u1161", "Ⓚ", "ệ"}
	rapid.Check(t, func(t *rapid.T) {
		checkViews(t, strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String())).Draw(t, "text"), ""))
	})
}

// A text without marks reads the same stripped, and stripping twice is
// stripping once.
func TestStrippedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := Stripped(Base(rapid.String().Draw(t, "text")))
		if twice := Stripped(once); !sameText(once, twice) {
			t.Fatalf("%q and %q", once.Text(), twice.Text())
		}
	})
}

func TestLongTextIsCutAtARune(t *testing.T) {
	for shift := range 4 {
		text := strings.Repeat("a", shift) + strings.Repeat("ệ", MaxText/3+10)
		v := Base(text)
		if n := int(v[len(v)-1].To); n > MaxText || n < MaxText-utf8.UTFMax || v[len(v)-1].R != 'ệ' {
			t.Errorf("shift %d: read to byte %d, last letter %q", shift, n, v[len(v)-1].R)
		}
	}
	checkView(t, strings.Repeat("\u0301", MaxText), "marks", Base(strings.Repeat("\u0301", MaxText)))
}

// Every line of the table is well formed: no short form twice, none that a
// reading before would have changed.
func TestTeencodeTable(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(teencodeText), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		for i, w := range words {
			switch {
			case utf8.RuneCountInString(words[0]) > MaxGrowth*len(w):
				t.Errorf("%q for %q is more than a view may grow", words[0], w)
			case i > 0 && (seen[w] || utf8.RuneCountInString(w) > maxShort):
				t.Errorf("%q stands twice or is longer than %d letters", w, maxShort)
			case i > 0 && Squeezed(Unleeted(Base(w))).Text() != w:
				t.Errorf("%q reads %q before the table is asked", w, Squeezed(Unleeted(Base(w))).Text())
			}
			if i > 0 {
				seen[w] = true
			}
		}
	}
	if len(seen) < 300 {
		t.Errorf("%d short forms", len(seen))
	}
}

func FuzzViews(f *testing.F) {
	for _, s := range []string{"", "Xin chào", "k b1t j \xff", "đ.\u0301m", "v c l", "𝐡𝓸𝖼\u0323", "\xe1\xba", "Ǆǅǆ İı ẞ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkViews(t, text)
	})
}
