// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"lachan/duty"
	"lachan/internal/clock"
	"lachan/internal/problem"
)

func TestWalksThroughTheStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Standing{State: StateNew}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			act := rapid.SampledFrom(Acts()).Draw(t, "act")
			s.OpenTracks = rapid.IntRange(0, 2).Draw(t, "open tracks")
			s.Measures = rapid.IntRange(0, 1).Draw(t, "measures")
			s.Proposer = rapid.Bool().Draw(t, "proposer")
			from := s.State
			to, err := s.Next(act)
			if err != nil {
				if k := problem.KindOf(err); k != problem.Conflict && k != problem.Forbidden {
					t.Fatalf("%s in %s: %v", act, from, err)
				}
				continue
			}
			switch {
			case road(to) == nil:
				t.Fatalf("%s leads from %s to the unknown %q", act, from, to)
			case from == StateEmergency && to != StateEmergency && (act != ActMeasure || s.Measures == 0):
				t.Fatalf("left an emergency by %s without a measure", act)
			case to == StateConcluded && (from != StateResult || s.OpenTracks > 0 || s.Proposer):
				t.Fatalf("concluded from %s with %d open tracks, by the proposer: %v", from, s.OpenTracks, s.Proposer)
			case to == StateClosed && act != ActMergeAway && from != StateConcluded:
				t.Fatalf("closed from %s by %s", from, act)
			case !from.Open() && to.Open() && act != ActReopen:
				t.Fatalf("%s opened a closed case", act)
			}
			s.State = to
		}
	})
	for _, s := range States() {
		if len(Allowed(s)) == 0 {
			t.Errorf("nothing leads out of %s", s)
		}
	}
}

// holidays is a calendar with a Tết of nine days, 14 to 22 February 2026, and
// one worked Saturday for it.
type holidays struct{}

func (holidays) IsWorkingDay(d duty.Date) bool {
	if !d.Before(duty.NewDate(2026, 2, 14)) && !duty.NewDate(2026, 2, 22).Before(d) {
		return false
	}
	return d == duty.NewDate(2026, 2, 28) || duty.Weekdays{}.IsWorkingDay(d)
}

func TestClocksAcrossTet(t *testing.T) {
	rules, err := LoadClocks()
	if err != nil {
		t.Fatal(err)
	}
	due := func(code string, from time.Time) time.Time {
		t.Helper()
		r, ok := rules.Rule(code)
		if !ok {
			t.Fatalf("no rule %s", code)
		}
		at, err := r.Due(from, holidays{})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	at := func(m time.Month, d, h, min int) time.Time { return time.Date(2026, m, d, h, min, 0, 0, clock.Vietnam) }
	friday := at(2, 13, 22, 0)
	// Five working days after Friday the 13th: the 23rd to the 27th.
	if got := due("PL5W", friday); !got.Equal(duty.NewDate(2026, 2, 27).End()) {
		t.Errorf("PL5W is due %v", got)
	}
	// The worked Saturday counts.
	if got := due("NT3W", at(2, 26, 9, 0)); !got.Equal(duty.NewDate(2026, 3, 2).End()) {
		t.Errorf("NT3W is due %v", got)
	}
	// Hours know no holiday, and cross midnight.
	if got := due("E12H", friday); !got.Equal(at(2, 14, 10, 0)) {
		t.Errorf("E12H is due %v", got)
	}
	if got := due("VR20D", friday); !got.Equal(duty.NewDate(2026, 3, 5).End()) {
		t.Errorf("VR20D is due %v", got)
	}
	if _, err := (ClockRule{Code: "X", WorkingDays: 1}).Due(friday, never{}); err == nil {
		t.Error("a calendar without working days was taken")
	}
}

type never struct{}

func (never) IsWorkingDay(duty.Date) bool { return false }

func TestClockStates(t *testing.T) {
	from := time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam)
	k := Clock{Started: from, Due: from.Add(12 * time.Hour)}
	for after, want := range map[time.Duration]ClockState{
		0: ClockOK, 9*time.Hour - 1: ClockOK, 9 * time.Hour: ClockSoon, 12 * time.Hour: ClockSoon, 12*time.Hour + 1: ClockLate,
	} {
		if got := k.State(from.Add(after)); got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
	k.Paused = from.Add(2 * time.Hour)
	if k.State(from.Add(20*time.Hour)) != ClockPaused || k.Left(from.Add(20*time.Hour)) != 10*time.Hour {
		t.Error("a paused clock ran on")
	}
	k.Met = from.Add(13 * time.Hour)
	if k.State(from) != ClockDone || k.InTime() {
		t.Error("met late is met, and not in time")
	}
}

func TestRing(t *testing.T) {
	from := time.Date(2026, 11, 23, 2, 0, 0, 0, clock.Vietnam)
	r := Ring{Person: "a", StandIn: "b", Opened: from, Step: RingPerson}
	for after, want := range map[time.Duration]RingStep{
		0: RingPerson, 5*time.Minute - 1: RingPerson, 5 * time.Minute: RingStandIn, 10*time.Minute - 1: RingStandIn, 10 * time.Minute: RingDesk, time.Hour: RingDesk,
	} {
		if got := r.At(from.Add(after)).Step; got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
	if got := (Ring{Opened: from}).At(from).Step; got != RingDesk {
		t.Errorf("nobody on call: %s", got)
	}
	if got := (Ring{Person: "a", Opened: from}).At(from.Add(6 * time.Minute)); got.Step != RingPerson || !got.NextAt().Equal(from.Add(RingToDesk)) {
		t.Errorf("no stand-in: %+v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := Ring{Person: rapid.SampledFrom([]string{"", "a"}).Draw(t, "person"), StandIn: rapid.SampledFrom([]string{"", "b"}).Draw(t, "stand-in"), Opened: from, Step: RingPerson}
		order := map[RingStep]int{RingPerson: 0, RingStandIn: 1, RingDesk: 2}
		now := from
		for range 10 {
			now = now.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "seconds")) * time.Second)
			next := r.At(now)
			if order[next.Step] < order[r.Step] {
				t.Fatalf("went back from %s to %s", r.Step, next.Step)
			}
			r = next
		}
		taken := r.IHaveIt("c", now)
		if taken.At(now.Add(time.Hour)).Step != RingTaken || taken.IHaveIt("d", now).TakenBy != "c" || r.IHaveIt("", now).Step == RingTaken {
			t.Fatal("only a named person stops a ring, and the first one")
		}
	})
}

