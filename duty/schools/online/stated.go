// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"slices"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Stated is what a school says of itself, on the word of an account of its
// own or of the department's. What it means depends on What.
type Stated struct {
	ID, School string
	What       string
	Ref        string
	Day        duty.Date // since when, or of which day
	Value      int
	Total      int
	By         string
	At         time.Time
}

// What a school states. A newer statement replaces an older one of the same
// kind; earlier ones stay, so that a past period can be counted again.
const (
	StatedRule     = "rule"     // rules on internet use: Ref its number, Day its date; Value 0: not in force
	StatedStaff    = "staff"    // Value of Total staff were trained in keeping safe online
	StatedSkills   = "skills"   // digital skills are in the programme: Ref the school year; Value 0: not
	StatedGuidance = "guidance" // Value of Total teachers have confirmed the version Ref
)

// StatedKinds lists what a school states of itself on its page of readiness.
func StatedKinds() []string { return []string{StatedRule, StatedStaff, StatedSkills} }

// StateCommand states something.
type StateCommand struct {
	School string
	What   string
	Ref    string // required for all but StatedStaff
	Day    duty.Date
	Value  int
	Total  int // of StatedStaff and StatedGuidance: 1 to 2,000
}

func (c *StateCommand) validate(r Register, today duty.Date) error {
	p := problem.New("input/faulty")
	if !slices.Contains([]string{StatedRule, StatedStaff, StatedSkills, StatedGuidance}, c.What) {
		return p.Field("what", "input/not-a-choice")
	}
	needText(p, c.What+"_ref", &c.Ref, 60, c.What != StatedStaff && c.Value > 0)
	switch {
	case c.Day.IsZero():
		p.Field(c.What+"_day", "input/required")
	case today.Before(c.Day):
		p.Field(c.What+"_day", "schools/day-to-come")
	}
	if c.What == StatedRule || c.What == StatedSkills {
		needNumber(p, c.What+"_value", c.Value, 0, 1)
		c.Total = 0
		return p.OrNil()
	}
	needNumber(p, c.What+"_total", c.Total, 1, 2000)
	needNumber(p, c.What+"_value", c.Value, 0, max(c.Total, 0))
	if c.What == StatedGuidance && !slices.ContainsFunc(r.Guidance, func(g Guidance) bool { return g.Ref() == c.Ref }) {
		p.Field("guidance_ref", "schools/no-guidance")
	}
	return p.OrNil()
}

// key names a statement: of whom, about what. Only guidance tells Refs apart.
type key struct{ school, what, ref string }

const statedColumns = `id, school, what, ref, day, value, total, by_person, at`

var (
	queryStated = sqldb.Register("schools.online_stated", `
		SELECT `+statedColumns+` FROM schools_online_stated
		WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND day <= $2 ORDER BY day, at, id`)
	queryStatedPut = sqldb.Register("schools.online_stated_put", `
		INSERT INTO schools_online_stated (`+statedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
)

// State keeps a statement of a school.
func (s *Service) State(ctx context.Context, actor authz.Actor, cmd StateCommand) error {
	if err := cmd.validate(s.register, s.today()); err != nil {
		return err
	}
	details := map[string]any{"what": cmd.What, "ref": cmd.Ref, "day": cmd.Day.String(), "value": cmd.Value, "total": cmd.Total}
	return s.onSchool(ctx, actor, act{"schools.online_edit", "schools.readiness_stated", cmd.School, details}, func(ctx context.Context, tx *sqldb.Tx, school schools.School) error {
		_, err := sqldb.Exec(ctx, tx, queryStatedPut, id.New(), school.ID, cmd.What, cmd.Ref, cmd.Day.String(), cmd.Value, cmd.Total, actor.Name(), s.now())
		return err
	})
}

// newestStated are the statements that count at the end of a day, of one
// school or of all ("").
func (s *Service) newestStated(ctx context.Context, schoolID string, on duty.Date) (map[key]Stated, error) {
	all, err := sqldb.All(ctx, s.DB.Read(), queryStated, scanStated, schoolID, on.String())
	if err != nil {
		return nil, wrap("statements", err)
	}
	newest := map[key]Stated{}
	for _, x := range all {
		k := key{x.School, x.What, ""}
		if x.What == StatedGuidance {
			k.ref = x.Ref
		}
		newest[k] = x
	}
	return newest, nil
}

func scanStated(r sqldb.Row) (x Stated, err error) {
	var on string
	var at int64
	err = r.Scan(&x.ID, &x.School, &x.What, &x.Ref, &on, &x.Value, &x.Total, &x.By, &at)
	x.Day, x.At = day(on), clock.FromMicro(at)
	return x, err
}
