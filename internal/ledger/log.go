// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/sqldb"
)

// Sealer seals the details of an entry. context names the entry, and the
// sealed bytes must open under no other context. What runs in the background
// has a Sealer and nothing that opens.
type Sealer interface {
	Seal(context string, plaintext []byte) ([]byte, error)
}

// Opener opens what the matching Sealer sealed; auditors have one.
type Opener interface {
	Open(context string, sealed []byte) ([]byte, error)
}

// Entry is one step to be recorded.
type Entry struct {
	Kind   string // "casework.decided"
	Actor  string // authz.Actor.Name(): an id, never a name
	Object string // id of the thing, may be empty
	// Policies are the @ids of the rules that allowed it (Permit.Policies).
	Policies []string
	// Details is anything that encoding/json writes. It is sealed; the leaf
	// holds a salted commitment to it.
	Details any
}

// Deps is what a Log needs.
type Deps struct {
	DB     *sqldb.DB
	Clock  clock.Clock
	Key    Key
	Sealer Sealer
	// BatchWait is how long the sequencer lets entries gather, at most 100 ms;
	// 0 means 50 ms.
	BatchWait time.Duration
}

// Log is the ledger of one database. Several may work on one database.
type Log struct {
	db        *sqldb.DB
	clock     clock.Clock
	key       Key
	sealer    Sealer
	batchWait time.Duration
	wake      chan struct{}
}

// New makes a Log. It reads and writes nothing yet.
func New(d Deps) (*Log, error) {
	if d.DB == nil || d.Clock == nil || d.Sealer == nil || d.Key.signer == nil {
		return nil, errors.New("ledger: New needs a database, a clock, a key and a sealer")
	}
	wait := d.BatchWait
	if wait <= 0 {
		wait = 50 * time.Millisecond
	}
	return &Log{
		db: d.DB, clock: d.Clock, key: d.Key, sealer: d.Sealer,
		batchWait: min(wait, 100*time.Millisecond),
		wake:      make(chan struct{}, 1),
	}, nil
}

// Origin is the name of the log.
func (l *Log) Origin() string { return l.key.Origin() }

// PublicKey is the line with which anybody verifies checkpoints and proofs.
func (l *Log) PublicKey() string { return l.key.Public() }

const saltSize = 32

// Append records a step in the caller's transaction and returns the entry's
// id. The sequencer is woken when the transaction commits.
func (l *Log) Append(ctx context.Context, tx *sqldb.Tx, e Entry) (string, error) {
	details, err := json.Marshal(e.Details)
	if err != nil {
		return "", fmt.Errorf("ledger: details of %s: %w", e.Kind, err)
	}
	salted := make([]byte, saltSize, saltSize+len(details))
	rand.Read(salted) //nolint:errcheck // crypto/rand.Read never fails
	salted = append(salted, details...)
	leaf := Leaf{
		ID: id.New(), At: l.clock.Now(), Kind: e.Kind, Actor: e.Actor, Object: e.Object,
		Policies: e.Policies, Commitment: commit(salted[:saltSize], details),
	}
	if err := leaf.valid(); err != nil {
		return "", err
	}
	sealed, err := l.sealer.Seal(detailContext(leaf.ID), salted)
	if err != nil {
		return "", fmt.Errorf("ledger: seal details of %s: %w", e.Kind, err)
	}
	if err := insertEntry(ctx, tx, leaf, sealed); err != nil {
		return "", err
	}
	tx.OnCommit(l.Wake)
	return leaf.ID, nil
}

// Details opens the details of an entry, as JSON, and checks them against the
// commitment in the leaf. Destroyed details are the problem ledger/no-details.
func (l *Log) Details(ctx context.Context, entryID string, opener Opener) (json.RawMessage, error) {
	leaf, err := l.Entry(ctx, entryID)
	if err != nil {
		return nil, err
	}
	sealed, err := detailOf(ctx, l.db.Read(), entryID)
	if err != nil {
		return nil, err
	}
	salted, err := opener.Open(detailContext(entryID), sealed)
	if err != nil {
		return nil, fmt.Errorf("ledger: open details: %w", err)
	}
	if len(salted) < saltSize || commit(salted[:saltSize], salted[saltSize:]) != leaf.Commitment {
		return nil, errors.New("ledger: the details are not what the entry committed to")
	}
	return json.RawMessage(salted[saltSize:]), nil
}

func detailContext(entryID string) string { return "ledger.detail/" + entryID }

// Wake tells the sequencer that something may have been committed.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func joinPolicies(p []string) string { return strings.Join(p, ",") }
