// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"crypto/hpke"
	"errors"
	"sync"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

type personRow struct {
	version              int64
	public, sealed, salt []byte
	kdf                  KDF
}

func scanPerson(r sqldb.Row) (p personRow, err error) {
	err = r.Scan(&p.version, &p.public, &p.sealed, &p.salt, &p.kdf.MemoryKiB, &p.kdf.Passes, &p.kdf.Threads)
	return p, err
}

// Unlocked is a person's opened key: what opens content. It is made from a
// passphrase or a session and must not outlive the session. It is safe for
// concurrent use.
type Unlocked struct {
	vault   *Vault
	person  string
	private hpke.PrivateKey
	raw     []byte

	mu    sync.Mutex
	units map[unitVersion]hpke.PrivateKey
}

type unitVersion struct {
	unit    string
	version int64
}

// Person is whose key it is.
func (u *Unlocked) Person() string { return u.person }

func (v *Vault) unlocked(person string, private hpke.PrivateKey, raw []byte) *Unlocked {
	return &Unlocked{vault: v, person: person, private: private, raw: raw, units: map[unitVersion]hpke.PrivateKey{}}
}

// HasKey reports whether a person has chosen an unlock passphrase.
func (v *Vault) HasKey(ctx context.Context, on sqldb.Queryer, person string) (bool, error) {
	_, err := sqldb.One(ctx, on, queryPersonPublic, sqldb.Scalar[[]byte], person)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// PreparedPerson is a key pair sealed under a passphrase and not yet saved.
// Making one takes half a second and 64 MiB, which must not happen inside a
// write transaction; saving it takes nothing.
type PreparedPerson struct {
	person string
	row    personRow
	raw    []byte
}

// PreparePerson makes a new key pair for a person under a passphrase.
func (v *Vault) PreparePerson(ctx context.Context, person, passphrase string) (*PreparedPerson, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	private, raw, err := newPrivate()
	if err != nil {
		return nil, err
	}
	return v.preparePerson(ctx, person, passphrase, private.PublicKey().Bytes(), raw)
}

// PreparePassphrase seals the unlocked key under a new passphrase; the key,
// and all that is sealed to it, stays.
func (u *Unlocked) PreparePassphrase(ctx context.Context, passphrase string) (*PreparedPerson, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	return u.vault.preparePerson(ctx, u.person, passphrase, u.private.PublicKey().Bytes(), u.raw)
}

func (v *Vault) preparePerson(ctx context.Context, person, passphrase string, public, raw []byte) (*PreparedPerson, error) {
	p := &PreparedPerson{person: person, raw: raw, row: personRow{public: public, salt: random(16), kdf: v.kdf}}
	key, err := v.stretch(ctx, passphrase, p.row.salt, v.kdf)
	if err != nil {
		return nil, err
	}
	p.row.sealed, err = sealAEAD(key, bind("person", person, string(public)), raw)
	return p, err
}

// SavePerson stores a prepared key and returns it unlocked. A new key pair in
// place of an old one loses every unit seal and every share of the old: the
// person waits in the re-seal lists again. Which units those were is returned.
func (v *Vault) SavePerson(ctx context.Context, tx *sqldb.Tx, p *PreparedPerson) (u *Unlocked, lost []string, err error) {
	old, err := sqldb.One(ctx, tx, queryPerson, scanPerson, p.person)
	switch {
	case errors.Is(err, sqldb.ErrNoRows):
	case err != nil:
		return nil, nil, err
	case string(old.public) != string(p.row.public):
		if lost, err = v.forgetSeals(ctx, tx, p.person); err != nil {
			return nil, nil, err
		}
	}
	k := p.row
	_, err = sqldb.Exec(ctx, tx, querySavePerson, p.person, old.version+1, k.public, k.sealed, k.salt,
		int64(k.kdf.MemoryKiB), int64(k.kdf.Passes), int64(k.kdf.Threads), v.now())
	if err != nil {
		return nil, nil, err
	}
	private, err := parsePrivate(p.raw, k.public)
	if err != nil {
		return nil, nil, err
	}
	return v.unlocked(p.person, private, p.raw), lost, nil
}

func (v *Vault) forgetSeals(ctx context.Context, tx *sqldb.Tx, person string) ([]string, error) {
	lost, err := sqldb.All(ctx, tx, queryUnitsOf, sqldb.Scalar[string], person)
	if err != nil {
		return nil, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryDropPerson, person); err != nil {
		return nil, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryDropHelpOf, person); err != nil {
		return nil, err
	}
	for _, unit := range lost {
		if _, err := sqldb.Exec(ctx, tx, queryWait, unit, person, v.now()); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// Unlock opens a person's key with the unlock passphrase. A wrong one, or a
// person without a key, is vault/wrong-passphrase; both take the same time.
func (v *Vault) Unlock(ctx context.Context, person, passphrase string) (*Unlocked, error) {
	row, err := sqldb.One(ctx, v.db.Read(), queryPerson, scanPerson, person)
	missing := errors.Is(err, sqldb.ErrNoRows)
	if missing {
		row.salt, row.kdf = make([]byte, 16), v.kdf
	} else if err != nil {
		return nil, err
	}
	key, err := v.stretch(ctx, passphrase, row.salt, row.kdf)
	if err != nil {
		return nil, err
	}
	if missing {
		return nil, problem.New("vault/wrong-passphrase")
	}
	raw, err := openAEAD(key, bind("person", person, string(row.public)), row.sealed)
	if err != nil {
		return nil, problem.New("vault/wrong-passphrase").Wrap(err)
	}
	private, err := parsePrivate(raw, row.public)
	if err != nil {
		return nil, err
	}
	return v.unlocked(person, private, raw), nil
}

// SessionSecret is how long the cookie's secret must be, in bytes.
const SessionSecret = 32

// Wrap seals the unlocked key for the session's row, under a secret that only
// the cookie holds. Any hub can open it again; the database alone cannot.
func (u *Unlocked) Wrap(session string, cookieSecret []byte) ([]byte, error) {
	if len(cookieSecret) < SessionSecret {
		return nil, errors.New("vault: a cookie's secret has 32 bytes")
	}
	return sealAEAD(derive(cookieSecret, "session"), bind("session", session, u.person), u.raw)
}

// Unwrap opens a key that Wrap sealed for this session, person and cookie. A
// key that the person has replaced since is vault/locked.
func (v *Vault) Unwrap(ctx context.Context, session, person string, cookieSecret, wrapped []byte) (*Unlocked, error) {
	if len(cookieSecret) < SessionSecret {
		return nil, problem.New("vault/locked")
	}
	raw, err := openAEAD(derive(cookieSecret, "session"), bind("session", session, person), wrapped)
	if err != nil {
		return nil, problem.New("vault/locked").Wrap(err)
	}
	public, err := sqldb.One(ctx, v.db.Read(), queryPersonPublic, sqldb.Scalar[[]byte], person)
	if err != nil {
		return nil, problem.New("vault/locked").Wrap(err)
	}
	private, err := parsePrivate(raw, public)
	if err != nil {
		return nil, problem.New("vault/locked").Wrap(err)
	}
	return v.unlocked(person, private, raw), nil
}
