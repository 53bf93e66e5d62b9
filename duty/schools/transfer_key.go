// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Sealer seals small secrets of the hub's own; internal/vault has it.
type Sealer interface {
	Seal(context string, plain []byte) ([]byte, error)
	Open(context string, sealed []byte) ([]byte, error)
}

// TransferKey signs the transfers of one subscriber (TSIG, RFC 8945).
type TransferKey struct {
	Name      string // in lower case, without a dot at its end
	Algorithm string // one of TransferAlgorithms
	Notify    string // "192.0.2.7:53", told of each new version; "": nobody is
	Created   time.Time

	subscriber Subscriber
	sealed     []byte
}

// Bands are the codes of the bands whose zones the key opens.
func (k TransferKey) Bands() []string { return k.subscriber.Bands }

// TransferAlgorithms are the algorithms that a key may have, the usual first.
func TransferAlgorithms() []string { return []string{"hmac-sha256", "hmac-sha512"} }

// TransferKeyCommand gives a subscriber a key, or another one in its place.
type TransferKeyCommand struct {
	Subscriber string // by name
	Algorithm  string // the usual one if empty
	Notify     string // address with a port, 53 if it has none; may be empty
}

const transferColumns = `s.id, s.name, s.bands, s.by_person, s.created, s.fetched, k.key_name, k.algorithm, k.secret, k.notify, k.created`

var (
	queryTransferPut = sqldb.Register("schools.transfer_put", `
		INSERT INTO schools_transfer_key (subscriber, key_name, algorithm, secret, notify, created) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subscriber) DO UPDATE SET key_name = excluded.key_name, algorithm = excluded.algorithm,
			secret = excluded.secret, notify = excluded.notify, created = excluded.created`)
	queryTransferKeys = sqldb.Register("schools.transfer_keys", `
		SELECT `+transferColumns+` FROM schools_transfer_key k JOIN schools_subscriber s ON s.id = k.subscriber ORDER BY s.name`)
	queryTransferKey = sqldb.Register("schools.transfer_key", `
		SELECT `+transferColumns+` FROM schools_transfer_key k JOIN schools_subscriber s ON s.id = k.subscriber WHERE k.key_name = $1`)
	queryTransferDrop = sqldb.Register("schools.transfer_drop", `DELETE FROM schools_transfer_key WHERE subscriber = $1`)
)

// GiveTransferKey makes a key for a subscriber, whose old one counts no more.
// The secret is returned here and never again; it is stored sealed, since both
// sides of TSIG need it as it is.
func (s *Service) GiveTransferKey(ctx context.Context, actor authz.Actor, cmd TransferKeyCommand) (key TransferKey, secret []byte, err error) {
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", ""))
	if err != nil {
		return key, nil, err
	}
	if s.seal == nil {
		return key, nil, problem.New("schools/no-transfer")
	}
	if cmd.Algorithm == "" {
		cmd.Algorithm = TransferAlgorithms()[0]
	}
	size := map[string]int{"hmac-sha256": 32, "hmac-sha512": 64}[cmd.Algorithm] // as long as the hash, RFC 2104
	notify, ok := notifyAddress(cmd.Notify)
	p := problem.New("input/faulty")
	if size == 0 {
		p.Field("algorithm", "input/not-a-choice")
	}
	if !ok {
		p.Field("notify", "schools/not-an-address")
	}
	if err := p.OrNil(); err != nil {
		return key, nil, err
	}
	secret = make([]byte, size)
	rand.Read(secret) //nolint:errcheck // crypto/rand.Read never fails
	key = TransferKey{
		Name: "lachan-" + strings.ToLower(rand.Text()[:16]), Algorithm: cmd.Algorithm, Notify: notify, Created: s.clock.Now(),
	}
	if key.sealed, err = s.seal.Seal(key.Name, secret); err != nil {
		return key, nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if key.subscriber, err = sqldb.One(ctx, tx, querySubscriberByName, scanSubscriber, cmd.Subscriber); err != nil {
			return notFound(err, "schools/no-subscriber")
		}
		_, err := sqldb.Exec(ctx, tx, queryTransferPut, key.subscriber.ID, key.Name, key.Algorithm, key.sealed, key.Notify, clock.Micro(key.Created))
		if err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.transfer_key_given", actor: actor.Name(), object: key.subscriber.ID, permit: permit,
			details: map[string]any{"name": key.subscriber.Name, "key": key.Name, "algorithm": key.Algorithm, "notify": key.Notify},
		})
	})
	if err != nil {
		return key, nil, err
	}
	return key, secret, nil
}

// DropTransferKey takes a subscriber's key back at once; its token stays.
func (s *Service) DropTransferKey(ctx context.Context, actor authz.Actor, subscriber string) error {
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", ""))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		one, err := sqldb.One(ctx, tx, querySubscriberByName, scanSubscriber, subscriber)
		if err != nil {
			return notFound(err, "schools/no-subscriber")
		}
		if _, err := sqldb.Exec(ctx, tx, queryTransferDrop, one.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.transfer_key_dropped", actor: actor.Name(), object: one.ID, permit: permit, details: map[string]any{"name": one.Name},
		})
	})
}

// TransferSecret is what the hub's name server checks and signs with.
// schools/no-export if no such key counts.
func (s *Service) TransferSecret(ctx context.Context, keyName string) (secret []byte, algorithm string, err error) {
	key, err := s.transferKey(ctx, keyName)
	if err != nil {
		return nil, "", err
	}
	secret, err = s.seal.Open(key.Name, key.sealed)
	return secret, key.Algorithm, wrap("transfer key", err)
}

// ToNotify are the keys whose holders want to hear of a new version of a
// band's zone.
func (s *Service) ToNotify(ctx context.Context, band string) (keys []TransferKey, err error) {
	all, err := s.transferKeys(ctx)
	for _, k := range all {
		if k.Notify != "" && k.subscriber.takes(band) {
			keys = append(keys, k)
		}
	}
	return keys, err
}

func (s *Service) transferKey(ctx context.Context, name string) (TransferKey, error) {
	if s.seal == nil {
		return TransferKey{}, problem.New("schools/no-export")
	}
	key, err := sqldb.One(ctx, s.db.Read(), queryTransferKey, scanTransferKey, name)
	return key, notFound(err, "schools/no-export")
}

func (s *Service) transferKeys(ctx context.Context) ([]TransferKey, error) {
	return sqldb.All(ctx, s.db.Read(), queryTransferKeys, scanTransferKey)
}

func scanTransferKey(r sqldb.Row) (k TransferKey, err error) {
	var created int64
	k.subscriber, err = scanSubscriber(rowWith{r, []any{&k.Name, &k.Algorithm, &k.sealed, &k.Notify, &created}})
	k.Created = clock.FromMicro(created)
	return k, err
}

// rowWith is a row whose last columns another reader takes.
type rowWith struct {
	sqldb.Row
	more []any
}

// Scan implements sqldb.Row.
func (r rowWith) Scan(into ...any) error { return r.Row.Scan(append(into, r.more...)...) }

// notifyAddress completes an address with the port of DNS.
func notifyAddress(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a.String(), a.Port() != 0
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return netip.AddrPortFrom(a, 53).String(), err == nil
}
