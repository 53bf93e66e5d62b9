// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"path"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/vault"
)

// Account is one invented person with everything needed to log in.
type Account struct {
	ID, Unit   string // ids
	Name       string
	Login      string
	Password   string
	Secret     string // of the second factor, base32
	Passphrase string // unlocks sealed content; "" for who reads none
	Roles      []string
	Post       string // key in the list of people: "duty1", "auditor"

	cookie  string
	session identity.Session
}

// newcomer is a person of the data file.
type newcomer struct {
	Post  string   `json:"post"`
	Name  string   `json:"name"`
	Login string   `json:"login"`
	Unit  string   `json:"unit"` // key of the pack
	Roles []string `json:"roles"`
	Reads bool     `json:"reads"` // unlocks content
}

// staff makes accounts, the administrator first, and hands them out by post.
type staff struct {
	in     *instance
	all    []*Account
	byPost map[string]*Account
	secret func(login string) (password, passphrase string)
}

func newStaff(in *instance, secret func(login string) (password, passphrase string)) *staff {
	return &staff{in: in, byPost: map[string]*Account{}, secret: secret}
}

// hire makes all accounts of a list: password, second factor, passphrase. The
// first of the list is the administrator, who makes the recovery key and
// invites the others. Whoever has to wait for a unit's key is given it by the
// colleague who has it.
func (s *staff) hire(ctx context.Context, list []newcomer) error {
	for _, n := range list {
		unit, err := s.in.hub.Org.ByKey(n.Unit)
		if err != nil {
			return err
		}
		a := &Account{Unit: unit.ID, Name: n.Name, Login: n.Login, Roles: n.Roles, Post: n.Post}
		a.Password, a.Passphrase = s.secret(n.Login)
		if !n.Reads {
			a.Passphrase = ""
		}
		if err := s.invite(ctx, a); err != nil {
			return err
		}
		if err := s.logIn(ctx, a); err != nil {
			return err
		}
		s.all = append(s.all, a)
		s.byPost[n.Post] = a
		if n.Reads {
			if err := s.unlock(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *staff) invite(ctx context.Context, a *Account) (err error) {
	id := s.in.hub.Identity
	n := identity.NewPerson{Name: a.Name, Login: a.Login, Unit: a.Unit, Roles: a.Roles}
	if len(s.all) == 0 {
		link, err := s.in.hub.SetupLink(ctx)
		if err != nil {
			return err
		}
		a.ID, err = id.Setup(ctx, path.Base(link), n, a.Password)
		return err
	}
	card, err := id.Invite(ctx, s.all[0].actor(), n)
	if err != nil {
		return err
	}
	a.ID = card.Person
	_, err = id.Redeem(ctx, card.Token, a.Password)
	return err
}

// logIn makes the second factor and begins a full session.
func (s *staff) logIn(ctx context.Context, a *Account) error {
	id := s.in.hub.Identity
	cookie, _, err := id.Login(ctx, a.Login, a.Password)
	if err != nil {
		return err
	}
	half, err := id.Session(ctx, cookie)
	if err != nil {
		return err
	}
	if half.State == identity.StateEnrol {
		totp, err := id.EnrolTOTP(ctx, half, "demo")
		if err != nil {
			return err
		}
		a.Secret = totp.Secret
	}
	code, err := identity.Code(a.Secret, s.in.clock.Now())
	if err != nil {
		return err
	}
	if a.cookie, err = id.SecondFactor(ctx, half, code); err != nil {
		return err
	}
	a.session, err = id.Session(ctx, a.cookie)
	return err
}

// unlock makes a person's key and those of his units. The administrator makes
// the recovery key instead and types one share back, as the page asks.
func (s *staff) unlock(ctx context.Context, a *Account) error {
	id := s.in.hub.Identity
	opened, err := id.FirstUnlock(ctx, a.session, a.Passphrase)
	if err != nil {
		return err
	}
	for _, unit := range opened.Waiting {
		for _, colleague := range s.all {
			if colleague != a && colleague.Unit == unit && colleague.Passphrase != "" {
				if err := id.Reseal(ctx, colleague.session, unit, a.ID); err != nil {
					return err
				}
				break
			}
		}
	}
	if a == s.all[0] {
		shares, err := id.MakeRecovery(ctx, a.session)
		if err != nil {
			return err
		}
		if err := id.ConfirmRecovery(ctx, a.session, shares[1]); err != nil {
			return err
		}
	}
	a.session, err = id.Session(ctx, a.cookie) // it holds the open key now
	return err
}

// opened is a person's open key.
func (s *staff) opened(ctx context.Context, a *Account) (*vault.Unlocked, error) {
	return s.in.hub.Identity.Opened(ctx, a.session)
}

// actor is the person as the policies see it.
func (a *Account) actor() authz.Actor {
	return authz.Actor{Person: a.ID, Unit: a.Unit, Session: a.session.ID, Roles: a.Roles}
}
