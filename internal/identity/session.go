// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// How long a session lives.
const (
	idle     = time.Hour      // without a request
	absolute = 12 * time.Hour // in any case: one shift
	halfway  = 10 * time.Minute
	touch    = time.Minute // a request is noted at most this often
	stepUp   = 5 * time.Minute
)

// State is how far a session has come.
type State string

// The states, in order.
const (
	StateCode  State = "code"  // the password was right, the code is missing
	StateEnrol State = "enrol" // the password was right, a second factor must be made
	StateFull  State = "full"
)

// Session is somebody's visit. It holds what pages need; the cookie's secret
// stays in Secret and is never stored.
type Session struct {
	ID       string
	Person   string
	Name     logs.Personal
	Unit     string
	Units    []Membership
	Roles    []string // in Unit, today
	State    State
	StepUpAt time.Time
	Unlocked bool // sealed content is open
	Wrapped  string
	Secret   []byte // the cookie's second half: unwraps the key
}

// Actor is the session's person as the policies see them. functions are those
// of the unit (package org).
func (s Session) Actor(functions ...string) authz.Actor {
	return authz.Actor{Person: s.Person, Unit: s.Unit, Session: s.ID, Roles: s.Roles, Functions: functions}
}

// Fresh reports whether the second factor was shown within the last five
// minutes: export, unmasking and unlocking ask for it.
func (s Session) Fresh(now time.Time) bool { return now.Sub(s.StepUpAt) < stepUp }

const (
	cookieIDBytes     = 16
	cookieSecretBytes = 32
)

func hashOf(prefix string, b []byte) string {
	sum := sha256.Sum256(append([]byte(prefix), b...))
	return hex.EncodeToString(sum[:])
}

func parseCookie(cookie string) (idPart, secret []byte, ok bool) {
	a, b, found := strings.Cut(cookie, ".")
	if !found {
		return nil, nil, false
	}
	idPart, err1 := base64.RawURLEncoding.DecodeString(a)
	secret, err2 := base64.RawURLEncoding.DecodeString(b)
	ok = err1 == nil && err2 == nil && len(idPart) == cookieIDBytes && len(secret) == cookieSecretBytes
	return idPart, secret, ok
}

// newSession writes a session and returns its cookie.
func (s *Service) newSession(ctx context.Context, tx *sqldb.Tx, person, unit string, state State, now time.Time) (string, error) {
	idPart, secret := make([]byte, cookieIDBytes), make([]byte, cookieSecretBytes)
	rand.Read(idPart) //nolint:errcheck // crypto/rand never fails
	rand.Read(secret) //nolint:errcheck // crypto/rand never fails
	ends, step := now.Add(absolute), int64(0)
	if state == StateFull {
		step = clock.Micro(now)
	} else {
		ends = now.Add(halfway)
	}
	_, err := sqldb.Exec(ctx, tx, insertSession, hashOf("id", idPart), id.New(), hashOf("secret", secret),
		person, unit, string(state), clock.Micro(now), clock.Micro(now), clock.Micro(ends), step)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(idPart) + "." + base64.RawURLEncoding.EncodeToString(secret), nil
}

// errNoSession is what every broken, unknown, expired or revoked cookie gets.
func errNoSession() error { return problem.New("identity/not-logged-in") }

// Session finds the session of a cookie, in any state. It is alive for an
// hour after its last request and twelve hours in all.
func (s *Service) Session(ctx context.Context, cookie string) (Session, error) {
	idPart, secret, ok := parseCookie(cookie)
	if !ok {
		return Session{}, errNoSession()
	}
	now := s.Clock.Now()
	row, err := sqldb.One(ctx, s.DB.Read(), sessionByHash, scanSession, hashOf("id", idPart))
	if errors.Is(err, sqldb.ErrNoRows) {
		return Session{}, errNoSession()
	}
	if err != nil {
		return Session{}, err
	}
	if subtle.ConstantTimeCompare([]byte(row.secretHash), []byte(hashOf("secret", secret))) != 1 ||
		!now.Before(clock.FromMicro(row.expires)) || now.Sub(clock.FromMicro(row.seen)) > idle || row.disabled {
		return Session{}, errNoSession()
	}
	if now.Sub(clock.FromMicro(row.seen)) > touch {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := sqldb.Exec(ctx, tx, touchSession, clock.Micro(now), row.id)
			return err
		})
		if err != nil {
			return Session{}, err
		}
	}
	sess := Session{
		ID: row.id, Person: row.person, Unit: row.unit, State: State(row.state), Secret: secret,
		StepUpAt: clock.FromMicro(row.stepUp), Wrapped: row.wrapped, Unlocked: row.wrapped != "",
	}
	name, err := s.open(purposeName, row.person, row.nameSealed)
	if err != nil {
		return Session{}, err
	}
	sess.Name = logs.Personal(name)
	if sess.Units, err = memberships(ctx, s.DB.Read(), row.person, now); err != nil {
		return Session{}, err
	}
	for _, m := range sess.Units {
		if m.Unit == sess.Unit {
			sess.Roles = m.Roles
		}
	}
	return sess, nil
}

// SwitchUnit makes the session act for another of its person's units.
func (s *Service) SwitchUnit(ctx context.Context, sess Session, unit string) error {
	for _, m := range sess.Units {
		if m.Unit == unit {
			return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := sqldb.Exec(ctx, tx, setSessionUnit, unit, sess.ID)
				return err
			})
		}
	}
	return problem.New("identity/not-your-unit")
}

// Logout ends the session.
func (s *Service) Logout(ctx context.Context, sess Session) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, deleteSession, sess.ID)
		return err
	})
}

// SetWrapped keeps the unlocked key, sealed under the cookie's secret, in the
// session; an empty text locks it.
func (s *Service) setWrapped(ctx context.Context, tx *sqldb.Tx, session, wrapped string) error {
	var v any
	if wrapped != "" {
		v = wrapped
	}
	_, err := sqldb.Exec(ctx, tx, setSessionKey, v, session)
	return err
}

// Sweep removes sessions and links that have ended. Safe to run twice.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Clock.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, sweepSessions, clock.Micro(now), clock.Micro(now.Add(-idle))); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, sweepThrottle, clock.Micro(now.Add(-throttleLife))); err != nil {
			return err
		}
		_, err := sqldb.Exec(ctx, tx, sweepInvites, clock.Micro(now))
		return err
	})
}
