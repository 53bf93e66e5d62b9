// SPDX-License-Identifier: Apache-2.0

package locale

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
)

func load(t *testing.T) *Texts {
	t.Helper()
	texts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

var placeholder = regexp.MustCompile(`\{[a-z-]+\}`)

func TestEnglishIsCompleteAndPlaceholdersAgree(t *testing.T) {
	texts := load(t)
	for _, key := range texts.Keys(Source) {
		vi, _ := texts.Raw(Source, key)
		en, ok := texts.Raw("en", key)
		if !ok {
			t.Errorf("en lacks %q", key)
			continue
		}
		a, b := placeholder.FindAllString(vi, -1), placeholder.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: placeholders %v in vi, %v in en", key, a, b)
		}
		if vi == "" || en == "" {
			t.Errorf("%s: empty text", key)
		}
		for _, text := range []string{vi, en} {
			trimmed := strings.TrimSpace(text)
			// Lines of a terminal may be indented and set apart.
			terminal := strings.HasPrefix(key, "cli.") || strings.HasPrefix(key, "demo.")
			if Normalize(trimmed) != trimmed || trimmed != text && !terminal {
				t.Errorf("%s: not NFC, or white space at an end", key)
			}
		}
	}
	for _, key := range texts.Keys("en") {
		if _, ok := texts.Raw(Source, key); !ok {
			t.Errorf("en has %q, vi does not", key)
		}
	}
}

func TestEveryProblemHasItsText(t *testing.T) {
	texts := load(t)
	for _, code := range problem.Codes() {
		if _, ok := texts.Raw(Source, problem.TextKey(code)); !ok {
			t.Errorf("no text for problem %s", code)
		}
	}
}

func TestPrinter(t *testing.T) {
	vi, en := load(t).Printer("vi"), load(t).Printer("en")
	for _, c := range []struct{ got, want string }{
		{vi.Int(1234567), "1.234.567"},
		{en.Int(1234567), "1,234,567"},
		{vi.Int(-1000), "−1.000"},
		{vi.Int(12), "12"},
		{vi.Decimal(99.456, 1), "99,5"},
		{en.Decimal(1234.5, 1), "1,234.5"},
		{vi.Decimal(-0.5, 1), "−0,5"},
		{vi.Date(time.Date(2026, 12, 9, 20, 0, 0, 0, time.UTC)), "10/12/2026"},
		{vi.DateTime(time.Date(2026, 12, 9, 9, 5, 0, 0, clock.Vietnam)), "09:05, 09/12/2026"},
		{vi.Span(102 * time.Minute), "1 giờ 42 phút"},
		{vi.Span(-5 * time.Hour), "5 giờ"},
		{vi.Span(49 * time.Hour), "2 ngày"},
		{vi.Span(26 * time.Hour), "1 ngày 2 giờ"},
		{vi.Span(time.Second), "chưa đầy 1 phút"},
		{vi.T("problem.input.out-of-range", "min", 0, "max", 12000), "Số phải từ 0 đến 12.000."},
		{vi.T("no.such.key"), "⟨no.such.key⟩"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Đăk  Hà": "dak ha", "Ðức Phổ": "duc pho", "TRÀ  BÙI ": "tra bui", "Nghĩa\tHành": "nghia hanh", "": "", "Hoà": "hoa", "Hòa": "hoa",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		" e\u0302\u0301m \r\n ke\u0309 ": "ếm \n kẻ", "a\x00b": "ab", "a\u200bb\u202ec": "abc", "\xff": "\uFFFD",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSortKeyFollowsTheAlphabet(t *testing.T) {
	words := []string{"An", "Ăn", "Ân", "Ba", "Đa", "Em", "Ê", "Ơn", "Ưa"}
	for i := 1; i < len(words); i++ {
		if SortKey(words[i-1]) >= SortKey(words[i]) {
			t.Errorf("%s does not come before %s", words[i-1], words[i])
		}
	}
	if SortKey("Đa") < SortKey("Da") {
		t.Error("Đ comes after D")
	}
}

func FuzzFoldIsStable(f *testing.F) {
	for _, s := range []string{"Đăk Hà", "ÐỨC", "e\u0302\u0301", "\xff\x00", "  a  b "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(Normalize(s))
		if twice := Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q, again %q", s, once, twice)
		}
	})
}
