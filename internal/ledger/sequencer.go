// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// poll is how often the sequencer looks unasked, for entries that another hub
// committed and did not live to sequence.
const poll = 2 * time.Second

// maxBatch bounds one transaction of the sequencer.
const maxBatch = 512

// Run sequences entries until ctx ends. It may run on every hub: who comes
// second finds the work done. onError, which may be nil, hears of failures;
// they are tried again.
func (l *Log) Run(ctx context.Context, onError func(error)) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if _, err := l.Sequence(ctx); err != nil && ctx.Err() == nil && onError != nil {
			onError(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-l.wake:
			// Entries that come together share one tree head and one signature.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(l.batchWait):
			}
		}
	}
}

// Sequence gives every committed entry its leaf index and returns how many it
// numbered itself. When it returns without error, nothing that was committed
// before the call is left waiting.
func (l *Log) Sequence(ctx context.Context) (int, error) {
	total := 0
	for {
		// Read outside the transaction: inside, PostgreSQL would take the
		// search for waiting entries as a conflict with everybody who appends.
		batch, err := sqldb.All(ctx, l.db.Read(), queryWaiting, scanLeaf, int64(maxBatch))
		if err != nil || len(batch) == 0 {
			return total, err
		}
		err = l.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return l.extend(ctx, tx, batch) })
		switch {
		case errors.Is(err, errOvertaken):
			// Another sequencer took some of them; look again.
		case err != nil:
			return total, err
		default:
			total += len(batch)
		}
	}
}

var errOvertaken = errors.New("ledger: another sequencer was first")

// extend appends the batch to the tree, signs the new root and moves the head.
func (l *Log) extend(ctx context.Context, tx *sqldb.Tx, batch []Leaf) error {
	size, err := sqldb.One(ctx, tx, querySize, sqldb.Scalar[int64])
	if err != nil {
		return err
	}
	// The head is moved first: a rival waits here, or fails, with nothing done.
	newSize := size + int64(len(batch))
	moved, err := sqldb.Exec(ctx, tx, queryMoveHead, newSize, size)
	if err != nil {
		return err
	}
	if moved != 1 {
		return errOvertaken
	}
	hashes := newHashReader(ctx, tx)
	for i, leaf := range batch {
		index := size + int64(i)
		numbered, err := sqldb.Exec(ctx, tx, queryNumber, index, leaf.ID)
		if err != nil {
			return err
		}
		if numbered != 1 {
			return errOvertaken
		}
		if err := appendLeaf(ctx, tx, hashes, index, leaf); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(newSize, hashes)
	if err != nil {
		return err
	}
	signed, err := l.key.sign(newSize, root)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryInsertCheckpoint, newSize, root.String(), signed, clock.Micro(l.clock.Now()))
	return err
}

func appendLeaf(ctx context.Context, tx *sqldb.Tx, hashes *hashReader, index int64, leaf Leaf) error {
	fresh, err := tlog.StoredHashes(index, leaf.Bytes(), hashes)
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, index)
	for i, h := range fresh {
		at := first + int64(i)
		hashes.seen[at] = h
		level, n := tlog.SplitStoredHashIndex(at)
		if _, err := sqldb.Exec(ctx, tx, queryInsertHash, int64(level), n, h[:]); err != nil {
			return err
		}
	}
	return nil
}
