// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

func membersAt(ctx context.Context, on sqldb.Queryer, unit string, at time.Time) ([]Membership, error) {
	return sqldb.All(ctx, on, membersOfUnit, scanMember, unit, clock.Micro(at))
}

// mustNotWait is identity/wait while the account rests after failures.
func (s *Service) mustNotWait(ctx context.Context, personID string) error {
	who, err := s.personByID(ctx, s.DB.Read(), personID)
	if err != nil {
		return err
	}
	until, now := clock.FromMicro(who.lockedUntil), s.Clock.Now()
	if now.Before(until) {
		return problem.New("identity/wait", "seconds", int64(until.Sub(now)/time.Second)+1)
	}
	return nil
}

// UnitKey is how a unit's key stands: who holds it, who waits.
func (s *Service) UnitKey(ctx context.Context, unit string) (vault.UnitState, error) {
	if s.Vault == nil {
		return vault.UnitState{}, nil
	}
	return s.Vault.Unit(ctx, s.DB.Read(), unit)
}

// Intake says whether the duty unit can take sealed reports.
func (s *Service) Intake(ctx context.Context, dutyUnit string) (vault.Ready, error) {
	if s.Vault == nil {
		return vault.Ready{}, nil
	}
	return s.Vault.Ready(ctx, s.DB.Read(), dutyUnit)
}

// mayHold checks that a person is in the unit today, in a role that reads.
func (s *Service) mayHold(ctx context.Context, on sqldb.Queryer, unit, personID string) error {
	members, err := membersAt(ctx, on, unit, s.Clock.Now())
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Person == personID && needsKey(m) {
			return nil
		}
	}
	return problem.New("identity/not-a-member")
}

// Reseal gives the unit's key to a person of its re-seal list. The session
// must be unlocked and its person hold the key.
func (s *Service) Reseal(ctx context.Context, sess Session, unit, personID string) error {
	permit, err := s.Authz.Check(ctx, sess.Actor(), "identity.reseal", authz.Resource{
		Type: "identity.unit_key", ID: unit, Attrs: map[string]any{"unit": unit, "person": personID},
	})
	if err != nil {
		return err
	}
	u, err := s.Opened(ctx, sess)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.mayHold(ctx, tx, unit, personID); err != nil {
			return err
		}
		if err := u.Reseal(ctx, tx, unit, personID); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.resealed", sess.Person, personID, permit)
	})
}

// Help passes the session's share of a unit's key on to a person of the unit,
// as one of two of the stand-in unit. The person finds it at his next unlock.
func (s *Service) Help(ctx context.Context, sess Session, unit, personID string) error {
	standIn, err := s.standInUnit(ctx, unit)
	if err != nil {
		return err
	}
	permit, err := s.Authz.Check(ctx, sess.Actor(), "identity.reseal", authz.Resource{
		Type: "identity.unit_key", ID: unit, Attrs: map[string]any{"stand_in": standIn, "person": personID},
	})
	if err != nil {
		return err
	}
	u, err := s.Opened(ctx, sess)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.mayHold(ctx, tx, unit, personID); err != nil {
			return err
		}
		if err := u.Help(ctx, tx, unit, personID); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.helped", sess.Person, personID, permit)
	})
}

// DealStandIn deals the shares of the session's unit anew, when people of its
// stand-in unit have come or gone.
func (s *Service) DealStandIn(ctx context.Context, sess Session, unit string) error {
	permit, err := s.Authz.Check(ctx, sess.Actor(), "identity.reseal", authz.Resource{
		Type: "identity.unit_key", ID: unit, Attrs: map[string]any{"unit": unit},
	})
	if err != nil {
		return err
	}
	u, err := s.Opened(ctx, sess)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		people, err := s.standIns(ctx, tx, unit)
		if err != nil {
			return err
		}
		if err := u.SealStandIn(ctx, tx, unit, people); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.shares-dealt", sess.Person, unit, permit)
	})
}

// permitRecovery is asked before every act with the recovery key.
func (s *Service) permitRecovery(ctx context.Context, sess Session) (authz.Permit, error) {
	if err := s.mayUnlock(sess, true); err != nil {
		return authz.Permit{}, err
	}
	return s.Authz.Check(ctx, sess.Actor(), "identity.recover", authz.Resource{Type: "identity.recovery"})
}

// Recovery is how the offline recovery key stands.
func (s *Service) Recovery(ctx context.Context) (vault.Recovery, error) {
	if s.Vault == nil {
		return vault.Recovery{}, nil
	}
	return s.Vault.Recovery(ctx, s.DB.Read())
}

// MakeRecovery makes the recovery key. The shares are printed and shown this
// once; the key counts when one was typed back (ConfirmRecovery).
func (s *Service) MakeRecovery(ctx context.Context, sess Session) (shares [vault.RecoveryShares]string, err error) {
	permit, err := s.permitRecovery(ctx, sess)
	if err != nil {
		return shares, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if shares, err = s.Vault.MakeRecovery(ctx, tx); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.recovery-made", sess.Person, "", permit)
	})
	return shares, err
}

// ConfirmRecovery takes one printed share typed back. Each unit's key is
// sealed to the recovery key at its next member's unlock.
func (s *Service) ConfirmRecovery(ctx context.Context, sess Session, typed string) error {
	permit, err := s.permitRecovery(ctx, sess)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.Vault.ConfirmRecovery(ctx, tx, typed); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.recovery-confirmed", sess.Person, "", permit)
	})
}

// Recover gives a unit's key back to one of its people with two shares.
func (s *Service) Recover(ctx context.Context, sess Session, typed []string, unit, personID string) error {
	permit, err := s.permitRecovery(ctx, sess)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.mayHold(ctx, tx, unit, personID); err != nil {
			return err
		}
		if err := s.Vault.Recover(ctx, tx, typed, unit, personID); err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.recovered", sess.Person, personID, permit)
	})
}
