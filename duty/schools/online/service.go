// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Deps is what the room needs.
type Deps struct {
	DB      *sqldb.DB
	Ledger  schools.Ledger
	Authz   schools.Authorizer
	Clock   clock.Clock
	Schools *schools.Service // the roster and the filter
}

// Service is the use-cases of lessons online. It is safe for concurrent use.
type Service struct {
	Deps
	register Register
}

// New makes the service and reads its register and its guidance.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Ledger == nil || d.Authz == nil || d.Clock == nil || d.Schools == nil {
		return nil, errors.New("online: New needs all of its parts")
	}
	r, err := readRegister()
	if err != nil {
		return nil, err
	}
	return &Service{Deps: d, register: r}, nil
}

// Register is the data of the product: platforms, checklists, guidance.
func (s *Service) Register() Register { return s.register }

func (s *Service) now() int64 { return clock.Micro(s.Clock.Now()) }

func (s *Service) today() duty.Date { return duty.DateOf(s.Clock.Now()) }

// act is one change of a school's record: allowed, done, noted.
type act struct {
	action, kind string // of the policies, of the ledger
	school       string
	details      any
}

// onSchool does a change of one school's record in one transaction.
func (s *Service) onSchool(ctx context.Context, actor authz.Actor, a act, do func(context.Context, *sqldb.Tx, schools.School) error) error {
	school, err := s.Schools.School(ctx, actor, a.school)
	if err != nil {
		return err
	}
	permit, err := s.Authz.Check(ctx, actor, a.action, ofSchool(school))
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := do(ctx, tx, school); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, a.kind, school.ID, permit, a.details)
	})
}

func (s *Service) record(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, kind, object string, permit authz.Permit, details any) error {
	_, err := s.Ledger.Append(ctx, tx, ledger.Entry{Kind: kind, Actor: actor.Name(), Object: object, Policies: permit.Policies(), Details: details})
	return err
}

func ofSchool(school schools.School) authz.Resource {
	return authz.Resource{Type: "schools.school", ID: school.ID, Attrs: map[string]any{"unit": school.Unit}}
}

// needText cleans a field and says what is wrong with it; most is in
// characters.
func needText(p *problem.Error, field string, text *string, most int, must bool) {
	*text = locale.Normalize(*text)
	switch n := utf8.RuneCountInString(*text); {
	case must && n == 0:
		p.Field(field, "input/required")
	case n > most:
		p.Field(field, "input/too-long", "max", most)
	}
}

func needNumber(p *problem.Error, field string, n, low, high int) {
	if n < low || n > high {
		p.Field(field, "input/out-of-range", "min", low, "max", high)
	}
}

func notFound(err error, code string) error {
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New(code).Wrap(err)
	}
	return err
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("online: %s: %w", doing, err)
}

// day reads a stored day; what does not read is no day.
func day(text string) duty.Date {
	d, err := duty.ParseDate(text)
	if err != nil {
		return duty.Date{}
	}
	return d
}
