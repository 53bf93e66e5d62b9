// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"lachan/internal/jobs"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

type note struct {
	Text string `json:"text"`
}

func (note) Kind() string { return "test.note" }

type tick struct{}

func (tick) Kind() string { return "test.tick" }

func start(t *testing.T, db *sqldb.DB, setUp func(*jobs.Queue)) *jobs.Queue {
	t.Helper()
	ctx := context.Background()
	if err := jobs.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	q := jobs.New(db, slog.New(slog.DiscardHandler))
	setUp(q)
	if err := q.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return q
}

func TestAJobLivesAndDiesWithItsTransaction(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	ran := make(chan string, 10)
	q := start(t, db, func(q *jobs.Queue) {
		jobs.Handle(q, func(_ context.Context, n note) error { ran <- n.Text; return nil })
	})
	boom := errors.New("boom")
	err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := q.Insert(ctx, tx, note{"rolled back"}, time.Time{}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	err = db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return q.Insert(ctx, tx, note{"committed"}, time.Time{})
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-ran:
		if got != "committed" {
			t.Fatalf("ran %q", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the committed job did not run")
	}
	select {
	case got := <-ran:
		t.Fatalf("ran %q too", got)
	case <-time.After(300 * time.Millisecond):
	}
}

func TestPeriodicJobsRunAtStart(t *testing.T) {
	db := testkit.DB(t)
	ran := make(chan struct{}, 10)
	start(t, db, func(q *jobs.Queue) {
		jobs.Handle(q, func(context.Context, tick) error { ran <- struct{}{}; return nil })
		jobs.Every(q, time.Hour, tick{})
	})
	select {
	case <-ran:
	case <-time.After(30 * time.Second):
		t.Fatal("did not run")
	}
}
