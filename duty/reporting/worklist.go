// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// WorkItem is one line of a unit's worklist.
type WorkItem struct {
	ID        string // of the assignment, for Acknowledge
	Directive *Directive
	Duty      Duty   // zero for a copy
	Role      string // RoleAssignee, RolePartner, RoleCopied
	Year      int
	Due       duty.Due  // zero: continuous, or nothing is owed
	Given     time.Time // when the unit was given it
	AckAt     time.Time // zero until acknowledged
	AckBy     string    // person
	Report    ReportState
	DaysLeft  int // to the due; negative when it is over
}

// ReportState is where a unit's report of a year stands.
type ReportState string

// The states of a unit's report.
const (
	ReportNotStarted ReportState = "not_started"
	ReportDraft      ReportState = "draft"
	ReportSubmitted  ReportState = "submitted"
	ReportReturned   ReportState = "returned"
	ReportAccepted   ReportState = "accepted"
	ReportNone       ReportState = "" // the duty has no form
)

type assignment struct {
	id, directive, duty, unit, role, ackBy string
	year                                   int
	dueAt, assignedAt, ackAt               int64
}

func scanAssignment(r sqldb.Row) (a assignment, err error) {
	err = r.Scan(&a.id, &a.directive, &a.duty, &a.year, &a.unit, &a.role, &a.dueAt, &a.assignedAt, &a.ackAt, &a.ackBy)
	return a, err
}

// Worklist lists what a unit has to do in a year, in the order of the text,
// copies last.
func (s *Service) Worklist(ctx context.Context, actor authz.Actor, unit string, year int) ([]WorkItem, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.view", s.about(unit, "")); err != nil {
		return nil, err
	}
	rows, err := sqldb.All(ctx, s.DB.Read(), qWorklist, scanAssignment, unit, year)
	if err != nil {
		return nil, err
	}
	byDuty := map[[2]string]assignment{}
	for _, a := range rows {
		byDuty[[2]string{a.directive, a.duty}] = a
	}
	var out []WorkItem
	for _, d := range s.Directives() {
		for _, one := range append(d.Duties(), Duty{}) {
			a, ok := byDuty[[2]string{d.ID, one.ID}]
			if !ok {
				continue
			}
			item := WorkItem{ID: a.id, Directive: d, Duty: one, Role: a.role, Year: year, Given: clock.FromMicro(a.assignedAt), AckAt: clock.FromMicro(a.ackAt), AckBy: a.ackBy}
			if a.dueAt > 0 {
				item.Due = duty.Due{Last: duty.DateOf(clock.FromMicro(a.dueAt))}
				item.DaysLeft = item.Due.DaysLeft(s.now())
			}
			if one.Form != "" && a.role == RoleAssignee {
				if item.Report, err = s.reportState(ctx, one.Form, unit, year); err != nil {
					return nil, err
				}
			}
			out = append(out, item)
		}
	}
	return out, nil
}

func (s *Service) reportState(ctx context.Context, form, unit string, year int) (ReportState, error) {
	if state := s.cube(form, year).state(unit); state != ReportNotStarted && state != ReportReturned {
		return state, nil
	}
	d, err := s.draft(ctx, s.DB.Read(), form, unit, year)
	if err != nil {
		return ReportNone, err
	}
	if s.cube(form, year).state(unit) == ReportReturned {
		return ReportReturned, nil
	}
	if d.version > 0 {
		return ReportDraft, nil
	}
	return ReportNotStarted, nil
}

// Acknowledge confirms that a unit has received duties. Who and when stand in
// the worklist and in the ledger; a second time changes nothing.
type Acknowledge struct {
	Unit        string
	Assignments []string // ids
}

// Validate lists all faulty fields.
func (c Acknowledge) Validate() error {
	faults := problem.New("input/faulty")
	if c.Unit == "" {
		faults.Field("unit", "input/required")
	}
	if len(c.Assignments) == 0 {
		faults.Field("assignments", "input/required")
	}
	return faults.OrNil()
}

// Acknowledge returns how many were acknowledged now.
func (s *Service) Acknowledge(ctx context.Context, actor authz.Actor, cmd Acknowledge) (int, error) {
	if err := cmd.Validate(); err != nil {
		return 0, err
	}
	permit, err := s.Authz.Check(ctx, actor, "reporting.acknowledge", s.about(cmd.Unit, cmd.Unit))
	if err != nil {
		return 0, err
	}
	done := 0
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		done = 0
		for _, a := range cmd.Assignments {
			n, err := sqldb.Exec(ctx, tx, qAcknowledge, clock.Micro(s.now()), actor.Name(), a, cmd.Unit)
			if err != nil {
				return err
			}
			done += int(n)
		}
		if done == 0 {
			return nil
		}
		return s.record(ctx, tx, "reporting.acknowledged", actor, cmd.Unit, permit, map[string]any{"assignments": cmd.Assignments})
	})
	return done, err
}

// Receipt says how far a unit has acknowledged its duties of a year.
type Receipt struct {
	Unit                org.Unit
	Given, Acknowledged int
}

// Receipts lists the units of a distribution with what they acknowledged.
func (s *Service) Receipts(ctx context.Context, actor authz.Actor, directive string, year int) ([]Receipt, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.consolidate", authz.Resource{Type: "reporting.directive", ID: directive}); err != nil {
		return nil, err
	}
	today := s.Org.Today()
	return sqldb.All(ctx, s.DB.Read(), qReceipts, func(r sqldb.Row) (out Receipt, err error) {
		var unit string
		if err = r.Scan(&unit, &out.Given, &out.Acknowledged); err == nil {
			out.Unit, err = s.Org.Unit(unit, today)
		}
		return out, err
	}, directive, year)
}
