// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"cmp"
	"context"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Change is where a school differs from the ready policy of a band.
type Change struct {
	ID     string
	Band   bundle.Band
	Period bundle.Period
	Code   string // of a category or service
	Block  bool
}

// ChangeCommand opens or closes a category or a service for a band.
type ChangeCommand struct {
	School string
	Band   string
	Period string // "": in every period
	Code   string
	Block  bool
}

// maxChanges is how many a school may have: one that needs more needs another
// policy.
const maxChanges = 60

// MayChange lists what a school may open and close itself: what distracts,
// never what harms. Everything else is the province's.
func (c *Catalogue) MayChange() []string {
	var codes []string
	for _, k := range c.Categories {
		if k.School {
			codes = append(codes, k.Code)
		}
	}
	for _, k := range c.Services {
		codes = append(codes, k.Code)
	}
	return codes
}

func (c ChangeCommand) read(catalogue *Catalogue) (Change, error) {
	p := problem.New("input/faulty")
	x := Change{Code: c.Code, Block: c.Block}
	var ok bool
	if x.Band, ok = bundle.ParseBand(c.Band); !ok {
		p.Field("change_band", "input/not-a-choice")
	}
	if x.Period, ok = bundle.ParsePeriod(cmp.Or(c.Period, bundle.AnyTime.String())); !ok {
		p.Field("change_period", "input/not-a-choice")
	}
	switch k, known := catalogue.Category(c.Code); {
	case !catalogue.knows(c.Code):
		p.Field("code", "input/not-a-choice")
	case known && !k.School && !c.Block:
		p.Field("code", "schools/not-yours-to-open")
	}
	return x, p.OrNil()
}

var (
	queryChanges    = sqldb.Register("schools.changes", `SELECT id, band, period, code, block FROM schools_change WHERE school = $1 ORDER BY band, period, code, id`)
	queryChangeSave = sqldb.Register("schools.change_save", `
		INSERT INTO schools_change (id, school, band, period, code, block, created) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (school, band, period, code) DO UPDATE SET block = excluded.block, created = excluded.created`)
	queryChangeDrop = sqldb.Register("schools.change_drop", `DELETE FROM schools_change WHERE id = $1 AND school = $2`)
)

// Changes are where a school differs.
func (s *Service) Changes(ctx context.Context, actor authz.Actor, schoolID string) ([]Change, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.db.Read(), queryChanges, scanChange, schoolID)
}

// SaveChange opens or closes a category or service in a school.
func (s *Service) SaveChange(ctx context.Context, actor authz.Actor, cmd ChangeCommand) error {
	x, err := cmd.read(s.catalogue)
	if err != nil {
		return err
	}
	return s.editSchool(ctx, actor, cmd.School, "schools.change_saved", cmd, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		have, err := sqldb.All(ctx, tx, queryChanges, scanChange, school.ID)
		if err != nil {
			return err
		}
		if len(have) >= maxChanges {
			return problem.New("schools/too-many-rules", "max", maxChanges)
		}
		_, err = sqldb.Exec(ctx, tx, queryChangeSave, id.New(), school.ID, x.Band.String(), x.Period.String(), x.Code, x.Block, s.now())
		return err
	})
}

// DropChange goes back to the ready policy.
func (s *Service) DropChange(ctx context.Context, actor authz.Actor, schoolID, changeID string) error {
	return s.editSchool(ctx, actor, schoolID, "schools.change_dropped", map[string]string{"change": changeID}, func(ctx context.Context, tx *sqldb.Tx, _ *School) error {
		n, err := sqldb.Exec(ctx, tx, queryChangeDrop, changeID, schoolID)
		if err == nil && n == 0 {
			err = problem.New("schools/no-change")
		}
		return err
	})
}

func scanChange(r sqldb.Row) (x Change, err error) {
	var band, period string
	err = r.Scan(&x.ID, &band, &period, &x.Code, &x.Block)
	x.Band, _ = bundle.ParseBand(band)
	x.Period, _ = bundle.ParsePeriod(period)
	return x, err
}
