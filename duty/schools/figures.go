// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"time"

	"lachan/duty"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Scope chooses whose figures: schools in these places, or these schools'
// units; both empty: all.
type Scope struct {
	Places []string
	Units  []string
}

func (s Scope) has(school School) bool {
	return len(s.Places) == 0 && len(s.Units) == 0 || slices.Contains(s.Places, school.Place) || slices.Contains(s.Units, school.Unit)
}

// Figure is one number for reporting, under a code of the indicator catalogue.
// Of is the denominator of a ratio, 0 for a count.
//
//	D03  schools with a filter that was heard of in the period, of all schools
//	D04  schools where each level has its own policy, of all schools
//	D05  devices that filtered schools say they have; their networks (By "kind")
//	D06  devices that met a refusal, summed over the hours, days and weeks of
//	     counting. The indicator asks for attempts; nodes count devices and not
//	     attempts, so this is the lower and the more careful number, and a
//	     report that prints it says so.
//	D07  requests to open a name that were answered within two days, of all
type Figure struct {
	Code  string
	Value int64
	Of    int64
	By    map[string]string // "level", "category", "kind"
}

// answerWithin is when an answer to a request counts as in time.
const answerWithin = 48 * time.Hour

var (
	queryFigureSchools = sqldb.Register("schools.figure_schools", `SELECT `+schoolColumns+` FROM schools_school ORDER BY id`)
	queryFigureNodes   = sqldb.Register("schools.figure_nodes", `
		SELECT DISTINCT l.school FROM schools_node n JOIN schools_node_school l ON l.node = n.id
		WHERE n.joined < $2 AND n.seen >= $1 AND (n.revoked = 0 OR n.revoked >= $1) ORDER BY l.school`)
	queryFigureNetworks = sqldb.Register("schools.figure_networks", `SELECT school, COUNT(*) FROM schools_network GROUP BY school ORDER BY school`)
	queryFigureCounts   = sqldb.Register("schools.figure_counts", `
		SELECT school, category, SUM(devices) FROM schools_count WHERE start >= $1 AND start < $2 GROUP BY school, category ORDER BY school, category`)
	queryFigureRequests = sqldb.Register("schools.figure_requests", `
		SELECT school, category, COUNT(*), COUNT(*) FILTER (WHERE answered > 0 AND answered - created <= $3)
		FROM schools_request WHERE created >= $1 AND created < $2 GROUP BY school, category ORDER BY school, category`)
)

type tally struct {
	school, category string
	n, of            int64
}

// Figures are the totals of a period for a unit and what lies under it
// (Deps.Reach), by cell code of the indicator catalogue: the form in which
// reporting asks every duty. D06 wants attempts, which nobody counts: it stays
// open for a person to fill.
func (s *Service) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	scope, err := s.ScopeOf(ctx, unit)
	if err != nil {
		return nil, err
	}
	all, err := s.Indicators(ctx, period, scope)
	if err != nil {
		return nil, err
	}
	cells := map[string]int64{}
	for _, f := range all {
		switch {
		case f.Code == "D03":
			cells["D03.tu"] += f.Value
			cells["D03.mau"] += f.Of
		case f.Code == "D04":
			cells["D04.tu"] += f.Value
			cells["D04.mau"] += f.Of
		case f.Code == "D05" && f.By["kind"] == "devices":
			cells["D05"] += f.Value
		case f.Code == "D07":
			cells["D07"] += f.Of
		}
	}
	return cells, nil
}

// ScopeOf is a unit and what lies under it.
func (s *Service) ScopeOf(ctx context.Context, unit string) (Scope, error) {
	if s.reach == nil {
		return Scope{Places: []string{unit}, Units: []string{unit}}, nil
	}
	scope, err := s.reach(ctx, unit)
	return scope, wrap("reach", err)
}

// Roster are the schools in a scope, for what counts them besides the filter.
func (s *Service) Roster(ctx context.Context, scope Scope) ([]School, error) {
	all, err := sqldb.All(ctx, s.db.Read(), queryFigureSchools, scanSchool)
	if err != nil {
		return nil, wrap("roster", err)
	}
	return slices.DeleteFunc(all, func(school School) bool { return !scope.has(school) }), nil
}

