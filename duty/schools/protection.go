// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"

	"lachan/internal/authz"
	"lachan/internal/sqldb"
)

// Protection is how far a school's filter goes at this moment.
type Protection struct {
	Filter bool // a node of the school was heard of lately
	Bands  bool // besides, each of its levels has its own policy
}

// banded reports whether each level of a school has its own policy: a school
// of one level has that level's, one of several has them where its networks
// are told apart.
func banded(school School, networks int64) bool { return school.Level != "mixed" || networks > 0 }

// Protection is how far the filter goes in each school that actor may see,
// by id. A school without a node that is alive is left out.
func (s *Service) Protection(ctx context.Context, actor authz.Actor) (map[string]Protection, error) {
	nodes, err := s.Nodes(ctx, actor)
	if err != nil {
		return nil, err
	}
	alive := map[string]bool{}
	for _, n := range nodes {
		if n.Revoked.IsZero() && s.clock.Now().Sub(n.Seen) <= s.settings.SilentAfter {
			for _, school := range n.Schools {
				alive[school] = true
			}
		}
	}
	all, err := sqldb.All(ctx, s.db.Read(), queryFigureSchools, scanSchool)
	if err != nil {
		return nil, wrap("protection", err)
	}
	networks, err := sqldb.All(ctx, s.db.Read(), queryFigureNetworks, func(r sqldb.Row) (t tally, err error) {
		err = r.Scan(&t.school, &t.n)
		return t, err
	})
	if err != nil {
		return nil, wrap("protection", err)
	}
	nets := map[string]int64{}
	for _, t := range networks {
		nets[t.school] = t.n
	}
	of := map[string]Protection{}
	for _, school := range all {
		if alive[school.ID] {
			of[school.ID] = Protection{Filter: true, Bands: banded(school, nets[school.ID])}
		}
	}
	return of, nil
}
