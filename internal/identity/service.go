// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"encoding/base64"
	"fmt"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// Keys is what identity needs of the hub's own secrets (package vault).
type Keys interface {
	// KeyedHash is a keyed one-way name of value, different for each purpose.
	KeyedHash(purpose, value string) string
	// SealOwn and OpenOwn seal under a key that lies in the secrets folder;
	// binding says where the ciphertext belongs, so that it opens nowhere else.
	SealOwn(purpose, binding string, plain []byte) ([]byte, error)
	OpenOwn(purpose, binding string, sealed []byte) ([]byte, error)
}

// Ledger is where every change is entered, in the same transaction.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (string, error)
}

// Checker decides who may do what.
type Checker interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Deps is what a Service stands on.
type Deps struct {
	DB     *sqldb.DB
	Clock  clock.Clock
	Keys   Keys
	Ledger Ledger
	Authz  Checker
	// Vault holds the keys that unlocking opens. Without one nothing unlocks
	// (identity/locked).
	Vault *vault.Vault
	// StandIn names the unit that stands in for another's key, "" for none.
	// It may be nil.
	StandIn func(ctx context.Context, unit string) (string, error)
}

// Service is all use-cases of this package. It is safe for concurrent use,
// and several may run on one database.
type Service struct {
	Deps
	hashing chan struct{} // a place for each password being hashed
}

// hashers is how many passwords are hashed at once: each takes 19 MiB.
const hashers = 4

// New returns a Service.
func New(d Deps) *Service { return &Service{Deps: d, hashing: make(chan struct{}, hashers)} }

// The purposes under which the hub's secrets are used here.
const (
	purposeLogin    = "identity.login"
	purposeName     = "identity.name"
	purposePassword = "identity.password"
	purposeTOTP     = "identity.totp"
)

func (s *Service) seal(purpose, binding, plain string) (string, error) {
	sealed, err := s.Keys.SealOwn(purpose, binding, []byte(plain))
	if err != nil {
		return "", fmt.Errorf("identity: seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

func (s *Service) open(purpose, binding, sealed string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("identity: open: %w", err)
	}
	plain, err := s.Keys.OpenOwn(purpose, binding, raw)
	if err != nil {
		return "", fmt.Errorf("identity: open: %w", err)
	}
	return string(plain), nil
}

// appendEntry enters an act of actor in the ledger.
func (s *Service) appendEntry(ctx context.Context, tx *sqldb.Tx, kind, actor, object string, permit authz.Permit) error {
	_, err := s.Ledger.Append(ctx, tx, ledger.Entry{Kind: kind, Actor: actor, Object: object, Policies: permit.Policies()})
	return err
}
