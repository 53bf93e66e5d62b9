// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/clock"
	"lachan/internal/jobs"
	"lachan/internal/logs"
	"lachan/internal/sqldb"
)

// Arrow is the name of one step from duty to duty.
type Arrow string

// The arrows (see the package comment).
const (
	EmergencyRing   Arrow = "emergency-ring"
	DecidedEnforce  Arrow = "decided-enforce"
	LiftedWithdraw  Arrow = "lifted-withdraw"
	CaseworkFigures Arrow = "casework-figures"
	SchoolsFigures  Arrow = "schools-figures"

	ReportedNames    Arrow = "reported-names"
	JudgedCase       Arrow = "judged-case"
	UnseenRing       Arrow = "unseen-ring"
	DetectionFigures Arrow = "detection-figures"
)

// Arrows lists all arrows, in the order of the story.
func Arrows() []Arrow {
	return []Arrow{
		EmergencyRing, DecidedEnforce, LiftedWithdraw, ReportedNames, JudgedCase, UnseenRing, CaseworkFigures, SchoolsFigures, DetectionFigures,
	}
}

// Flow joins the duties of one hub.
type Flow struct {
	casework  *casework.Service
	schools   *schools.Service
	online    *online.Service
	detection *detection.Service
	queue     *jobs.Queue
	clock     clock.Clock
	off       map[Arrow]bool
}

// New returns a Flow that knows no duty yet: casework needs its Emit before
// there is a casework. off switches arrows off; a test does, to see that the
// tour notices each.
func New(queue *jobs.Queue, clk clock.Clock, off ...Arrow) *Flow {
	f := &Flow{queue: queue, clock: clk, off: map[Arrow]bool{}}
	for _, a := range off {
		f.off[a] = true
	}
	jobs.Handle(queue, f.ring)
	jobs.Handle(queue, f.tick)
	jobs.Every(queue, time.Minute, minutely{})
	f.handleDetection()
	return f
}

// Join tells the flow its duties. Call it once, before the first event.
func (f *Flow) Join(c *casework.Service, s *schools.Service, o *online.Service, d *detection.Service) {
	f.casework, f.schools, f.online, f.detection = c, s, o, d
}

// Emit hears an event inside the transaction that made it. An error fails
// that transaction.
func (f *Flow) Emit(ctx context.Context, tx *sqldb.Tx, event any) error {
	switch e := event.(type) {
	case casework.Received:
		if f.off[ReportedNames] {
			return nil
		}
		return f.heard(ctx, tx, e)
	case casework.EmergencyRaised:
		if f.off[EmergencyRing] {
			return nil
		}
		return f.queue.Insert(ctx, tx, ringJob{Ring: e.Ring}, time.Time{})
	case casework.Decided:
		if e.Block == nil || f.off[DecidedEnforce] {
			return nil
		}
		return f.enforce(ctx, tx, *e.Block)
	case casework.BlockLifted:
		if f.off[LiftedWithdraw] {
			return nil
		}
		return f.withdraw(ctx, tx, e)
	case *detection.Judged:
		if f.off[JudgedCase] {
			return nil
		}
		return f.judged(ctx, tx, e)
	case *detection.EmergencyUnseen:
		if f.off[UnseenRing] {
			return nil
		}
		return f.unseen(ctx, tx, e)
	case detection.SourceDue:
		return f.queue.Insert(ctx, tx, scanJob{}, time.Time{})
	case detection.CameBack:
		if e.Case == "" {
			return nil
		}
		return f.casework.CameBack(ctx, tx, e.Case, e.Item)
	}
	return nil // an event that leads nowhere yet
}

// enforce: a decision becomes a block in every school (clause 2 → 3).
func (f *Flow) enforce(ctx context.Context, tx *sqldb.Tx, b casework.BlockOrder) error {
	_, err := f.schools.Enforce(ctx, tx, schools.EnforceCommand{
		DecisionID: b.Decision, CaseID: b.Case, Domain: b.Domain, Kind: schools.BlockKind(b.Kind),
		Basis: b.Basis, Authority: schools.Authority{Name: b.Authority, Number: b.Number, Date: b.Dated},
		Until: b.Until, ProposedBy: b.By, Second: b.Second, Policies: b.Policies,
	})
	return err
}

// withdraw: what took the ground from a block ends it the same moment.
func (f *Flow) withdraw(ctx context.Context, tx *sqldb.Tx, e casework.BlockLifted) error {
	reason := e.Why
	if reason == "cleaned" { // the owner took the content down
		reason = "taken-down"
	}
	_, err := f.schools.LiftCase(ctx, tx, schools.LiftCommand{CaseID: e.Case, Decision: e.Decision, Reason: reason, By: e.By})
	return err
}

// ringJob rings for one emergency and asks for itself again at the next step,
// until somebody has it.
type ringJob struct {
	Ring string `json:"ring"`
}

// Kind implements jobs.Args.
func (ringJob) Kind() string { return "casework.ring" }

func (f *Flow) ring(ctx context.Context, j ringJob) error {
	r, changed, err := f.casework.AdvanceRing(ctx, j.Ring)
	if err != nil {
		return err
	}
	logs.Add(ctx, slog.String("step", string(r.Step)), slog.Bool("changed", changed))
	next := r.NextAt()
	if next.IsZero() {
		return nil
	}
	return f.casework.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return f.queue.Insert(ctx, tx, j, next)
	})
}

// minutely is what time alone brings about.
type minutely struct{}

// Kind implements jobs.Args.
func (minutely) Kind() string { return "flow.minutely" }

func (f *Flow) tick(ctx context.Context, _ minutely) error {
	expired, err := f.schools.ExpireBlocks(ctx)
	if err != nil {
		return fmt.Errorf("flow: expire blocks: %w", err)
	}
	unanswered, err := f.casework.AlertUnanswered(ctx)
	if err != nil {
		return fmt.Errorf("flow: unanswered hand-overs: %w", err)
	}
	logs.Add(ctx, slog.Int("expired", expired), slog.Int("unanswered", unanswered))
	return nil
}
