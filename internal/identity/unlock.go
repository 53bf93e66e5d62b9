// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"encoding/base64"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// Unlocking says what an unlock found and did, for the page that follows it.
type Unlocking struct {
	Made    []string // units whose first key was made now
	Opened  []string // units whose key the person holds
	Waiting []string // units in whose re-seal list the person stands
}

// needsKey reports whether a membership is of the kind that reads sealed
// content. Who runs the machine or audits it holds no unit's key, whatever
// other role he has: policy denies him content, and so does arithmetic.
func needsKey(m Membership) bool {
	reads := false
	for _, role := range m.Roles {
		switch role {
		case authz.Admin, authz.Operator, authz.Auditor:
			return false
		case authz.Head, authz.Triage, authz.Handler, authz.Takedown, authz.Police, authz.Custodian, authz.Reviewer, authz.ModelKeeper:
			reads = true
		}
	}
	return reads
}

// mayUnlock are the conditions that hold for every act with a key.
func (s *Service) mayUnlock(sess Session, fresh bool) error {
	switch {
	case s.Vault == nil:
		return problem.New("identity/locked")
	case sess.State != StateFull:
		return problem.New("identity/not-logged-in")
	case fresh && !sess.Fresh(s.Clock.Now()):
		return problem.New("identity/step-up")
	}
	return nil
}

// HasPassphrase reports whether the person has chosen an unlock passphrase; if
// not, the page for the first unlock is shown.
func (s *Service) HasPassphrase(ctx context.Context, personID string) (bool, error) {
	if s.Vault == nil {
		return false, nil
	}
	return s.Vault.HasKey(ctx, s.DB.Read(), personID)
}

// FirstUnlock makes the person's key under a new passphrase and opens it. It
// is identity/has-passphrase when there is one. For each unit whose content
// the person may read, the unit's key is made, or he waits to be given it.
func (s *Service) FirstUnlock(ctx context.Context, sess Session, passphrase string) (Unlocking, error) {
	return s.newKey(ctx, sess, passphrase, false)
}

// ForgottenPassphrase gives the person a new key in place of one that nobody
// can open any more. What was sealed to the old is out of reach until a
// member, two of the stand-in unit, or the recovery key gives it back.
func (s *Service) ForgottenPassphrase(ctx context.Context, sess Session, passphrase string) (Unlocking, error) {
	return s.newKey(ctx, sess, passphrase, true)
}

func (s *Service) newKey(ctx context.Context, sess Session, passphrase string, replace bool) (Unlocking, error) {
	if err := s.mayUnlock(sess, true); err != nil {
		return Unlocking{}, err
	}
	prepared, err := s.Vault.PreparePerson(ctx, sess.Person, passphrase)
	if err != nil {
		return Unlocking{}, err
	}
	var done Unlocking
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		has, err := s.Vault.HasKey(ctx, tx, sess.Person)
		switch {
		case err != nil:
			return err
		case has && !replace:
			return problem.New("identity/has-passphrase")
		case !has && replace:
			return problem.New("identity/no-passphrase")
		}
		u, _, err := s.Vault.SavePerson(ctx, tx, prepared)
		if err != nil {
			return err
		}
		kind := "identity.passphrase-set"
		if replace {
			kind = "identity.passphrase-replaced"
		}
		if err := s.appendEntry(ctx, tx, kind, sess.Person, sess.Person, authz.Permit{}); err != nil {
			return err
		}
		done, err = s.opened(ctx, tx, sess, u)
		return err
	})
	return done, err
}

// Unlock opens the person's key with the passphrase and keeps it, wrapped
// under the cookie's secret, in the session. A wrong passphrase is
// vault/wrong-passphrase and counts as a failed log-in does.
func (s *Service) Unlock(ctx context.Context, sess Session, passphrase string) (Unlocking, error) {
	if err := s.mayUnlock(sess, false); err != nil {
		return Unlocking{}, err
	}
	if err := s.mustNotWait(ctx, sess.Person); err != nil {
		return Unlocking{}, err
	}
	has, err := s.HasPassphrase(ctx, sess.Person)
	if err != nil {
		return Unlocking{}, err
	}
	if !has {
		return Unlocking{}, problem.New("identity/no-passphrase")
	}
	u, err := s.Vault.Unlock(ctx, sess.Person, passphrase)
	if problem.Is(err, "vault/wrong-passphrase") {
		if err := s.failed(ctx, sess.Person); err != nil {
			return Unlocking{}, err
		}
	}
	if err != nil {
		return Unlocking{}, err
	}
	var done Unlocking
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, setFailures, int64(0), int64(0), sess.Person); err != nil {
			return err
		}
		done, err = s.opened(ctx, tx, sess, u)
		return err
	})
	return done, err
}

