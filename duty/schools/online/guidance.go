// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Reading is how far a guidance has come in a school: who of its accounts has
// confirmed it, and what the school states of the teachers without one.
type Reading struct {
	Guidance Guidance
	Accounts int       // of the school that have confirmed this version
	Mine     time.Time // when the asking person confirmed it; zero: not yet
	Stated   Stated    // zero: nothing stated of this version
}

// Done reports whether anybody of the school has confirmed the version.
func (r Reading) Done() bool { return r.Accounts > 0 || r.Stated.Value > 0 }

type ack struct {
	guidance, person, school string
	version                  int
	at                       int64
}

var (
	queryAcks = sqldb.Register("schools.online_acks", `
		SELECT guidance, person, school, version, at FROM schools_online_ack
		WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND at < $2 ORDER BY at, person`)
	queryAckPut = sqldb.Register("schools.online_ack_put", `
		INSERT INTO schools_online_ack (guidance, version, person, school, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (guidance, version, person) DO NOTHING`)
)

// Readings are the current texts with how far they have come in a school.
func (s *Service) Readings(ctx context.Context, actor authz.Actor, schoolID string) ([]Reading, error) {
	if _, err := s.Schools.School(ctx, actor, schoolID); err != nil {
		return nil, err
	}
	read, err := s.readings(ctx, schoolID, actor.Person, s.today())
	if err != nil {
		return nil, err
	}
	return read(schoolID), nil
}

// readings returns how a school ("": any) stood at the end of a day.
func (s *Service) readings(ctx context.Context, schoolID, person string, on duty.Date) (func(schoolID string) []Reading, error) {
	acks, err := sqldb.All(ctx, s.DB.Read(), queryAcks, scanAck, schoolID, clock.Micro(on.AddDays(1).Start()))
	if err != nil {
		return nil, wrap("confirmations", err)
	}
	stated, err := s.newestStated(ctx, schoolID, on)
	if err != nil {
		return nil, err
	}
	current := s.register.Current(on)
	bySchool := map[string][]ack{}
	for _, a := range acks {
		bySchool[a.school] = append(bySchool[a.school], a)
	}
	return func(schoolID string) []Reading {
		var all []Reading
		for _, g := range current {
			r := Reading{Guidance: g, Stated: stated[key{schoolID, StatedGuidance, g.Ref()}]}
			for _, a := range bySchool[schoolID] {
				if a.guidance != g.Code || a.version != g.Version {
					continue
				}
				r.Accounts++
				if a.person == person {
					r.Mine = clock.FromMicro(a.at)
				}
			}
			all = append(all, r)
		}
		return all
	}, nil
}

// Acknowledge notes that the actor, of a school, has read the current version
// of a guidance. Doing so again changes nothing.
func (s *Service) Acknowledge(ctx context.Context, actor authz.Actor, schoolID, code string, version int) error {
	g, ok := s.register.Version(code, 0, s.today())
	if !ok {
		return problem.New("schools/no-guidance")
	}
	if g.Version != version {
		return problem.New("schools/guidance-renewed")
	}
	details := map[string]any{"guidance": code, "version": version}
	return s.onSchool(ctx, actor, act{"schools.guidance_ack", "schools.guidance_read", schoolID, details}, func(ctx context.Context, tx *sqldb.Tx, school schools.School) error {
		_, err := sqldb.Exec(ctx, tx, queryAckPut, code, version, actor.Name(), school.ID, s.now())
		return err
	})
}

func scanAck(r sqldb.Row) (a ack, err error) {
	err = r.Scan(&a.guidance, &a.person, &a.school, &a.version, &a.at)
	return a, err
}
