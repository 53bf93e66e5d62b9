// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"cmp"
	"context"
	"slices"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// BlockNumber is one cell of the public page on blocks: how many began in a
// month on a basis, and how many of those stand today. No name is published.
type BlockNumber struct {
	Month   string // "2026-11"
	Basis   string // code of the clause
	Kind    BlockKind
	Made    int
	InForce int
	Lifted  int // withdrawn before their time
}

var queryBlockNumbers = sqldb.Register("schools.block_numbers", `
	SELECT from_time, basis, kind, state, until FROM schools_block WHERE state <> 'proposed' AND from_time >= $1`)

// PublicBlockNumbers counts blocks by month and basis since a time, newest
// month first. Everybody may ask.
func (s *Service) PublicBlockNumbers(ctx context.Context, since int64) ([]BlockNumber, error) {
	type row struct {
		month, basis, kind, state string
		until                     int64
	}
	rows, err := sqldb.All(ctx, s.db.Read(), queryBlockNumbers, func(r sqldb.Row) (x row, err error) {
		var from int64
		err = r.Scan(&from, &x.basis, &x.kind, &x.state, &x.until)
		x.month = clock.FromMicro(from).Format("2006-01")
		return x, err
	}, since)
	if err != nil {
		return nil, wrap("public numbers", err)
	}
	now := s.now()
	cells := map[[3]string]*BlockNumber{}
	for _, x := range rows {
		key := [3]string{x.month, x.basis, x.kind}
		n := cells[key]
		if n == nil {
			n = &BlockNumber{Month: x.month, Basis: x.basis, Kind: BlockKind(x.kind)}
			cells[key] = n
		}
		n.Made++
		switch BlockState(x.state) {
		case Active, Confirmed:
			if now < x.until {
				n.InForce++
			}
		case Withdrawn:
			n.Lifted++
		}
	}
	all := make([]BlockNumber, 0, len(cells))
	for _, n := range cells {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b BlockNumber) int {
		return cmp.Or(cmp.Compare(b.Month, a.Month), cmp.Compare(a.Basis, b.Basis), cmp.Compare(a.Kind, b.Kind))
	})
	return all, nil
}
