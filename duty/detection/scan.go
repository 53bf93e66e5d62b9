// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
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
	err = r.Scan(&c.ID, &c.Source, &started, &ended, &c.State, &c.Pages, &c.Items, &report)
	c.Started, c.Ended, c.Report = clock.FromMicro(started), fromMicro(ended), decode[crawl.Report](report)
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
		INSERT INTO detection_scan (id, source, started, ended, state, pages, items, report, frontier, lease) VALUES ($1,$2,$3,0,'running',0,0,'{}',$4,$5)`)
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
	permit, err := s.Authz.Check(ctx, scanner(), "detection.scan", authz.Resource{Type: "detection.source"})
	if err != nil {
		return false, err
	}
	o, c, frontier, err := s.claim(ctx)
	if err != nil || c.ID == "" {
		return false, wrap("scan", err)
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
		_, err = sqldb.Exec(ctx, tx, queryScanPut, c.ID, o.ID, clock.Micro(now), []byte{}, until)
		return err
	})
	return o, c, frontier, err
}

// planOf is how far a source is followed. A channel and listed links bring
// their pictures always.
func (s *Service) planOf(o Source) crawl.Plan {
	return crawl.Plan{
		Kind: o.Kind, URLs: o.Addresses, Depth: o.Depth, Pictures: s.Examiner != nil,
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
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryScanEnd, c.ID, string(state), clock.Micro(now), pages, encode(report), []byte{}); err != nil {
			return err
		}
		again := time.Time{}
		if o.Every > 0 {
			again = now.Add(o.Every)
		}
		if _, err := sqldb.Exec(ctx, tx, querySourceNext, o.ID, toMicro(again)); err != nil {
			return err
		}
		return s.record(ctx, tx, scanner(), o.ID, "detection.scanned", authz.Permit{}, map[string]any{"scan": c.ID, "state": state, "pages": pages, "end": report.End})
	})
}

// errStop ends a scan whose source is not to be looked at any more.
var errStop = errors.New("detection: the source was paused")

// scanRun is a scan while a hub is at it.
type scanRun struct {
	s       *Service
	source  Source
	scan    Scan
	permit  authz.Permit
	capture buffer
	pages   int
}

// buffer is the capture of the item that is being fetched: its pages and
// pictures together stay below the limits of the crawl.
type buffer struct{ bytes.Buffer }

// Close implements io.Closer.
func (*buffer) Close() error { return nil }

func (r *scanRun) open(context.Context, string) (io.WriteCloser, error) {
	r.capture.Reset()
	return &r.capture, nil
}

func (r *scanRun) known(ctx context.Context, address string) (crawl.Known, bool, error) {
	return r.s.known(ctx, address)
}

// known is what is remembered of a page.
func (s *Service) known(ctx context.Context, address string) (crawl.Known, bool, error) {
	k := crawl.Known{URL: address}
	all, err := sqldb.All(ctx, s.DB.Read(), queryPage, func(r sqldb.Row) (near string, err error) {
		err = r.Scan(&k.ETag, &k.Modified, &k.SHA256, &near)
		return near, err
	}, s.hash("item", address))
	if err != nil || len(all) == 0 {
		return k, false, err
	}
	near, err := strconv.ParseUint(all[0], 16, 64)
	k.NearDigest = near
	return k, err == nil, err
}

// saveEvery is how many pages pass between two signs of life.
const saveEvery = 20

// found takes one page: what gives a reason goes into the queue in the same
// transaction in which the scan moves on, so that a kill neither loses nor
// doubles it.
func (r *scanRun) found(ctx context.Context, f crawl.Found, rest func() ([]byte, error)) error {
	r.pages++
	finding, err := r.finding(ctx, f)
	if err != nil {
		return err
	}
	also := func(ctx context.Context, tx *sqldb.Tx, item string) error {
		if item != "" {
			if _, err := sqldb.Exec(ctx, tx, queryScanItem, r.scan.ID); err != nil {
				return err
			}
		}
		if f.URL != "" {
			_, err := sqldb.Exec(ctx, tx, queryPagePut, r.s.hash("item", f.URL), r.source.ID, f.ETag, f.Modified, f.PayloadSHA256,
				strconv.FormatUint(f.NearDigest, 16), clock.Micro(f.Fetched))
			if err != nil {
				return err
			}
		}
		if item == "" && r.pages%saveEvery != 0 {
			return nil
		}
		return r.save(ctx, tx, rest)
	}
	if _, err := r.s.find(ctx, scanner(), r.permit, finding, also); err != nil {
		return err
	}
	if err := r.lookalikes(ctx, f); err != nil {
		return err
	}
	if r.pages%saveEvery != 0 {
		return nil
	}
	o, err := sqldb.One(ctx, r.s.DB.Read(), querySource, r.s.scanSource, r.source.ID)
	if err == nil && o.State != SourceActive {
		err = errStop
	}
	return err
}

func (r *scanRun) save(ctx context.Context, tx *sqldb.Tx, rest func() ([]byte, error)) error {
	state, err := rest()
	if err != nil {
		return err
	}
	sealed, err := r.s.box().Seal("scan/"+r.scan.ID, state)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryScanSave, r.scan.ID, sealed, clock.Micro(r.s.now().Add(lease)))
	return err
}

// finding is a page as the room takes it in.
func (r *scanRun) finding(ctx context.Context, f crawl.Found) (Finding, error) {
	out := Finding{
		Source: r.source.ID, Scan: r.scan.ID, Kind: PageKind, Address: f.URL, Title: f.Title, Text: f.Text, Lang: f.Lang, Published: f.Published,
		Capture: bytes.Clone(r.capture.Bytes()), Brought: r.source.Kind == crawl.Links,
		Features: Features{Source: string(r.source.Kind), DomainAge: -1, Reach: -1},
	}
	if f.NearDigest != 0 {
		out.TextDigest = strconv.FormatUint(f.NearDigest, 16)
	}
	if f.Kind == crawl.ItemPicture {
		out.Kind = PictureKind
	}
	// Comments and what stands beside the article count too: where they show
	// more than it does, they are what a reviewer reads.
	reader := r.s.reader.Load()
	if len(f.Visible) > len(f.Text) && len(reader.Read(f.Visible).Listed()) > len(reader.Read(f.Text).Listed()) {
		out.Text = f.Visible
	}
	for _, p := range f.Pictures {
		if len(p.Body) == 0 || r.s.Examiner == nil {
			continue
		}
		one, err := r.s.examine(ctx, p.Body)
		if err != nil {
			return out, err
		}
		one.Address, one.Alt = p.URL, p.Alt
		out.Pictures = append(out.Pictures, one)
	}
	return out, nil
}

// examine has a picture opened in the fence. One that cannot be seen keeps its
// digests.
func (s *Service) examine(ctx context.Context, body []byte) (FoundPicture, error) {
	e, err := s.Examiner.Examine(ctx, bytes.NewReader(body), media.Wanted{})
	if err != nil {
		return FoundPicture{}, err
	}
	p := FoundPicture{
		Film: e.Kind.Film(), Width: e.Width, Height: e.Height, Quality: e.Prints.Full.Quality, Hash: e.Prints.Full.Hash,
		MD5: hex.EncodeToString(e.MD5[:]), SHA256: hex.EncodeToString(e.SHA256[:]), Picture: e.Preview, Veil: e.Veiled,
	}
	for _, v := range e.Prints.ToAsk() {
		p.Variants = append(p.Variants, v.Hash)
	}
	for _, f := range e.Frames {
		if f.Print.Usable() {
			p.Variants = append(p.Variants, f.Print.Hash)
		}
	}
	return p, nil
}

// lookalikes puts names that were made to be taken for protected ones into the
// queue, once each.
func (r *scanRun) lookalikes(ctx context.Context, f crawl.Found) error {
	if r.s.Lookalikes == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, link := range append([]string{f.URL, f.FinalURL}, f.Links...) {
		domain := r.s.Registrable(hostOf(link))
		if domain == "" || seen[domain] {
			continue
		}
		seen[domain] = true
		for _, h := range r.s.Lookalikes.Look(domain) {
			if float64(h.Weight)/100 < lookalikeFrom {
				continue
			}
			if _, err := r.s.find(ctx, scanner(), r.permit, lookalikeFinding(r, h), nil); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func lookalikeFinding(r *scanRun, h lookalike.Hit) Finding {
	return Finding{
		Source: r.source.ID, Scan: r.scan.ID, Kind: LookalikeKind, Address: "https://" + h.Domain + "/", Title: h.Domain + " ≈ " + h.Protected,
		Features: Features{Source: string(r.source.Kind), DomainAge: -1, Reach: -1, Lookalike: float64(h.Weight) / 100},
	}
}

// Look implements Looker with the crawler: a page that was judged is looked at
// again with the same manners.
func (s *Service) Look(ctx context.Context, address string) (Watch, error) {
	if s.Manners == nil {
		return "", errors.New("detection: nothing is fetched here")
	}
	k, _, err := s.known(ctx, address)
	if err != nil {
		return "", err
	}
	c, err := crawl.Recheck(ctx, crawl.Deps{Manners: s.Manners, Clock: s.Clock, Software: s.Software}, crawl.Limits{}, k)
	if err != nil {
		return "", err
	}
	switch c.Fate {
	case crawl.There, crawl.Back:
		return There, nil
	case crawl.Changed:
		return Changed, nil
	case crawl.Gone:
		return Gone, nil
	case crawl.Moved:
		return Moved, nil
	}
	return "", errors.New("detection: it could not be told whether the page is there")
}
