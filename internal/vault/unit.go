// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"crypto/hpke"
	"errors"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

func unitUse(kind, unit string, version int64, holder string) []byte {
	return bind("unit", kind, unit, number(version), holder)
}

func (v *Vault) latest(ctx context.Context, on sqldb.Queryer, unit string) (unitKey, bool, error) {
	k, err := sqldb.One(ctx, on, queryUnitLatest, scanUnitKey, unit)
	if errors.Is(err, sqldb.ErrNoRows) {
		return unitKey{}, false, nil
	}
	return k, err == nil, err
}

// UnitState says how a unit's key stands, for the page that shows it red.
type UnitState struct {
	Version  int64    // 0: no key yet
	Members  []string // who can open it
	StandIns []string // who holds a share for it
	Recovery bool     // sealed to the recovery key
	Waiting  []Waiting
}

// Waiting is a person in a re-seal list.
type Waiting struct {
	Unit, Person string
	Since        time.Time
}

func scanWaiting(r sqldb.Row) (w Waiting, err error) {
	var since int64
	err = r.Scan(&w.Unit, &w.Person, &since)
	w.Since = clock.FromMicro(since)
	return w, err
}

// Unit reads the state of a unit's key.
func (v *Vault) Unit(ctx context.Context, on sqldb.Queryer, unit string) (UnitState, error) {
	var s UnitState
	k, _, err := v.latest(ctx, on, unit)
	if err != nil {
		return s, err
	}
	s.Version = k.version
	for kind, into := range map[string]*[]string{kindMember: &s.Members, kindStandIn: &s.StandIns} {
		if *into, err = sqldb.All(ctx, on, queryHoldersOf, sqldb.Scalar[string], unit, k.version, kind); err != nil {
			return s, err
		}
	}
	recovery, err := sqldb.All(ctx, on, queryHoldersOf, sqldb.Scalar[string], unit, k.version, kindRecovery)
	if err != nil {
		return s, err
	}
	s.Recovery = len(recovery) > 0
	s.Waiting, err = sqldb.All(ctx, on, queryWaiting, scanWaiting, unit)
	return s, err
}

// RequestSeal puts a person on the unit's re-seal list, where he waits until
// an unlocked member seals the unit's key to him.
func (v *Vault) RequestSeal(ctx context.Context, tx *sqldb.Tx, unit, person string) error {
	_, err := sqldb.Exec(ctx, tx, queryWait, unit, person, v.now())
	return err
}

// MakeUnit makes a unit's key at its first member's unlock. standIns are the
// people of the stand-in unit who have a key already; they may be none, and
// SealStandIn adds them later. It reports false when the unit has a key.
func (u *Unlocked) MakeUnit(ctx context.Context, tx *sqldb.Tx, unit string, standIns []string) (bool, error) {
	_, there, err := u.vault.latest(ctx, tx, unit)
	if err != nil || there {
		return false, err
	}
	return u.vault.newVersion(ctx, tx, unit, 1, []string{u.person}, standIns)
}

// newVersion makes a key pair for a unit and seals its private half to
// members, stand-ins and the recovery key. It needs public keys only.
func (v *Vault) newVersion(ctx context.Context, tx *sqldb.Tx, unit string, version int64, members, standIns []string) (bool, error) {
	private, raw, err := newPrivate()
	if err != nil {
		return false, err
	}
	added, err := sqldb.Exec(ctx, tx, queryAddUnit, unit, version, private.PublicKey().Bytes(), v.now())
	if err != nil || added != 1 {
		return false, err
	}
	for _, person := range members {
		if err := v.sealMember(ctx, tx, unit, version, person, raw); err != nil {
			return false, err
		}
	}
	if err := v.sealStandIns(ctx, tx, unit, version, standIns, raw); err != nil {
		return false, err
	}
	return true, v.sealRecovery(ctx, tx, unit, version, raw)
}

