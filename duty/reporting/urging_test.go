// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"testing"

	"lachan/internal/problem"
)

// Acceptance 14, with the public holidays.
//
// Clauses: 5.2
func TestLadderMovesToWorkingDaysAndStopsOnSubmission(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	w.fill(unit, 2026, nil)
	steps, err := w.Ladder(ctx, w.lead, dispatchID, 2026)
	if err != nil {
		t.Fatal(err)
	}
	days := ""
	for _, s := range steps {
		days += s.Day.String() + " "
	}
	// 30 days before 09/12/2026 is Monday 09/11; 14 before is 25/11.
	if days != "2026-11-09 2026-11-25 2026-12-02 2026-12-08 2026-12-10 2026-12-12 2026-12-16 " {
		t.Errorf("the ladder of 2026 stands on %s", days)
	}
	if n, m := len(steps[1].Units), len(steps[2].Units); n != 112 || m != 113 {
		t.Errorf("a unit with a draft has started and has not submitted: %d, %d", n, m)
	}
	w.submit(unit, 2026)
	steps, err = w.Ladder(ctx, w.lead, dispatchID, 2026)
	if err != nil || len(steps[2].Units) != 112 || len(steps[0].Units) != 113 {
		t.Errorf("the ladder did not stop at submission: %d, %v", len(steps[2].Units), err)
	}
	for year, want := range map[int]string{2024: "2024-12-06", 2030: "2030-12-06"} {
		steps, err := w.Ladder(ctx, w.lead, dispatchID, year)
		if err != nil || steps[3].Day.String() != want || !steps[3].Moved {
			t.Errorf("%d: D-1 is %v, %v", year, steps[3].Day, err)
		}
	}
	if _, err := w.Ladder(ctx, focal(unit), dispatchID, 2026); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("got %v", err)
	}
}
