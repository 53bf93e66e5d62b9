// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// CountFilter chooses cells. The window is half-open: From included, To not.
type CountFilter struct {
	School string // id; empty: all that the actor may see
	Place  string // id of a commune
	Level  string
	From   time.Time
	To     time.Time
}

// Count is a cell of an answer: devices that met a refusal. Devices are
// different within one cell of one node; sums over cells count a device once
// for each cell it was in.
type Count struct {
	School   string // empty where schools are summed
	Band     bundle.Band
	Category string
	Span     Span
	Start    time.Time
	Devices  int
}

var (
	queryCountsSum = sqldb.Register("schools.counts_sum", `
		SELECT c.band, c.category, c.span, c.start, SUM(c.devices) FROM schools_count c JOIN schools_school s ON s.id = c.school
		WHERE c.start >= $1 AND c.start < $2 AND (CAST($3 AS TEXT) = '' OR c.school = $3) AND (CAST($4 AS TEXT) = '' OR s.unit = $4)
			AND (CAST($5 AS TEXT) = '' OR s.place = $5) AND (CAST($6 AS TEXT) = '' OR s.level = $6)
		GROUP BY c.band, c.category, c.span, c.start
		ORDER BY c.start, c.span, c.band, c.category`)
	queryCountsBySchool = sqldb.Register("schools.counts_by_school", `
		SELECT c.school, SUM(c.devices) FROM schools_count c WHERE c.start >= $1 AND c.start < $2 GROUP BY c.school ORDER BY c.school`)
)

// Counts are the counts of a window, summed over the schools that match. What
// asks for care (self-harm) is in sums of the whole province only: of a school,
// or of a commune that may have one, it would set people looking for the pupil.
// The school's counsellor is told of it (care.go), more carefully than a table
// could.
func (s *Service) Counts(ctx context.Context, actor authz.Actor, f CountFilter) ([]Count, error) {
	unit := ""
	if f.School != "" {
		if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", f.School); err != nil {
			return nil, err
		}
	} else if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", actor.Unit)); err != nil {
			return nil, err
		}
		unit = actor.Unit
	}
	all, err := sqldb.All(ctx, s.db.Read(), queryCountsSum, scanCount, clock.Micro(f.From), clock.Micro(f.To), f.School, unit, f.Place, f.Level)
	if f.School != "" || unit != "" || f.Place != "" {
		all = slices.DeleteFunc(all, func(c Count) bool { k, ok := s.catalogue.Category(c.Category); return ok && k.Care })
	}
	return all, wrap("counts", err)
}

// DevicesBySchool sums the cells of a window for each school, for a list of
// schools that the actor may see anyway.
func (s *Service) DevicesBySchool(ctx context.Context, actor authz.Actor, from, to time.Time) (map[string]int, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		return nil, err
	}
	sums := map[string]int{}
	_, err := sqldb.All(ctx, s.db.Read(), queryCountsBySchool, func(r sqldb.Row) (struct{}, error) {
		var school string
		var devices int
		err := r.Scan(&school, &devices)
		sums[school] = devices
		return struct{}{}, err
	}, clock.Micro(from), clock.Micro(to))
	return sums, wrap("devices by school", err)
}

// ByHour sums hour cells by category and hour of the day, for the plot.
func ByHour(counts []Count) map[string][24]int {
	hours := map[string][24]int{}
	for _, c := range counts {
		if c.Span == HourSpan {
			of := hours[c.Category]
			of[c.Start.In(clock.Vietnam).Hour()] += c.Devices
			hours[c.Category] = of
		}
	}
	return hours
}

// ByCategory sums cells of all spans by category.
func ByCategory(counts []Count) map[string]int {
	sums := map[string]int{}
	for _, c := range counts {
		sums[c.Category] += c.Devices
	}
	return sums
}

func scanCount(r sqldb.Row) (c Count, err error) {
	var band string
	var start int64
	err = r.Scan(&band, &c.Category, &c.Span, &start, &c.Devices)
	c.Band, _ = bundle.ParseBand(band)
	c.Start = clock.FromMicro(start)
	return c, err
}
