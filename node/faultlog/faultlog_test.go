// SPDX-License-Identifier: Apache-2.0

package faultlog

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
)

const word = "abcdefghkm"

func start() time.Time { return time.Date(2026, 11, 23, 8, 0, 30, 0, clock.Vietnam) }

// view is that of schools, each with a log until its time; zero: without.
func view(t *testing.T, until map[string]time.Time) *bundle.View {
	t.Helper()
	var sides []bundle.Side
	for _, school := range []string{"s1", "s2"} {
		side := bundle.Side{School: school, Number: 1, Default: bundle.Primary, WeekOnly: bundle.BandsOf(bundle.Staff)}
		if end, ok := until[school]; ok && !end.IsZero() {
			side.Log = bundle.FaultLog{Until: end.UnixMicro(), Word: sha256.Sum256([]byte(word + school))}
		}
		sides = append(sides, side)
	}
	v, err := bundle.NewView(bundle.Parts{Sides: sides})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func name(t *testing.T, s string) bundle.Name {
	t.Helper()
	n, err := bundle.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOffByDefault(t *testing.T) {
	l, v := New(), view(t, nil)
	l.Note(v.Schools()[0], start(), Line{Name: name(t, "a.example")})
	l.Note(nil, start(), Line{Name: name(t, "a.example")})
	if got := l.Read(v, start(), word+"s1", "", 10); got.State != Off || len(l.schools) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestLinesOfOneSchoolNewestFirst(t *testing.T) {
	l, end := New(), start().Add(4*time.Hour)
	v := view(t, map[string]time.Time{"s1": end, "s2": end})
	for i := range MaxLines + 3 {
		l.Note(v.Schools()[0], start().Add(time.Duration(i)*time.Millisecond), Line{Name: name(t, fmt.Sprintf("n%d.example", i)), Band: bundle.Primary})
	}
	l.Note(v.Schools()[1], start(), Line{Name: name(t, "other.example"), Band: bundle.Staff})
	got := l.Read(v, start(), " "+"ABCDEFGHKMs1 ", "", 2)
	if got.State != Open || got.Found != MaxLines || len(got.Lines) != 2 || got.Lines[0].Name.String() != fmt.Sprintf("n%d.example", MaxLines+2) || got.Lines[1].Name.String() != fmt.Sprintf("n%d.example", MaxLines+1) {
		t.Errorf("%d found, %+v", got.Found, got.Lines)
	}
	if got := l.Read(v, start(), word+"s1", "N12345.", 10); got.Found != 1 || got.Lines[0].Minute.Second() != 0 {
		t.Errorf("%+v", got)
	}
	got = l.Read(v, start(), word+"s2", "", 10)
	if got.Found != 1 || !got.Lines[0].Few || got.Lines[0].Band != 0 {
		t.Errorf("a band of few pupils is said: %+v", got.Lines)
	}
}

func TestItEndsByItself(t *testing.T) {
	l, end := New(), start().Add(4*time.Hour)
	v := view(t, map[string]time.Time{"s1": end})
	l.Note(v.Schools()[0], start(), Line{Name: name(t, "a.example")})
	if got := l.Read(v, end.Add(-time.Microsecond), word+"s1", "", 10); got.Found != 1 {
		t.Errorf("over too early: %+v", got)
	}
	l.Advance(v, end)
	if len(l.schools["s1"].lines) != 0 {
		t.Error("the memory is not dropped")
	}
	l.Note(v.Schools()[0], end, Line{Name: name(t, "b.example")})
	for _, at := range []time.Time{end, start()} { // a clock that is set back brings nothing again
		if got := l.Read(v, at, word+"s1", "", 10); got.State != Off {
			t.Errorf("%+v", got)
		}
	}
}

func TestAtMostADayWhateverTheHubSays(t *testing.T) {
	l := New()
	v := view(t, map[string]time.Time{"s1": start().Add(30 * 24 * time.Hour)})
	l.Advance(v, start())
	last := start().Add(Longest - time.Second)
	l.Note(v.Schools()[0], last, Line{Name: name(t, "a.example")})
	if got := l.Read(v, last, word+"s1", "", 10); got.Found != 1 || !got.Until.Equal(start().Add(Longest)) {
		t.Errorf("%+v", got)
	}
	l.Note(v.Schools()[0], start().Add(Longest), Line{Name: name(t, "b.example")})
	if got := l.Read(v, start().Add(Longest), word+"s1", "", 10); got.State != Off {
		t.Errorf("%+v", got)
	}
}

func TestAStopForgets(t *testing.T) {
	l, end := New(), start().Add(time.Hour)
	on := view(t, map[string]time.Time{"s1": end})
	l.Note(on.Schools()[0], start(), Line{Name: name(t, "a.example")})
	l.Advance(view(t, nil), start())
	if got := l.Read(on, start(), word+"s1", "", 10); got.Found != 0 {
		t.Errorf("%+v", got.Lines)
	}
}

func TestWrongWordsAreBounded(t *testing.T) {
	l, end := New(), start().Add(time.Hour)
	v := view(t, map[string]time.Time{"s1": end})
	l.Note(v.Schools()[0], start(), Line{Name: name(t, "a.example")})
	if got := l.Read(v, start(), "", "", 10); got.State != Locked {
		t.Errorf("%+v", got)
	}
	for i := range maxTries {
		if got := l.Read(v, start(), "wrong", "", 10); got.State != Wrong || got.Lines != nil {
			t.Errorf("try %d: %+v", i, got)
		}
	}
	for _, said := range []string{"wrong", word + "s1"} {
		if got := l.Read(v, start(), said, "", 10); got.State != TooMany || got.Lines != nil {
			t.Errorf("%q after too many: %+v", said, got)
		}
	}
	if got := l.Read(v, start().Add(time.Minute), word+"s1", "", 10); got.State != Open {
		t.Errorf("a minute later: %+v", got)
	}
}

func TestNamesThatPointAtADeviceAreNotTaken(t *testing.T) {
	for s, want := range map[string]bool{
		"www.lesson.example": true, "7.4.168.192.in-addr.arpa": false, "1.0.0.0.ip6.arpa": false, "may-cua-an.local": false, "may-cua-an.lan": false,
	} {
		if got := Speaks(name(t, s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	single, ok := bundle.NameFromWire([]byte("\x06may-an\x00"))
	if !ok || Speaks(single) || Speaks(bundle.Name{}) {
		t.Error("a single label is taken")
	}
}
