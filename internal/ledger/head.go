// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Head is the latest signed state of the log.
type Head struct {
	Size   int64
	Root   string    // base64 of the Merkle root
	Signed string    // the checkpoint, as a signed note
	At     time.Time // when it was signed; zero for an empty log
}

// Head reads the latest checkpoint. An empty log has one too, made on the
// spot: size 0 and the hash of nothing.
func (l *Log) Head(ctx context.Context) (Head, error) {
	return l.head(ctx, l.db.Read())
}

func (l *Log) head(ctx context.Context, on sqldb.Queryer) (Head, error) {
	size, err := sqldb.One(ctx, on, querySize, sqldb.Scalar[int64])
	if err != nil {
		return Head{}, err
	}
	if size == 0 {
		root, err := tlog.TreeHash(0, nil)
		if err != nil {
			return Head{}, err
		}
		signed, err := l.key.sign(0, root)
		return Head{Root: root.String(), Signed: signed}, err
	}
	c, err := sqldb.One(ctx, on, queryCheckpoint, scanCheckpoint, size)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Head{}, fmt.Errorf("ledger: the head has size %d and no checkpoint", size)
	}
	if err != nil {
		return Head{}, err
	}
	return Head{Size: c.size, Root: c.root, Signed: c.note, At: clock.FromMicro(c.at)}, nil
}
