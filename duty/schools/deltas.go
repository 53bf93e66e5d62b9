// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// SealedDelta is what one decision changed, signed, as nodes take it.
type SealedDelta struct {
	Number  int64
	Sealed  []byte
	Created time.Time
}

var (
	queryDeltaPut = sqldb.Register("schools.delta_put", `
		INSERT INTO schools_delta (number, block, sealed, created) VALUES ($1, $2, $3, $4)`)
	queryDeltasSince = sqldb.Register("schools.deltas_since", `
		SELECT number, sealed, created FROM schools_delta WHERE number > $1 ORDER BY number LIMIT $2`)
)

// maxDeltas is how many deltas are handed out at a time; a node asks again.
const maxDeltas = 1000

// Deltas are the deltas after a number, in order, at most 1,000. They are
// signed and say only what every node may know.
func (s *Service) Deltas(ctx context.Context, since int64) ([]SealedDelta, error) {
	deltas, err := sqldb.All(ctx, s.db.Read(), queryDeltasSince, scanDelta, since, maxDeltas)
	return deltas, wrap("deltas", err)
}

// HighestDelta is the number of the newest decision, 0 before the first. The
// hub's heartbeat announces it.
func (s *Service) HighestDelta(ctx context.Context) (int64, error) {
	n, err := counter(ctx, s.db.Read(), "delta")
	return n, wrap("highest delta", err)
}

// decide takes the next number, signs the entries, stores the delta in the
// caller's transaction, and publishes it once that is committed.
func (s *Service) decide(ctx context.Context, tx *sqldb.Tx, blockID string, entries []bundle.Entry) (int64, error) {
	number, err := next(ctx, tx, "delta")
	if err != nil {
		return 0, err
	}
	sealed, err := bundle.Delta{Number: uint64(number), Entries: entries}.Seal(s.keys.current())
	if err != nil {
		return 0, err
	}
	now := s.clock.Now()
	if _, err := sqldb.Exec(ctx, tx, queryDeltaPut, number, blockID, sealed, clock.Micro(now)); err != nil {
		return 0, err
	}
	tx.OnCommit(func() {
		// The caller may be gone by now; the decision stands all the same.
		ctx := context.WithoutCancel(ctx)
		if err := s.publisher.PublishDelta(ctx, SealedDelta{number, sealed, now}); err != nil {
			s.log.WarnContext(ctx, "delta not published; nodes will ask for it", "delta", number, "error", err)
		}
	})
	return number, nil
}

func scanDelta(r sqldb.Row) (d SealedDelta, err error) {
	var created int64
	err = r.Scan(&d.Number, &d.Sealed, &created)
	d.Created = clock.FromMicro(created)
	return d, err
}
