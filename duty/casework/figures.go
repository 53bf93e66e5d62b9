// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"maps"
	"slices"
	"time"

	"lachan/duty"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Figure is one count of an indicator. It names a unit and a breakdown by
// enumeration, never a person or a case.
type Figure struct {
	Code  string // E01, E02, E03, E06 of the one catalogue
	Unit  string // org id of the owning unit
	Part  string // "", or a breakdown: "channel=web", "harm=bullying", "on_time", "median_hours"
	Value int64
}

var (
	figureReports = sqldb.Register("casework.figure_reports", `SELECT c.owner_unit, r.channel, r.harms, COUNT(*) FROM casework_report r
		JOIN casework_case c ON c.id = r.case_id WHERE r.received_at >= $1 AND r.received_at < $2 GROUP BY c.owner_unit, r.channel, r.harms`)
	figureReferrals = sqldb.Register("casework.figure_referrals", `SELECT from_unit, to_unit, '', COUNT(*) FROM casework_referral
		WHERE offered_at >= $1 AND offered_at < $2 AND state <> 'revoked' AND offered_at <> answered_at GROUP BY from_unit, to_unit`)
	figureCases = sqldb.Register("casework.figure_cases", `SELECT c.owner_unit, c.received_at, c.closed_at,
		(SELECT COUNT(*) FROM casework_clock k WHERE k.case_id = c.id AND k.legal AND k.met > k.due),
		(SELECT COUNT(*) FROM casework_clock k WHERE k.case_id = c.id AND k.code = 'E12H'),
		(SELECT COUNT(*) FROM casework_clock k WHERE k.case_id = c.id AND k.code = 'E12H' AND k.met > 0 AND k.met <= k.due)
		FROM casework_case c WHERE c.received_at >= $1 AND c.received_at < $2`)
	publicCounts = sqldb.Register("casework.public_counts", `SELECT COUNT(*), COUNT(*) FILTER (WHERE c.closed_at > 0) FROM casework_report r
		JOIN casework_case c ON c.id = r.case_id WHERE r.received_at >= $1 AND r.received_at < $2`)
)

type figureRow struct {
	a, b, c string
	n       int64
}

func scanFigure(r sqldb.Row) (f figureRow, err error) {
	err = r.Scan(&f.a, &f.b, &f.c, &f.n)
	return f, err
}

// Figures counts a period for the given units; none means all. E01 is reports
// received, by channel and harm; E02 hand-overs; E03 cases closed, closed with
// every legal clock met in time, and the median hours to the end; E06
// emergencies and those with a measure in 12 hours.
func (s *Service) Figures(ctx context.Context, period duty.Period, units ...string) ([]Figure, error) {
	from, to := period.Bounds()
	lo, hi := clock.Micro(from), clock.Micro(to)
	sum := map[Figure]int64{} // Value 0
	add := func(code, unit, part string, n int64) {
		if len(units) == 0 || slices.Contains(units, unit) {
			sum[Figure{Code: code, Unit: unit, Part: part}] += n
		}
	}
	q := s.DB.Read()
	reports, err := sqldb.All(ctx, q, figureReports, scanFigure, lo, hi)
	if err != nil {
		return nil, err
	}
	for _, f := range reports {
		if Channel(f.b) == Discovery {
			continue // found by ourselves and told by nobody: E13 counts it
		}
		add("E01", f.a, "", f.n)
		add("E01", f.a, "channel="+f.b, f.n)
		for _, h := range splitWords[Harm](f.c) {
			add("E01", f.a, "harm="+string(h), f.n)
		}
	}
	referrals, err := sqldb.All(ctx, q, figureReferrals, scanFigure, lo, hi)
	if err != nil {
		return nil, err
	}
	for _, f := range referrals {
		add("E02", f.a, "", f.n)
		add("E02", f.a, "to="+f.b, f.n)
	}
	if err := s.caseFigures(ctx, q, lo, hi, add); err != nil {
		return nil, err
	}
	out := make([]Figure, 0, len(sum))
	for f, n := range sum {
		f.Value = n
		out = append(out, f)
	}
	slices.SortFunc(out, compareFigures)
	return out, nil
}

func compareFigures(a, b Figure) int {
	return slices.Compare([]string{a.Code, a.Unit, a.Part}, []string{b.Code, b.Unit, b.Part})
}

func (s *Service) caseFigures(ctx context.Context, q sqldb.Queryer, lo, hi int64, add func(code, unit, part string, n int64)) error {
	type caseCount struct {
		unit                         string
		received, closed             int64
		late, emergency, measuredFit int64
	}
	cases, err := sqldb.All(ctx, q, figureCases, func(r sqldb.Row) (c caseCount, err error) {
		err = r.Scan(&c.unit, &c.received, &c.closed, &c.late, &c.emergency, &c.measuredFit)
		return c, err
	}, lo, hi)
	if err != nil {
		return err
	}
	hours := map[string][]int64{}
	for _, c := range cases {
		add("E03", c.unit, "cases", 1)
		if c.closed > 0 {
			add("E03", c.unit, "closed", 1)
			hours[c.unit] = append(hours[c.unit], (c.closed-c.received)/int64(time.Hour/time.Microsecond))
			if c.late == 0 {
				add("E03", c.unit, "on_time", 1)
			}
		}
		if c.emergency > 0 {
			add("E06", c.unit, "", 1)
			if c.measuredFit > 0 {
				add("E06", c.unit, "in_12_hours", 1)
			}
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(hours)) {
		h := hours[unit]
		slices.Sort(h)
		add("E03", unit, "median_hours", h[len(h)/2])
	}
	return nil
}

// PublicCounts are the two numbers that the press page shows. Below five they
// are said in words by the page.
type PublicCounts struct{ Reports, Answered int64 }

// PublicCounts counts the reports of a period.
func (s *Service) PublicCounts(ctx context.Context, period duty.Period) (PublicCounts, error) {
	from, to := period.Bounds()
	return sqldb.One(ctx, s.DB.Read(), publicCounts, func(r sqldb.Row) (p PublicCounts, err error) {
		err = r.Scan(&p.Reports, &p.Answered)
		return p, err
	}, clock.Micro(from), clock.Micro(to))
}
