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

// Class is a series of lessons online: "Toán 6A". It has no pupil's name, and
// of the teacher only the account that keeps it.
type Class struct {
	ID, School  string
	Title       string
	Grade       int    // 1 to 12; 0: several
	Use         string // id of the Use
	Pupils      int    // -1: not said
	First, Last duty.Date
	Keeper      string
	Created     time.Time
}

// ClassCommand opens a class.
type ClassCommand struct {
	School      string
	Title       string // to 80 characters
	Grade       int    // 0 to 12
	Use         string
	Pupils      int // 1 to 500; -1: not said
	First, Last duty.Date
}

// The longest that a class may run: one school year with its holidays.
const maxClassDays = 366

// maxClasses is how many classes of a school may run at once.
const maxClasses = 300

// Validate lists the faulty fields.
func (c *ClassCommand) Validate() error {
	p := problem.New("input/faulty")
	needText(p, "title", &c.Title, 80, true)
	needNumber(p, "grade", c.Grade, 0, 12)
	if c.Pupils != -1 {
		needNumber(p, "pupils", c.Pupils, 1, 500)
	}
	if c.First.IsZero() {
		p.Field("first", "input/required")
	}
	switch {
	case c.Last.IsZero():
		p.Field("last", "input/required")
	case c.Last.Before(c.First):
		p.Field("last", "schools/ends-before-start")
	case c.Last.Sub(c.First) > maxClassDays:
		p.Field("last", "schools/class-too-long", "max", maxClassDays)
	}
	return p.OrNil()
}

const classColumns = `id, school, title, grade, uses, pupils, first, last, keeper, created`

var (
	queryClasses = sqldb.Register("schools.online_classes", `
		SELECT `+classColumns+` FROM schools_online_class
		WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND last >= $2 ORDER BY school, title, id`)
	queryClassesIn = sqldb.Register("schools.online_classes_in", `
		SELECT `+classColumns+` FROM schools_online_class WHERE first <= $2 AND last >= $1 ORDER BY school, id`)
	queryClassPut = sqldb.Register("schools.online_class_put", `
		INSERT INTO schools_online_class (`+classColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	queryClassEnd = sqldb.Register("schools.online_class_end", `UPDATE schools_online_class SET last = $3 WHERE id = $1 AND school = $2 AND last >= $3`)
)

// Classes are the classes of a school that have not ended.
func (s *Service) Classes(ctx context.Context, actor authz.Actor, schoolID string) ([]Class, error) {
	if _, err := s.Schools.School(ctx, actor, schoolID); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryClasses, scanClass, schoolID, s.today().String())
	return all, wrap("classes", err)
}

// OpenClass adds a class; its checklist is due at once.
func (s *Service) OpenClass(ctx context.Context, actor authz.Actor, cmd ClassCommand) (Class, error) {
	if err := cmd.Validate(); err != nil {
		return Class{}, err
	}
	c := Class{
		ID: id.New(), School: cmd.School, Title: cmd.Title, Grade: cmd.Grade, Use: cmd.Use, Pupils: cmd.Pupils,
		First: cmd.First, Last: cmd.Last, Keeper: actor.Name(), Created: s.Clock.Now(),
	}
	details := map[string]any{"title": c.Title, "grade": c.Grade, "use": c.Use, "pupils": c.Pupils, "first": c.First.String(), "last": c.Last.String()}
	err := s.onSchool(ctx, actor, act{"schools.online_edit", "schools.class_opened", cmd.School, details}, func(ctx context.Context, tx *sqldb.Tx, _ schools.School) error {
		uses, err := sqldb.All(ctx, tx, queryUses, scanUse, c.School)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(uses, func(u Use) bool { return u.ID == c.Use }) {
			return problem.New("input/faulty").Field("use", "input/not-a-choice")
		}
		running, err := sqldb.All(ctx, tx, queryClasses, scanClass, c.School, s.today().String())
		if err != nil {
			return err
		}
		if len(running) >= maxClasses {
			return problem.New("schools/too-many-classes", "max", maxClasses)
		}
		_, err = sqldb.Exec(ctx, tx, queryClassPut, c.ID, c.School, c.Title, c.Grade, c.Use, c.Pupils, c.First.String(), c.Last.String(), c.Keeper, clock.Micro(c.Created))
		return err
	})
	return c, err
}

// EndClass makes yesterday the last day of a class.
func (s *Service) EndClass(ctx context.Context, actor authz.Actor, schoolID, classID string) error {
	return s.onSchool(ctx, actor, act{"schools.online_edit", "schools.class_ended", schoolID, map[string]string{"class": classID}}, func(ctx context.Context, tx *sqldb.Tx, _ schools.School) error {
		n, err := sqldb.Exec(ctx, tx, queryClassEnd, classID, schoolID, s.today().AddDays(-1).String())
		if err == nil && n == 0 {
			err = problem.New("schools/no-class")
		}
		return err
	})
}

func scanClass(r sqldb.Row) (c Class, err error) {
	var first, last string
	var created int64
	err = r.Scan(&c.ID, &c.School, &c.Title, &c.Grade, &c.Use, &c.Pupils, &first, &last, &c.Keeper, &created)
	c.First, c.Last, c.Created = day(first), day(last), clock.FromMicro(created)
	return c, err
}
