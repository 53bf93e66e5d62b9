// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
)

// Weekly is a school's week: how many devices met a refusal, beside the week
// before. What asks for care is not in it; the counsellor is told of that.
type Weekly struct {
	School   School
	Monday   time.Time
	Rows     []WeeklyRow
	Asked    int // requests to open a name that came in the week, those that the school may know of
	Answered int // of them
}

// WeeklyRow is one category. A number is -1 where no cell reached five devices.
type WeeklyRow struct {
	Category       string
	Devices, Prior int
}

// Trend is 1, 0 or -1 as there were more, as many or fewer than in the week
// before; known is false where one of the two is not shown.
func (r WeeklyRow) Trend() (trend int, known bool) {
	if r.Devices < 0 || r.Prior < 0 {
		return 0, false
	}
	return cmp.Compare(r.Devices, r.Prior), true
}

// LastWeek is the Monday of the last full week.
func (s *Service) LastWeek() time.Time { return WeekSpan.start(s.clock.Now()).Add(-week) }

// Week sums up the week of a day; the last full one if day is zero or later.
func (s *Service) Week(ctx context.Context, actor authz.Actor, schoolID string, day time.Time) (Weekly, error) {
	school, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID)
	if err != nil {
		return Weekly{}, err
	}
	w := Weekly{School: school, Monday: s.LastWeek()}
	if !day.IsZero() && day.Before(w.Monday) {
		w.Monday = WeekSpan.start(day)
	}
	counts, err := s.Counts(ctx, actor, CountFilter{School: schoolID, From: w.Monday.Add(-week), To: w.Monday.Add(week)})
	if err != nil {
		return w, err
	}
	rows := map[string]*WeeklyRow{}
	for _, c := range counts {
		if k, ok := s.catalogue.Category(c.Category); ok && k.Care {
			continue
		}
		row := rows[c.Category]
		if row == nil {
			row = &WeeklyRow{c.Category, -1, -1}
			rows[c.Category] = row
		}
		n := &row.Devices
		if c.Start.Before(w.Monday) {
			n = &row.Prior
		}
		*n = max(*n, 0) + c.Devices
	}
	for _, row := range rows {
		w.Rows = append(w.Rows, *row)
	}
	slices.SortFunc(w.Rows, func(a, b WeeklyRow) int { return cmp.Or(b.Devices-a.Devices, cmp.Compare(a.Category, b.Category)) })
	requests, err := s.Requests(ctx, actor, schoolID, "")
	if err != nil {
		return w, err
	}
	for _, r := range requests {
		if r.Created.Before(w.Monday) || !r.Created.Before(w.Monday.Add(week)) {
			continue
		}
		w.Asked++
		if r.State != Open {
			w.Answered++
		}
	}
	return w, nil
}

// IsMonday reports whether the clock says Monday, when the summary of the week
// before is new.
func (s *Service) IsMonday() bool { return s.clock.Now().In(clock.Vietnam).Weekday() == time.Monday }
