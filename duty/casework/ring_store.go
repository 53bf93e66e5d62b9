// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

const ringColumns = `id, case_id, unit_id, person, stand_in, opened, step, taken_by, taken_at`

var (
	ringInsert  = sqldb.Register("casework.ring_insert", `INSERT INTO casework_ring (`+ringColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,'',0)`)
	ringUpdate  = sqldb.Register("casework.ring_update", `UPDATE casework_ring SET step = $2, taken_by = $3, taken_at = $4 WHERE id = $1 AND taken_at = 0`)
	ringByID    = sqldb.Register("casework.ring_by_id", `SELECT `+ringColumns+` FROM casework_ring WHERE id = $1`)
	ringsOpen   = sqldb.Register("casework.rings_open", `SELECT `+ringColumns+` FROM casework_ring WHERE step <> 'taken' ORDER BY opened, id LIMIT 200`)
	ringsOfCase = sqldb.Register("casework.rings_of_case", `SELECT `+ringColumns+` FROM casework_ring WHERE case_id = $1 ORDER BY opened DESC, id`)
)

func scanRing(r sqldb.Row) (g Ring, err error) {
	var opened, taken int64
	err = r.Scan(&g.ID, &g.Case, &g.Unit, &g.Person, &g.StandIn, &opened, &g.Step, &g.TakenBy, &taken)
	g.Opened, g.TakenAt = clock.FromMicro(opened), clock.FromMicro(taken)
	return g, err
}

// openRing starts a ring for a case's owner and tells flow, which rings and
// comes back at NextAt.
func (s *Service) openRing(ctx context.Context, tx *sqldb.Tx, c *caseRow, now time.Time) error {
	shift, err := s.onDuty(ctx, tx, c.Owner, now)
	if err != nil {
		return err
	}
	excluded, err := sqldb.All(ctx, tx, exclusionsOfCase, scanExclusion, c.ID)
	if err != nil {
		return err
	}
	g := Ring{ID: id.New(), Case: c.ID, Unit: c.Owner, Opened: now}
	if shift != nil {
		g.Person, g.StandIn = shift.Person, shift.StandIn
	}
	for _, e := range excluded {
		if e.Kind == excludedPerson && e.Subject == g.Person {
			g.Person = ""
		}
		if e.Kind == excludedPerson && e.Subject == g.StandIn {
			g.StandIn = ""
		}
	}
	g.Step = RingPerson
	g = g.At(now)
	if _, err := sqldb.Exec(ctx, tx, ringInsert, g.ID, g.Case, g.Unit, g.Person, g.StandIn, clock.Micro(g.Opened), string(g.Step)); err != nil {
		return err
	}
	return s.Emit(ctx, tx, EmergencyRaised{Case: c.ID, Code: c.Code, Ring: g.ID, Unit: g.Unit, Person: g.Person, StandIn: g.StandIn, Floor: c.Floor, At: now})
}

// AdvanceRing brings a ring to the step that the time asks for and returns it;
// changed is true where somebody else must be rung now. A job calls it at
// NextAt; running it twice is safe.
func (s *Service) AdvanceRing(ctx context.Context, ring string) (g Ring, changed bool, err error) {
	now := s.now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		was, err := s.ring(ctx, tx, ring)
		if err != nil {
			return err
		}
		g = was.At(now)
		if changed = g.Step != was.Step; !changed {
			return nil
		}
		if _, err := sqldb.Exec(ctx, tx, ringUpdate, g.ID, string(g.Step), "", int64(0)); err != nil {
			return err
		}
		system := authz.System("casework.ring")
		if err := putEvent(ctx, tx, g.Case, EventRow{ID: id.New(), Kind: "ring", Actor: system.Name(), Unit: g.Unit, At: now, Details: map[string]string{"step": string(g.Step)}}); err != nil {
			return err
		}
		return s.record(ctx, tx, system, g.Case, "casework.ring", nil, map[string]any{"ring": g.ID, "step": g.Step})
	})
	return g, changed, err
}

func (s *Service) ring(ctx context.Context, q sqldb.Queryer, ring string) (Ring, error) {
	g, err := sqldb.One(ctx, q, ringByID, scanRing, ring)
	if errors.Is(err, sqldb.ErrNoRows) {
		return g, problem.New("authz/not-found")
	}
	return g, err
}

// IHaveIt stops a ring in the actor's name. Who comes second is told that it
// is taken.
func (s *Service) IHaveIt(ctx context.Context, actor authz.Actor, ring string) error {
	g, err := s.ring(ctx, s.DB.Read(), ring)
	if err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, g.Case, step{action: "casework.view", kind: "casework.ring-taken", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		g, err := s.ring(ctx, tx, ring)
		if err != nil {
			return nil, err
		}
		if g.Step == RingTaken {
			if g.TakenBy == actor.Person {
				return map[string]any{"ring": g.ID, "again": true}, nil
			}
			return nil, problem.New("casework/ring-taken")
		}
		g = g.IHaveIt(actor.Person, now)
		if _, err := sqldb.Exec(ctx, tx, ringUpdate, g.ID, string(g.Step), g.TakenBy, clock.Micro(g.TakenAt)); err != nil {
			return nil, err
		}
		s.look(c, now)
		if err := s.meet(ctx, tx, c.ID, now, func(k Clock) bool { return k.Code == "HL15" || k.Code == "FL1D" }); err != nil {
			return nil, err
		}
		return map[string]any{"ring": g.ID}, s.note(ctx, tx, actor, c, "ring_taken", nil, "", now)
	}})
}

// OpenRings lists the rings that nobody has taken, oldest first, as they stand
// now. It is for the hub's jobs and for what both heads see red.
func (s *Service) OpenRings(ctx context.Context) ([]Ring, error) {
	list, err := sqldb.All(ctx, s.DB.Read(), ringsOpen, scanRing)
	for i := range list {
		list[i] = list[i].At(s.now())
	}
	return list, err
}
