// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"

	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// RecoveryShares is how many shares are printed, RecoveryNeeded how many open.
const (
	RecoveryShares = 3
	RecoveryNeeded = 2
)

// A printed share is Crockford's base32 (no I, L, O, U) in groups of four: one
// byte of number, 32 of share, 2 of check.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func base32Crockford() *base32.Encoding {
	return base32.NewEncoding(crockford).WithPadding(base32.NoPadding)
}

func printShare(s share) string {
	raw := append([]byte{s.x}, s.y...)
	sum := sha256.Sum256(append([]byte("lachan recovery share"), raw...))
	return inFours(base32Crockford().EncodeToString(append(raw, sum[:2]...)))
}

func inFours(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(s[i:min(i+4, len(s))])
	}
	return b.String()
}

// plainCode is what was typed, without separators, in Crockford's letters: O
// is 0, I and L are 1.
func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'o':
			return '0'
		case r == 'i' || r == 'l':
			return '1'
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= '0' && r <= '9':
			return r
		}
		return -1
	}, locale.Fold(typed))
}

func parseShare(typed string) (share, error) {
	raw, err := base32Crockford().DecodeString(plainCode(typed))
	if err != nil || len(raw) != 1+32+2 {
		return share{}, problem.New("vault/bad-share")
	}
	s := share{x: raw[0], y: raw[1:33]}
	if printShare(s) != inFours(plainCode(typed)) {
		return share{}, problem.New("vault/bad-share")
	}
	return s, nil
}

// Recovery says how the recovery key stands.
type Recovery struct {
	Exists    bool
	Confirmed bool // a share was typed back
}

type recoveryRow struct {
	version   int64
	public    []byte
	hashes    string
	confirmed int64
}

func scanRecovery(r sqldb.Row) (k recoveryRow, err error) {
	err = r.Scan(&k.version, &k.public, &k.hashes, &k.confirmed)
	return k, err
}

func (v *Vault) recovery(ctx context.Context, on sqldb.Queryer) (recoveryRow, error) {
	row, err := sqldb.One(ctx, on, queryRecovery, scanRecovery)
	if errors.Is(err, sqldb.ErrNoRows) {
		return row, problem.New("vault/no-recovery").Wrap(err)
	}
	return row, err
}

// Recovery reads the state of the recovery key.
func (v *Vault) Recovery(ctx context.Context, on sqldb.Queryer) (Recovery, error) {
	row, err := v.recovery(ctx, on)
	if problem.Is(err, "vault/no-recovery") {
		return Recovery{}, nil
	}
	return Recovery{Exists: err == nil, Confirmed: row.confirmed > 0}, err
}

// MakeRecovery makes the offline recovery key and returns its three shares,
// to be printed and shown this once. A confirmed key is not replaced
// (vault/recovery-exists); one that nobody typed back is.
func (v *Vault) MakeRecovery(ctx context.Context, tx *sqldb.Tx) ([RecoveryShares]string, error) {
	var printed [RecoveryShares]string
	old, err := v.recovery(ctx, tx)
	if err != nil && !problem.Is(err, "vault/no-recovery") {
		return printed, err
	}
	if old.confirmed > 0 {
		return printed, problem.New("vault/recovery-exists")
	}
	private, raw, err := newPrivate()
	if err != nil {
		return printed, err
	}
	shares, err := split(raw, RecoveryShares, RecoveryNeeded)
	if err != nil {
		return printed, err
	}
	hashes := make([]string, len(shares))
	for i, s := range shares {
		printed[i] = printShare(s)
		hashes[i] = v.secrets.KeyedHash("recovery-share", plainCode(printed[i]))
	}
	_, err = sqldb.Exec(ctx, tx, queryAddRecovery, old.version+1, private.PublicKey().Bytes(), strings.Join(hashes, " "), v.now())
	return printed, err
}

// ConfirmRecovery takes one share typed back from paper. Until then no unit's
// key is sealed to the recovery key; SealToRecovery catches up afterwards.
func (v *Vault) ConfirmRecovery(ctx context.Context, tx *sqldb.Tx, typed string) error {
	if _, err := parseShare(typed); err != nil {
		return err
	}
	row, err := v.recovery(ctx, tx)
	if err != nil {
		return err
	}
	if !strings.Contains(row.hashes, v.secrets.KeyedHash("recovery-share", plainCode(typed))) {
		return problem.New("vault/bad-share")
	}
	_, err = sqldb.Exec(ctx, tx, queryConfirmRecovery, v.now(), row.version)
	return err
}

func (v *Vault) sealRecovery(ctx context.Context, tx *sqldb.Tx, unit string, version int64, raw []byte) error {
	row, err := v.recovery(ctx, tx)
	if problem.Is(err, "vault/no-recovery") || (err == nil && row.confirmed == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	return v.addSeal(ctx, tx, unit, version, kindRecovery, "recovery", row.public, raw)
}

// SealToRecovery seals a unit's key to the recovery key, where the unit is
// older than it. It is called at a member's unlock.
func (u *Unlocked) SealToRecovery(ctx context.Context, tx *sqldb.Tx, unit string) error {
	k, private, err := u.latestUnit(ctx, tx, unit)
	if err != nil {
		return err
	}
	_, err = sqldb.One(ctx, tx, querySeal, sqldb.Scalar[[]byte], unit, k.version, kindRecovery, "recovery")
	if err == nil || !errors.Is(err, sqldb.ErrNoRows) {
		return err
	}
	raw, err := private.Bytes()
	if err != nil {
		return err
	}
	return u.vault.sealRecovery(ctx, tx, unit, k.version, raw)
}

// Recover opens a unit's key with two printed shares and seals it to a person
// who has a key of his own. The recovery key lives no longer than the call.
func (v *Vault) Recover(ctx context.Context, tx *sqldb.Tx, typed []string, unit, person string) error {
	var shares []share
	for _, t := range typed {
		s, err := parseShare(t)
		if err != nil {
			return err
		}
		shares = append(shares, s)
	}
	raw, err := combine(shares)
	if err != nil {
		return problem.New("vault/bad-share").Wrap(err)
	}
	row, err := v.recovery(ctx, tx)
	if err != nil {
		return err
	}
	private, err := parsePrivate(raw, row.public)
	if err != nil {
		return problem.New("vault/bad-share").Wrap(err)
	}
	return v.recoverUnit(ctx, tx, private, unit, person)
}

func (v *Vault) recoverUnit(ctx context.Context, tx *sqldb.Tx, recovery hpke.PrivateKey, unit, person string) error {
	k, there, err := v.latest(ctx, tx, unit)
	if err != nil {
		return err
	}
	if !there {
		return problem.New("vault/no-key")
	}
	sealed, err := sqldb.One(ctx, tx, querySeal, sqldb.Scalar[[]byte], unit, k.version, kindRecovery, "recovery")
	if errors.Is(err, sqldb.ErrNoRows) {
		return problem.New("vault/no-key").Wrap(err)
	}
	if err != nil {
		return err
	}
	raw, err := openWith(recovery, unitUse(kindRecovery, unit, k.version, "recovery"), sealed)
	if err != nil {
		return err
	}
	if _, err := parsePrivate(raw, k.public); err != nil {
		return err
	}
	return v.sealMember(ctx, tx, unit, k.version, person, raw)
}
