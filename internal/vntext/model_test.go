// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/problem"
)

// small is a configuration for a few sentences.
func small() Config {
	return Config{
		Shape:  Shape{Bits: 14, MaxChar: 4, MaxWord: 2, Spelled: true, Stripped: true, Sublinear: true},
		Epochs: 20, Rate: 0.1, Start: 0.001, Power: 0.25, Bare: 0.4, MinTexts: 1, Average: 2,
	}
}

// sentences are of our own: of food, of the weather, of school.
func sentences() (labels []string, learn, held []Example) {
	things := [][]string{
		{"phở bò", "bún chả", "bánh mì", "cơm tấm", "xôi gấc", "chè đậu"},
		{"trời mưa", "nắng to", "gió mùa", "sương mù", "bão lớn", "mây đen"},
		{"giờ toán", "bài văn", "tiết sử", "thi học kỳ", "lớp học", "cô giáo"},
	}
	frames := []string{"hôm nay có %s", "mình thích %s lắm", "%s ở Kon Tum", "kể về %s đi bạn", "sáng nay %s nhé"}
	for label, list := range things {
		for i, thing := range list {
			for j, frame := range frames {
				e := Example{fmt.Sprintf(frame, thing), label}
				if (i+j)%5 == 0 {
					held = append(held, e)
				} else {
					learn = append(learn, e)
				}
			}
		}
	}
	return []string{"food", "weather", "school"}, learn, held
}

func trained(t testing.TB) *Model {
	t.Helper()
	labels, learn, held := sentences()
	m, err := Train(context.Background(), small(), labels, learn, 7)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(held); err != nil {
		t.Fatal(err)
	}
	m.Provenance = Provenance{Name: "sample", Made: time.Unix(0, 0).UTC(), Config: small(), Seed: 7, Sets: []Set{{Name: "own sentences", Licence: "Apache-2.0", Counts: map[string]int{"food": 24}}}}
	return m
}

func TestModelLearns(t *testing.T) {
	m := trained(t)
	_, _, held := sentences()
	for _, e := range append(held, Bared(held)...) {
		got := m.Classify(e.Text)
		if got.Label != e.Label {
			t.Errorf("%q is %s, want %s: %v", e.Text, m.Labels()[got.Label], m.Labels()[e.Label], got.Probabilities)
		}
		sum := float32(0)
		for _, p := range got.Probabilities {
			sum += p
		}
		if math.Abs(float64(sum-1)) > 1e-5 {
			t.Errorf("%q: probabilities come to %v", e.Text, sum)
		}
	}
	for _, hard := range []struct {
		text  string
		label int
	}{{"p.h.ở  b.ò ngon", 0}, {"TRỜI MƯAAAA", 1}, {"bài văn của cô giá0 viên", 2}} {
		if got := m.Classify(hard.text).Label; got != hard.label {
			t.Errorf("%q is %s", hard.text, m.Labels()[got])
		}
	}
	if got := m.Classify(""); len(got.Probabilities) != 3 {
		t.Errorf("no text: %+v", got)
	}
}

