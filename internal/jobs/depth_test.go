// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"lachan/internal/jobs"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

func TestDepthCountsWhatWaits(t *testing.T) {
	ctx, db := context.Background(), testkit.DB(t)
	if err := jobs.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	q := jobs.New(db, slog.New(slog.DiscardHandler))
	jobs.Handle(q, func(context.Context, note) error { return nil })
	if err := q.Prepare(); err != nil { // nobody works on them
		t.Fatal(err)
	}
	if d, err := q.Depth(ctx); err != nil || d != (jobs.Depth{}) {
		t.Fatalf("empty: %+v %v", d, err)
	}
	began := time.Now().Add(-time.Second)
	err := db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		for _, at := range []time.Time{{}, {}, time.Now().Add(time.Hour)} { // the last is not due
			if err := q.Insert(ctx, tx, note{"x"}, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := q.Depth(ctx)
	if err != nil || d.Waiting != 2 || d.Running != 0 || d.Failed != 0 || d.Oldest.Before(began) || d.Oldest.After(time.Now().Add(time.Second)) {
		t.Errorf("%+v %v", d, err)
	}
}