// Indicators are the room's figures of a period with their breakdowns. The
// roster is read as it is today; what has happened is read as of the period.
func (s *Service) Indicators(ctx context.Context, period duty.Period, scope Scope) ([]Figure, error) {
	start, end := period.Bounds()
	from, to := clock.Micro(start), clock.Micro(end)
	q := s.db.Read()
	all, err := sqldb.All(ctx, q, queryFigureSchools, scanSchool)
	if err != nil {
		return nil, wrap("figures", err)
	}
	filtered, err := sqldb.All(ctx, q, queryFigureNodes, sqldb.Scalar[string], from, to)
	if err != nil {
		return nil, wrap("figures", err)
	}
	networks, err := sqldb.All(ctx, q, queryFigureNetworks, func(r sqldb.Row) (t tally, err error) {
		err = r.Scan(&t.school, &t.n)
		return t, err
	})
	if err != nil {
		return nil, wrap("figures", err)
	}
	f := newFigures(all, scope)
	f.roster(filtered, networks)
	counts, err := sqldb.All(ctx, q, queryFigureCounts, func(r sqldb.Row) (t tally, err error) {
		err = r.Scan(&t.school, &t.category, &t.n)
		return t, err
	}, from, to)
	if err != nil {
		return nil, wrap("figures", err)
	}
	f.add("D06", counts)
	requests, err := sqldb.All(ctx, q, queryFigureRequests, func(r sqldb.Row) (t tally, err error) {
		err = r.Scan(&t.school, &t.category, &t.of, &t.n)
		return t, err
	}, from, to, answerWithin.Microseconds())
	if err != nil {
		return nil, wrap("figures", err)
	}
	f.add("D07", requests)
	return f.figures, nil
}

// figures gathers numbers by level and category.
type figures struct {
	schools map[string]School // those in scope
	order   []School
	figures []Figure
}

func newFigures(all []School, scope Scope) *figures {
	f := &figures{schools: map[string]School{}}
	for _, school := range all {
		if scope.has(school) {
			f.schools[school.ID] = school
			f.order = append(f.order, school)
		}
	}
	return f
}

// roster counts D03, D04 and D05 by level.
func (f *figures) roster(filtered []string, networks []tally) {
	nets := map[string]int64{}
	for _, t := range networks {
		nets[t.school] = t.n
	}
	for _, level := range Levels() {
		var schools, on, bands, devices, wired int64
		for _, school := range f.order {
			if school.Level != level {
				continue
			}
			schools++
			if !slices.Contains(filtered, school.ID) {
				continue
			}
			on++
			devices += int64(school.Devices)
			wired += nets[school.ID]
			if banded(school, nets[school.ID]) {
				bands++
			}
		}
		if schools == 0 {
			continue
		}
		f.figures = append(f.figures,
			Figure{Code: "D03", Value: on, Of: schools, By: map[string]string{"level": level}},
			Figure{Code: "D04", Value: bands, Of: schools, By: map[string]string{"level": level}},
			Figure{Code: "D05", Value: devices, By: map[string]string{"level": level, "kind": "devices"}},
			Figure{Code: "D05", Value: wired, By: map[string]string{"level": level, "kind": "networks"}})
	}
}

// add sums tallies by level and category.
func (f *figures) add(code string, tallies []tally) {
	type cell struct{ level, category string }
	sums := map[cell]*Figure{}
	var order []cell
	for _, t := range tallies {
		school, ok := f.schools[t.school]
		if !ok {
			continue
		}
		c := cell{school.Level, t.category}
		if sums[c] == nil {
			sums[c] = &Figure{Code: code, By: map[string]string{"level": c.level, "category": c.category}}
			order = append(order, c)
		}
		sums[c].Value += t.n
		sums[c].Of += t.of
	}
	for _, c := range order {
		f.figures = append(f.figures, *sums[c])
	}
}
