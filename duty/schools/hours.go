// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Hours are a school's week: which hours are lessons, breaks, evening, and the
// days without lessons. What is refused in each is the policy's to say.
type Hours struct {
	Slots    []Slot
	Holidays []Holiday
}

// Slot is a stretch of the day on some days of the week.
type Slot struct {
	Days   uint8 // bit 0 Monday … bit 6 Sunday
	From   int   // minutes since midnight
	To     int   // exclusive
	Period bundle.Period
}

// Holiday is a run of whole days without lessons, both ends included.
type Holiday struct{ First, Last duty.Date }

// HoursCommand replaces a school's hours. The fields are what people type.
type HoursCommand struct {
	School   string
	Rows     []HoursRow
	Holidays string // "02/09/2026; 26/01/2027-05/02/2027"
}

// HoursRow is one period's hours on some days: "07:00-11:30, 13:30-16:45".
type HoursRow struct {
	Period string // code; lesson, break or evening
	Days   uint8
	Hours  string // empty: none
}

const (
	maxSlots    = 100
	maxHolidays = 60
	// maxHolidayDays keeps the side file small: a school year has fewer days off
	// than that, the long summer counted.
	maxHolidayDays = 400
)

// read makes hours of what was typed, or lists the faulty fields: "hours-0",
// "hours-1" … by the place of the row, and "holidays".
func (c HoursCommand) read() (Hours, error) {
	var h Hours
	p := problem.New("input/faulty")
	for i, row := range c.Rows {
		field := fmt.Sprintf("hours-%d", i)
		period, ok := bundle.ParsePeriod(row.Period)
		if !ok || period == bundle.AnyTime || period == bundle.Holiday {
			p.Field(field, "input/not-a-choice")
			continue
		}
		for part := range strings.FieldsFuncSeq(row.Hours, func(r rune) bool { return r == ',' || r == ';' }) {
			part = strings.TrimSpace(part)
			from, to, ok := readSpan(part)
			switch {
			case part == "":
			case !ok:
				p.Field(field, "schools/not-hours", "text", clip(part, 30))
			case row.Days == 0 || row.Days > 0x7f:
				p.Field(field, "schools/no-days")
			default:
				h.Slots = append(h.Slots, Slot{row.Days, from, to, period})
			}
		}
	}
	// Breaks lie over lessons, whatever the order on the page.
	slices.SortStableFunc(h.Slots, func(a, b Slot) int { return cmp.Compare(a.Period, b.Period) })
	h.Holidays = readHolidays(c.Holidays, p)
	if len(h.Slots) > maxSlots || len(h.Holidays) > maxHolidays || len(h.days()) > maxHolidayDays {
		p.Field("holidays", "schools/too-many-hours")
	}
	return h, p.OrNil()
}

// readSpan reads "07:00-11:30" or "7h-11h30"; 24:00 ends a day.
func readSpan(text string) (from, to int, ok bool) {
	a, b, found := strings.Cut(strings.ReplaceAll(text, "–", "-"), "-")
	if !found {
		return 0, 0, false
	}
	from, okFrom := readMinute(a)
	to, okTo := readMinute(b)
	return from, to, okFrom && okTo && from < to
}

func readMinute(text string) (int, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	hour, minute, split := strings.Cut(strings.Replace(text, "h", ":", 1), ":")
	if !split {
		minute = "0"
	}
	if minute == "" {
		minute = "0"
	}
	h, okHour := number(hour, 24)
	m, okMinute := number(minute, 59)
	return h*60 + m, okHour && okMinute && h*60+m <= 24*60
}

// number reads one or two digits, at most most.
func number(text string, most int) (int, bool) {
	if len(text) == 0 || len(text) > 2 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n <= most
}

func readHolidays(text string, p *problem.Error) []Holiday {
	var all []Holiday
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '\n' || r == ',' }) {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		a, b, run := strings.Cut(strings.ReplaceAll(part, "–", "-"), "-")
		first, err := readDate(a)
		last := first
		if err == nil && run {
			last, err = readDate(b)
		}
		if err != nil || last.Before(first) {
			p.Field("holidays", "schools/not-days", "text", clip(part, 30))
			continue
		}
		all = append(all, Holiday{first, last})
	}
	slices.SortFunc(all, func(a, b Holiday) int { return a.First.Compare(b.First) })
	return all
}

