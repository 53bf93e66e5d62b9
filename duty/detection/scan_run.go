// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"

	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/media"
	"lachan/internal/sqldb"
)

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
		Features: Features{Source: string(r.source.Kind), DomainAge: -1, Reach: f.Reach},
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
	return pictureOf(e), nil
}

// pictureOf is an exam as a finding has it.
func pictureOf(e media.Exam) FoundPicture {
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
	return p
}

// lookalikes puts names that were made to be taken for protected ones into the
// queue, once each.
func (r *scanRun) lookalikes(ctx context.Context, f crawl.Found) error {
	seen := map[string]bool{}
	for _, link := range append([]string{f.URL, f.FinalURL}, f.Links...) {
		domain := r.s.Registrable(hostOf(link))
		if domain == "" || seen[domain] {
			continue
		}
		seen[domain] = true
		if h, is := r.s.alike(domain); is {
			if _, err := r.s.find(ctx, scanner(), r.permit, lookalikeFinding(r.source, r.scan.ID, h), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// alike finds the protected name for which a domain was made to be taken.
func (s *Service) alike(domain string) (lookalike.Hit, bool) {
	if s.Lookalikes == nil {
		return lookalike.Hit{}, false
	}
	for _, h := range s.Lookalikes.Look(domain) {
		if float64(h.Weight)/100 >= lookalikeFrom {
			return h, true
		}
	}
	return lookalike.Hit{}, false
}

func lookalikeFinding(o Source, scan string, h lookalike.Hit) Finding {
	return Finding{
		Source: o.ID, Scan: scan, Kind: LookalikeKind, Address: "https://" + h.Domain + "/", Title: h.Domain + " ≈ " + h.Protected,
		Features: Features{Source: string(o.Kind), DomainAge: -1, Reach: -1, Lookalike: float64(h.Weight) / 100},
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
