// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"slices"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// inTime is when a page that was asked to be taken down is gone in time.
const inTime = 24 * time.Hour

var (
	queryFigureJudged = sqldb.Register("detection.figure_judged", `
		SELECT COUNT(*), COUNT(*) FILTER (WHERE verdict IN ('takedown', 'block')),
			COUNT(*) FILTER (WHERE verdict IN ('takedown', 'block') AND gone_at > 0),
			COUNT(*) FILTER (WHERE verdict IN ('takedown', 'block') AND gone_at > 0 AND gone_at - decided <= $3)
		FROM detection_item WHERE state = 'decided' AND verdict <> 'dismiss' AND decided >= $1 AND decided < $2`)
	queryFigureScans = sqldb.Register("detection.figure_scans", `
		SELECT COUNT(*), COALESCE(SUM(pages), 0) FROM detection_scan WHERE started >= $1 AND started < $2`)
	queryFigureLabels = sqldb.Register("detection.figure_labels", `
		SELECT label, COUNT(*), COUNT(*) FILTER (WHERE state = 'decided'), COUNT(*) FILTER (WHERE state = 'decided' AND verdict = 'dismiss')
		FROM detection_item WHERE found >= $1 AND found < $2 GROUP BY label ORDER BY label`)
	queryFigureJudgedItems = sqldb.Register("detection.figure_judged_items", `
		SELECT features, decided - found FROM detection_item
		WHERE state = 'decided' AND verdict <> 'dismiss' AND decided >= $1 AND decided < $2`)
)

// Figures are the cells of a report (clause 5.3), for the unit that reviews;
// others have none.
//
//	E13            harmful content that scans found and a person judged so
//	E14.yeu_cau    asked to be taken down or blocked
//	E14.da_go      of these, gone when looked at again
//	E14.trong_24h  of these, gone within 24 hours of the verdict
func (s *Service) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	own, err := s.Unit(ctx, s.now())
	if err != nil || own != unit {
		return nil, err
	}
	from, to := period.Bounds()
	c, err := s.judgedCells(ctx, clock.Micro(from), clock.Micro(to))
	return map[string]int64{"E13": c.harmful, "E14.yeu_cau": c.asked, "E14.da_go": c.gone, "E14.trong_24h": c.soon}, err
}

// judgedCells are E13 and E14.
type judgedCells struct{ harmful, asked, gone, soon int64 }

func (s *Service) judgedCells(ctx context.Context, lo, hi int64) (judgedCells, error) {
	return sqldb.One(ctx, s.DB.Read(), queryFigureJudged, func(r sqldb.Row) (c judgedCells, err error) {
		err = r.Scan(&c.harmful, &c.asked, &c.gone, &c.soon)
		return c, err
	}, lo, hi, inTime.Microseconds())
}

// Foundings is what detection has to say of a period, with what it rests on: how
// much was looked at, not only what was found.
type Foundings struct {
	Scans, Pages int64
	Labels       []LabelCount
	Harmful      int
	First        int           // of these, found before anybody reported the address
	Median       time.Duration // from found to judged, of the harmful
	// Asked to be taken down or blocked; of these, Gone when looked at again,
	// and Soon: within 24 hours of the verdict.
	Asked, Gone, Soon int64
}

// LabelCount is what became of findings of one label. Of few verdicts a rate
// says nothing: a page shows counts.
type LabelCount struct {
	Label                     string
	Found, Decided, Dismissed int
}

// Foundings counts what was found in a period.
func (s *Service) Foundings(ctx context.Context, actor authz.Actor, period duty.Period) (Foundings, error) {
	if _, err := s.check(ctx, actor, "detection.view", "figures", ""); err != nil {
		return Foundings{}, err
	}
	from, to := period.Bounds()
	lo, hi := clock.Micro(from), clock.Micro(to)
	f, err := sqldb.One(ctx, s.DB.Read(), queryFigureScans, func(r sqldb.Row) (f Foundings, err error) {
		err = r.Scan(&f.Scans, &f.Pages)
		return f, err
	}, lo, hi)
	if err != nil {
		return f, wrap("figures", err)
	}
	f.Labels, err = sqldb.All(ctx, s.DB.Read(), queryFigureLabels, func(r sqldb.Row) (c LabelCount, err error) {
		err = r.Scan(&c.Label, &c.Found, &c.Decided, &c.Dismissed)
		return c, err
	}, lo, hi)
	if err != nil {
		return f, wrap("figures", err)
	}
	asked, err := s.judgedCells(ctx, lo, hi)
	if err != nil {
		return f, wrap("figures", err)
	}
	f.Asked, f.Gone, f.Soon = asked.asked, asked.gone, asked.soon
	var took []time.Duration
	_, err = sqldb.All(ctx, s.DB.Read(), queryFigureJudgedItems, func(r sqldb.Row) (_ struct{}, err error) {
		var features string
		var us int64
		if err := r.Scan(&features, &us); err != nil {
			return struct{}{}, err
		}
		f.Harmful++
		if decode[Features](features).Reports == 0 {
			f.First++
		}
		took = append(took, time.Duration(us)*time.Microsecond)
		return struct{}{}, nil
	}, lo, hi)
	f.Median = median(took)
	return f, wrap("figures", err)
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
