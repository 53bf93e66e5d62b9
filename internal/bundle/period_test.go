// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"net/netip"
	"testing"
	"time"
)

func vietnamTime(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("", 7*3600))
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestTimetable(t *testing.T) {
	table := Timetable{
		Slots: []Slot{
			{Days: 0x1f, From: 7 * 60, To: 11*60 + 30, Period: Lesson},
			{Days: 0x1f, From: 9 * 60, To: 9*60 + 20, Period: Break}, // lies over the lessons
			{Days: 0x7f, From: 18 * 60, To: 1440, Period: Evening},
		},
		Holidays: []uint32{uint32(vietnamTime(t, "2026-09-02 00:00")/86_400_000_000 + 1)},
	}
	// 2026-11-23 is a Monday.
	for at, want := range map[string]Period{
		"2026-11-23 06:59": AnyTime, "2026-11-23 07:00": Lesson, "2026-11-23 09:00": Break, "2026-11-23 09:20": Lesson, "2026-11-23 11:30": AnyTime,
		"2026-11-23 23:59": Evening, "2026-11-24 00:00": AnyTime, "2026-11-28 08:00": AnyTime, "2026-11-29 19:00": Evening,
		"2026-09-02 08:00": Holiday, "2026-09-02 23:59": Holiday, "2026-09-03 08:00": Lesson, "1969-12-29 08:00": Lesson, "1969-12-28 08:00": AnyTime,
	} {
		now := vietnamTime(t, at)
		if got := table.At(now); got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
		var cache periodCache
		for range 2 {
			if got := cache.at(&table, now); got != want {
				t.Errorf("%s: from the cache %v, want %v", at, got, want)
			}
		}
		if got := cache.at(&table, now+60_000_000*1440*7); want != Holiday && at != "2026-09-02 23:59" && got != want {
			t.Errorf("a week after %s: %v, want %v", at, got, want)
		}
	}
	for _, bad := range []Timetable{
		{Slots: []Slot{{Days: 0, From: 1, To: 2, Period: Lesson}}},
		{Slots: []Slot{{Days: 1, From: 2, To: 2, Period: Lesson}}},
		{Slots: []Slot{{Days: 1, From: 2, To: 1441, Period: Lesson}}},
		{Slots: []Slot{{Days: 1, From: 2, To: 3}}},
		{Holidays: []uint32{2, 2}},
	} {
		if bad.valid() {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func periodic(t *testing.T) *Bundle {
	t.Helper()
	b, err := NewBuilder([]Category{{Code: "games"}, {Code: "adult"}, {Code: "tube", Kind: KindService}})
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]string{"game.example": "games", "adult.example": "adult", "tube.example": "tube"} {
		if err := b.Add(mustName(t, name), code); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []Policy{
		{Band: Primary, Blocked: []string{"games", "adult"}, Allowed: []string{"tube"}, SafeSearch: true, Video: VideoStrict},
		{Band: Primary, Period: Break, Blocked: []string{"adult"}, SafeSearch: true, Video: VideoModerate},
		{Band: Staff},
	} {
		if err := b.Policy(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []Rewrite{
		{RewriteSafe, mustName(t, "www.search.example"), mustName(t, "safe.search.example")},
		{RewriteStrict, mustName(t, "www.tube.example"), mustName(t, "strict.tube.example")},
		{RewriteModerate, mustName(t, "www.tube.example"), mustName(t, "moderate.tube.example")},
	} {
		if err := b.Rewrite(r); err != nil {
			t.Fatal(err)
		}
	}
	return parsed(t, build(t, b, Head{Number: 1}))
}

func TestAPolicyMayHoldForAPeriod(t *testing.T) {
	side := Side{
		School: "s", Number: 1, Default: Primary,
		Networks:  []Network{{netip.MustParsePrefix("10.1.0.0/16"), UpperSecondary, BoardingEvening}},
		Devices:   []Device{{"phong-may", Staff, Staff}},
		Timetable: Timetable{Slots: []Slot{{Days: 0x7f, From: 540, To: 560, Period: Break}, {Days: 0x7f, From: 1200, To: 1260, Period: Evening}}},
	}
	v := view(t, Parts{Bundle: periodic(t), Sides: []Side{side}})
	pupil := netip.MustParseAddr("10.9.0.1")
	for at, want := range map[string]bool{"2026-11-23 08:59": true, "2026-11-23 09:00": false, "2026-11-23 09:20": true, "2026-11-23 20:00": true} {
		now := vietnamTime(t, at)
		var k Key
		v.Read(&k, mustName(t, "www.game.example").Wire())
		if got := v.Decide(&k, v.Client(pupil, now), now).Blocked; got != want {
			t.Errorf("games at %s: refused %v, want %v", at, got, want)
		}
		v.Read(&k, mustName(t, "adult.example").Wire())
		if !v.Decide(&k, v.Client(pupil, now), now).Blocked {
			t.Errorf("adult is open at %s", at)
		}
	}
	boarder := netip.MustParseAddr("10.1.0.1")
	for at, want := range map[string]Band{"2026-11-23 19:59": UpperSecondary, "2026-11-23 20:00": BoardingEvening} {
		if got := v.Client(boarder, vietnamTime(t, at)).Band; got != want {
			t.Errorf("band at %s: %v, want %v", at, got, want)
		}
	}
	if c, ok := v.Device("phong-may", 0); !ok || c.Band != Staff {
		t.Errorf("%+v %v", c, ok)
	}
	if _, ok := v.Device("la", 0); ok {
		t.Error("a word that no school chose is a device")
	}
}

func TestRewrites(t *testing.T) {
	v := view(t, Parts{Bundle: periodic(t)})
	for _, c := range []struct {
		name   string
		who    Client
		target string
	}{
		{"www.search.example", Client{Band: Primary}, "safe.search.example"},
		{"WWW.Search.example", Client{Band: Primary}, "safe.search.example"},
		{"search.example", Client{Band: Primary}, ""},       // exactly the name
		{"a.www.search.example", Client{Band: Primary}, ""}, // and not below it
		{"www.search.example", Client{Band: Staff}, ""},
		{"www.tube.example", Client{Band: Primary}, "strict.tube.example"},
		{"www.tube.example", Client{Band: Primary, Period: Lesson}, "strict.tube.example"},
		{"www.tube.example", Client{Band: Primary, Period: Break}, "moderate.tube.example"},
		{"www.tube.example", Client{Band: Staff}, ""},
	} {
		var k Key
		v.Read(&k, mustName(t, c.name).Wire())
		if target, _ := v.Rewrite(&k, c.who); target.String() != c.target {
			t.Errorf("%s for %v: %q, want %q", c.name, c.who, target, c.target)
		}
	}
}

func TestASchoolChangesWhatItMust(t *testing.T) {
	side := Side{School: "s", Number: 1, Default: Primary, Changes: []Change{
		{Band: Primary, Period: Lesson, Code: "games"}, {Band: Primary, Code: "tube", Block: true}, {Band: Primary, Code: "unheard-of", Block: true},
	}}
	v := view(t, Parts{Bundle: periodic(t), Sides: []Side{side}})
	for _, c := range []struct {
		name    string
		band    Band
		period  Period
		blocked bool
	}{
		{"game.example", Primary, Lesson, false},
		{"game.example", Primary, AnyTime, true},
		{"tube.example", Primary, Lesson, true},
		{"tube.example", Primary, Break, true},
		{"tube.example", Staff, AnyTime, false},
		{"adult.example", Primary, Lesson, true},
	} {
		var k Key
		v.Read(&k, mustName(t, c.name).Wire())
		if got := v.Decide(&k, Client{School: v.Schools()[0], Band: c.band, Period: c.period}, 0).Blocked; got != c.blocked {
			t.Errorf("%s for %v in %v: refused %v, want %v", c.name, c.band, c.period, got, c.blocked)
		}
	}
}