func readDate(text string) (duty.Date, error) {
	t, err := time.Parse("2/1/2006", strings.TrimSpace(text))
	if err != nil {
		return duty.Date{}, err
	}
	return duty.NewDate(t.Year(), t.Month(), t.Day()), nil
}

// days are the holidays one by one, days since 1970-01-01, rising.
func (h Hours) days() []uint32 {
	epoch := duty.NewDate(1970, time.January, 1)
	var days []uint32
	for _, run := range h.Holidays {
		for d := run.First; !run.Last.Before(d) && len(days) <= maxHolidayDays; d = d.AddDays(1) {
			days = append(days, uint32(d.Sub(epoch)))
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// timetable is the hours in the form of nodes.
func (h Hours) timetable() bundle.Timetable {
	t := bundle.Timetable{Holidays: h.days()}
	for _, s := range h.Slots {
		t.Slots = append(t.Slots, bundle.Slot{Days: s.Days, From: uint16(s.From), To: uint16(s.To), Period: s.Period})
	}
	return t
}

var (
	querySlots       = sqldb.Register("schools.slots", `SELECT days, from_min, to_min, period FROM schools_slot WHERE school = $1 ORDER BY place, id`)
	querySlotPut     = sqldb.Register("schools.slot_put", `INSERT INTO schools_slot (id, school, place, days, from_min, to_min, period) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	querySlotsDrop   = sqldb.Register("schools.slots_drop", `DELETE FROM schools_slot WHERE school = $1`)
	queryHolidays    = sqldb.Register("schools.holidays", `SELECT first, last FROM schools_holiday WHERE school = $1 ORDER BY first`)
	queryHolidayPut  = sqldb.Register("schools.holiday_put", `INSERT INTO schools_holiday (school, first, last) VALUES ($1, $2, $3) ON CONFLICT (school, first) DO UPDATE SET last = excluded.last`)
	queryHolidayDrop = sqldb.Register("schools.holidays_drop", `DELETE FROM schools_holiday WHERE school = $1`)
)

// Hours are a school's hours.
func (s *Service) Hours(ctx context.Context, actor authz.Actor, schoolID string) (Hours, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return Hours{}, err
	}
	return hoursOf(ctx, s.db.Read(), schoolID)
}

func hoursOf(ctx context.Context, q sqldb.Queryer, schoolID string) (Hours, error) {
	var h Hours
	var err error
	h.Slots, err = sqldb.All(ctx, q, querySlots, func(r sqldb.Row) (s Slot, err error) {
		var period string
		err = r.Scan(&s.Days, &s.From, &s.To, &period)
		s.Period, _ = bundle.ParsePeriod(period)
		return s, err
	}, schoolID)
	if err != nil {
		return h, err
	}
	h.Holidays, err = sqldb.All(ctx, q, queryHolidays, func(r sqldb.Row) (d Holiday, err error) {
		var first, last string
		if err = r.Scan(&first, &last); err != nil {
			return d, err
		}
		if d.First, err = duty.ParseDate(first); err != nil {
			return d, err
		}
		d.Last, err = duty.ParseDate(last)
		return d, err
	}, schoolID)
	return h, err
}

// SaveHours replaces a school's hours. They are in force as soon as the node
// has the new side file.
func (s *Service) SaveHours(ctx context.Context, actor authz.Actor, cmd HoursCommand) error {
	h, err := cmd.read()
	if err != nil {
		return err
	}
	return s.editSchool(ctx, actor, cmd.School, "schools.hours_saved", cmd, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		for _, drop := range []*sqldb.Query{querySlotsDrop, queryHolidayDrop} {
			if _, err := sqldb.Exec(ctx, tx, drop, school.ID); err != nil {
				return err
			}
		}
		for i, slot := range h.Slots {
			if _, err := sqldb.Exec(ctx, tx, querySlotPut, id.New(), school.ID, i, int(slot.Days), slot.From, slot.To, slot.Period.String()); err != nil {
				return err
			}
		}
		for _, d := range h.Holidays {
			if _, err := sqldb.Exec(ctx, tx, queryHolidayPut, school.ID, d.First.String(), d.Last.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// At is the part of the day at an instant.
func (h Hours) At(t time.Time) bundle.Period {
	table := h.timetable()
	return table.At(t.UnixMicro())
}