func (v *Vault) sealMember(ctx context.Context, tx *sqldb.Tx, unit string, version int64, person string, raw []byte) error {
	public, err := sqldb.One(ctx, tx, queryPersonPublic, sqldb.Scalar[[]byte], person)
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New("vault/no-person-key").Wrap(err)
	}
	if err != nil {
		return err
	}
	if err := v.addSeal(ctx, tx, unit, version, kindMember, person, public, raw); err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryWaitDone, unit, person)
	return err
}

func (v *Vault) addSeal(ctx context.Context, tx *sqldb.Tx, unit string, version int64, kind, holder string, public, secret []byte) error {
	sealed, err := sealTo(public, unitUse(kind, unit, version, holder), secret)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryAddSeal, unit, version, kind, holder, sealed, v.now())
	return err
}

// Reseal seals the unit's key to a waiting person. Only who holds the unit's
// key can; vault/no-key otherwise, vault/not-waiting if nobody asked.
func (u *Unlocked) Reseal(ctx context.Context, tx *sqldb.Tx, unit, person string) error {
	waiting, err := sqldb.All(ctx, tx, queryWaiting, scanWaiting, unit)
	if err != nil {
		return err
	}
	asked := false
	for _, w := range waiting {
		asked = asked || w.Person == person
	}
	if !asked {
		return problem.New("vault/not-waiting")
	}
	k, private, err := u.latestUnit(ctx, tx, unit)
	if err != nil {
		return err
	}
	raw, err := private.Bytes()
	if err != nil {
		return err
	}
	return u.vault.sealMember(ctx, tx, unit, k.version, person, raw)
}

// Leave takes a person's seals of a unit away and rotates the unit's key: a
// new version for the members who stay. It needs no opened key, so it happens
// at once; what was sealed before stays readable to those who stay, and Link
// hands it on to those who come later.
func (v *Vault) Leave(ctx context.Context, tx *sqldb.Tx, unit, person string, standIns []string) error {
	if _, err := sqldb.Exec(ctx, tx, queryWaitDone, unit, person); err != nil {
		return err
	}
	k, there, err := v.latest(ctx, tx, unit)
	if err != nil {
		return err
	}
	dropped, err := sqldb.Exec(ctx, tx, queryDropMember, unit, person)
	if err != nil || !there || dropped == 0 {
		return err
	}
	stay, err := sqldb.All(ctx, tx, queryHoldersOf, sqldb.Scalar[string], unit, k.version, kindMember)
	if err != nil {
		return err
	}
	_, err = v.newVersion(ctx, tx, unit, k.version+1, stay, standIns)
	return err
}

// Link wraps each older key of a unit under the next newer one, where that is
// missing, so that who joins later reads what came before. It is called at a
// member's unlock and does what it can open.
func (u *Unlocked) Link(ctx context.Context, tx *sqldb.Tx, unit string) error {
	newest, there, err := u.vault.latest(ctx, tx, unit)
	if err != nil || !there {
		return err
	}
	for version := newest.version - 1; version >= 1; version-- {
		next := version + 1
		_, err := sqldb.One(ctx, tx, querySeal, sqldb.Scalar[[]byte], unit, version, kindLater, number(next))
		if err == nil {
			continue
		}
		if !errors.Is(err, sqldb.ErrNoRows) {
			return err
		}
		private, err := u.unit(ctx, tx, unit, version)
		if problem.Is(err, "vault/no-key") {
			continue
		}
		if err != nil {
			return err
		}
		raw, err := private.Bytes()
		if err != nil {
			return err
		}
		to, err := sqldb.One(ctx, tx, queryUnitVersion, scanUnitKey, unit, next)
		if err != nil {
			return err
		}
		if err := u.vault.addSeal(ctx, tx, unit, version, kindLater, number(next), to.public, raw); err != nil {
			return err
		}
	}
	return nil
}

