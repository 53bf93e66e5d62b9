// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"slices"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/sqldb"
	"lachan/org"
)

// Rung is one step of a directive's urging ladder (đôn đốc, clause 5.2): so
// many days before or after the due of the main form, to these people.
type Rung struct {
	Days   int      // from the due; negative is before it
	To     []string // focal, head, lead, office
	Act    string   // open, remind, urgent, overdue, draft_letter, escalate
	OnlyIf string   // not_started, not_submitted, "" for everybody
}

// RungDay is a rung on the calendar of a year. A step before the due that
// falls on a rest day moves to the working day before it; a step after it is
// counted as it falls, and the due itself never moves.
type RungDay struct {
	Rung
	Day   duty.Date
	Moved bool // from a rest day
	// Units are those the step would go to now: the ladder stops for a unit
	// when it submits.
	Units []org.Unit
}

func (c *compiler) rung(s srcRung) Rung {
	words := func(r ref, field string, allowed ...string) string {
		c.want(slices.Contains(allowed, r.S), r, "urging."+field, "input/not-a-choice")
		return r.S
	}
	out := Rung{
		Days: s.At, Act: words(s.Act, "act", "open", "remind", "urgent", "overdue", "draft_letter", "escalate"),
		OnlyIf: words(s.OnlyIf, "only_if", "", "not_started", "not_submitted"),
	}
	for _, to := range s.To {
		out.To = append(out.To, words(to, "to", "focal", "head", "lead", "office"))
	}
	return out
}

// workdays shows org's calendar to the due rules.
type workdays struct{ org.Calendar }

// IsWorkingDay implements duty.WorkingDays.
func (w workdays) IsWorkingDay(d duty.Date) bool { return w.IsWorking(org.Day(d.String())) }

// Ladder is the urging ladder of a year on the calendar, with the units that
// each step would reach now.
func (s *Service) Ladder(ctx context.Context, actor authz.Actor, directive string, year int) ([]RungDay, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.consolidate", authz.Resource{Type: "reporting.directive", ID: directive}); err != nil {
		return nil, err
	}
	plan, err := s.plan(directive, year)
	if err != nil {
		return nil, err
	}
	d := plan.Directive
	drafts, err := sqldb.All(ctx, s.DB.Read(), qDraftsUnits, sqldb.Scalar[string], d.MainForm, year)
	if err != nil {
		return nil, err
	}
	c := s.cube(d.MainForm, year)
	due := d.Due(d.MainRule(), year)
	var out []RungDay
	for _, r := range d.Ladder {
		one := RungDay{Rung: r, Day: due.Last.AddDays(r.Days)}
		if r.Days <= 0 {
			day, err := due.ReminderDay(r.Days, workdays{s.Org.Calendar()})
			if err != nil {
				return nil, err
			}
			one.Moved, one.Day = day != one.Day, day
		}
		for _, u := range plan.Expected() {
			open := c.state(u.ID) == ReportNotStarted
			started := slices.Contains(drafts, u.ID)
			if r.OnlyIf == "" || r.OnlyIf == "not_started" && open && !started || r.OnlyIf == "not_submitted" && open {
				one.Units = append(one.Units, u)
			}
		}
		out = append(out, one)
	}
	return out, nil
}
