// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lachan/duty/schools"
	"lachan/internal/problem"
	"lachan/web/page"
)

// What a school sets up for itself besides networks and names: its hours, the
// words of its devices, and where it differs from the ready policy.

// schoolOwn fills these parts of the school's page.
func (s *Server) schoolOwn(c *visit, id string, p *page.School) error {
	ctx, actor, cat := c.r.Context(), c.who.Actor, s.Schools.Catalogue()
	devices, err := s.Schools.Devices(ctx, actor, id)
	if err != nil {
		return err
	}
	for _, d := range devices {
		p.Devices = append(p.Devices, page.DeviceRow{ID: d.ID, Word: d.Word, Band: c.bands(d.Band, d.Evening), Note: d.Note})
	}
	changes, err := s.Schools.Changes(ctx, actor, id)
	if err != nil {
		return err
	}
	for _, x := range changes {
		act := "pages.school.opens"
		if x.Block {
			act = "pages.school.closes"
		}
		p.Changes = append(p.Changes, page.ChangeRow{
			ID: x.ID, What: c.p.T(cat.NameKey(x.Code)), Act: c.p.T(act), Who: joined(c.p.T(schools.BandKey(x.Band)), c.p.T(schools.PeriodKey(x.Period))),
		})
	}
	for _, code := range cat.MayChange() {
		p.Changeable = append(p.Changeable, page.Option{Value: code, Label: c.p.T(cat.NameKey(code))})
	}
	for _, code := range schools.PeriodCodes() {
		p.Periods = append(p.Periods, page.Option{Value: code, Label: c.p.T("schools.period." + code)})
	}
	h, err := s.Schools.Hours(ctx, actor, id)
	if err != nil {
		return err
	}
	c.hours(h, p)
	return nil
}

// bands says the band of a network or a device, and the one in the evening
// where it is another.
func (c *visit) bands(day, evening fmt.Stringer) string {
	words := c.p.T("schools.band." + day.String())
	if evening.String() == day.String() {
		return words
	}
	return c.p.T("pages.school.evening", "day", words, "evening", c.p.T("schools.band."+evening.String()))
}

// hoursRows is how many rows of hours the page offers: two of lessons, since
// Saturdays differ, and one each of breaks and evenings.
var hoursRows = [...]string{"lesson", "lesson", "break", "evening"}

// The sets of days that the page offers, as bits of schools.Slot.
var daySets = [...]uint8{0x1f, 0x3f, 0x20, 0x60, 0x7f}

// hours puts a school's hours into the rows of the form, or what was typed
// where the form comes back.
func (c *visit) hours(h schools.Hours, p *page.School) {
	type key struct {
		period string
		days   uint8
	}
	var order []key
	spans := map[key][]string{}
	for _, slot := range h.Slots {
		k := key{slot.Period.String(), slot.Days}
		if spans[k] == nil {
			order = append(order, k)
		}
		spans[k] = append(spans[k], clockSpan(slot.From, slot.To))
	}
	rows := slices.Clone(order)
	for _, period := range hoursRows {
		if n := count(rows, func(k key) bool { return k.period == period }); n < count(hoursRows[:], func(one string) bool { return one == period }) {
			rows = append(rows, key{period, daySets[0]})
		}
	}
	rank := schools.HourPeriods()
	slices.SortStableFunc(rows, func(a, b key) int { return slices.Index(rank, a.period) - slices.Index(rank, b.period) })
	typed := c.form("hours-rows") != ""
	for i, k := range rows {
		row := page.HoursRow{Period: k.period, Label: c.p.T("schools.period." + k.period), Hours: strings.Join(spans[k], ", ")}
		if typed {
			row.Hours = c.form("hours-" + strconv.Itoa(i))
			if n, err := strconv.ParseUint(c.form("days-"+strconv.Itoa(i)), 10, 8); err == nil {
				k.days = uint8(n)
			}
		}
		delete(spans, k) // a second row of the same days stays empty
		sets := daySets[:]
		if !slices.Contains(sets, k.days) {
			sets = append(slices.Clone(sets), k.days)
		}
		for _, set := range sets {
			row.Days = append(row.Days, page.Option{Value: strconv.Itoa(int(set)), Label: c.daySet(set), On: set == k.days})
		}
		p.Week = append(p.Week, row)
	}
	var days []string
	for _, d := range h.Holidays {
		text := d.First.Start().Format("02/01/2006")
		if d.Last != d.First {
			text += "-" + d.Last.Start().Format("02/01/2006")
		}
		days = append(days, text)
	}
	if p.Holidays = strings.Join(days, "; "); typed {
		p.Holidays = c.form("holidays")
	}
	if len(h.Slots)+len(h.Holidays) > 0 {
		p.Now = c.p.T(schools.PeriodKey(h.At(c.s.Clock.Now())))
	}
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, one := range all {
		if is(one) {
			n++
		}
	}
	return n
}

