// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

const leafColumns = `id, kind, at, actor, object, policies, commitment, COALESCE(leaf_index, -1)`

var (
	queryInsertEntry = sqldb.Register("ledger.insert_entry", `
		INSERT INTO ledger_entry (id, kind, at, actor, object, policies, commitment)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	queryInsertDetail = sqldb.Register("ledger.insert_detail", `
		INSERT INTO ledger_detail (entry_id, sealed) VALUES ($1, $2)`)
	queryDetail = sqldb.Register("ledger.detail", `
		SELECT sealed FROM ledger_detail WHERE entry_id = $1`)
	queryEntry = sqldb.Register("ledger.entry", `
		SELECT `+leafColumns+` FROM ledger_entry WHERE id = $1`)
	queryWaiting = sqldb.Register("ledger.waiting", `
		SELECT `+leafColumns+` FROM ledger_entry WHERE leaf_index IS NULL ORDER BY at, id LIMIT $1`)
	queryNumber = sqldb.Register("ledger.number", `
		UPDATE ledger_entry SET leaf_index = $1 WHERE id = $2 AND leaf_index IS NULL`)
	querySize = sqldb.Register("ledger.size", `
		SELECT size FROM ledger_head WHERE one = 1`)
	queryMoveHead = sqldb.Register("ledger.move_head", `
		UPDATE ledger_head SET size = $1 WHERE one = 1 AND size = $2`)
	queryInsertHash = sqldb.Register("ledger.insert_hash", `
		INSERT INTO ledger_hash (level, n, hash) VALUES ($1, $2, $3)`)
	queryHash = sqldb.Register("ledger.hash", `
		SELECT hash FROM ledger_hash WHERE level = $1 AND n = $2`)
	queryHashes = sqldb.Register("ledger.hashes", `
		SELECT level, n, hash FROM ledger_hash WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n`)
	queryHashCount = sqldb.Register("ledger.hash_count", `
		SELECT COUNT(*) FROM ledger_hash`)
	queryInsertCheckpoint = sqldb.Register("ledger.insert_checkpoint", `
		INSERT INTO ledger_checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4)`)
	queryCheckpoint = sqldb.Register("ledger.checkpoint", `
		SELECT size, root, note, at FROM ledger_checkpoint WHERE size = $1`)
	queryCheckpoints = sqldb.Register("ledger.checkpoints", `
		SELECT size, root, note, at FROM ledger_checkpoint WHERE size > $1 ORDER BY size LIMIT $2`)
	querySince = sqldb.Register("ledger.since", `
		SELECT `+leafColumns+` FROM ledger_entry WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2`)
	queryNoDetail = sqldb.Register("ledger.no_detail", `
		SELECT id FROM ledger_entry e
		WHERE NOT EXISTS (SELECT 1 FROM ledger_detail d WHERE d.entry_id = e.id) ORDER BY at, id LIMIT 100`)
)

func insertEntry(ctx context.Context, tx *sqldb.Tx, l Leaf, sealed []byte) error {
	_, err := sqldb.Exec(ctx, tx, queryInsertEntry, l.ID, l.Kind, clock.Micro(l.At), l.Actor, l.Object, joinPolicies(l.Policies), l.Commitment)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryInsertDetail, l.ID, sealed)
	return err
}

func scanLeaf(r sqldb.Row) (Leaf, error) {
	var l Leaf
	var at int64
	var policies string
	if err := r.Scan(&l.ID, &l.Kind, &at, &l.Actor, &l.Object, &policies, &l.Commitment, &l.Index); err != nil {
		return Leaf{}, err
	}
	l.At = clock.FromMicro(at)
	l.Policies = splitPolicies(policies)
	return l, nil
}

// Entry reads one entry; ledger/no-entry if there is none.
func (l *Log) Entry(ctx context.Context, entryID string) (Leaf, error) {
	leaf, err := sqldb.One(ctx, l.db.Read(), queryEntry, scanLeaf, entryID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Leaf{}, problem.New("ledger/no-entry").Wrap(err)
	}
	return leaf, err
}

// Since reads up to limit leaves from an index on, in order. Only sequenced
// entries are seen, so a reader that keeps the last index misses nothing.
func (l *Log) Since(ctx context.Context, leafIndex int64, limit int) ([]Leaf, error) {
	return sqldb.All(ctx, l.db.Read(), querySince, scanLeaf, leafIndex, int64(limit))
}

func detailOf(ctx context.Context, on sqldb.Queryer, entryID string) ([]byte, error) {
	sealed, err := sqldb.One(ctx, on, queryDetail, sqldb.Scalar[[]byte], entryID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, problem.New("ledger/no-details").Wrap(err)
	}
	return sealed, err
}

// storedCheckpoint is a row of ledger_checkpoint.
type storedCheckpoint struct {
	size int64
	root string
	note string
	at   int64
}

func scanCheckpoint(r sqldb.Row) (c storedCheckpoint, err error) {
	err = r.Scan(&c.size, &c.root, &c.note, &c.at)
	return c, err
}

type storedHash struct {
	level, n int64
	hash     tlog.Hash
}

func scanHash(r sqldb.Row) (h storedHash, err error) {
	var b []byte
	if err := r.Scan(&h.level, &h.n, &b); err != nil {
		return h, err
	}
	h.hash, err = hashOf(b)
	return h, err
}

func hashOf(b []byte) (tlog.Hash, error) {
	if len(b) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("ledger: a stored hash of %d bytes", len(b))
	}
	return tlog.Hash(b), nil
}

// hashReader reads stored hashes one by one and remembers those it has seen,
// as the right edge of the tree is asked for again and again. Fresh ones of
// this batch are put in before they are in the database.
type hashReader struct {
	ctx  context.Context
	on   sqldb.Queryer
	seen map[int64]tlog.Hash
}

func newHashReader(ctx context.Context, on sqldb.Queryer) *hashReader {
	return &hashReader{ctx: ctx, on: on, seen: map[int64]tlog.Hash{}}
}

// ReadHashes implements tlog.HashReader.
func (r *hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := r.seen[index]
		if !ok {
			level, n := tlog.SplitStoredHashIndex(index)
			b, err := sqldb.One(r.ctx, r.on, queryHash, sqldb.Scalar[[]byte], int64(level), n)
			if err != nil {
				return nil, fmt.Errorf("ledger: hash %d of level %d: %w", n, level, err)
			}
			if h, err = hashOf(b); err != nil {
				return nil, err
			}
			r.seen[index] = h
		}
		out[i] = h
	}
	return out, nil
}