// opened does what follows every unlock: look after the keys of the person's
// units, and put the wrapped key into the session.
func (s *Service) opened(ctx context.Context, tx *sqldb.Tx, sess Session, u *vault.Unlocked) (Unlocking, error) {
	var done Unlocking
	for _, m := range sess.Units {
		if !needsKey(m) {
			continue
		}
		if err := s.lookAfter(ctx, tx, u, m.Unit, &done); err != nil {
			return Unlocking{}, err
		}
	}
	wrapped, err := u.Wrap(sess.ID, sess.Secret)
	if err != nil {
		return Unlocking{}, err
	}
	if err := s.setWrapped(ctx, tx, sess.ID, base64.StdEncoding.EncodeToString(wrapped)); err != nil {
		return Unlocking{}, err
	}
	return done, s.appendEntry(ctx, tx, "identity.unlocked", sess.Person, sess.Person, authz.Permit{})
}

func (s *Service) lookAfter(ctx context.Context, tx *sqldb.Tx, u *vault.Unlocked, unit string, done *Unlocking) error {
	holds, err := s.Vault.Holds(ctx, tx, unit, u.Person())
	if err != nil {
		return err
	}
	if !holds {
		standIns, err := s.standIns(ctx, tx, unit)
		if err != nil {
			return err
		}
		made, err := u.MakeUnit(ctx, tx, unit, standIns)
		if err != nil {
			return err
		}
		if made {
			done.Made = append(done.Made, unit)
			if err := s.appendEntry(ctx, tx, "identity.unit-key-made", u.Person(), unit, authz.Permit{}); err != nil {
				return err
			}
		}
		holds = made
	}
	if !holds {
		// Two of the stand-in unit may have helped since.
		if holds, err = u.TakeHelp(ctx, tx, unit); err != nil {
			return err
		}
	}
	if !holds {
		done.Waiting = append(done.Waiting, unit)
		return s.Vault.RequestSeal(ctx, tx, unit, u.Person())
	}
	done.Opened = append(done.Opened, unit)
	if err := u.Link(ctx, tx, unit); err != nil {
		return err
	}
	return u.SealToRecovery(ctx, tx, unit)
}

// Opened is the session's unlocked key, for the services that read content;
// identity/locked when the session is locked. Any hub can open it.
func (s *Service) Opened(ctx context.Context, sess Session) (*vault.Unlocked, error) {
	if err := s.mayUnlock(sess, false); err != nil {
		return nil, err
	}
	wrapped, err := base64.StdEncoding.DecodeString(sess.Wrapped)
	if err != nil || len(wrapped) == 0 {
		return nil, problem.New("identity/locked")
	}
	u, err := s.Vault.Unwrap(ctx, sess.ID, sess.Person, sess.Secret, wrapped)
	if problem.Is(err, "vault/locked") {
		return nil, problem.New("identity/locked").Wrap(err)
	}
	return u, err
}

// Lock forgets the session's unlocked key; the person stays logged in.
func (s *Service) Lock(ctx context.Context, sess Session) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.setWrapped(ctx, tx, sess.ID, ""); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.locked", sess.Person, sess.Person, authz.Permit{})
	})
}

// ChangePassphrase seals the person's key, which stays, under a new one.
func (s *Service) ChangePassphrase(ctx context.Context, sess Session, old, passphrase string) error {
	if err := s.mayUnlock(sess, true); err != nil {
		return err
	}
	if err := s.mustNotWait(ctx, sess.Person); err != nil {
		return err
	}
	u, err := s.Vault.Unlock(ctx, sess.Person, old)
	if problem.Is(err, "vault/wrong-passphrase") {
		if err := s.failed(ctx, sess.Person); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	prepared, err := u.PreparePassphrase(ctx, passphrase)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, _, err := s.Vault.SavePerson(ctx, tx, prepared); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.passphrase-changed", sess.Person, sess.Person, authz.Permit{})
	})
}

// standInUnit is the unit that stands in for another's key.
func (s *Service) standInUnit(ctx context.Context, unit string) (string, error) {
	if s.StandIn == nil {
		return "", nil
	}
	return s.StandIn(ctx, unit)
}

// standIns are the people of a unit's stand-in unit who may hold a share.
func (s *Service) standIns(ctx context.Context, on sqldb.Queryer, unit string) ([]string, error) {
	standIn, err := s.standInUnit(ctx, unit)
	if err != nil || standIn == "" {
		return nil, err
	}
	members, err := membersAt(ctx, on, standIn, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	var people []string
	for _, m := range members {
		if needsKey(m) && !slices.Contains(people, m.Person) {
			people = append(people, m.Person)
		}
	}
	return people, nil
}

// forgetKeys rotates the keys of all units of a person who goes.
func (s *Service) forgetKeys(ctx context.Context, tx *sqldb.Tx, personID string) error {
	if s.Vault == nil {
		return nil
	}
	rotated, err := s.Vault.Forget(ctx, tx, personID, func(unit string) ([]string, error) {
		return s.standIns(ctx, tx, unit)
	})
	if err != nil {
		return err
	}
	for _, unit := range rotated {
		if err := s.appendEntry(ctx, tx, "identity.unit-key-rotated", personID, unit, authz.Permit{}); err != nil {
			return err
		}
	}
	return nil
}
