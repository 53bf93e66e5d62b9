// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

const steps = `@label grooming
@course sample
@stages first second third
@any third
@least 2
@lines 5
@hours 24
@stage first
@weight 2
brằm
@stage second
@weight 3
zuxt
@stage third
@weight 3
krong
krong lớn | weight: 4
`

func TestACourse(t *testing.T) {
	r, err := NewReader(library(t, steps))
	if err != nil {
		t.Fatal(err)
	}
	full := 1 - 0.65*0.4*0.4
	for name, c := range map[string]struct {
		text string
		want float64
	}{
		"in order":               {"a: brằm\na: zuxt\na: krong", full},
		"another between":        {"a: brằm\nb: chào\na: zuxt\na: krong", full},
		"backwards":              {"a: krong\na: zuxt\na: brằm", full * (0.7 + 0.1)},
		"two":                    {"a: brằm\na: krong", 1 - 0.65*0.4},
		"the heavier counts":     {"a: brằm\na: krong\na: krong lớn", 1 - 0.65*0.2},
		"one message":            {"a: brằm zuxt krong", full},
		"a step is missing":      {"a: brằm\na: zuxt", 0},
		"one step often":         {"a: krong\na: krong", 0},
		"two authors":            {"a: brằm\nb: krong", 0},
		"too far":                {"a: brằm" + strings.Repeat("\nb: chào", 4) + "\na: krong", 0},
		"far, and again nearer":  {"a: brằm" + strings.Repeat("\nb: chào", 4) + "\na: krong\na: zuxt", (1 - 0.4*0.4) * 0.85},
		"just near enough":       {"a: brằm" + strings.Repeat("\nb: chào", 3) + "\na: krong", 1 - 0.65*0.4},
		"a line of no author":    {"a: brằm\nkrong", 1 - 0.65*0.4},
		"an address is no name":  {"http://brằm krong", 1 - 0.65*0.4},
		"first text, no authors": {"brằm krong", 1 - 0.65*0.4},
	} {
		s := r.ReadLines(Lines(c.text)).Of(Grooming)
		if c.want == 0 {
			if len(s.Found) != 0 || s.Listed {
				t.Errorf("%s: %+v", name, s.Found)
			}
			continue
		}
		if len(s.Found) != 1 || math.Abs(s.Found[0].Strength-c.want) > 1e-9 {
			t.Errorf("%s: %+v, want %v", name, s.Found, c.want)
		}
	}
}

func TestACourseHasItsTime(t *testing.T) {
	r, err := NewReader(library(t, steps))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]int{time.Hour: 1, 24 * time.Hour: 1, 25 * time.Hour: 0} {
		lines := []Line{{"a", "brằm", begin}, {"a", "krong", begin.Add(after)}}
		if got := len(r.ReadLines(lines).Of(Grooming).Found); got != want {
			t.Errorf("after %v: %d", after, got)
		}
		lines[0].At = time.Time{}
		if got := len(r.ReadLines(lines).Of(Grooming).Found); got != 1 {
			t.Errorf("after %v, not known: %d", after, got)
		}
	}
}

// What is said of a course are its stages in their order, and for each the
// lines with the place in them.
func TestACourseIsExplained(t *testing.T) {
	lines := Lines("Anh Mẫu: Em học lớp mấy?\nBé: lớp 6\nAnh Mẫu: đừng kể ba mẹ nhé\nAnh Mẫu: Qua Zalo nói chuyện đi")
	found := reader(t).ReadLines(lines).Of(Grooming).Found
	if len(found) == 0 || found[0].ID != "grooming/approach" || found[0].Author != "Anh Mẫu" || found[0].InOrder != 2 {
		t.Fatalf("%+v", found)
	}
	var got []string
	for _, s := range found[0].Steps {
		for _, h := range s.Hits {
			got = append(got, fmt.Sprintf("%s %d %s", s.Stage, h.Line, lines[h.Line].Text[h.From:h.To]))
		}
	}
	want := []string{"age 0 Em học lớp mấy", "move 3 Qua Zalo nói chuyện", "secrecy 2 đừng kể ba mẹ"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestLines(t *testing.T) {
	got := Lines("\na:  một \r\nhai\n\nb: ba: bốn\n" + strings.Repeat("dài", 40) + ": năm\n")
	want := []Line{{Author: "a", Text: "một\nhai"}, {Author: "b", Text: "ba: bốn\n" + strings.Repeat("dài", 40) + ": năm"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if n := len(Lines(strings.Repeat("a: b\n", MaxLines+5))); n != MaxLines {
		t.Errorf("%d lines", n)
	}
}

// Conversations in harmless words: those of an approach are found with the
// right courses, and those of teachers, parents and clubs with none.
func TestConversations(t *testing.T) {
	r := reader(t)
	name, wants, innocent := "", 0, 0
	var text []string
	check := func() {
		if text == nil {
			return
		}
		whole := strings.Join(text, "\n")
		want := strings.Fields(name)
		if len(want) == 0 {
			innocent++
		} else {
			wants++
		}
		stripped := make([]string, len(text))
		for i, l := range text {
			stripped[i] = bare(l)
		}
		for form, conversation := range map[string]string{"as written": whole, "without marks": strings.Join(stripped, "\n")} {
			var got []string
			for _, s := range r.ReadLines(Lines(conversation)) {
				for _, f := range s.Found {
					got = append(got, f.ID)
				}
				if len(want) == 0 && s.Listed {
					t.Errorf("%s, listed for %s:\n%s", form, s.Label, conversation)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s, found %q, want %q:\n%s", form, got, want, conversation)
			}
		}
	}
	for _, line := range append(testdata(t, "testdata/conversations.txt"), "=") {
		if rest, begins := strings.CutPrefix(line, "="); begins {
			check()
			name, text = rest, nil
			continue
		}
		if line != "" {
			text = append(text, line)
		}
	}
	if wants < 5 || innocent < 9 {
		t.Errorf("%d with a course, %d without", wants, innocent)
	}
}
