// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/ed25519"
	"errors"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// How the signing key changes. Prepare makes a key; RotateKey lets it sign:
// from then on nodes take both, so that what the old one signed still counts.
// The next bundle is the new key's. When all nodes have it, RetireKey takes the
// old key away: what is signed with it afterwards is refused everywhere. After
// a theft the three steps are minutes; else there may be weeks between them.

// KeyList is one list of signing keys.
type KeyList struct {
	Number int64
	Signer string // id of the key that signs
	Keys   int    // how many count
	Bundle int64  // the newest bundle when the list was made
	sealed []byte
}

var (
	queryKeyListPut = sqldb.Register("schools.key_list_put", `
		INSERT INTO schools_key_list (number, sealed, signer, keys, bundle, made) VALUES ($1, $2, $3, $4, $5, $6)`)
	queryKeyLists = sqldb.Register("schools.key_lists", `
		SELECT number, sealed, signer, keys, bundle FROM schools_key_list WHERE number > $1 ORDER BY number`)
	queryKeyListLast = sqldb.Register("schools.key_list_last", `
		SELECT number, sealed, signer, keys, bundle FROM schools_key_list ORDER BY number DESC LIMIT 1`)
)

func scanKeyList(r sqldb.Row) (l KeyList, err error) {
	err = r.Scan(&l.Number, &l.sealed, &l.Signer, &l.Keys, &l.Bundle)
	return l, err
}

// Keys is the newest list; number 0 while the first key is the only one.
func (s *Service) Keys(ctx context.Context) (KeyList, error) {
	return s.lastKeys(ctx, s.db.Read())
}

func (s *Service) lastKeys(ctx context.Context, q sqldb.Queryer) (KeyList, error) {
	l, err := sqldb.One(ctx, q, queryKeyListLast, scanKeyList)
	if errors.Is(err, sqldb.ErrNoRows) {
		return KeyList{Signer: bundle.IDOf(s.keys.current().Public()), Keys: 1}, nil
	}
	return l, wrap("keys", err)
}

// FollowKeys lets the key sign that the database names. A hub does so when it
// starts and at each heartbeat, since another may have changed it. A key that
// was not copied here is schools/signing-key-missing.
func (s *Service) FollowKeys(ctx context.Context) (KeyList, error) {
	l, err := s.Keys(ctx)
	if err != nil || l.Number == 0 {
		return l, err
	}
	return l, s.keys.use(l.Signer)
}

// KeyLists are the sealed lists behind a number, in order.
func (s *Service) KeyLists(ctx context.Context, after int64) (sealed [][]byte, err error) {
	lists, err := sqldb.All(ctx, s.db.Read(), queryKeyLists, scanKeyList, after)
	for _, l := range lists {
		sealed = append(sealed, l.sealed)
	}
	return sealed, wrap("key lists", err)
}

// TrustedKeys are the public keys that count now, the signing one first, and
// the number of their list: what a node learns when it joins.
func (s *Service) TrustedKeys(ctx context.Context) (keys []ed25519.PublicKey, number int64, err error) {
	l, err := s.Keys(ctx)
	if err != nil || l.Number == 0 {
		return []ed25519.PublicKey{s.keys.current().Public()}, 0, err
	}
	opened, err := bundle.OpenKeyList(l.sealed, s.keys.trust())
	return opened.Keys, l.Number, err
}

// PrepareKey makes the key that shall sign next, in the hub's secrets.
func (s *Service) PrepareKey(ctx context.Context, actor authz.Actor) (id, file string, err error) {
	if _, err := s.authz.Check(ctx, actor, "schools.sign_key", room("key", "")); err != nil {
		return "", "", err
	}
	return s.keys.Prepare()
}

// RotateKey lets a prepared key sign; the one before still counts.
func (s *Service) RotateKey(ctx context.Context, actor authz.Actor, keyID string) (KeyList, error) {
	next, err := s.keys.find(keyID)
	if err != nil {
		return KeyList{}, err
	}
	l, err := s.listKeys(ctx, actor, "schools.key_rotated", func(before []ed25519.PublicKey, now KeyList) ([]ed25519.PublicKey, error) {
		if now.Signer == keyID {
			return nil, problem.New("schools/key-signs-already", "id", keyID)
		}
		return []ed25519.PublicKey{next.Public(), before[0]}, nil
	})
	if err != nil {
		return l, err
	}
	return l, s.keys.use(l.Signer)
}

// RetireKey takes away all keys but the one that signs. The newest bundle must
// be that key's, and given to all nodes: schools/key-still-needed otherwise.
func (s *Service) RetireKey(ctx context.Context, actor authz.Actor) (KeyList, error) {
	return s.listKeys(ctx, actor, "schools.key_retired", func(before []ed25519.PublicKey, now KeyList) ([]ed25519.PublicKey, error) {
		if now.Keys == 1 {
			return nil, problem.New("schools/no-key-to-retire")
		}
		info, err := s.CurrentBundle(ctx)
		if err != nil {
			return nil, err
		}
		if info.Number <= now.Bundle {
			return nil, problem.New("schools/key-still-needed", "bundle", info.Number)
		}
		r, err := s.Rollout(ctx)
		if err != nil {
			return nil, err
		}
		if r.Bundle == info.Number && r.Stage < 100 {
			return nil, problem.New("schools/key-still-needed", "bundle", info.Number)
		}
		return before[:1], nil
	})
}

// listKeys writes the next list; choose says which keys it has, the signing
// one first.
func (s *Service) listKeys(ctx context.Context, actor authz.Actor, kind string, choose func(before []ed25519.PublicKey, now KeyList) ([]ed25519.PublicKey, error)) (KeyList, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.sign_key", room("key", ""))
	if err != nil {
		return KeyList{}, err
	}
	before, _, err := s.TrustedKeys(ctx)
	if err != nil {
		return KeyList{}, err
	}
	var l KeyList
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now, err := s.lastKeys(ctx, tx)
		if err != nil {
			return err
		}
		signer, err := s.keys.find(now.Signer)
		if err != nil {
			return err
		}
		keys, err := choose(before, now)
		if err != nil {
			return err
		}
		l = KeyList{Number: now.Number + 1, Signer: bundle.IDOf(keys[0]), Keys: len(keys)}
		if l.Bundle, err = counter(ctx, tx, "bundle"); err != nil {
			return err
		}
		if l.sealed, err = (bundle.KeyList{Number: uint64(l.Number), Keys: keys}).Seal(signer); err != nil {
			return err
		}
		// Two that come at once meet at the number: one of them fails.
		if _, err := sqldb.Exec(ctx, tx, queryKeyListPut, l.Number, l.sealed, l.Signer, l.Keys, l.Bundle, clock.Micro(s.clock.Now())); err != nil {
			return err
		}
		return s.record(ctx, tx, step{kind: kind, actor: actor.Name(), object: l.Signer, permit: permit, details: map[string]any{"list": l.Number, "keys": l.Keys}})
	})
	return l, wrap("list keys", err)
}
