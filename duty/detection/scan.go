// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"time"

	"lachan/duty/detection/crawl"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/media"
	"lachan/internal/sqldb"
)

// Examiner opens a stranger's picture where it can do no harm; internal/media
// has it.
type Examiner interface {
	Examine(ctx context.Context, r io.Reader, w media.Wanted) (media.Exam, error)
}

// Scan is one look at a source.
type Scan struct {
	ID      string
	Source  string
	Started time.Time
	Ended   time.Time // zero: it goes on
	State   ScanState
	Pages   int // looked at
	Items   int // put into the queue
	Report  crawl.Report
}

// ScanState is how a scan stands.
type ScanState string

// The states.
const (
	ScanRunning ScanState = "running"
	ScanDone    ScanState = "done"
	ScanStopped ScanState = "stopped" // its source was paused or dropped
	ScanFailed  ScanState = "failed"
)

// Key is the locale key of the state's name.
func (s ScanState) Key() string { return "detection.scan." + string(s) }

const scanColumns = `id, source, started, ended, state, pages, items, report`

func (s *Service) scanScan(r sqldb.Row) (c Scan, err error) {
	var started, ended int64
	var report string
	if err = r.Scan(&c.ID, &c.Source, &started, &ended, &c.State, &c.Pages, &c.Items, &report); err != nil {
		return c, err
	}
	c.Started, c.Ended = clock.FromMicro(started), fromMicro(ended)
	if report == "" {
		return c, nil
	}
	sealed, err := base64.RawStdEncoding.DecodeString(report)
	if err != nil {
		return c, err
	}
	plain, err := s.box().Open("report/"+c.ID, sealed)
	c.Report = decode[crawl.Report](string(plain))
	return c, err
}

var (
	queryScanOpen = sqldb.Register("detection.scan_open", `
		SELECT `+scanColumns+` FROM detection_scan WHERE state = 'running' AND lease < $1 ORDER BY started, id LIMIT 1`)
	querySourceDue = sqldb.Register("detection.source_due", `
		SELECT `+sourceColumns+` FROM detection_source s WHERE s.state = 'active' AND s.next_at > 0 AND s.next_at <= $1
			AND NOT EXISTS (SELECT 1 FROM detection_scan c WHERE c.source = s.id AND c.state = 'running')
		ORDER BY s.next_at, s.id LIMIT 1`)
	queryScanPut = sqldb.Register("detection.scan_put", `
		INSERT INTO detection_scan (id, source, started, ended, state, pages, items, report, frontier, lease) VALUES ($1,$2,$3,0,'running',0,0,'',$4,$5)`)
	queryScanLease = sqldb.Register("detection.scan_lease", `UPDATE detection_scan SET lease = $2 WHERE id = $1`)
	queryScanSave  = sqldb.Register("detection.scan_save", `UPDATE detection_scan SET frontier = $2, lease = $3 WHERE id = $1`)
	queryScanItem  = sqldb.Register("detection.scan_item", `UPDATE detection_scan SET items = items + 1 WHERE id = $1`)
	queryScanEnd   = sqldb.Register("detection.scan_end", `
		UPDATE detection_scan SET state = $2, ended = $3, pages = $4, report = $5, frontier = $6, lease = 0 WHERE id = $1`)
	queryScanFrontier = sqldb.Register("detection.scan_frontier", `SELECT frontier FROM detection_scan WHERE id = $1`)
	querySourceNext   = sqldb.Register("detection.source_next", `UPDATE detection_source SET next_at = $2 WHERE id = $1`)
	queryPage         = sqldb.Register("detection.page", `SELECT etag, modified, digest, near FROM detection_page WHERE address_hash = $1`)
	queryPagePut      = sqldb.Register("detection.page_put", `
		INSERT INTO detection_page (address_hash, source, etag, modified, digest, near, checked) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (address_hash) DO UPDATE SET etag = excluded.etag, modified = excluded.modified, digest = excluded.digest,
			near = excluded.near, checked = excluded.checked`)
)

// lease is how long a scan is one hub's without a sign of life.
const lease = 5 * time.Minute

// ScanSome goes on with one scan for a while: one that is open, or the source
// whose time has come. It reports whether there was anything to do. A hub that
// dies leaves the scan to the next, which goes on from the last item.
func (s *Service) ScanSome(ctx context.Context, while time.Duration) (worked bool, err error) {
	if s.Manners == nil {
		return false, nil
	}
	if ready, err := s.Ready(ctx); err != nil || !ready {
		return false, wrap("scan", err) // it waits: nothing could be sealed
	}
	permit, err := s.Authz.Check(ctx, scanner(), "detection.scan", authz.Resource{Type: "detection.source"})
	if err != nil {
		return false, err
	}
	if err := s.likenNames(ctx, permit); err != nil {
		return false, wrap("names", err)
	}
	o, c, frontier, err := s.claim(ctx)
	if err != nil || c.ID == "" {
		return false, wrap("scan", err)
	}
	if o.Kind == Reported {
		if o.Addresses, err = s.visits(ctx, c.ID); err != nil {
			return false, wrap("names", err)
		}
	}
	slice, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	r := &scanRun{s: s, source: o, scan: c, permit: permit}
	report, rest, err := crawl.Crawl(slice, s.planOf(o), crawl.Deps{
		Manners: s.Manners, Clock: s.Clock, Software: s.Software, Known: r.known, Capture: r.open, Found: r.found,
	}, frontier)
	state := ScanDone
	switch {
	case err != nil && ctx.Err() == nil && slice.Err() != nil, err != nil && ctx.Err() != nil:
		return true, wrap("scan", s.pause(context.WithoutCancel(ctx), c, rest))
	case errors.Is(err, errStop):
		state = ScanStopped
	case err != nil:
		state = ScanFailed
	}
	return true, wrap("scan", errors.Join(err, s.endScan(context.WithoutCancel(ctx), o, c, state, report)))
}

