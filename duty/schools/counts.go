// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Span is how long a cell of counts covers.
type Span string

// The spans. What is too few for an hour joins the day, then the week.
const (
	HourSpan Span = "hour"
	DaySpan  Span = "day"
	WeekSpan Span = "week" // from Monday
)

// LeastDevices is the fewest devices that a cell may speak of.
const LeastDevices = 5

// CountCell is how many different devices of a school met a refusal, by band
// and category, in a span of time. It says nothing of any pupil.
type CountCell struct {
	School   string
	Band     string
	Category string // a category, a service, "emergency", "legal", "school"
	Span     Span
	Start    time.Time // of the span, in Vietnam
	Devices  int
}

// CountResult says what became of a batch.
type CountResult struct {
	Taken    int
	Refused  int  // cells that cannot be true
	Repeated bool // the batch was there already; nothing changed
}

const (
	maxCells = 4096
	// oldestCount is how late counts may come, from a node long without a line.
	oldestCount = 60 * 24 * time.Hour
	// earliestCount allows for a node's clock that runs ahead.
	earliestCount = 10 * time.Minute
)

var (
	queryCountReport = sqldb.Register("schools.count_report", `
		INSERT INTO schools_count_report (node, sequence, taken) VALUES ($1, $2, $3) ON CONFLICT (node, sequence) DO NOTHING`)
	queryCountPut = sqldb.Register("schools.count_put", `
		INSERT INTO schools_count (school, node, sequence, band, category, span, start, devices) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (school, start, span, band, category, node, sequence) DO NOTHING`)
	queryNodeSequence = sqldb.Register("schools.node_sequence", `UPDATE schools_node SET sequence = $2 WHERE id = $1 AND sequence < $2`)
	querySchoolBound  = sqldb.Register("schools.school_bound", `SELECT pupils, devices FROM schools_school WHERE id = $1`)
)

// RecordCounts takes a batch of a node. It returns without error once the
// batch is committed, or was before: a node may send it as often as it likes.
// Cells that cannot be true (another school, an unknown category, fewer than
// five devices, far more devices than the school can have, a time that is not
// the start of its span or lies outside the last 60 days) are refused one by
// one, so that a single bad cell does not hold the rest up for ever.
func (s *Service) RecordCounts(ctx context.Context, nodeID string, sequence int64, cells []CountCell) (result CountResult, err error) {
	if sequence <= 0 || len(cells) > maxCells {
		return result, problem.New("schools/implausible")
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		result = CountResult{}
		node, err := loadNode(ctx, tx, nodeID)
		if err != nil {
			return err
		}
		if !node.Revoked.IsZero() {
			return problem.New("schools/node-revoked")
		}
		fresh, err := sqldb.Exec(ctx, tx, queryCountReport, nodeID, sequence, s.now())
		if err != nil {
			return err
		}
		if fresh == 0 {
			result.Repeated = true
			return nil
		}
		most := map[string]int{}
		for _, c := range cells {
			ok, err := s.plausible(ctx, tx, node, c, most)
			if err != nil {
				return err
			}
			if !ok {
				result.Refused++
				continue
			}
			n, err := sqldb.Exec(ctx, tx, queryCountPut, c.School, nodeID, sequence, c.Band, c.Category, string(c.Span), clock.Micro(c.Start), c.Devices)
			if err != nil {
				return err
			}
			result.Taken += int(n)
			result.Refused += 1 - int(n) // the same cell twice in one batch
		}
		_, err = sqldb.Exec(ctx, tx, queryNodeSequence, nodeID, sequence)
		return err
	})
	return result, err
}

func (s *Service) plausible(ctx context.Context, tx *sqldb.Tx, node Node, c CountCell, most map[string]int) (bool, error) {
	if _, ok := bundle.ParseBand(c.Band); !ok || !node.serves(c.School) || !s.catalogue.counts(c.Category) {
		return false, nil
	}
	now := s.clock.Now()
	if c.Devices < LeastDevices || !c.Start.Equal(c.Span.start(c.Start)) || c.Start.After(now.Add(earliestCount)) || c.Start.Before(now.Add(-oldestCount)) {
		return false, nil
	}
	limit, known := most[c.School]
	if !known {
		bound, err := sqldb.One(ctx, tx, querySchoolBound, func(r sqldb.Row) (b [2]int, err error) {
			err = r.Scan(&b[0], &b[1])
			return b, err
		}, c.School)
		if errors.Is(err, sqldb.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		// Two devices for each pupil, those the school owns, and its staff.
		limit = 2*bound[0] + bound[1] + 200
		most[c.School] = limit
	}
	return c.Devices <= limit, nil
}

// counts reports whether nodes count under the code.
func (c *Catalogue) counts(code string) bool {
	return code == bundle.Emergency || code == bundle.Legal || code == "school" || c.knows(code)
}

// start is the beginning of the span in which t lies, in Vietnam; the zero
// time for an unknown span, which equals no count's start.
func (p Span) start(t time.Time) time.Time {
	t = t.In(clock.Vietnam)
	day := clock.StartOfDay(t)
	switch p {
	case HourSpan:
		return day.Add(time.Duration(t.Hour()) * time.Hour)
	case DaySpan:
		return day
	case WeekSpan:
		return day.AddDate(0, 0, -(int(t.Weekday())+6)%7)
	default:
		return time.Time{}
	}
}
