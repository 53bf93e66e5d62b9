// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"lachan/internal/sqldb"
)

// Ready says whether public intake may open (DESIGN.md §6): the duty unit has
// two members who can open its key, and a recovery key was typed back.
type Ready struct {
	Members  int
	Recovery bool
}

// Open reports whether both conditions hold.
func (r Ready) Open() bool { return r.Members >= 2 && r.Recovery }

// Ready looks at the duty unit. One member is a unit in danger, shown red.
func (v *Vault) Ready(ctx context.Context, on sqldb.Queryer, dutyUnit string) (Ready, error) {
	unit, err := v.Unit(ctx, on, dutyUnit)
	if err != nil {
		return Ready{}, err
	}
	recovery, err := v.Recovery(ctx, on)
	return Ready{Members: len(unit.Members), Recovery: recovery.Confirmed}, err
}
