// SPDX-License-Identifier: Apache-2.0

// Package jobs runs work that may wait: River's queue, in the same database
// as everything else, so that a job is inserted in the transaction of the
// change that it follows and exists exactly if the change does.
//
// The same code runs on SQLite and PostgreSQL. A job may be run twice (a hub
// may die between the work and the mark that it is done; such jobs are
// rescued after 60 seconds), so every job is safe to run twice. A job has no
// content key: it can seal, never open (DESIGN: "No job, command or start-up
// step has a content key").
package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"lachan/internal/logs"
	"lachan/internal/sqldb"
)

// How the queue runs.
const (
	workers     = 16
	cooldown    = 100 * time.Millisecond
	poll        = time.Second
	timeout     = 45 * time.Second // of one job
	rescueAfter = 60 * time.Second // jobs of a dead hub
	maxAttempts = 20               // with River's growing pauses: about three weeks
)

// Args is what a job is about: plain values that survive JSON, never
// personal data. Kind is "room.verb", such as "casework.ring".
type Args interface{ Kind() string }

// Queue holds the kinds of jobs and runs them. Register all kinds, then
// Start.
type Queue struct {
	db       *sqldb.DB
	log      *slog.Logger
	workers  *river.Workers
	periodic []*river.PeriodicJob
	client   *river.Client[*sql.Tx]
}

// New returns a queue on db. Its tables are made by Migrate.
func New(db *sqldb.DB, log *slog.Logger) *Queue {
	return &Queue{db: db, log: log, workers: river.NewWorkers()}
}

// Migrate brings River's tables to the version of this program.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	m, err := rivermigrate.New(driver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("jobs: migrate: %w", err)
	}
	return nil
}

func driver(db *sqldb.DB) riverdriver.Driver[*sql.Tx] {
	if db.Dialect() == sqldb.Postgres {
		return riverdatabasesql.New(db.Writer())
	}
	return riversqlite.New(db.Writer())
}

type worker[A Args] struct {
	river.WorkerDefaults[A]
	queue *Queue
	limit time.Duration
	work  func(ctx context.Context, args A) error
}

// Timeout implements river.Worker; zero is that of the queue.
func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.limit }

// Work implements river.Worker.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	ctx, event := logs.Begin(ctx, "job", slog.String("kind", job.Kind), slog.Int64("job", job.ID), slog.Int("attempt", job.Attempt))
	err := w.work(ctx, job.Args)
	logs.Fail(ctx, err)
	event.End(ctx, w.queue.log, err != nil)
	return err
}

// Handle says what is done for jobs of A's kind.
func Handle[A Args](q *Queue, work func(ctx context.Context, args A) error) {
	river.AddWorker(q.workers, &worker[A]{queue: q, work: work})
}

// HandleLong is Handle for jobs that may take up to limit, such as those that
// wait for a server elsewhere. One of a hub that died is rescued only after
// that time.
func HandleLong[A Args](q *Queue, limit time.Duration, work func(ctx context.Context, args A) error) {
	river.AddWorker(q.workers, &worker[A]{queue: q, limit: limit, work: work})
}

// Every asks for a job at start and then at each interval, once in the whole
// cluster of hubs.
func Every[A Args](q *Queue, interval time.Duration, args A) {
	q.periodic = append(q.periodic, river.NewPeriodicJob(
		river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: max(interval, time.Second)}}
		},
		&river.PeriodicJobOpts{RunOnStart: true}))
}

// Prepare makes the queue ready for Insert. Start does it too.
func (q *Queue) Prepare() error {
	if q.client != nil {
		return nil
	}
	client, err := river.NewClient(driver(q.db), &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:              q.workers,
		PeriodicJobs:         q.periodic,
		Logger:               slog.New(quiet{q.log.Handler()}),
		FetchCooldown:        cooldown,
		FetchPollInterval:    poll,
		JobTimeout:           timeout,
		RescueStuckJobsAfter: rescueAfter,
		MaxAttempts:          maxAttempts,
	})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	q.client = client
	return nil
}

// Start begins to work on jobs until Stop.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.Prepare(); err != nil {
		return err
	}
	if err := q.client.Start(ctx); err != nil {
		return fmt.Errorf("jobs: start: %w", err)
	}
	return nil
}

// Stop lets running jobs end, until ctx is done.
func (q *Queue) Stop(ctx context.Context) error {
	if q.client == nil {
		return nil
	}
	return q.client.Stop(ctx)
}

// Insert puts a job into the transaction. It runs after the commit, not
// before at, if that is not zero.
func (q *Queue) Insert(ctx context.Context, tx *sqldb.Tx, args Args, at time.Time) error {
	var opts *river.InsertOpts
	if !at.IsZero() {
		opts = &river.InsertOpts{ScheduledAt: at}
	}
	if _, err := q.client.InsertTx(ctx, tx.SQL(), args, opts); err != nil {
		return fmt.Errorf("jobs: insert %s: %w", args.Kind(), err)
	}
	return nil
}

// quiet drops River's own chatter below a warning.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
