// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// How long a one-time link is good.
const (
	setupLife  = 24 * time.Hour
	inviteLife = 14 * 24 * time.Hour
)

var loginPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,39}$`)

// NewPerson is what an account begins with.
type NewPerson struct {
	Name  string // as people call them
	Login string // 3 to 40 of a–z 0–9 . _ -
	Unit  string // id of the unit
	Roles []string
}

// Validate names every faulty field.
func (n *NewPerson) Validate() error {
	n.Name, n.Login = locale.Normalize(n.Name), normalLogin(n.Login)
	p := problem.New("input/faulty")
	switch {
	case n.Name == "":
		p.Field("name", "input/required")
	case utf8.RuneCountInString(n.Name) > 80:
		p.Field("name", "input/too-long", "max", 80)
	}
	if !loginPattern.MatchString(n.Login) {
		p.Field("login", "identity/bad-login")
	}
	if n.Unit == "" {
		p.Field("unit", "input/required")
	}
	if len(n.Roles) == 0 {
		p.Field("roles", "input/required")
	}
	for _, r := range n.Roles {
		if !slices.Contains(authz.Roles(), r) {
			p.Field("roles", "input/not-a-choice")
			break
		}
	}
	return p.OrNil()
}

// SetupLink makes the one-time link of the first administrator. It is refused
// (identity/already-set-up) once anybody has an account.
func (s *Service) SetupLink(ctx context.Context) (token string, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.One(ctx, tx, countPersons, sqldb.Scalar[int64])
		if err != nil {
			return err
		}
		if n > 0 {
			return problem.New("identity/already-set-up")
		}
		token, err = s.newToken(ctx, tx, "", setupLife)
		return err
	})
	return token, err
}

// NeedsSetup reports whether nobody has an account yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	n, err := sqldb.One(ctx, s.DB.Read(), countPersons, sqldb.Scalar[int64])
	return n == 0, err
}

// CheckSetup reports whether a set-up link is good.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	inv, err := s.invite(ctx, s.DB.Read(), token)
	if err != nil {
		return err
	}
	if inv.person != "" {
		return problem.New("identity/link-over")
	}
	return nil
}

// Setup makes the first administrator with the link of SetupLink.
func (s *Service) Setup(ctx context.Context, token string, n NewPerson, password string) (person string, err error) {
	if err := withPassword(n.Validate(), password, n.Login); err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		inv, err := s.invite(ctx, tx, token)
		if err != nil {
			return err
		}
		if inv.person != "" {
			return problem.New("identity/link-over")
		}
		if person, err = s.insertPerson(ctx, tx, n); err != nil {
			return err
		}
		if err := s.putPassword(ctx, tx, person, hash); err != nil {
			return err
		}
		if err := s.useInvite(ctx, tx, token); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.set-up", person, person, authz.Permit{})
	})
	return person, err
}

// withPassword joins the faults of a password to those found before.
func withPassword(err error, password, login string) error {
	p := problem.New("input/faulty")
	if err != nil {
		p = problem.From(err)
	}
	checkPassword(p, "password", password, login)
	return p.OrNil()
}

// Card is what is printed and handed to a new person. Token is shown once.
type Card struct {
	Person  string
	Token   string
	Expires time.Time
}

// Invite makes an account and its card.
func (s *Service) Invite(ctx context.Context, actor authz.Actor, n NewPerson) (Card, error) {
	if err := n.Validate(); err != nil {
		return Card{}, err
	}
	permit, err := s.Authz.Check(ctx, actor, "identity.invite", authz.Resource{
		Type: "identity.person", Attrs: map[string]any{"unit": n.Unit, "roles": n.Roles},
	})
	if err != nil {
		return Card{}, err
	}
	card := Card{Expires: s.Clock.Now().Add(inviteLife)}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := s.personByLogin(ctx, tx, n.Login); err == nil {
			return problem.New("input/faulty").Field("login", "identity/login-taken")
		} else if !errors.Is(err, sqldb.ErrNoRows) {
			return err
		}
		if card.Person, err = s.insertPerson(ctx, tx, n); err != nil {
			return err
		}
		if card.Token, err = s.newToken(ctx, tx, card.Person, inviteLife); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.invited", actor.Name(), card.Person, permit)
	})
	return card, err
}

// Welcome says whose card a token is. It uses nothing up.
func (s *Service) Welcome(ctx context.Context, token string) (Person, error) {
	inv, err := s.invite(ctx, s.DB.Read(), token)
	if err != nil {
		return Person{}, err
	}
	if inv.person == "" {
		return Person{}, problem.New("identity/link-over")
	}
	return s.Person(ctx, inv.person)
}

// Redeem sets the password of a card's person and uses the card up. The
// second factor is made at the first log-in, the passphrase at the first
// unlock.
func (s *Service) Redeem(ctx context.Context, token, password string) (login string, err error) {
	who, err := s.Welcome(ctx, token)
	if err != nil {
		return "", err
	}
	if err := withPassword(nil, password, who.Login.Reveal()); err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.useInvite(ctx, tx, token); err != nil {
			return err
		}
		if err := s.putPassword(ctx, tx, who.ID, hash); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.redeemed", who.ID, who.ID, authz.Permit{})
	})
	return who.Login.Reveal(), err
}

func (s *Service) putPassword(ctx context.Context, tx *sqldb.Tx, person, hash string) error {
	sealed, err := s.seal(purposePassword, person, hash)
	if err != nil {
		return err
	}
	return putCredential(ctx, tx, person, kindPassword, sealed, true, s.Clock.Now())
}

func (s *Service) insertPerson(ctx context.Context, tx *sqldb.Tx, n NewPerson) (string, error) {
	person, now := id.New(), s.Clock.Now()
	name, err := s.seal(purposeName, person, n.Name)
	if err != nil {
		return "", err
	}
	login, err := s.seal(purposeLogin, person, n.Login)
	if err != nil {
		return "", err
	}
	if _, err := sqldb.Exec(ctx, tx, insertPerson, person, name, s.Keys.KeyedHash(purposeLogin, n.Login), login, clock.Micro(now)); err != nil {
		return "", err
	}
	return person, s.insertMember(ctx, tx, person, n.Unit, n.Roles, now)
}

const tokenBytes = 20

func (s *Service) newToken(ctx context.Context, tx *sqldb.Tx, person string, life time.Duration) (string, error) {
	raw := make([]byte, tokenBytes)
	rand.Read(raw) //nolint:errcheck // crypto/rand never fails
	var whose any
	if person != "" {
		whose = person
	}
	now := s.Clock.Now()
	_, err := sqldb.Exec(ctx, tx, insertInvite, hashOf("token", raw), whose, clock.Micro(now), clock.Micro(now.Add(life)))
	return base64.RawURLEncoding.EncodeToString(raw), err
}

type inviteRow struct {
	person  string
	expires int64
	used    bool
}

func (s *Service) invite(ctx context.Context, on sqldb.Queryer, token string) (inviteRow, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenBytes {
		return inviteRow{}, problem.New("identity/link-over")
	}
	row, err := sqldb.One(ctx, on, inviteByHash, scanInvite, hashOf("token", raw))
	if errors.Is(err, sqldb.ErrNoRows) || err == nil && (row.used || !s.Clock.Now().Before(clock.FromMicro(row.expires))) {
		return inviteRow{}, problem.New("identity/link-over")
	}
	return row, err
}

func (s *Service) useInvite(ctx context.Context, tx *sqldb.Tx, token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return problem.New("identity/link-over")
	}
	now := clock.Micro(s.Clock.Now())
	n, err := sqldb.Exec(ctx, tx, useInvite, now, hashOf("token", raw), now)
	if err == nil && n != 1 { // somebody was quicker
		return problem.New("identity/link-over")
	}
	return err
}