func TestTrainingIsTheSameForASeed(t *testing.T) {
	a, err := trained(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := trained(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two trainings with one seed differ")
	}
	labels, learn, _ := sentences()
	other, err := Train(context.Background(), small(), labels, learn, 8)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := Train(context.Background(), small(), labels, learn, 7); err != nil || bytes.Equal(bytesOf(first.weights), bytesOf(other.weights)) {
		t.Errorf("the seed changes nothing: %v", err)
	}
}

func bytesOf(w []int8) []byte {
	out := make([]byte, len(w))
	for i := range w {
		out[i] = byte(w[i])
	}
	return out
}

func TestTrainRefuses(t *testing.T) {
	labels, learn, _ := sentences()
	for name, change := range map[string]func(*Config, *[]string, *[]Example){
		"no epoch":              func(c *Config, _ *[]string, _ *[]Example) { c.Epochs = 0 },
		"too many buckets":      func(c *Config, _ *[]string, _ *[]Example) { c.Shape.Bits = 60 },
		"one label":             func(_ *Config, l *[]string, _ *[]Example) { *l = (*l)[:1] },
		"a label without texts": func(_ *Config, l *[]string, _ *[]Example) { *l = append(*l, "other") },
		"no examples":           func(_ *Config, _ *[]string, e *[]Example) { *e = nil },
		"a label of nobody":     func(_ *Config, _ *[]string, e *[]Example) { *e = append(*e, Example{"x", 9}) },
	} {
		cfg, l, e := small(), append([]string(nil), labels...), append([]Example(nil), learn...)
		change(&cfg, &l, &e)
		if _, err := Train(context.Background(), cfg, l, e, 1); !isCode(err, "vntext/bad-training") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := trained(t).Calibrate(nil); !isCode(err, "vntext/bad-training") {
		t.Errorf("calibrated on nothing: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Train(ctx, small(), labels, learn, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// What is learnt on top of a model leaves alone what the new examples do not
// speak of, and an example of more weight counts more.
func TestTrainOn(t *testing.T) {
	labels, learn, held := sentences()
	cfg := small()
	ctx := context.Background()
	first := trained(t)
	news := []Example{{"chơi đàn bầu", 2}, {"nghe đàn bầu", 2}, {"bão số ba", 1}, {"chả giò", 0}}
	ones := []float32{1, 1, 1, 1}
	m, err := TrainOn(ctx, cfg, labels, news, ones, 7, first)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := first.Classify("đàn bầu").Probabilities[2], m.Classify("đàn bầu").Probabilities[2]; after < 0.7 || after <= before {
		t.Errorf("what is new: %v, %v before", after, before)
	}
	for _, e := range held {
		if got := m.Classify(e.Text).Label; got != e.Label {
			t.Errorf("%q is forgotten", e.Text)
		}
	}
	both := []Example{{"tiếng đàn bầu", 2}, {"tiếng đàn bầu", 1}, {"chả giò", 0}}
	for label, weights := range map[int][]float32{1: {1, 5, 1}, 2: {5, 1, 1}} {
		m, err := TrainOn(ctx, cfg, labels, both, weights, 7, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Classify("tiếng đàn bầu").Label; got != label {
			t.Errorf("weights %v: %d", weights, got)
		}
	}
	other := cfg
	other.Shape.Bits++
	for name, call := range map[string]func() (*Model, error){
		"another shape":    func() (*Model, error) { return TrainOn(ctx, other, labels, news, ones, 7, first) },
		"other labels":     func() (*Model, error) { return TrainOn(ctx, cfg, []string{"a", "b", "c"}, news, ones, 7, first) },
		"a weight missing": func() (*Model, error) { return TrainOn(ctx, cfg, labels, news, ones[:3], 7, first) },
		"no weight":        func() (*Model, error) { return TrainOn(ctx, cfg, labels, news, []float32{1, 1, 0, 1}, 7, first) },
	} {
		if _, err := call(); !isCode(err, "vntext/bad-training") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, b := trainedBytes(t, learn, nil), trainedBytes(t, learn, first); bytes.Equal(a, b) {
		t.Error("what is begun with changes nothing")
	}
}

func trainedBytes(t *testing.T, learn []Example, from *Model) []byte {
	t.Helper()
	labels, _, _ := sentences()
	weights := make([]float32, len(learn))
	for i := range weights {
		weights[i] = 1
	}
	m, err := TrainOn(context.Background(), small(), labels, learn, weights, 7, from)
	if err != nil {
		t.Fatal(err)
	}
	return bytesOf(m.weights)
}

func isCode(err error, code string) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == code
}

func TestReasonsStandInTheOriginal(t *testing.T) {
	m := trained(t)
	const text = "Sáng nay mình ăn  P.H.Ở B.Ò nhé"
	reasons := m.Reasons(text, 0, 3)
	if len(reasons) == 0 || len(reasons) > 3 {
		t.Fatalf("%d reasons", len(reasons))
	}
	if top := text[reasons[0].From:reasons[0].To]; !strings.Contains("P.H.Ở B.Ò", top) {
		t.Errorf("what weighed most for food is %q", top)
	}
	for i, r := range reasons {
		if r.Weight <= 0 || i > 0 && r.Weight > reasons[i-1].Weight {
			t.Errorf("reason %d weighs %v", i, r.Weight)
		}
	}
	if m.Reasons("", 0, 3) != nil || m.Reasons(text, 3, 3) != nil || m.Reasons(text, -1, 3) != nil {
		t.Error("reasons for nothing")
	}
}

func TestModelFile(t *testing.T) {
	m := trained(t)
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	_, _, held := sentences()
	for _, e := range held {
		a, b := m.Classify(e.Text), again.Classify(e.Text)
		if a.Label != b.Label || a.Probabilities[0] != b.Probabilities[0] {
			t.Errorf("%q: %v and %v", e.Text, a, b)
		}
	}
	size := binary.BigEndian.Uint32(file[len(magic):])
	p, err := ReadProvenance(file[:len(magic)+4+int(size)])
	if err != nil || p.Name != "sample" || p.Sets[0].Licence != "Apache-2.0" || p.Seed != 7 {
		t.Errorf("%+v, %v", p, err)
	}
	for i := 0; i < len(file); i += 997 {
		bad := bytes.Clone(file)
		bad[i] ^= 4
		if _, err := Decode(bad); !isCode(err, "vntext/bad-model") {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Decode(file[:i]); !isCode(err, "vntext/bad-model") {
			t.Fatalf("cut at byte %d: %v", i, err)
		}
	}
}

func FuzzModel(f *testing.F) {
	cfg := small()
	cfg.Shape.Bits = 10
	labels, learn, _ := sentences()
	m, err := Train(context.Background(), cfg, labels, learn, 1)
	if err != nil {
		f.Fatal(err)
	}
	file, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, "phở")
	f.Add(file[:40], "")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		// The checksum would hide what lies behind it from the fuzzer.
		if h, body, err := readHead(file); err == nil && len(body) > 32 && h.Params.valid() {
			file = reseal(file)
		}
		m, err := Decode(file)
		if err != nil {
			if m != nil || !isCode(err, "vntext/bad-model") {
				t.Fatalf("%v, %v", m, err)
			}
			return
		}
		if r := m.Classify(text); r.Label < 0 || r.Label >= len(m.Labels()) {
			t.Fatalf("label %d", r.Label)
		}
		m.Reasons(text, 0, 5)
	})
}

// reseal gives a file the checksum of what it holds.
func reseal(file []byte) []byte {
	end := len(file) - sha256.Size
	sum := sha256.Sum256(file[:end])
	return append(bytes.Clone(file[:end]), sum[:]...)
}

func TestTokensAreThoseOfAllViews(t *testing.T) {
	m := trained(t)
	// Four in each of two views: three words and a sign.
	if n := m.Tokens("ăn phở k ?"); n != 8 {
		t.Errorf("%d tokens", n)
	}
}

func BenchmarkClassify(b *testing.B) {
	m := trained(b)
	const text = "Hôm nay trời mưa to quá nên lớp mình nghỉ học thể dục, chiều ai đi đá bóng k?"
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			m.Classify(text)
		}
	})
	b.Run("reading alone", func(b *testing.B) {
		for b.Loop() {
			m.Tokens(text)
		}
	})
}

func TestModelServesManyAtOnce(t *testing.T) {
	m := trained(t)
	_, _, held := sentences()
	want := make([]Result, len(held))
	for i, e := range held {
		want[i] = m.Classify(e.Text)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				for i, e := range held {
					if got := m.Classify(e.Text); got.Label != want[i].Label || got.Probabilities[0] != want[i].Probabilities[0] {
						t.Errorf("%q is %v, alone %v", e.Text, got, want[i])
						return
					}
					m.Reasons(e.Text, 0, 2)
				}
			}
		})
	}
	all.Wait()
}

// What stands behind the letters that a model reads changes nothing.
func TestModelReadsTheBeginning(t *testing.T) {
	m := trained(t)
	long := strings.Repeat("trời mưa ", maxRead/9)
	long += strings.Repeat(" ", 20) + strings.Repeat("x", 20)
	a, b := m.Classify(long), m.Classify(long+strings.Repeat(" phở bò", 1000))
	if a.Probabilities[0] != b.Probabilities[0] || m.Labels()[a.Label] != "weather" {
		t.Errorf("%v and %v", a, b)
	}
}
