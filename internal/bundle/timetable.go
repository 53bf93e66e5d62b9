// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"sync/atomic"
)

// Timetable says which hours of a school's week are which period. Minutes
// that no slot covers are AnyTime; on a holiday the whole day is Holiday. All
// times are those of Vietnam, UTC+7 without summer time.
type Timetable struct {
	Slots    []Slot
	Holidays []uint32 // days since 1970-01-01, rising
}

// Slot is a stretch of the day on some days of the week. Of two that overlap
// the later in the list counts, so that a break lies over the lessons.
type Slot struct {
	Days   uint8  // bit 0 Monday … bit 6 Sunday
	From   uint16 // minutes since midnight
	To     uint16 // exclusive; at most 1440
	Period Period
}

const (
	maxSlots    = 256
	maxHolidays = 1024
	minutesADay = 24 * 60
	vietnam     = 7 * 60 // minutes east of UTC
)

func (t *Timetable) valid() bool {
	if len(t.Slots) > maxSlots || len(t.Holidays) > maxHolidays {
		return false
	}
	for _, s := range t.Slots {
		if s.Days == 0 || s.Days > 0x7f || s.From >= s.To || s.To > minutesADay || s.Period == AnyTime || s.Period.String() == "" {
			return false
		}
	}
	for i, d := range t.Holidays {
		if i > 0 && d <= t.Holidays[i-1] {
			return false
		}
	}
	return true
}

// At is the period at an instant, microseconds since 1970 UTC.
func (t *Timetable) At(now int64) Period { return t.atMinute(minuteOf(now)) }

// minuteOf is minutes since 1970-01-01 00:00 in Vietnam.
func minuteOf(now int64) int64 {
	const micro = 60_000_000
	m := now / micro
	if now%micro < 0 {
		m--
	}
	return m + vietnam
}

func (t *Timetable) atMinute(m int64) Period {
	day, minute := m/minutesADay, m%minutesADay
	if minute < 0 {
		day, minute = day-1, minute+minutesADay
	}
	for _, h := range t.Holidays {
		if int64(h) == day {
			return Holiday
		}
	}
	weekday := (day%7 + 7 + 3) % 7 // 1970-01-01 was a Thursday
	for i := len(t.Slots) - 1; i >= 0; i-- {
		if s := &t.Slots[i]; s.Days>>weekday&1 == 1 && int64(s.From) <= minute && minute < int64(s.To) {
			return s.Period
		}
	}
	return AnyTime
}

func (t *Timetable) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(len(t.Slots)))
	for _, s := range t.Slots {
		b = append(b, s.Days, byte(s.Period))
		b = le.AppendUint16(le.AppendUint16(b, s.From), s.To)
	}
	b = le.AppendUint32(b, uint32(len(t.Holidays)))
	for _, d := range t.Holidays {
		b = le.AppendUint32(b, d)
	}
	return b
}

func readTimetable(r *reader) Timetable {
	var t Timetable
	for range bounded(r, r.u32(), 6) {
		t.Slots = append(t.Slots, Slot{Days: r.u8(), Period: Period(r.u8()), From: r.u16(), To: r.u16()})
	}
	for range bounded(r, r.u32(), 4) {
		t.Holidays = append(t.Holidays, r.u32())
	}
	return t
}

// periodCache keeps the period of the running minute, so that a query costs a
// comparison and not a walk over the timetable.
type periodCache struct{ word atomic.Uint64 } // minute + 1 above eight bits of period; 0: empty

func (c *periodCache) at(t *Timetable, now int64) Period {
	if len(t.Slots) == 0 && len(t.Holidays) == 0 {
		return AnyTime
	}
	m := minuteOf(now)
	key := uint64(m+1) << 8
	if w := c.word.Load(); w&^0xff == key && w != 0 {
		return Period(w & 0xff)
	}
	p := t.atMinute(m)
	c.word.Store(key | uint64(p))
	return p
}
