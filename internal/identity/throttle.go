// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"errors"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Guesses of passwords are counted by the keyed hash of the name that was
// typed, whether or not somebody has that name: an answer that differed would
// tell who has an account. The count is in the database, so that two hubs
// count together, and Sweep drops what has rested for a day.
var (
	throttleOf = sqldb.Register("identity.throttle", `
		SELECT locked_until FROM identity_throttle WHERE login_hash = $1`)
	countThrottle = sqldb.Register("identity.count_throttle", `
		INSERT INTO identity_throttle (login_hash, failures, locked_until, seen_at) VALUES ($1, 1, 0, $2)
		ON CONFLICT (login_hash) DO UPDATE SET failures = identity_throttle.failures + 1, seen_at = excluded.seen_at
		RETURNING failures`)
	lockThrottle = sqldb.Register("identity.lock_throttle", `
		UPDATE identity_throttle SET locked_until = $1 WHERE login_hash = $2`)
	dropThrottle = sqldb.Register("identity.drop_throttle", `
		DELETE FROM identity_throttle WHERE login_hash = (SELECT login_hash FROM identity_person WHERE id = $1)`)
	sweepThrottle = sqldb.Register("identity.sweep_throttle", `
		DELETE FROM identity_throttle WHERE seen_at < $1`)
)

const throttleLife = 24 * time.Hour

// mayGuess is identity/wait while a name rests.
func (s *Service) mayGuess(ctx context.Context, login string, now time.Time) error {
	until, err := sqldb.One(ctx, s.DB.Read(), throttleOf, sqldb.Scalar[int64], s.Keys.KeyedHash(purposeLogin, normalLogin(login)))
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil
	}
	if rest := clock.FromMicro(until).Sub(now); err == nil && rest > 0 {
		return problem.New("identity/wait", "seconds", int64(rest/time.Second)+1)
	}
	return err
}

// countGuess counts a wrong guess and lets the name rest. The count is made
// in the statement: guesses made at once are all counted.
func (s *Service) countGuess(ctx context.Context, login string, now time.Time) error {
	hash := s.Keys.KeyedHash(purposeLogin, normalLogin(login))
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.One(ctx, tx, countThrottle, sqldb.Scalar[int64], hash, clock.Micro(now))
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, lockThrottle, clock.Micro(now.Add(wait(n))), hash)
		return err
	})
}

// failed counts a wrong passphrase of somebody who is logged in.
func (s *Service) failed(ctx context.Context, personID string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		who, err := s.personByID(ctx, tx, personID)
		if err != nil {
			return err
		}
		n := who.failures + 1
		_, err = sqldb.Exec(ctx, tx, setFailures, n, clock.Micro(s.Clock.Now().Add(wait(n))), personID)
		return err
	})
}
