// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"encoding/json"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// The answers to an item of a checklist.
const (
	Yes  = "yes"
	No   = "no"
	None = "none" // does not apply
)

// Answers lists the answers in the order of a form.
func Answers() []string { return []string{Yes, No, None} }

// Check is a checklist as it was answered once.
type Check struct {
	ID, School string
	Kind       string // ClassCheck, UseCheck
	Subject    string // id of the class or the use
	Answers    map[string]string
	Gaps       int // answers that are No
	By         string
	At, Due    time.Time
}

// State is how a checklist stands; that of the zero Check is Todo.
func (c Check) State(now time.Time) State {
	switch {
	case c.ID == "":
		return Todo
	case !now.Before(c.Due):
		return Late
	case c.Gaps > 0:
		return Part
	case c.Due.Sub(now) < c.Due.Sub(c.At)/10:
		return Soon
	}
	return Done
}

// CheckCommand answers a checklist.
type CheckCommand struct {
	School  string
	Kind    string
	Subject string
	Answers map[string]string // every item of the kind's checklist
}

const checkColumns = `id, school, kind, subject, answers, gaps, by_person, at, due`

var (
	// A later row of the same subject overwrites the earlier one in newest.
	queryChecks = sqldb.Register("schools.online_checks", `
		SELECT `+checkColumns+` FROM schools_online_check
		WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND at < $2 ORDER BY at, id`)
	queryCheckPut = sqldb.Register("schools.online_check_put", `
		INSERT INTO schools_online_check (`+checkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
)

// Checks are the newest checklists of a school by subject.
func (s *Service) Checks(ctx context.Context, actor authz.Actor, schoolID string) (map[string]Check, error) {
	if _, err := s.Schools.School(ctx, actor, schoolID); err != nil {
		return nil, err
	}
	return s.newestChecks(ctx, schoolID, s.now()+1)
}

// newestChecks are the newest checklists before an instant, of one school or
// of all ("").
func (s *Service) newestChecks(ctx context.Context, schoolID string, before int64) (map[string]Check, error) {
	all, err := sqldb.All(ctx, s.DB.Read(), queryChecks, scanCheck, schoolID, before)
	if err != nil {
		return nil, wrap("checks", err)
	}
	newest := map[string]Check{}
	for _, c := range all {
		newest[c.Subject] = c
	}
	return newest, nil
}

// AnswerCheck keeps the answers to a checklist, with who gave them and when
// they are due again.
func (s *Service) AnswerCheck(ctx context.Context, actor authz.Actor, cmd CheckCommand) (Check, error) {
	list, ok := s.register.Checklist(cmd.Kind)
	if !ok {
		return Check{}, problem.New("input/faulty").Field("kind", "input/not-a-choice")
	}
	now := s.Clock.Now()
	c := Check{
		ID: id.New(), School: cmd.School, Kind: cmd.Kind, Subject: cmd.Subject, Answers: map[string]string{}, By: actor.Name(),
		At: now, Due: now.AddDate(0, 0, list.Days),
	}
	p := problem.New("input/faulty")
	for _, item := range list.Items {
		switch a := cmd.Answers[item]; a {
		case No:
			c.Gaps++
			c.Answers[item] = a
		case Yes, None:
			c.Answers[item] = a
		default:
			p.Field(item, "schools/answer-each")
		}
	}
	if err := p.OrNil(); err != nil {
		return c, err
	}
	text, err := json.Marshal(c.Answers)
	if err != nil {
		return c, wrap("answers", err)
	}
	details := map[string]any{"kind": c.Kind, "subject": c.Subject, "answers": c.Answers}
	return c, s.onSchool(ctx, actor, act{"schools.online_edit", "schools.checklist_answered", cmd.School, details}, func(ctx context.Context, tx *sqldb.Tx, _ schools.School) error {
		if err := s.hasSubject(ctx, tx, c); err != nil {
			return err
		}
		_, err := sqldb.Exec(ctx, tx, queryCheckPut, c.ID, c.School, c.Kind, c.Subject, string(text), c.Gaps, c.By, clock.Micro(c.At), clock.Micro(c.Due))
		return err
	})
}

// hasSubject refuses the checklist of a class or use that the school has not.
func (s *Service) hasSubject(ctx context.Context, q sqldb.Queryer, c Check) error {
	if c.Kind == UseCheck {
		uses, err := sqldb.All(ctx, q, queryUses, scanUse, c.School)
		for _, u := range uses {
			if u.ID == c.Subject {
				return nil
			}
		}
		return orElse(err, "schools/no-platform")
	}
	classes, err := sqldb.All(ctx, q, queryClasses, scanClass, c.School, s.today().String())
	for _, x := range classes {
		if x.ID == c.Subject {
			return nil
		}
	}
	return orElse(err, "schools/no-class")
}

func orElse(err error, code string) error {
	if err != nil {
		return err
	}
	return problem.New(code)
}

func scanCheck(r sqldb.Row) (c Check, err error) {
	var answers string
	var at, due int64
	if err := r.Scan(&c.ID, &c.School, &c.Kind, &c.Subject, &answers, &c.Gaps, &c.By, &at, &due); err != nil {
		return c, err
	}
	c.At, c.Due = clock.FromMicro(at), clock.FromMicro(due)
	return c, json.Unmarshal([]byte(answers), &c.Answers)
}
