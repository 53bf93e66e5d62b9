// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// sealStandIns splits a unit's private key into shares, one for each person
// of the stand-in unit, of which any two open it. A single person gets none:
// one share would open nothing, and two shares for one person everything.
func (v *Vault) sealStandIns(ctx context.Context, tx *sqldb.Tx, unit string, version int64, people []string, raw []byte) error {
	var holders []string
	var publics [][]byte
	for _, person := range people {
		public, err := sqldb.One(ctx, tx, queryPersonPublic, sqldb.Scalar[[]byte], person)
		if errors.Is(err, sqldb.ErrNoRows) {
			continue // has no key yet; SealStandIn will find him later
		}
		if err != nil {
			return err
		}
		holders, publics = append(holders, person), append(publics, public)
	}
	if len(holders) < 2 {
		return nil
	}
	shares, err := split(raw, len(holders), 2)
	if err != nil {
		return err
	}
	for i, person := range holders {
		secret := append([]byte{shares[i].x}, shares[i].y...)
		if err := v.addSeal(ctx, tx, unit, version, kindStandIn, person, publics[i], secret); err != nil {
			return err
		}
	}
	return nil
}

// SealStandIn deals the shares of a unit's key anew to the people of its
// stand-in unit, when those have changed. All earlier shares end.
func (u *Unlocked) SealStandIn(ctx context.Context, tx *sqldb.Tx, unit string, people []string) error {
	k, private, err := u.latestUnit(ctx, tx, unit)
	if err != nil {
		return err
	}
	raw, err := private.Bytes()
	if err != nil {
		return err
	}
	if _, err := sqldb.Exec(ctx, tx, queryDropStandIn, unit, k.version); err != nil {
		return err
	}
	return u.vault.sealStandIns(ctx, tx, unit, k.version, people, raw)
}

// Help passes the helper's share of a unit's key on to a person of that unit
// who has no way in, sealed to that person alone: no helper ever sees the key.
// Two different helpers are needed. vault/no-key if the helper holds no share.
func (u *Unlocked) Help(ctx context.Context, tx *sqldb.Tx, unit, target string) error {
	k, there, err := u.vault.latest(ctx, tx, unit)
	if err != nil {
		return err
	}
	if !there || target == u.person {
		return problem.New("vault/no-key")
	}
	sealed, err := sqldb.One(ctx, tx, querySeal, sqldb.Scalar[[]byte], unit, k.version, kindStandIn, u.person)
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New("vault/no-key").Wrap(err)
	}
	if err != nil {
		return err
	}
	secret, err := openWith(u.private, unitUse(kindStandIn, unit, k.version, u.person), sealed)
	if err != nil {
		return err
	}
	public, err := sqldb.One(ctx, tx, queryPersonPublic, sqldb.Scalar[[]byte], target)
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New("vault/no-person-key").Wrap(err)
	}
	if err != nil {
		return err
	}
	passed, err := sealTo(public, helpUse(unit, k.version, target, u.person), secret)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryAddHelp, unit, k.version, target, u.person, passed, u.vault.now())
	return err
}

func helpUse(unit string, version int64, target, helper string) []byte {
	return bind("help", unit, number(version), target, helper)
}

type helpRow struct {
	helper string
	sealed []byte
}

func scanHelp(r sqldb.Row) (h helpRow, err error) {
	err = r.Scan(&h.helper, &h.sealed)
	return h, err
}

// TakeHelp puts the shares of two helpers together and seals the unit's key
// to the person himself. It reports false while fewer than two have helped.
func (u *Unlocked) TakeHelp(ctx context.Context, tx *sqldb.Tx, unit string) (bool, error) {
	k, there, err := u.vault.latest(ctx, tx, unit)
	if err != nil || !there {
		return false, err
	}
	rows, err := sqldb.All(ctx, tx, queryHelp, scanHelp, unit, k.version, u.person)
	if err != nil || len(rows) < 2 {
		return false, err
	}
	var shares []share
	for _, r := range rows[:2] {
		secret, err := openWith(u.private, helpUse(unit, k.version, u.person, r.helper), r.sealed)
		if err != nil {
			return false, err
		}
		shares = append(shares, share{x: secret[0], y: secret[1:]})
	}
	raw, err := combine(shares)
	if err != nil {
		return false, problem.New("vault/damaged").Wrap(err)
	}
	if _, err := parsePrivate(raw, k.public); err != nil {
		return false, err
	}
	if err := u.vault.sealMember(ctx, tx, unit, k.version, u.person, raw); err != nil {
		return false, err
	}
	_, err = sqldb.Exec(ctx, tx, queryDropHelp, unit, u.person)
	return true, err
}