// clockSpan is a stretch of the day as it is typed, "07:00-11:30".
func clockSpan(from, to int) string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60)
}

// daySet says a set of days in words.
func (c *visit) daySet(set uint8) string {
	if slices.Contains(daySets[:], set) {
		return c.p.T("pages.school.days." + strconv.Itoa(int(set)))
	}
	var days []string
	for d := range 7 {
		if set>>d&1 == 1 {
			days = append(days, c.p.T("pages.school.day."+strconv.Itoa(d)))
		}
	}
	return strings.Join(days, " ")
}

func (s *Server) saveHours(c *visit) error {
	return s.onSchool(c, "flash.schools.hours-saved", func(id string) error {
		cmd := schools.HoursCommand{School: id, Holidays: c.form("holidays")}
		n, err := strconv.Atoi(c.form("hours-rows"))
		if err != nil || n < 0 || n > 40 {
			return problem.New("input/faulty").Field("hours-rows", "input/not-a-number")
		}
		for i := range n {
			days, err := strconv.ParseUint(c.form("days-"+strconv.Itoa(i)), 10, 8)
			if err != nil {
				return problem.New("input/faulty").Field("days-"+strconv.Itoa(i), "input/not-a-choice")
			}
			cmd.Rows = append(cmd.Rows, schools.HoursRow{Period: c.form("period-" + strconv.Itoa(i)), Days: uint8(days), Hours: c.form("hours-" + strconv.Itoa(i))})
		}
		return s.Schools.SaveHours(c.r.Context(), c.who.Actor, cmd)
	})
}

func (s *Server) saveDevice(c *visit) error {
	return s.onSchool(c, "flash.schools.device-saved", func(id string) error {
		return s.Schools.SaveDevice(c.r.Context(), c.who.Actor, schools.DeviceCommand{
			School: id, Word: strings.ToLower(c.form("word")), Band: c.form("device_band"), Evening: c.form("device_evening"), Note: c.form("device_note"),
		})
	})
}

func (s *Server) dropDevice(c *visit) error {
	return s.onSchool(c, "flash.schools.device-dropped", func(id string) error {
		return s.Schools.DropDevice(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}

func (s *Server) saveChange(c *visit) error {
	return s.onSchool(c, "flash.schools.change-saved", func(id string) error {
		g := c.form("go")
		if g != "open" && g != "close" {
			return problem.New("input/faulty").Field("go", "input/not-a-choice")
		}
		return s.Schools.SaveChange(c.r.Context(), c.who.Actor, schools.ChangeCommand{
			School: id, Band: c.form("change_band"), Period: c.form("change_period"), Code: c.form("code"), Block: g == "close",
		})
	})
}

func (s *Server) dropChange(c *visit) error {
	return s.onSchool(c, "flash.schools.change-dropped", func(id string) error {
		return s.Schools.DropChange(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}