func TestAddresses(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTPS://www.Vidu.example:443/A/b/?utm_source=x&b=2&a=1#top": "vidu.example/A/b?a=1&b=2",
		"vidu.example":                 "vidu.example",
		"http://vidu.example:8080/":    "vidu.example:8080",
		"https://vidu.example/x).":     "vidu.example/x",
		"javascript:alert(1)":          "",
		"hai từ":                       "",
		"không-phải":                   "",
		"ftp://vidu.example/x":         "",
		"https://vidu.example/?fbclid": "vidu.example",
	} {
		got, _, ok := CanonicalURL(raw)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	for _, raw := range []string{"0901 234 567", "+84901234567", "84.901.234.567"} {
		if got := CanonicalPhone(raw); got != "84901234567" {
			t.Errorf("%q: %q", raw, got)
		}
	}
	if CanonicalPhone("111") != "" {
		t.Error("a hotline is nobody's phone")
	}
	if got := Defang("https://a.vidu.example/x.html"); got != "hxxps://a[.]vidu[.]example/x.html" {
		t.Errorf("defanged: %s", got)
	}
	found := AddressesIn(func(h string) string { return h }, "", "@Bạn Ấy", "", "xem https://vidu.example/a, gọi 0901.234.567 nhé")
	kinds := map[string]int{}
	for _, a := range found {
		kinds[a.Kind]++
	}
	if kinds["url"] != 1 || kinds["domain"] != 1 || kinds["account"] != 1 || kinds["phone"] != 1 {
		t.Errorf("found %+v", found)
	}
}

func TestPromiseComesFromTheRosterOnly(t *testing.T) {
	now := time.Date(2026, 11, 23, 22, 0, 0, 0, clock.Vietnam)
	if p := promise(nil, "u", now); p.Given() || p.Now {
		t.Fatalf("an empty roster promises %+v", p)
	}
	tomorrow := Shift{Unit: "u", From: now.Add(9 * time.Hour), To: now.Add(17 * time.Hour)}
	if p := promise([]Shift{{Unit: "other", From: now.Add(-time.Hour), To: now.Add(time.Hour)}}, "u", now); p.Given() {
		t.Fatalf("another unit's shift promises %+v", p)
	}
	if p := promise([]Shift{tomorrow}, "u", now); p.Now || !p.At.Equal(tomorrow.From.Add(15*time.Minute)) {
		t.Fatalf("got %+v", p)
	}
	tonight := Shift{Unit: "u", From: now.Add(-time.Hour), To: now.Add(time.Hour)}
	if p := promise([]Shift{tonight, tomorrow}, "u", now); !p.Now || !p.At.Equal(now.Add(15*time.Minute)) {
		t.Fatalf("got %+v", p)
	}
	gaps := Gaps([]Shift{tonight, tomorrow}, now, now.Add(24*time.Hour))
	if len(gaps) != 2 || !gaps[0].From.Equal(tonight.To) || !gaps[0].To.Equal(tomorrow.From) || !gaps[1].From.Equal(tomorrow.To) {
		t.Fatalf("gaps %+v", gaps)
	}
}
