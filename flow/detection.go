// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/reporting"
	"lachan/internal/sqldb"
)

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
