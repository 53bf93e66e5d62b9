// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"log/slog"
	"time"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/reporting"
	"lachan/internal/jobs"
	"lachan/internal/logs"
	"lachan/internal/sqldb"
)

// heard: the names that a report links to are looked at in their time (clause
// 2 → 5.2).
func (f *Flow) heard(ctx context.Context, tx *sqldb.Tx, e casework.Received) error {
	var names []detection.Name
	for _, n := range e.Names {
		names = append(names, detection.Name(n))
	}
	return f.detection.Hear(ctx, tx, names)
}

// judged: what a reviewer held harmful becomes a case, with its capture as an
// exhibit, and the decision that the verdict asked for (clause 5.2 → 2).
func (f *Flow) judged(ctx context.Context, tx *sqldb.Tx, e *detection.Judged) error {
	exhibit := casework.Exhibit{Item: e.Item, SHA256: e.Capture.SHA256, Size: e.Capture.Size}
	var taken casework.Taken
	var err error
	if e.Case != "" {
		taken, err = f.casework.AddExhibit(ctx, tx, e.Actor, e.Case, exhibit)
	} else {
		taken, err = f.casework.TakeFound(ctx, tx, casework.FoundCommand{
			Link: e.Address, Words: e.Words, Harms: e.Harms, Unit: e.Unit, By: e.Actor, Exhibit: exhibit,
		})
	}
	if err != nil {
		return err
	}
	e.Case, e.Code, e.Owner = taken.Case, taken.Code, taken.Owner
	switch e.Verdict {
	case detection.Block:
		_, err = f.casework.DecideBlockIn(ctx, tx, e.Actor, casework.BlockCommand{
			Case: taken.Case, Domain: e.Domain, Kind: e.Wish.Kind, Basis: e.Wish.Basis, Authority: e.Wish.Authority, Number: e.Wish.Number,
			Date: e.Wish.Dated, Until: e.Wish.Until,
		})
	case detection.Takedown:
		_, err = f.casework.DecideTakedownIn(ctx, tx, e.Actor, casework.TakedownCommand{
			Case: taken.Case, Domain: e.Domain, Basis: e.Wish.Basis, Authority: e.Wish.Authority, Number: e.Wish.Number, Date: e.Wish.Dated,
		})
	}
	return err
}

// unseen: an emergency waits, and whoever asked for it is not to see more
// today: who is on call is rung (clause 5.2 → 2). The case holds no word of
// what was found.
func (f *Flow) unseen(ctx context.Context, tx *sqldb.Tx, e *detection.EmergencyUnseen) error {
	if e.Case != "" {
		return nil // it rings already, or somebody has it
	}
	taken, err := f.casework.TakeFound(ctx, tx, casework.FoundCommand{
		Harms: e.Harms, Unit: e.Unit, Raise: true, Exhibit: casework.Exhibit{Item: e.Item},
	})
	e.Case = taken.Case
	return err
}

// How the hub looks: one slice of one scan at a time, short enough that a hub
// which is told to stop has ended it before it must.
const (
	sliceFor   = 10 * time.Second
	scansEvery = 15 * time.Second
	watchEvery = 10 * time.Minute
	indexEvery = 24 * time.Hour
)

// scanJob goes on with a scan, and asks for itself again while there is one.
type scanJob struct{}

// Kind implements jobs.Args.
func (scanJob) Kind() string { return "detection.scan" }

func (f *Flow) scan(ctx context.Context, j scanJob) error {
	worked, err := f.detection.ScanSome(ctx, sliceFor)
	if err != nil || !worked {
		return err
	}
	return f.casework.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return f.queue.Insert(ctx, tx, j, time.Time{})
	})
}

// watchJob looks again at what was judged.
type watchJob struct{}

// Kind implements jobs.Args.
func (watchJob) Kind() string { return "detection.watch" }

func (f *Flow) watch(ctx context.Context, _ watchJob) error {
	looked, gone, err := f.detection.WatchDue(ctx, f.detection)
	logs.Add(ctx, slog.Int("looked", looked), slog.Int("gone", gone))
	return err
}

// keepJob saves the index of pictures and forgets what people had to see.
type keepJob struct{}

// Kind implements jobs.Args.
func (keepJob) Kind() string { return "detection.keep" }

func (f *Flow) keep(ctx context.Context, _ keepJob) error {
	if err := f.detection.SaveIndex(ctx); err != nil {
		return err
	}
	if err := f.detection.ForgetNames(ctx); err != nil {
		return err
	}
	return f.detection.ForgetExposure(ctx)
}

func (f *Flow) handleDetection() {
	jobs.HandleLong(f.queue, time.Minute, f.scan)
	jobs.Every(f.queue, scansEvery, scanJob{})
	jobs.HandleLong(f.queue, 15*time.Minute, f.watch)
	jobs.Every(f.queue, watchEvery, watchJob{})
	jobs.HandleLong(f.queue, 10*time.Minute, f.keep)
	jobs.Every(f.queue, indexEvery, keepJob{})
}

// DetectionSource returns detection's figures for reporting.
func (f *Flow) DetectionSource() reporting.Figures {
	if f.off[DetectionFigures] {
		return nothing{}
	}
	return detectionSource{f}
}

type detectionSource struct{ flow *Flow }

// Figures implements reporting.Figures.
func (s detectionSource) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	return s.flow.detection.Figures(ctx, period, unit)
}
