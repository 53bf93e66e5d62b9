// SPDX-License-Identifier: Apache-2.0

package counts

import (
	"net/netip"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
)

var monday9 = time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Vietnam)

func device(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }

func school(weekOnly bundle.Bands) *bundle.School {
	v, err := bundle.NewView(bundle.Parts{Sides: []bundle.Side{{School: "s1", Number: 1, Default: bundle.Primary, WeekOnly: weekOnly}}})
	if err != nil {
		panic(err)
	}
	return v.Schools()[0]
}

func TestOneClientFiveHundredQueriesNothingLeaves(t *testing.T) {
	var out []bus.Cell
	c := New(func(cells []bus.Cell) { out = append(out, cells...) })
	s := school(0)
	for i := range 500 { // over more than a week, every hour and every day
		c.Refused(s, bundle.Primary, "gambling", device(1), monday9.Add(time.Duration(i)*30*time.Minute))
	}
	c.Settle()
	if len(out) != 0 {
		t.Errorf("left the school: %v", out)
	}
}

func TestFiveDevicesLeaveWithTheirHour(t *testing.T) {
	var out []bus.Cell
	c := New(func(cells []bus.Cell) { out = append(out, cells...) })
	s := school(0)
	for i := range 300 {
		c.Refused(s, bundle.Primary, "gambling", device(i%6), monday9)
	}
	for i := range 4 {
		c.Refused(s, bundle.Primary, "adult", device(i), monday9)
	}
	if len(out) != 0 {
		t.Fatalf("before the hour's end: %v", out)
	}
	c.Advance(monday9.Add(time.Hour))
	if len(out) != 1 || out[0].Devices != 6 || out[0].Period != bus.Hour || out[0].Category != "gambling" || !out[0].Start.Equal(monday9) || out[0].School != "s1" || out[0].Band != "primary" {
		t.Fatalf("%+v", out)
	}
	if err := (bus.Counts{Sequence: 1, Cells: out}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestSmallCellsJoinDayThenWeek(t *testing.T) {
	var out []bus.Cell
	c := New(func(cells []bus.Cell) { out = append(out, cells...) })
	s := school(0)
	// Monday: three devices in one hour, three in another: five different ones.
	for _, i := range []int{1, 2, 3} {
		c.Refused(s, bundle.Primary, "adult", device(i), monday9)
	}
	for _, i := range []int{3, 4, 5} {
		c.Refused(s, bundle.Primary, "adult", device(i), monday9.Add(2*time.Hour))
	}
	// An hour that leaves by itself must not count again in the day.
	for i := range 10 {
		c.Refused(s, bundle.Primary, "adult", device(100+i), monday9.Add(3*time.Hour))
	}
	c.Advance(monday9.AddDate(0, 0, 1))
	if len(out) != 2 || out[0].Period != bus.Hour || out[0].Devices != 10 || out[1].Period != bus.Day || out[1].Devices != 5 || !out[1].Start.Equal(clock.StartOfDay(monday9)) {
		t.Fatalf("%+v", out)
	}
	// Tuesday to Thursday: two devices a day, the same one always among them.
	out = nil
	for d := 1; d <= 3; d++ {
		c.Refused(s, bundle.Primary, "gambling", device(1), monday9.AddDate(0, 0, d))
		c.Refused(s, bundle.Primary, "gambling", device(10+d), monday9.AddDate(0, 0, d))
	}
	c.Advance(monday9.AddDate(0, 0, 7))
	if len(out) != 0 {
		t.Fatalf("four devices left: %+v", out)
	}
	for d := 7; d <= 10; d++ { // and one more the week after
		c.Refused(s, bundle.Primary, "gambling", device(1), monday9.AddDate(0, 0, d))
		c.Refused(s, bundle.Primary, "gambling", device(10+d), monday9.AddDate(0, 0, d))
	}
	c.Advance(monday9.AddDate(0, 0, 14))
	if len(out) != 1 || out[0].Period != bus.Week || out[0].Devices != 5 || out[0].Start.Weekday() != time.Monday {
		t.Fatalf("%+v", out)
	}
}

func TestSmallBandsAreCountedByTheWeek(t *testing.T) {
	var out []bus.Cell
	c := New(func(cells []bus.Cell) { out = append(out, cells...) })
	s := school(bundle.BandsOf(bundle.Primary))
	for i := range 12 {
		c.Refused(s, bundle.Primary, "adult", device(i), monday9)
	}
	c.Advance(monday9.AddDate(0, 0, 3))
	if len(out) != 0 {
		t.Fatalf("%+v", out)
	}
	c.Advance(monday9.AddDate(0, 0, 7))
	if len(out) != 1 || out[0].Period != bus.Week || out[0].Devices != 12 {
		t.Fatalf("%+v", out)
	}
}

func TestEstimateIsCloseAndNeverBelowTheBits(t *testing.T) {
	c := New(func([]bus.Cell) {})
	for _, n := range []int{5, 31, 40, 500, 3000} {
		c.reset()
		s := school(0)
		for i := range n {
			c.Refused(s, bundle.Staff, "x", device(i), monday9)
		}
		for _, at := range c.hours {
			got := at.day.devices()
			if got < at.day.least() || float64(got) < 0.85*float64(n) || float64(got) > 1.15*float64(n) {
				t.Errorf("%d devices, estimate %d", n, got)
			}
		}
	}
}

func TestStopGivesOutWhatIsCountableAndForgetsTheRest(t *testing.T) {
	var out []bus.Cell
	c := New(func(cells []bus.Cell) { out = append(out, cells...) })
	for i := range 7 {
		c.Refused(school(0), bundle.Staff, "x", device(i), monday9)
	}
	c.Refused(school(0), bundle.Staff, "y", device(1), monday9)
	c.Settle()
	if len(out) != 1 || out[0].Devices != 7 {
		t.Fatalf("%+v", out)
	}
	if len(c.hours)+len(c.days)+len(c.weeks) != 0 {
		t.Error("something was kept")
	}
}

func TestRefusedAllocatesNothingOnceACellIsThere(t *testing.T) {
	c := New(func([]bus.Cell) {})
	s := school(0)
	c.Refused(s, bundle.Staff, "x", device(1), monday9)
	if n := testing.AllocsPerRun(100, func() { c.Refused(s, bundle.Staff, "x", device(2), monday9) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
