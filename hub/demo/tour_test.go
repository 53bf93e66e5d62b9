// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"os"
	"testing"

	"lachan/flow"
	"lachan/internal/locale"
	"lachan/internal/testkit"
)

func printer(t *testing.T) *locale.Printer {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts.Printer("vi")
}

func TestTour(t *testing.T) {
	if err := Tour(context.Background(), TourOptions{Out: os.Stdout, Printer: printer(t), Version: "test"}); err != nil {
		t.Fatal(err)
	}
}

// Each arrow serves one step; without it the tour fails there and nowhere
// before.
func TestTourMissesEachArrow(t *testing.T) {
	if testing.Short() {
		t.Skip("a missing arrow is seen by waiting for what does not come")
	}
	if testkit.Race {
		t.Skip("many tours; run whole without the race detector")
	}
	serves := map[flow.Arrow]Step{
		flow.EmergencyRing: StepRing, flow.DecidedEnforce: StepBlock, flow.LiftedWithdraw: StepLift,
		flow.CaseworkFigures: StepTotals, flow.SchoolsFigures: StepFilter,
		flow.ReportedNames: StepNamed, flow.UnseenRing: StepUnseen, flow.JudgedCase: StepVerdict, flow.DetectionFigures: StepFound,
	}
	for _, arrow := range flow.Arrows() {
		t.Run(string(arrow), func(t *testing.T) {
			t.Parallel()
			step, known := serves[arrow]
			if !known {
				t.Fatal("no step is known to need this arrow")
			}
			err := Tour(context.Background(), TourOptions{Out: t.Output(), Printer: printer(t), Off: []flow.Arrow{arrow}, Version: "test"})
			var at *StepError
			if !errors.As(err, &at) || at.Step != step {
				t.Errorf("without %s: %v, want a failure at %s", arrow, err, step)
			}
		})
	}
}