// Ready reports whether what is found could be sealed: the unit that reviews has
// a key. Until then nothing is scanned.
func (s *Service) Ready(ctx context.Context) (bool, error) {
	unit, err := s.Unit(ctx, s.now())
	if err != nil {
		return false, err
	}
	state, err := s.Vault.Unit(ctx, s.DB.Read(), unit)
	return state.Version > 0, err
}

// scanner is who acts when the hub scans.
func scanner() authz.Actor { return authz.System("detection.scan") }

// claim takes the next scan for this hub.
func (s *Service) claim(ctx context.Context) (o Source, c Scan, frontier []byte, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now := s.now()
		until := clock.Micro(now.Add(lease))
		open, err := sqldb.All(ctx, tx, queryScanOpen, s.scanScan, clock.Micro(now))
		if err != nil {
			return err
		}
		if len(open) > 0 {
			c = open[0]
			if o, err = sqldb.One(ctx, tx, querySource, s.scanSource, c.Source); err != nil {
				return err
			}
			sealed, err := sqldb.One(ctx, tx, queryScanFrontier, sqldb.Scalar[[]byte], c.ID)
			if err != nil {
				return err
			}
			if len(sealed) > 0 {
				if frontier, err = s.box().Open("scan/"+c.ID, sealed); err != nil {
					return err
				}
			}
			_, err = sqldb.Exec(ctx, tx, queryScanLease, c.ID, until)
			return err
		}
		due, err := sqldb.All(ctx, tx, querySourceDue, s.scanSource, clock.Micro(now))
		if err != nil || len(due) == 0 {
			return err
		}
		o, c, frontier = due[0], Scan{ID: id.New(), Source: due[0].ID, Started: now, State: ScanRunning}, nil
		if o.Kind == Reported {
			if n, err := s.takeNames(ctx, tx, c.ID); err != nil || n == 0 {
				c = Scan{} // nothing to visit until its next time
				_, failed := sqldb.Exec(ctx, tx, querySourceNext, o.ID, toMicro(now.Add(o.Every)))
				return errors.Join(err, failed)
			}
		}
		_, err = sqldb.Exec(ctx, tx, queryScanPut, c.ID, o.ID, clock.Micro(now), []byte{}, until)
		return err
	})
	return o, c, frontier, err
}

// planOf is how far a source is followed. A channel and listed links bring
// their pictures always; the names of reports are listed links.
func (s *Service) planOf(o Source) crawl.Plan {
	kind := o.Kind
	if kind == Reported {
		kind = crawl.Links
	}
	return crawl.Plan{
		Kind: kind, URLs: o.Addresses, Depth: o.Depth, Pictures: s.Examiner != nil,
		Limits: crawl.Limits{Pages: o.Pages, PageTime: s.Settings.PageTime, PictureBytes: 8 << 20, Pictures: 12},
	}
}

// pause keeps where a scan is until its next while.
func (s *Service) pause(ctx context.Context, c Scan, rest []byte) error {
	sealed, err := s.box().Seal("scan/"+c.ID, rest)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryScanSave, c.ID, sealed, 0)
		return err
	})
}

func (s *Service) endScan(ctx context.Context, o Source, c Scan, state ScanState, report crawl.Report) error {
	now := s.now()
	pages := report.Counts[crawl.Fetched] + report.Counts[crawl.Unchanged]
	sealed, err := s.box().Seal("report/"+c.ID, []byte(encode(report))) // it has addresses as examples
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryScanEnd, c.ID, string(state), clock.Micro(now), pages, base64.RawStdEncoding.EncodeToString(sealed), []byte{}); err != nil {
			return err
		}
		again := time.Time{}
		if o.Every > 0 {
			again = now.Add(o.Every)
		}
		if _, err := sqldb.Exec(ctx, tx, querySourceNext, o.ID, toMicro(again)); err != nil {
			return err
		}
		if err := s.endNames(ctx, tx, c.ID, state); err != nil {
			return err
		}
		return s.record(ctx, tx, scanner(), o.ID, "detection.scanned", authz.Permit{}, map[string]any{"scan": c.ID, "state": state, "pages": pages, "end": report.End})
	})
}
