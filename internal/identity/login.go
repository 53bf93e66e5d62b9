// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// How an account is slowed down.
const (
	freeFailures = 5
	longestWait  = 15 * time.Minute
)

// wait is how long an account rests after its n-th failure in a row.
func wait(n int64) time.Duration {
	if n < freeFailures {
		return 0
	}
	if n-freeFailures > 10 {
		return longestWait
	}
	return min(longestWait, time.Second<<(n-freeFailures))
}

// Login checks name and password and begins a session that still wants its
// code (StateCode), or a second factor made (StateEnrol). The two reasons for
// a refusal are indistinguishable: identity/wrong-login, and after some of them
// identity/wait, for names that nobody has just as for names that somebody has.
func (s *Service) Login(ctx context.Context, login, password string) (cookie string, state State, err error) {
	now := s.Clock.Now()
	who, err := s.personByLogin(ctx, s.DB.Read(), login)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return "", "", err
	}
	known := err == nil && !who.disabled
	if err := s.mayGuess(ctx, login, now); err != nil {
		return "", "", err
	}
	stored := ""
	if known {
		have, err := credential(ctx, s.DB.Read(), who.id, kindPassword)
		if err != nil {
			return "", "", err
		}
		if have.sealed != "" {
			if stored, err = s.open(purposePassword, who.id, have.sealed); err != nil {
				return "", "", err
			}
		}
	}
	ok, err := s.matches(ctx, password, stored)
	if err != nil {
		return "", "", err
	}
	if !known || !ok {
		if err := s.countGuess(ctx, login, now); err != nil {
			return "", "", err
		}
		return "", "", problem.New("identity/wrong-login")
	}
	// Wrong codes make the account wait too; only who knows the password
	// learns of it.
	if now.Before(clock.FromMicro(who.lockedUntil)) {
		return "", "", problem.New("identity/wait", "seconds", int64(clock.FromMicro(who.lockedUntil).Sub(now)/time.Second)+1)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		second, err := credential(ctx, tx, who.id, kindTOTP)
		if err != nil {
			return err
		}
		state = StateEnrol
		if second.confirmed {
			state = StateCode
		}
		units, err := memberships(ctx, tx, who.id, now)
		if err != nil {
			return err
		}
		if len(units) == 0 {
			return problem.New("identity/no-unit")
		}
		cookie, err = s.newSession(ctx, tx, who.id, units[0].Unit, state, now)
		return err
	})
	return cookie, state, err
}

// SecondFactor finishes a log-in: it checks the code, ends the half session
// and begins a full one with a new cookie, so that a cookie seen before is
// worth nothing. In StateEnrol the code also confirms the new second factor.
func (s *Service) SecondFactor(ctx context.Context, sess Session, code string) (cookie string, err error) {
	if sess.State == StateFull {
		return "", problem.New("identity/not-now")
	}
	now := s.Clock.Now()
	refused := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		who, err := s.personByID(ctx, tx, sess.Person)
		if err != nil {
			return err
		}
		if now.Before(clock.FromMicro(who.lockedUntil)) {
			return problem.New("identity/wait", "seconds", int64(clock.FromMicro(who.lockedUntil).Sub(now)/time.Second)+1)
		}
		ok, err := s.checkTOTP(ctx, tx, sess.Person, code, now)
		if err != nil {
			return err
		}
		if refused = !ok; refused {
			n := who.failures + 1
			_, err := sqldb.Exec(ctx, tx, setFailures, n, clock.Micro(now.Add(wait(n))), who.id)
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, setFailures, int64(0), int64(0), who.id); err != nil {
			return err
		}
		if sess.State == StateEnrol {
			if _, err := sqldb.Exec(ctx, tx, confirmCredential, true, who.id, kindTOTP); err != nil {
				return err
			}
		}
		if _, err := sqldb.Exec(ctx, tx, dropThrottle, who.id); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, deleteSession, sess.ID); err != nil {
			return err
		}
		if cookie, err = s.newSession(ctx, tx, sess.Person, sess.Unit, StateFull, now); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.logged-in", sess.Person, sess.Person, authz.Permit{})
	})
	if err == nil && refused {
		err = problem.New("identity/wrong-code")
	}
	return cookie, err
}

// StepUp asks for the code once more before an act that exports or unmasks.
func (s *Service) StepUp(ctx context.Context, sess Session, code string) error {
	now, ok := s.Clock.Now(), false
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		var err error
		if ok, err = s.checkTOTP(ctx, tx, sess.Person, code, now); err != nil || !ok {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, setStepUp, clock.Micro(now), sess.ID)
		return err
	})
	if err == nil && !ok {
		err = problem.New("identity/wrong-code")
	}
	return err
}

// normalLogin is the form in which log-in names are compared.
func normalLogin(login string) string { return locale.Fold(locale.Normalize(login)) }
