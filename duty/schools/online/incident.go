// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"errors"
	"slices"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Incident is that something of a kind took place in a school's lessons on a
// day. It names no report, no class, no person and no hour, so that from here
// nobody can find whose case it became.
type Incident struct {
	School string
	Kind   string // a code of Register.Incidents
	Day    duty.Date
}

// IncidentCommand counts an incident. ID was made with the form: a form that
// is sent twice counts once.
type IncidentCommand struct {
	ID     string
	School string
	Kind   string
	Day    duty.Date // not to come, and at most 366 days ago
}

var (
	queryIncidentPut = sqldb.Register("schools.online_incident_put", `
		INSERT INTO schools_online_incident (id, school, kind, day) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`)
	queryIncidents = sqldb.Register("schools.online_incidents", `
		SELECT school, kind, day FROM schools_online_incident
		WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND day >= $2 AND day <= $3 ORDER BY day DESC, kind, id`)
)

// MayReport reports whether actor may report what happened in a school's
// lessons, and which school that is. A page asks before it hands the words to
// casework.
func (s *Service) MayReport(ctx context.Context, actor authz.Actor, schoolID string) (schools.School, error) {
	school, err := s.Schools.School(ctx, actor, schoolID)
	if err != nil {
		return school, err
	}
	_, err = s.Authz.Check(ctx, actor, "schools.incident", ofSchool(school))
	return school, err
}

// Validate lists the faulty fields; register is the one of the service.
func (c IncidentCommand) Validate(r Register, today duty.Date) error {
	p := problem.New("input/faulty")
	if !id.Valid(c.ID) {
		p.Field("id", "input/required")
	}
	if !slices.Contains(r.Incidents, c.Kind) {
		p.Field("kind", "input/not-a-choice")
	}
	switch {
	case c.Day.IsZero():
		p.Field("day", "input/required")
	case today.Before(c.Day):
		p.Field("day", "schools/day-to-come")
	case today.Sub(c.Day) > 366:
		p.Field("day", "schools/day-long-past")
	}
	return p.OrNil()
}

// CountIncident keeps that an incident took place. The ledger names the
// school and the kind, and the account that reported: it is part of that
// account's duty, and no child is in it.
func (s *Service) CountIncident(ctx context.Context, actor authz.Actor, cmd IncidentCommand) error {
	if err := cmd.Validate(s.register, s.today()); err != nil {
		return err
	}
	details := map[string]string{"kind": cmd.Kind, "day": cmd.Day.String()}
	err := s.onSchool(ctx, actor, act{"schools.incident", "schools.incident_counted", cmd.School, details}, func(ctx context.Context, tx *sqldb.Tx, school schools.School) error {
		n, err := sqldb.Exec(ctx, tx, queryIncidentPut, cmd.ID, school.ID, cmd.Kind, cmd.Day.String())
		if err == nil && n == 0 {
			return errCounted
		}
		return err
	})
	if errors.Is(err, errCounted) {
		return nil
	}
	return err
}

// errCounted takes the transaction of a form that was sent before back, with
// its entry in the ledger.
var errCounted = errors.New("online: this incident is counted already")

// Incidents are those of a school in a period, newest first.
func (s *Service) Incidents(ctx context.Context, actor authz.Actor, schoolID string, period duty.Period) ([]Incident, error) {
	if _, err := s.Schools.School(ctx, actor, schoolID); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryIncidents, scanIncident, schoolID, period.From.String(), period.To.String())
	return all, wrap("incidents", err)
}

// IncidentCounts counts the incidents of a school by kind since its school year
// began: in August, when the year's lists are made.
func (s *Service) IncidentCounts(ctx context.Context, actor authz.Actor, schoolID string) (since duty.Date, kinds map[string]int, err error) {
	today := s.today()
	since = duty.NewDate(today.Year, time.August, 1)
	if today.Before(since) {
		since = duty.NewDate(today.Year-1, time.August, 1)
	}
	all, err := s.Incidents(ctx, actor, schoolID, duty.Period{From: since, To: today})
	if err != nil {
		return since, nil, err
	}
	kinds = map[string]int{}
	for _, x := range all {
		kinds[x.Kind]++
	}
	return since, kinds, nil
}

func scanIncident(r sqldb.Row) (x Incident, err error) {
	var on string
	err = r.Scan(&x.School, &x.Kind, &on)
	x.Day = day(on)
	return x, err
}
