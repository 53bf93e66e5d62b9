// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lachan/internal/sqldb"
)

// Depth is how much work waits, in the whole cluster of hubs.
type Depth struct {
	Waiting int64 // may be run now, or again after a failure
	Running int64
	Failed  int64     // given up
	Oldest  time.Time // since when the oldest of those that may run now waits; zero: none does
}

var queryStates = sqldb.Register("jobs.states", `
	SELECT CAST(state AS TEXT), COUNT(*) FROM river_job WHERE state <> 'completed' GROUP BY state`)

// Depth counts jobs by state.
func (q *Queue) Depth(ctx context.Context) (Depth, error) {
	type row struct {
		state string
		n     int64
	}
	rows, err := sqldb.All(ctx, q.db.Read(), queryStates, func(r sqldb.Row) (x row, err error) {
		err = r.Scan(&x.state, &x.n)
		return x, err
	})
	if err != nil {
		return Depth{}, err
	}
	var d Depth
	for _, x := range rows {
		switch rivertype.JobState(x.state) {
		case rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStatePending:
			d.Waiting += x.n
		case rivertype.JobStateRunning:
			d.Running += x.n
		case rivertype.JobStateDiscarded:
			d.Failed += x.n
		}
	}
	first, err := q.client.JobList(ctx, river.NewJobListParams().First(1).States(rivertype.JobStateAvailable).OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc))
	if err != nil {
		return d, fmt.Errorf("jobs: depth: %w", err)
	}
	if len(first.Jobs) > 0 {
		d.Oldest = first.Jobs[0].ScheduledAt
	}
	return d, nil
}
