// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/pdq"
	"lachan/internal/sqldb"
)

const minQuality = pdq.MinQuality

// Watch is what became of a page after a verdict.
type Watch string

// The states.
const (
	NotWatched Watch = ""
	There      Watch = "there"
	Changed    Watch = "changed"
	Gone       Watch = "gone"
	Moved      Watch = "moved"
	Back       Watch = "back" // it was gone and is there again
)

// Key is the locale key of the state's name.
func (w Watch) Key() string { return "detection.watch." + string(w) }

// A page is looked at again an hour after the verdict, then less and less
// often: a takedown within a day is what the law asks of platforms.
const firstWatch = time.Hour

func (s *Service) nextWatch(decided, now time.Time) time.Time {
	next := 7 * 24 * time.Hour
	for _, step := range []struct{ until, every time.Duration }{{24 * time.Hour, time.Hour}, {3 * 24 * time.Hour, 6 * time.Hour}, {14 * 24 * time.Hour, 24 * time.Hour}} {
		if now.Sub(decided) < step.until {
			next = step.every
			break
		}
	}
	if at := now.Add(next); at.Before(decided.Add(s.Settings.WatchFor)) {
		return at
	}
	return time.Time{}
}

// CameBack says that a page that was gone is there again.
type CameBack struct {
	Item, Case string
	At         time.Time
}

// Looker looks at an address again. It says There, Changed, Gone or Moved; an
// error means that it could not tell.
type Looker interface {
	Look(ctx context.Context, address string) (Watch, error)
}

var (
	queryWatchDue = sqldb.Register("detection.watch_due", `
		SELECT `+itemColumns+` FROM detection_item WHERE watch_next > 0 AND watch_next <= $1 ORDER BY watch_next LIMIT $2`)
	queryWatchPut = sqldb.Register("detection.watch_put", `
		UPDATE detection_item SET watch = $2, watch_next = $3, watch_checked = $4, gone_at = $5 WHERE id = $1`)
)

// watchBatch is how many pages one run of the job looks at.
const watchBatch = 50

// WatchDue looks at the pages whose time has come. An address that cannot be
// told about now is tried again; no fault of one keeps the others waiting.
func (s *Service) WatchDue(ctx context.Context, look Looker) (looked, gone int, err error) {
	due, err := sqldb.All(ctx, s.DB.Read(), queryWatchDue, scanItem, clock.Micro(s.now()), watchBatch)
	if err != nil {
		return 0, 0, wrap("watch", err)
	}
	for _, i := range due {
		address, err := s.box().Open("item/"+i.ID, i.address)
		if err != nil {
			return looked, gone, wrap("watch", err)
		}
		state, failed := look.Look(ctx, string(address))
		if ctx.Err() != nil {
			return looked, gone, ctx.Err()
		}
		if failed != nil {
			state = i.Watch
		}
		went, err := s.saveWatch(ctx, i, state)
		if err != nil {
			return looked, gone, wrap("watch", err)
		}
		looked++
		if went {
			gone++
		}
	}
	return looked, gone, nil
}

func (s *Service) saveWatch(ctx context.Context, i Item, state Watch) (went bool, err error) {
	now := s.now()
	was := i.Watch
	switch {
	case state == Gone && was != Gone:
		i.Gone, went = now, true
	case state != Gone && was == Gone:
		i.Gone, state = time.Time{}, Back
	case was == Back && state == There:
		state = Back
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryWatchPut, i.ID, string(state), toMicro(s.nextWatch(i.Decided, now)), clock.Micro(now), toMicro(i.Gone)); err != nil {
			return err
		}
		if state == was {
			return nil
		}
		if state == Back {
			if err := s.Emit(ctx, tx, CameBack{Item: i.ID, Case: i.Case, At: now}); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, authz.System("detection.watch"), i.ID, "detection.watched", authz.Permit{}, map[string]Watch{"was": was, "is": state})
	})
	return went, err
}
