// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Filter narrows a list; empty fields do not.
type Filter struct {
	Room   string // "casework": the part of the kind before the dot
	Object string // id of the thing
	Actor  string // id of the person, or "system:NAME"
	From   time.Time
	Until  time.Time // not included
}

// Page is a piece of a list, newest first. Before is the Next of the page
// before it; "" begins at the newest.
type Page struct {
	Before Cursor
	Limit  int // 1 to 500; 0 means 50
}

// Cursor points behind an entry of a list. The zero Cursor is the start.
type Cursor struct {
	At int64 // microseconds
	ID string
}

var queryList = sqldb.Register("ledger.list", `
	SELECT `+leafColumns+` FROM ledger_entry
	WHERE (CAST($1 AS TEXT) = '' OR (kind >= $1 || '.' AND kind < $1 || '/'))
	  AND (CAST($2 AS TEXT) = '' OR object = $2)
	  AND (CAST($3 AS TEXT) = '' OR actor = $3)
	  AND at >= $4 AND at < $5
	  AND (at, id) < ($6, $7)
	ORDER BY at DESC, id DESC LIMIT $8`)

const farFuture = int64(1) << 62

// List reads entries newest first, those that wait for the sequencer too.
// next is the cursor for the following page; it is the zero Cursor at the end.
func (l *Log) List(ctx context.Context, f Filter, p Page) (leaves []Leaf, next Cursor, err error) {
	limit := p.Limit
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	until := farFuture
	if !f.Until.IsZero() {
		until = clock.Micro(f.Until)
	}
	before := p.Before
	if before == (Cursor{}) {
		before.At = farFuture
	}
	leaves, err = sqldb.All(ctx, l.db.Read(), queryList, scanLeaf,
		f.Room, f.Object, f.Actor, clock.Micro(f.From), until, before.At, before.ID, int64(limit+1))
	if err != nil {
		return nil, Cursor{}, err
	}
	if len(leaves) > limit {
		leaves = leaves[:limit]
		last := leaves[limit-1]
		next = Cursor{At: clock.Micro(last.At), ID: last.ID}
	}
	return leaves, next, nil
}

var queryWaitingCount = sqldb.Register("ledger.waiting_count", `SELECT COUNT(*), COALESCE(MIN(at), 0) FROM ledger_entry WHERE leaf_index IS NULL`)

// Waiting is how many entries are not yet under the head, and since when the
// oldest of them is there; zero without any.
func (l *Log) Waiting(ctx context.Context) (n int64, oldest time.Time, err error) {
	var at int64
	n, err = sqldb.One(ctx, l.db.Read(), queryWaitingCount, func(r sqldb.Row) (n int64, err error) {
		err = r.Scan(&n, &at)
		return n, err
	})
	return n, clock.FromMicro(at), err
}
