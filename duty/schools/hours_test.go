// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"strings"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
)

// sideOf is a school's side file as its node reads it.
func (k *kit) sideOf(t *testing.T, schoolID string) bundle.Side {
	t.Helper()
	sealed, err := k.Side(context.Background(), schoolID)
	if err != nil {
		t.Fatal(err)
	}
	side, err := bundle.OpenSide(sealed.Sealed, bundle.NewTrust(k.public))
	if err != nil {
		t.Fatal(err)
	}
	return side
}

func TestHoursReachTheNode(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	school := k.school(t, "truong-1", "primary")
	cmd := HoursCommand{School: school.ID, Holidays: "2/9/2026; 05/02/2027 – 14/02/2027", Rows: []HoursRow{
		{Period: "break", Days: 0x1f, Hours: "9h-9h20"},
		{Period: "lesson", Days: 0x1f, Hours: "07:00-11:30, 13h30–16:45"},
		{Period: "evening", Days: 0x7f, Hours: "18:00-24:00"},
		{Period: "lesson", Days: 0, Hours: ""},
	}}
	if err := k.SaveHours(ctx, teacherOf("truong-1"), cmd); err != nil {
		t.Fatal(err)
	}
	side := k.sideOf(t, school.ID)
	if side.Number != 2 || len(side.Timetable.Slots) != 4 || len(side.Timetable.Holidays) != 11 {
		t.Fatalf("%+v", side)
	}
	for at, want := range map[string]bundle.Period{
		"2026-11-23 09:10": bundle.Break, "2026-11-23 09:30": bundle.Lesson, "2026-11-28 09:10": bundle.AnyTime,
		"2026-11-28 23:59": bundle.Evening, "2026-09-02 09:10": bundle.Holiday, "2027-02-10 09:10": bundle.Holiday,
	} {
		if got := side.Timetable.At(clock.Micro(vietnam(t, at))); got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
	h, err := k.Hours(ctx, lead, school.ID)
	if err != nil || len(h.Slots) != 4 || len(h.Holidays) != 2 || h.At(vietnam(t, "2026-11-23 09:10")) != bundle.Break {
		t.Errorf("%+v, %v", h, err)
	}
	bad := HoursCommand{School: school.ID, Holidays: "31/02/2026; hôm qua", Rows: []HoursRow{
		{Period: "lesson", Days: 1, Hours: "11:30-07:00"},
		{Period: "lesson", Days: 0, Hours: "07:00-08:00"},
		{Period: "holiday", Days: 1, Hours: "07:00-08:00"},
		{Period: "break", Days: 1, Hours: "25:00-26:00"},
	}}
	err = k.SaveHours(ctx, lead, bad)
	got := map[string]string{}
	for _, f := range problem.From(err).Fields {
		got[f.Name] = f.Code
	}
	for field, code := range map[string]string{"hours-0": "schools/not-hours", "hours-1": "schools/no-days", "hours-2": "input/not-a-choice", "hours-3": "schools/not-hours", "holidays": "schools/not-days"} {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	if err := k.SaveHours(ctx, teacherOf("truong-2"), cmd); !problem.Is(err, "authz/forbidden") {
		t.Errorf("another school's teacher: %v", err)
	}
	// Emptied hours are no hours.
	if err := k.SaveHours(ctx, lead, HoursCommand{School: school.ID}); err != nil {
		t.Fatal(err)
	}
	if side := k.sideOf(t, school.ID); len(side.Timetable.Slots)+len(side.Timetable.Holidays) != 0 {
		t.Errorf("%+v", side.Timetable)
	}
}

func TestWordsOfDevices(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one, two := k.school(t, "truong-1", "primary"), k.school(t, "truong-2", "primary")
	save := func(school School, word, band, evening string) error {
		return k.SaveDevice(ctx, lead, DeviceCommand{School: school.ID, Word: word, Band: band, Evening: evening})
	}
	if err := save(one, "phong-may-2", "primary", "boarding_evening"); err != nil {
		t.Fatal(err)
	}
	if d := k.sideOf(t, one.ID).Devices; len(d) != 1 || d[0] != (bundle.Device{ID: "phong-may-2", Band: bundle.Primary, Evening: bundle.BoardingEvening}) {
		t.Errorf("%+v", d)
	}
	if err := save(one, "phong-may-2", "staff", ""); err != nil { // another band
		t.Fatal(err)
	}
	err := save(two, "phong-may-2", "staff", "")
	if f := problem.From(err).Fields; len(f) != 1 || f[0].Code != "schools/word-taken" {
		t.Errorf("%v", err)
	}
	for _, word := range []string{"", "Phòng", "-a", "a/b", strings.Repeat("a", 64)} {
		if err := save(one, word, "staff", ""); len(problem.From(err).Fields) != 1 {
			t.Errorf("%q: %v", word, err)
		}
	}
	all, err := k.Devices(ctx, lead, one.ID)
	if err != nil || len(all) != 1 || all[0].Band != bundle.Staff || all[0].Evening != bundle.Staff {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := k.DropDevice(ctx, lead, two.ID, all[0].ID); !problem.Is(err, "schools/no-device") {
		t.Errorf("another school's: %v", err)
	}
	if err := k.DropDevice(ctx, lead, one.ID, all[0].ID); err != nil {
		t.Error(err)
	}
}

func TestASchoolOpensWhatIsItsOwnToOpen(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	school := k.school(t, "truong-1", "primary")
	k.importText(t, "trò chơi", "games", "tro-choi-mau.example\n")
	k.importText(t, "cá cược", "gambling", "ca-cuoc-mau.example\n")
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	refused := func(domain, period string) bool {
		t.Helper()
		a, err := k.Lookup(ctx, lead, LookupQuery{Domain: domain, Band: "primary", School: school.ID, Period: period})
		if err != nil {
			t.Fatal(err)
		}
		return a.Blocked
	}
	if !refused("tro-choi-mau.example", "") || !refused("ca-cuoc-mau.example", "") {
		t.Fatal("the ready policy does not hold")
	}
	change := func(code, period string, block bool) error {
		return k.SaveChange(ctx, teacherOf("truong-1"), ChangeCommand{School: school.ID, Band: "primary", Period: period, Code: code, Block: block})
	}
	if err := change("games", "lesson", false); err != nil {
		t.Fatal(err)
	}
	if refused("tro-choi-mau.example", "lesson") || !refused("tro-choi-mau.example", "break") {
		t.Error("games are not open in lessons alone")
	}
	if err := change("gambling", "", false); len(problem.From(err).Fields) != 1 || problem.From(err).Fields[0].Code != "schools/not-yours-to-open" {
		t.Errorf("a school opened gambling: %v", err)
	}
	if err := change("youtube", "", true); err != nil || !refused("www.youtube.com", "") {
		t.Errorf("a school cannot close a service: %v", err)
	}
	all, err := k.Changes(ctx, lead, school.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, x := range all {
		if err := k.DropChange(ctx, lead, school.ID, x.ID); err != nil {
			t.Error(err)
		}
	}
	if !refused("tro-choi-mau.example", "lesson") {
		t.Error("the ready policy did not come back")
	}
}

func TestClause_3_SafeSearchByBand(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ domain, band, as string }{
		{"www.google.com.vn", "primary", "forcesafesearch.google.com"},
		{"www.google.com.vn", "staff", ""},
		{"docs.google.com", "primary", ""},
		{"www.youtube.com", "primary", "restrict.youtube.com"},
		{"www.youtube.com", "upper_secondary", "restrictmoderate.youtube.com"},
		{"youtubei.googleapis.com", "lower_secondary", "restrict.youtube.com"},
		{"duckduckgo.com", "boarding_evening", "safe.duckduckgo.com"},
	} {
		a, err := k.Lookup(ctx, lead, LookupQuery{Domain: c.domain, Band: c.band})
		if err != nil || a.As != c.as {
			t.Errorf("%s for %s answers as %q, want %q (%v)", c.domain, c.band, a.As, c.as, err)
		}
	}
	// A search without a safe mode is refused to children and open to staff.
	if blocked, code := k.refused(t, "search.brave.com", bundle.Primary); !blocked || code != "unsafe_search" {
		t.Errorf("%v %s", blocked, code)
	}
	if blocked, _ := k.refused(t, "search.brave.com", bundle.Staff); blocked {
		t.Error("staff")
	}
	if blocked, code := k.refused(t, "dns.google", bundle.LowerSecondary); !blocked || code != "bypass" {
		t.Errorf("a known resolver: %v %s", blocked, code)
	}
}
