// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"strconv"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Deps is what a Vault needs.
type Deps struct {
	DB      *sqldb.DB
	Clock   clock.Clock
	Secrets *Secrets
	KDF     KDF // zero means DefaultKDF
}

// Vault holds the keys of persons, units and cases in the database. It writes
// no ledger entry: its methods take the caller's transaction, and the caller
// records the act in it.
type Vault struct {
	db         *sqldb.DB
	clock      clock.Clock
	secrets    *Secrets
	kdf        KDF
	stretching chan struct{}
}

// New makes a Vault.
func New(d Deps) (*Vault, error) {
	if d.DB == nil || d.Clock == nil || d.Secrets == nil {
		return nil, errors.New("vault: New needs a database, a clock and the hub's secrets")
	}
	if d.KDF == (KDF{}) {
		d.KDF = DefaultKDF()
	}
	return &Vault{db: d.DB, clock: d.Clock, secrets: d.Secrets, kdf: d.KDF, stretching: make(chan struct{}, 2)}, nil
}

// Secrets are the hub's own secrets, for keyed hashes and boxes.
func (v *Vault) Secrets() *Secrets { return v.secrets }

func (v *Vault) now() int64 { return clock.Micro(v.clock.Now()) }

func number(n int64) string { return strconv.FormatInt(n, 10) }
