// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"lachan/internal/vntext"
)

// whole is the reader as the program has it, made once for all tests.
var whole = sync.OnceValues(func() (*Reader, error) {
	lib, err := Builtin()
	if err != nil {
		return nil, err
	}
	v, err := Shipped()
	if err != nil {
		return nil, err
	}
	return NewReader(lib, v)
})

func reader(t testing.TB) *Reader {
	t.Helper()
	r, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContext(t *testing.T) {
	r, err := NewReader(library(t, "@label scam\nbrằm | with: zuxt | without: krong\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"brằm": false, "brằm và zuxt": true, "zuxt rồi brằm": true, "ZUXT b.r.ằ.m": true,
		"brằm zuxt krong": false, "krong, brằm, zuxt": false,
		"zuxt " + strings.Repeat("ă ", Reach/2+2) + "brằm":        false,
		"zuxt " + strings.Repeat("ă ", Reach/2-3) + "brằm":        true,
		"krong " + strings.Repeat("ă", Reach) + " brằm " + "zuxt": true,
	} {
		if got := len(r.Read(text).Of(Scam).Hits) > 0; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Choices in brackets, and parts with words between.
func TestChoicesAndGaps(t *testing.T) {
	r, err := NewReader(library(t, "@label scam\n(brằm/zuxt) (krong/) .. (plurt/swaff) | innocent: zuxt krong nước | without: drill\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"brằm plurt":                        "brằm plurt",
		"xin ZUXT krong một hai ba swaff !": "ZUXT krong một hai ba swaff",
		"bram, plurt":                       "bram, plurt",
		"brằm brằm plurt plurt":             "brằm plurt plurt",
		"plurt brằm":                        "",
		"brằm krong":                        "",
		"brằm " + strings.Repeat("ă", Gap) + " plurt":   "",
		"brằm " + strings.Repeat("ă", Gap-2) + " plurt": "brằm " + strings.Repeat("ă", Gap-2) + " plurt",
		"brằm drill plurt":                              "",
		"brằmplurt":                                     "",
	} {
		got := ""
		for _, h := range r.Read(text).Of(Scam).Hits {
			got += text[h.From:h.To]
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]int{"a": 1, "(a/b)": 2, "(a/b) (c/)": 4, "(a": 0, "a)": 0, "((a))": 0, "()": 0, "(a/)": 0, strings.Repeat("(a/b)", 8): 0} {
		if got := len(expanded(text)); got != want {
			t.Errorf("%q: %d spellings", text, got)
		}
	}
	if parts("a .. b .. c .. d .. e") != nil || parts("a ..") != nil || len(parts("a .. b")) != 2 {
		t.Error("parts")
	}
}

// Hints list a text together, and never twice for one place or one pattern.
func TestWeights(t *testing.T) {
	r, err := NewReader(library(t, "@label scam\n@weight 2\nbrằm\nbrằm zuxt\nkrong\n@weight 3\nplurt\n@weight 5\nswaff\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]float64{
		"": 0, "brằm": 0.35, "brằm, brằm": 0.35, "brằm zuxt": 0.35, "plurt": 0.6, "swaff": 0.95,
		"brằm krong": 1 - 0.65*0.65, "brằm plurt": 1 - 0.65*0.4,
	} {
		s := r.Read(text).Of(Scam)
		if math.Abs(s.Score-want) > 1e-9 || s.Listed != (want >= listing) {
			t.Errorf("%q: %v, listed %v; want %v", text, s.Score, s.Listed, want)
		}
	}
}

func TestHitsStandInTheOriginal(t *testing.T) {
	const text = "Bạn ơi, vào N.Ổ  H.Ũ đi; nạp lần đầu TẶNG nhé"
	var got []string
	for _, h := range reader(t).Read(text).Of(Gambling).Hits {
		got = append(got, text[h.From:h.To])
	}
	if !slices.Contains(got, "N.Ổ  H.Ũ") || !slices.Contains(got, "nạp lần đầu TẶNG") {
		t.Errorf("%q", got)
	}
}

// What a label has no model for, and what is not measured, is said.
func TestWhatIsNotKnownIsSaid(t *testing.T) {
	signs := reader(t).Read("xin chào các bạn")
	if len(signs) != len(Labels()) || len(signs.Listed()) != 0 {
		t.Fatalf("%+v", signs)
	}
	for _, s := range signs {
		if spoken := len(s.Models) > 0; spoken != s.Label.Measured() {
			t.Errorf("%s: a model speaks: %v, measured: %v", s.Label, spoken, s.Label.Measured())
		}
		if len(s.Label.Harms()) == 0 {
			t.Errorf("%s has no harm of a report", s.Label)
		}
	}
	if Label("x").Valid() || Label("x").Measured() || Label("x").Harms() != nil || Label("x").Category() != "" || len((Signs{}).Of(Hate).Hits) > 0 {
		t.Error("a label of nobody")
	}
}

// The model and a hint list together what neither lists alone.
func TestModelAndPatternsAgree(t *testing.T) {
	r := reader(t)
	for _, s := range r.Read("đồ ngu, cút đi") {
		if s.Label != Bullying {
			continue
		}
		if !s.Listed || len(s.Models) != 1 || s.Models[0].Model != "safesense-1" || len(s.Models[0].Reasons) == 0 {
			t.Errorf("%+v", s)
		}
	}
	s := Sign{Label: Bullying, Models: []Said{{Model: "a", Probability: 1, Above: true}}}
	s.weigh(func(string, Label) bool { return false })
	if s.Listed || math.Abs(s.Score-agreement) > 1e-9 {
		t.Errorf("a model that lists nothing: %+v", s)
	}
	s.weigh(func(string, Label) bool { return true })
	if !s.Listed || s.Score != 1 {
		t.Errorf("a model that lists: %+v", s)
	}
}

// A word without marks is another where the writer sets marks, and the same
// where marks are left out.
func TestMarksOfTheWriter(t *testing.T) {
	r, err := NewReader(library(t, "@label scam\nnhận quà\nbrằm\n"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"nhận quà ở đây": true, "nhan qua o day": true, "Nhan qua ở đây nhé mẹ": false, "nhận qua ở đây": false,
		"mẹ bảo bram đấy": false, "me bao bram day": true, "mẹ bảo brằm đấy": true, "mẹ bảo b.r.ằ.m": true,
	} {
		if got := r.Read(text).Of(Scam).Listed; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReasonsAreWholeWords(t *testing.T) {
	const text = "  ôi «thằng  ngu» quá!"
	at := func(part string) vntext.Range {
		from := strings.Index(text, part)
		return vntext.Range{From: from, To: from + len(part)}
	}
	got := wholeWords(text, []vntext.Reason{{Range: at("hằ"), Weight: 1}, {Range: at("ng  n"), Weight: 2}, {Range: at("gu"), Weight: 2}, {Range: at("u"), Weight: 0.5}, {Range: at("thằng"), Weight: 1}, {Range: at("!"), Weight: 0.1}})
	var words []string
	for _, r := range got {
		words = append(words, fmt.Sprint(text[r.From:r.To], " ", r.Weight))
	}
	if want := []string{"thằng 2", "thằng  ngu 2", "ngu 2.5"}; len(words) != 4 || words[0] != want[2] || words[1] != want[0] || words[2] != want[1] || words[3] != "quá 0.1" {
		t.Errorf("%q", words)
	}
	if got := wholeWords("!!", []vntext.Reason{{Range: vntext.Range{From: 0, To: 1}, Weight: 1}}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Features have numbers and IDs and no word of the text.
func TestFeaturesHaveNoText(t *testing.T) {
	lines := Lines("Mẫu: em học lớp mấy\nMẫu: đừng kể ba mẹ nhé\nMẫu: gửi ảnh cho anh, không thì đồ ngu")
	raw, err := json.Marshal(reader(t).ReadLines(lines).Features())
	if err != nil {
		t.Fatal(err)
	}
	var f Features
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if f.Edition != 1 || len(f.Patterns) < 4 || f.Courses["grooming/approach"] < 0.5 || f.Scores[Grooming] < 0.5 || !slices.Contains(f.Listed, Grooming) || len(f.Models) != 2 {
		t.Errorf("%s", raw)
	}
	for _, word := range []string{"Mẫu", "học", "kể", "gửi", "ngu", "lop", "anh"} {
		if strings.Contains(string(raw), word) {
			t.Errorf("%s has %q", raw, word)
		}
	}
	if again, _ := json.Marshal(reader(t).ReadLines(lines).Features()); string(again) != string(raw) {
		t.Error("two readings differ")
	}
	// The form is stored: a change of names would lose what was stored before.
	small, _ := json.Marshal(Features{Edition: 1, Scores: map[Label]float64{Hate: 0.5}, Listed: []Label{Hate}, Patterns: []string{"p"}, Courses: map[string]float64{"c": 1}, Models: []ModelFeature{{"m", Hate, 0.25}}})
	if want := `{"edition":1,"scores":{"hate":0.5},"listed":["hate"],"patterns":["p"],"courses":{"c":1},"models":[{"model":"m","label":"hate","probability":0.25}]}`; string(small) != want {
		t.Errorf("%s", small)
	}
}

func TestReaderServesManyAtOnce(t *testing.T) {
	r := reader(t)
	const text = "vào nổ hũ đi, đồ ngu, đừng kể ba mẹ"
	want, _ := json.Marshal(r.Read(text))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				if got, _ := json.Marshal(r.Read(text)); string(got) != string(want) {
					t.Error("a reading differs")
					return
				}
			}
		})
	}
	all.Wait()
}

// A text full of hits is read in time that grows with it.
func TestLongTexts(t *testing.T) {
	r := reader(t)
	took := func(n int) time.Duration {
		text := strings.Repeat("nổ hũ em học lớp mấy đừng kể ba mẹ gửi ảnh cho anh ", n)
		best := time.Hour
		for range 3 {
			began := time.Now()
			if l := r.Read(text).Listed(); !slices.Contains(l, Gambling) || !slices.Contains(l, Grooming) {
				t.Fatalf("%v", l)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	short, long := took(100), took(2000)
	if long > 100*short {
		t.Errorf("%v for 100 pieces, %v for 2,000", short, long)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a: em học lớp mấy\na: đừng kể ba mẹ\na: gửi ảnh cho anh")
	f.Add("n\u0309ô hu\xff: ")
	r, err := whole()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := Lines(text)
		for _, s := range append(r.Read(text), r.ReadLines(lines)...) {
			if s.Score < 0 || s.Score > 1 {
				t.Fatalf("%s: %v", s.Label, s.Score)
			}
		}
		for _, h := range r.Read(text).Of(Grooming).Hits {
			if h.From < 0 || h.To > len(text) || h.From > h.To || utf8.ValidString(text) && !utf8.ValidString(text[h.From:h.To]) {
				t.Fatalf("%+v", h.Range)
			}
		}
	})
}

func testdata(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range strings.Split(string(raw), "\n") {
		if !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
