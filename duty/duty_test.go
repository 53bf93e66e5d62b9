// SPDX-License-Identifier: Apache-2.0

package duty

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestClausesAndDutiesCoverEachOther(t *testing.T) {
	if n := len(Clauses()); n != 12 {
		t.Fatalf("the dispatch has 12 clauses, not %d", n)
	}
	if !slices.IsSortedFunc(Clauses(), Clause.Compare) {
		t.Error("clauses are not in the order of the text")
	}
	served := map[Clause]bool{}
	for _, d := range All() {
		if !d.Valid() {
			t.Errorf("%s cites no clause", d)
		}
		for _, c := range d.Clauses() {
			if !c.Known() {
				t.Errorf("%s cites %s, which does not exist", d, c)
			}
			served[c] = true
		}
	}
	for _, c := range Clauses() {
		if !served[c] {
			t.Errorf("no duty serves clause %s", c)
		}
	}
	if ID("gardening").Valid() {
		t.Error("an unknown duty is valid")
	}
}

func TestParseClause(t *testing.T) {
	for _, good := range []string{"1", "5.3", "12.10.1"} {
		if _, err := ParseClause(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", ".", "1.", "0", "01", "1-a", "1.2.3.4", "100", "-1", "+1"} {
		if c, err := ParseClause(bad); err == nil {
			t.Errorf("%q was read as %q", bad, c)
		}
	}
	if Clause("5.1").Parent() != "5" || Clause("5").Parent() != "" || Clause("5").Known() {
		t.Error("5 is the heading of 5.1, not a clause")
	}
	if Clause("10").Compare("2") <= 0 || Clause("1").Compare("1.1") >= 0 {
		t.Error("clauses compare by number")
	}
}

// Acceptance 13: "trước ngày 10/12".
func TestStrictlyBefore(t *testing.T) {
	due := StrictlyBefore(NewDate(2026, time.December, 10))
	last := time.Date(2026, 12, 9, 23, 59, 59, 0, Vietnam())
	if !due.OnTime(last) || !due.OnTime(last.Add(999*time.Millisecond)) {
		t.Error("09/12 23:59:59 is on time")
	}
	if due.OnTime(time.Date(2026, 12, 10, 0, 0, 0, 0, Vietnam())) {
		t.Error("10/12 00:00:00 is late")
	}
	if !due.OnTime(time.Date(2026, 12, 9, 16, 59, 59, 0, time.UTC)) || due.OnTime(time.Date(2026, 12, 9, 17, 0, 0, 0, time.UTC)) {
		t.Error("the day ends in Vietnam, not in Greenwich")
	}
	if n := due.DaysLeft(time.Date(2026, 11, 23, 9, 42, 0, 0, Vietnam())); n != 16 {
		t.Errorf("%d days left on 23/11, want 16", n)
	}
}

// Acceptance 14: reminders move to the working day before, the due stays.
func TestReminderMovesDueStays(t *testing.T) {
	for _, c := range []struct {
		year, offset int
		want         string
	}{
		{2028, 0, "2028-12-08"},  // 09/12/2028 is a Saturday
		{2029, 0, "2029-12-07"},  // a Sunday
		{2024, -1, "2024-12-06"}, // D-1 is Sunday 08/12
		{2026, -7, "2026-12-02"},
	} {
		due := StrictlyBefore(NewDate(c.year, time.December, 10))
		got, err := due.ReminderDay(c.offset, Weekdays{})
		if err != nil || got.String() != c.want {
			t.Errorf("%d%+d: %v %v, want %s", c.year, c.offset, got, err, c.want)
		}
		if due.Last != NewDate(c.year, time.December, 9) {
			t.Error("the due moved")
		}
	}
	if _, err := (Due{NewDate(2026, 1, 1)}).ReminderDay(0, never{}); err == nil {
		t.Error("a calendar without working days was taken")
	}
}

type never struct{}

func (never) IsWorkingDay(Date) bool { return false }

func date(t *rapid.T, label string) Date {
	return NewDate(2020, time.January, rapid.IntRange(1, 4000).Draw(t, label))
}

func TestPeriodArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := date(t, "from")
		p := Period{a, a.AddDays(rapid.IntRange(0, 800).Draw(t, "length"))}
		cut := date(t, "cut")
		before, from := p.Split(cut)
		if before.Days()+from.Days() != p.Days() {
			t.Fatalf("%v cut at %v: %v and %v", p, cut, before, from)
		}
		lo, hi := p.Bounds()
		if hi.Sub(lo) != time.Duration(p.Days())*24*time.Hour {
			t.Fatalf("%v is %v long", p, hi.Sub(lo))
		}
		if !p.Contains(lo) || p.Contains(lo.Add(-time.Microsecond)) || p.Contains(hi) || !p.Contains(hi.Add(-time.Microsecond)) {
			t.Fatalf("bounds of %v", p)
		}
		q := Period{cut, cut.AddDays(rapid.IntRange(0, 800).Draw(t, "other"))}
		both, ok := p.Intersect(q)
		if ok != p.Overlaps(q) || ok != q.Overlaps(p) || ok && (!both.Valid() || both.Days() > p.Days()) {
			t.Fatalf("%v and %v: %v %v", p, q, both, ok)
		}
		back, err := ParsePeriod(p.String())
		if err != nil || back != p {
			t.Fatalf("%v read back as %v, %v", p, back, err)
		}
	})
}

func TestQuartersAndMonthsFillTheYear(t *testing.T) {
	for y := 2023; y <= 2033; y++ {
		next := NewDate(y, time.January, 1)
		for q := 1; q <= 4; q++ {
			if Quarter(y, q).From != next {
				t.Fatalf("quarter %d of %d begins %v", q, y, Quarter(y, q).From)
			}
			next = Quarter(y, q).To.AddDays(1)
		}
		if next != NewDate(y+1, time.January, 1) || CalendarYear(y).Days() < 365 {
			t.Fatalf("year %d ends before %v", y, next)
		}
		next = NewDate(y, time.January, 1)
		for m := time.January; m <= time.December; m++ {
			if Month(y, m).From != next {
				t.Fatalf("month %v of %d", m, y)
			}
			next = Month(y, m).To.AddDays(1)
		}
	}
}

func TestAgesAreAPartition(t *testing.T) {
	var all Ages
	for _, part := range AgeParts() {
		if all.Overlaps(part) {
			t.Errorf("%s lies in an earlier part", part.Code())
		}
		all |= part
		if back, err := ParseAge(part.Code()); err != nil || back != part {
			t.Errorf("%s: %v %v", part.Code(), back, err)
		}
	}
	if all != AnyAge {
		t.Error("the parts do not make up all")
	}
	for years := -1; years < 120; years++ {
		part := AgePart(years)
		if TreEm.Has(part) != (years >= 0 && years < 16) {
			t.Errorf("%d years: a child is under 16", years)
		}
		if Under18.Has(part) != (years >= 0 && years < 18) {
			t.Errorf("%d years: protection is under 18", years)
		}
		if From11To15.Has(part) != (years >= 11 && years <= 15) {
			t.Errorf("%d years: 11 to 15", years)
		}
	}
	if _, err := ParseAge("11_15"); err == nil {
		t.Error("a union was read as a part")
	}
}
