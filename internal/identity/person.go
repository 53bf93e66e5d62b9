// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Person is an account as lists show it.
type Person struct {
	ID       string
	Name     logs.Personal
	Login    logs.Personal
	Units    []Membership
	Factor   bool // has a confirmed second factor
	Password bool // has chosen a password
	Seen     time.Time
	Disabled bool
}

// Membership is a person's place in a unit, now.
type Membership struct {
	Person string
	Unit   string
	Roles  []string
}

// Person finds one account.
func (s *Service) Person(ctx context.Context, personID string) (Person, error) {
	row, err := s.personByID(ctx, s.DB.Read(), personID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Person{}, problem.New("identity/no-such-person")
	}
	if err != nil {
		return Person{}, err
	}
	return s.fill(ctx, row)
}

func (s *Service) fill(ctx context.Context, row person) (Person, error) {
	name, err := s.open(purposeName, row.id, row.nameSealed)
	if err != nil {
		return Person{}, err
	}
	login, err := s.open(purposeLogin, row.id, row.loginSealed)
	if err != nil {
		return Person{}, err
	}
	p := Person{ID: row.id, Name: logs.Personal(name), Login: logs.Personal(login), Disabled: row.disabled}
	if p.Units, err = memberships(ctx, s.DB.Read(), row.id, s.Clock.Now()); err != nil {
		return Person{}, err
	}
	for _, kind := range []string{kindTOTP, kindPassword} {
		have, err := credential(ctx, s.DB.Read(), row.id, kind)
		if err != nil {
			return Person{}, err
		}
		if kind == kindTOTP {
			p.Factor = have.confirmed
		} else {
			p.Password = have.sealed != ""
		}
	}
	seen, err := sqldb.One(ctx, s.DB.Read(), lastSeen, sqldb.Scalar[int64], row.id)
	p.Seen = clock.FromMicro(seen)
	return p, err
}

// People lists the accounts that the actor may see: all for an administrator,
// those of the own unit for its head. Sorted by name.
func (s *Service) People(ctx context.Context, actor authz.Actor) ([]Person, error) {
	rows, err := sqldb.All(ctx, s.DB.Read(), allPersons, scanPerson)
	if err != nil {
		return nil, err
	}
	var people []Person
	for _, row := range rows {
		p, err := s.fill(ctx, row)
		if err != nil {
			return nil, err
		}
		if s.mayList(ctx, actor, p) {
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b Person) int {
		return strings.Compare(locale.SortKey(a.Name.Reveal()), locale.SortKey(b.Name.Reveal()))
	})
	return people, nil
}

func (s *Service) mayList(ctx context.Context, actor authz.Actor, p Person) bool {
	for _, m := range p.Units {
		r := authz.Resource{Type: "identity.person", ID: p.ID, Attrs: map[string]any{"unit": m.Unit, "person": p.ID}}
		if _, err := s.Authz.Check(ctx, actor, "identity.list", r); err == nil {
			return true
		}
	}
	return false
}

// Members lists who belongs to a unit now.
func (s *Service) Members(ctx context.Context, unit string) ([]Membership, error) {
	return sqldb.All(ctx, s.DB.Read(), membersOfUnit, scanMember, unit, clock.Micro(s.Clock.Now()))
}

// Names gives the display names of persons, for pages that list acts.
func (s *Service) Names(ctx context.Context, ids []string) (map[string]logs.Personal, error) {
	names := map[string]logs.Personal{}
	for _, personID := range ids {
		if _, done := names[personID]; done || !id.Valid(personID) {
			continue
		}
		row, err := s.personByID(ctx, s.DB.Read(), personID)
		if errors.Is(err, sqldb.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name, err := s.open(purposeName, row.id, row.nameSealed)
		if err != nil {
			return nil, err
		}
		names[personID] = logs.Personal(name)
	}
	return names, nil
}

// Join makes a person a member of one more unit.
func (s *Service) Join(ctx context.Context, actor authz.Actor, personID, unit string, roles []string) error {
	permit, err := s.Authz.Check(ctx, actor, "identity.invite", authz.Resource{
		Type: "identity.person", ID: personID, Attrs: map[string]any{"unit": unit, "roles": roles, "person": personID},
	})
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.insertMember(ctx, tx, personID, unit, roles, s.Clock.Now()); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.joined", actor.Name(), personID, permit)
	})
}

// Disable ends an account: its sessions and memberships stop now, and the keys
// of its units are rotated in the same transaction.
func (s *Service) Disable(ctx context.Context, actor authz.Actor, personID string) error {
	p, err := s.Person(ctx, personID)
	if err != nil {
		return err
	}
	attrs := map[string]any{"person": personID}
	if len(p.Units) > 0 {
		attrs["unit"], attrs["roles"] = p.Units[0].Unit, p.Units[0].Roles
	}
	permit, err := s.Authz.Check(ctx, actor, "identity.disable", authz.Resource{Type: "identity.person", ID: personID, Attrs: attrs})
	if err != nil {
		return err
	}
	now := clock.Micro(s.Clock.Now())
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, disablePerson, now, personID); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, endMemberships, now, personID); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, deleteSessionsOf, personID); err != nil {
			return err
		}
		if err := s.forgetKeys(ctx, tx, personID); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.disabled", actor.Name(), personID, permit)
	})
}

func (s *Service) insertMember(ctx context.Context, tx *sqldb.Tx, personID, unit string, roles []string, now time.Time) error {
	list, err := json.Marshal(roles)
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	_, err = sqldb.Exec(ctx, tx, insertMember, id.New(), personID, unit, string(list), clock.Micro(now))
	return err
}

func (s *Service) personByLogin(ctx context.Context, on sqldb.Queryer, login string) (person, error) {
	return sqldb.One(ctx, on, personByLogin, scanPerson, s.Keys.KeyedHash(purposeLogin, normalLogin(login)))
}

func (s *Service) personByID(ctx context.Context, on sqldb.Queryer, personID string) (person, error) {
	return sqldb.One(ctx, on, personByID, scanPerson, personID)
}
