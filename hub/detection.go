// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"time"

	"lachan/duty/detection"
	"lachan/duty/schools"
	"lachan/internal/problem"
)

// newDetection puts the room of detection together.
func (h *Hub) newDetection() (*detection.Service, error) {
	return detection.New(detection.Deps{
		DB: h.DB, Clock: h.clock, Authz: h.Authz, Ledger: h.Ledger, Vault: h.Vault, Files: h.Blobs, Log: h.log, Lists: h.fetch,
		Unit: h.reviewUnit, Registrable: schools.Registered, Reported: h.Casework.OpenAbout, Emit: h.flow.Emit,
	})
}

// reviewUnit is the unit that reviews what is found: the one that the directive
// names, else the one that receives reports.
func (h *Hub) reviewUnit(_ context.Context, at time.Time) (string, error) {
	for _, function := range []string{functionReview, functionIntake} {
		if unit := h.holder(function, at); unit != "" {
			return unit, nil
		}
	}
	return "", problem.New("hub/no-duty-unit")
}
