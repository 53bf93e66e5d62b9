// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// maxFaults is where Check stops counting: a broken log is broken.
const maxFaults = 100

// Check is the ledger's part of fsck: it builds the tree anew from the
// entries and compares every stored hash, every checkpoint with its signature
// and root, the head, and that each entry still has its sealed details. No
// faults means that the log holds together; whether it is the log that was
// signed a month ago is for Verify and somebody's older checkpoint to say.
func (l *Log) Check(ctx context.Context, progress Progress) ([]*problem.Error, error) {
	c := &check{log: l, ctx: ctx}
	size, err := sqldb.One(ctx, l.db.Read(), querySize, sqldb.Scalar[int64])
	if err != nil {
		return nil, err
	}
	if err := c.leaves(size, progress); err != nil {
		return nil, err
	}
	count, err := sqldb.One(ctx, l.db.Read(), queryHashCount, sqldb.Scalar[int64])
	if err != nil {
		return nil, err
	}
	if want := tlog.StoredHashCount(size); count != want {
		c.found("ledger/hash-count", "have", count, "want", want)
	}
	bare, err := sqldb.All(ctx, l.db.Read(), queryNoDetail, sqldb.Scalar[string])
	if err != nil {
		return nil, err
	}
	for _, entry := range bare {
		c.found("ledger/entry-without-details", "entry", entry)
	}
	return c.faults, nil
}

type check struct {
	log    *Log
	ctx    context.Context
	tree   tree
	nodes  []storedHash // complete subtrees since the last batch
	faults []*problem.Error
	// The next checkpoint that the growing tree will reach.
	pending []storedCheckpoint
	passed  int64
}

func (c *check) found(code string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, problem.New(code, args...))
	}
}

func (c *check) leaves(size int64, progress Progress) error {
	c.tree.node = func(level int, n int64, h tlog.Hash) {
		c.nodes = append(c.nodes, storedHash{int64(level), n, h})
	}
	for first := int64(0); ; first += tileWidth {
		batch, err := c.log.Since(c.ctx, first, tileWidth)
		if err != nil {
			return err
		}
		for _, leaf := range batch {
			if leaf.Index != c.tree.size {
				c.found("ledger/gap", "index", c.tree.size)
				return nil
			}
			c.tree.add(tlog.RecordHash(leaf.Bytes()))
			if err := c.checkpointAt(c.tree.size); err != nil {
				return err
			}
		}
		if err := c.compareNodes(); err != nil {
			return err
		}
		progress.tell(c.tree.size, size)
		if len(batch) < tileWidth {
			break
		}
	}
	// The log may have grown since size was read; it may not have shrunk.
	if c.tree.size < size {
		c.found("ledger/gap", "index", c.tree.size)
	}
	if c.tree.size > 0 && c.passed != c.tree.size {
		c.found("ledger/no-checkpoint", "size", c.tree.size)
	}
	return nil
}

// compareNodes looks the new nodes up, a range for each level.
func (c *check) compareNodes() error {
	byLevel := map[int64][]storedHash{}
	for _, n := range c.nodes {
		byLevel[n.level] = append(byLevel[n.level], n)
	}
	c.nodes = c.nodes[:0]
	for level, nodes := range byLevel {
		stored, err := sqldb.All(c.ctx, c.log.db.Read(), queryHashes, scanHash, level, nodes[0].n, nodes[len(nodes)-1].n+1)
		if err != nil {
			return err
		}
		have := map[int64]tlog.Hash{}
		for _, s := range stored {
			have[s.n] = s.hash
		}
		for _, n := range nodes {
			if have[n.n] != n.hash {
				c.found("ledger/bad-hash", "level", level, "n", n.n)
			}
		}
	}
	return nil
}

// checkpointAt compares the checkpoint of this size, if there is one, with
// the tree as it now stands.
func (c *check) checkpointAt(size int64) error {
	if len(c.pending) == 0 {
		var err error
		c.pending, err = sqldb.All(c.ctx, c.log.db.Read(), queryCheckpoints, scanCheckpoint, c.passed, int64(256))
		if err != nil || len(c.pending) == 0 {
			return err
		}
	}
	next := c.pending[0]
	if next.size != size {
		return nil
	}
	c.pending, c.passed = c.pending[1:], size
	root, err := c.tree.root()
	if err != nil {
		return err
	}
	signed, err := openCheckpoint([]byte(next.note), c.log.PublicKey())
	if err != nil || signed.Size != size || signed.Root != root || next.root != root.String() {
		c.found("ledger/checkpoint-differs", "size", size)
	}
	return nil
}