func (u *Unlocked) latestUnit(ctx context.Context, on sqldb.Queryer, unit string) (unitKey, hpke.PrivateKey, error) {
	k, there, err := u.vault.latest(ctx, on, unit)
	if err != nil {
		return k, nil, err
	}
	if !there {
		return k, nil, problem.New("vault/no-key")
	}
	private, err := u.unit(ctx, on, unit, k.version)
	return k, private, err
}

type memberSeal struct {
	version int64
	sealed  []byte
}

func scanMemberSeal(r sqldb.Row) (s memberSeal, err error) {
	err = r.Scan(&s.version, &s.sealed)
	return s, err
}

// unit opens one version of a unit's key: by the person's own seal of it, or
// from the nearest newer version that he can open, step by step.
func (u *Unlocked) unit(ctx context.Context, on sqldb.Queryer, unit string, version int64) (hpke.PrivateKey, error) {
	// Whether the person still holds a seal is asked each time: who left a
	// unit an hour ago loses it though his session goes on.
	seals, err := sqldb.All(ctx, on, queryMemberSeals, scanMemberSeal, unit, u.person, version)
	if err != nil {
		return nil, err
	}
	if len(seals) == 0 {
		return nil, problem.New("vault/no-key")
	}
	u.mu.Lock()
	private := u.units[unitVersion{unit, version}]
	u.mu.Unlock()
	if private != nil {
		return private, nil
	}
	first := seals[0]
	raw, err := openWith(u.private, unitUse(kindMember, unit, first.version, u.person), first.sealed)
	for at := first.version; ; at-- {
		if err != nil {
			return nil, err
		}
		k, err2 := sqldb.One(ctx, on, queryUnitVersion, scanUnitKey, unit, at)
		if err2 != nil {
			return nil, err2
		}
		if private, err = parsePrivate(raw, k.public); err != nil {
			return nil, err
		}
		if at == version {
			break
		}
		sealed, err2 := sqldb.One(ctx, on, querySeal, sqldb.Scalar[[]byte], unit, at-1, kindLater, number(at))
		if errors.Is(err2, sqldb.ErrNoRows) {
			return nil, problem.New("vault/no-key").Wrap(err2)
		}
		if err2 != nil {
			return nil, err2
		}
		raw, err = openWith(private, unitUse(kindLater, unit, at-1, number(at)), sealed)
	}
	u.mu.Lock()
	u.units[unitVersion{unit, version}] = private
	u.mu.Unlock()
	return private, nil
}

// UnitsOf lists the units whose key a person can open, in some version.
func (v *Vault) UnitsOf(ctx context.Context, on sqldb.Queryer, person string) ([]string, error) {
	return sqldb.All(ctx, on, queryUnitsOf, sqldb.Scalar[string], person)
}

// Holds reports whether a person can open the present version of a unit's key.
func (v *Vault) Holds(ctx context.Context, on sqldb.Queryer, unit, person string) (bool, error) {
	k, there, err := v.latest(ctx, on, unit)
	if err != nil || !there {
		return false, err
	}
	_, err = sqldb.One(ctx, on, querySeal, sqldb.Scalar[[]byte], unit, k.version, kindMember, person)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Forget ends all that a person can open: every unit's key is rotated as in
// Leave, and shares, help and waiting places go. standIns gives the people of
// a unit's stand-in unit. The units that got a new key are returned.
func (v *Vault) Forget(ctx context.Context, tx *sqldb.Tx, person string, standIns func(unit string) ([]string, error)) ([]string, error) {
	units, err := v.UnitsOf(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	for _, unit := range units {
		people, err := standIns(unit)
		if err != nil {
			return nil, err
		}
		if err := v.Leave(ctx, tx, unit, person, people); err != nil {
			return nil, err
		}
	}
	for _, q := range []*sqldb.Query{queryDropPerson, queryDropHelpOf, queryDropWaiting} {
		if _, err := sqldb.Exec(ctx, tx, q, person); err != nil {
			return nil, err
		}
	}
	return units, nil
}
