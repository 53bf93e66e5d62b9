// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
)

var counsellor = authz.Actor{Person: "tu-van-1", Unit: "th1", Roles: []string{authz.Focal}}

// careKit is a school with a node that counts, on a Monday.
type careKit struct {
	*kit
	school School
	node   string
	number int64
}

func newCare(t *testing.T) *careKit {
	k := newKit(t)
	k.clock.Set(vietnam(t, "2026-11-23 08:00")) // a Monday; the last full week began on the 16th
	c := &careKit{kit: k, school: k.school(t, "th1", "upper_secondary")}
	c.node = k.join(t, c.school.ID).ID
	return c
}

// count records devices; it says whether the cell was taken.
func (c *careKit) count(t *testing.T, at string, span Span, devices int) bool {
	t.Helper()
	c.number++
	got, err := c.RecordCounts(context.Background(), c.node, c.number, []CountCell{{
		School: c.school.ID, Band: "upper_secondary", Category: "self_harm", Span: span, Start: vietnam(t, at), Devices: devices,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return got.Taken == 1
}

func (c *careKit) name(t *testing.T) {
	t.Helper()
	if err := c.NameCounsellor(context.Background(), teacherOf("th1"), c.school.ID, counsellor.Person); err != nil {
		t.Fatal(err)
	}
}

func (c *careKit) tell(t *testing.T, want int, why string) {
	t.Helper()
	told, err := c.TellCounsellors(context.Background())
	if err != nil || told != want {
		t.Errorf("%s: told %d, %v", why, told, err)
	}
}

func TestCareIsToldOnlyFromTwoWeeksOfFive(t *testing.T) {
	for name, c := range map[string]struct {
		cells []string // start of a day cell
		few   bool     // four devices
		told  int
	}{
		"nothing":                       {nil, false, 0},
		"one week":                      {[]string{"2026-11-17 00:00"}, false, 0},
		"twice in the same week":        {[]string{"2026-11-16 00:00", "2026-11-22 00:00"}, false, 0},
		"two weeks":                     {[]string{"2026-11-15 00:00", "2026-11-16 00:00"}, false, 1},
		"two weeks of four":             {[]string{"2026-11-10 00:00", "2026-11-17 00:00"}, true, 0},
		"two weeks, none of them last":  {[]string{"2026-11-03 00:00", "2026-11-10 00:00"}, false, 0},
		"the other four weeks ago":      {[]string{"2026-10-19 00:00", "2026-11-17 00:00"}, false, 1},
		"the other five weeks ago":      {[]string{"2026-10-18 00:00", "2026-11-17 00:00"}, false, 0},
		"this week does not count yet":  {[]string{"2026-11-17 00:00", "2026-11-23 00:00"}, false, 0},
		"three weeks, still one notice": {[]string{"2026-11-03 00:00", "2026-11-10 00:00", "2026-11-17 00:00"}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := newCare(t)
			k.name(t)
			devices := LeastDevices
			if c.few {
				devices--
			}
			for _, at := range c.cells {
				if took := k.count(t, at, DaySpan, devices); took == c.few {
					t.Errorf("%s: taken %v", at, took)
				}
			}
			k.tell(t, c.told, name)
			k.tell(t, 0, "again at once")
		})
	}
}

func TestCareGoesToTheCounsellorAloneAndOnceAWeek(t *testing.T) {
	k, ctx := newCare(t), context.Background()
	k.count(t, "2026-11-10 09:00", HourSpan, 5)
	k.count(t, "2026-11-16 00:00", WeekSpan, 5)
	k.tell(t, 0, "nobody named")
	if err := k.NameCounsellor(ctx, teacherOf("th2"), k.school.ID, "x"); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another school's teacher names: %v", err)
	}
	k.name(t)
	if who, err := k.Counsellor(ctx, teacherOf("th1"), k.school.ID); err != nil || who != counsellor.Person {
		t.Errorf("%s %v", who, err)
	}
	k.tell(t, 1, "named now")
	for _, other := range []authz.Actor{lead, teacherOf("th1"), principal, {}} {
		_, err := k.CareNotices(ctx, other)
		mustBe(t, err, "schools/no-notice")
	}
	mine, err := k.CareNotices(ctx, counsellor)
	if err != nil || len(mine) != 1 || !mine[0].Seen.IsZero() || !mine[0].Week.Equal(vietnam(t, "2026-11-16 00:00")) {
		t.Fatalf("%+v %v", mine, err)
	}
	mustBe(t, k.SeeCareNotice(ctx, lead, k.school.ID, mine[0].Week), "schools/no-notice")
	mustBe(t, k.SeeCareNotice(ctx, counsellor, k.school.ID, mine[0].Week.Add(time.Hour)), "schools/no-notice")
	if err := k.SeeCareNotice(ctx, counsellor, k.school.ID, mine[0].Week); err != nil {
		t.Fatal(err)
	}
	if mine, _ = k.CareNotices(ctx, counsellor); mine[0].Seen.IsZero() {
		t.Error("not seen")
	}
	// Sunday night is the same week, Monday the next.
	k.count(t, "2026-11-23 00:00", DaySpan, 5)
	k.clock.Set(vietnam(t, "2026-11-29 23:59"))
	k.tell(t, 0, "the same week")
	k.clock.Set(vietnam(t, "2026-11-30 00:00"))
	k.tell(t, 1, "the next Monday")
	k.tell(t, 0, "once")
	if n := k.ledger.count("schools.care_told"); n != 2 {
		t.Errorf("%d entries", n)
	}
	// Whoever is no longer named sees nothing any more.
	if err := k.NameCounsellor(ctx, teacherOf("th1"), k.school.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err = k.CareNotices(ctx, counsellor)
	mustBe(t, err, "schools/no-notice")
	if who, err := k.Counsellor(ctx, lead, k.school.ID); err != nil || who != "" {
		t.Errorf("%s %v", who, err)
	}
}

func TestWeekStandsBesideTheWeekBefore(t *testing.T) {
	k, ctx := newCare(t), context.Background()
	cell := func(category, at string, devices int) CountCell {
		return CountCell{School: k.school.ID, Band: "upper_secondary", Category: category, Span: DaySpan, Start: vietnam(t, at), Devices: devices}
	}
	k.number++
	_, err := k.RecordCounts(ctx, k.node, k.number, []CountCell{
		cell("games", "2026-11-16 00:00", 9), cell("games", "2026-11-22 00:00", 6), cell("games", "2026-11-15 00:00", 20),
		cell("gambling", "2026-11-17 00:00", 5), cell("social", "2026-11-09 00:00", 7), cell("self_harm", "2026-11-17 00:00", 8),
		cell("games", "2026-11-23 00:00", 50), cell("games", "2026-11-08 00:00", 50),
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := k.Week(ctx, teacherOf("th1"), k.school.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	want := []WeeklyRow{{"games", 15, 20}, {"gambling", 5, -1}, {"social", -1, 7}}
	if !w.Monday.Equal(vietnam(t, "2026-11-16 00:00")) || len(w.Rows) != len(want) {
		t.Fatalf("%+v", w)
	}
	for i, row := range w.Rows {
		if row != want[i] {
			t.Errorf("%+v, want %+v", row, want[i])
		}
	}
	if trend, known := w.Rows[0].Trend(); trend != -1 || !known {
		t.Error("fewer games")
	}
	if _, known := w.Rows[1].Trend(); known {
		t.Error("a trend against what is hidden")
	}
	before, err := k.Week(ctx, teacherOf("th1"), k.school.ID, vietnam(t, "2026-11-12 13:00"))
	if err != nil || !before.Monday.Equal(vietnam(t, "2026-11-09 00:00")) || before.Rows[0] != (WeeklyRow{"games", 20, 50}) {
		t.Errorf("%+v %v", before, err)
	}
	if now, err := k.Week(ctx, lead, k.school.ID, k.clock.Now()); err != nil || !now.Monday.Equal(w.Monday) {
		t.Errorf("a week that is not over: %+v %v", now.Monday, err)
	}
	if _, err := k.Week(ctx, teacherOf("th2"), k.school.ID, time.Time{}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another school: %v", err)
	}
}
