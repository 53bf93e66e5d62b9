// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"slices"

	"lachan/duty/detection/crawl"
	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/pdq"
	"lachan/internal/sqldb"
)

// maxText is how much of a text is kept, in bytes; a page of a newspaper has
// some ten thousand.
const maxText = 200_000

// Found is what became of a finding.
type Found struct {
	Item   string // id; "" where nothing gave a reason
	Fresh  bool   // a new item
	Judged Judgement
}

// Find takes a finding in: it is matched and judged in memory, and what gives a
// reason is sealed into the queue. The same address and kind that waits already
// is counted, and rises if it is graver now; one that was judged comes back
// only if it has changed.
func (s *Service) Find(ctx context.Context, actor authz.Actor, f Finding) (Found, error) {
	permit, err := s.mayFind(ctx, actor)
	if err != nil {
		return Found{}, err
	}
	return s.find(ctx, actor, permit, f, nil)
}

// find is Find for who was allowed to. also, if any, joins the transaction; it
// gets the id of the item, "" where nothing gave a reason.
func (s *Service) find(ctx context.Context, actor authz.Actor, permit authz.Permit, f Finding, also func(ctx context.Context, tx *sqldb.Tx, item string) error) (Found, error) {
	unit, err := s.Unit(ctx, s.now())
	if err != nil {
		return Found{}, err
	}
	i, err := s.itemOf(ctx, &f)
	if err != nil {
		return Found{}, wrap("find", err)
	}
	i.Unit = unit
	brought := f.Brought || f.Source == ""
	r, err := s.rule(ctx, i, s.based(i.Features, brought), brought)
	if err != nil {
		return Found{}, wrap("rules", err)
	}
	j := r.Judgement
	if !j.Queue {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			if err := s.keep(ctx, tx, i, "", r); err != nil || also == nil {
				return err
			}
			return also(ctx, tx, "")
		})
		return Found{Judged: j}, wrap("find", err)
	}
	s.shoot(ctx, &f)
	i.seen(&f)
	i.Tier, i.Label, i.Reasons, i.Severity = j.Tier, j.Label, j.Reasons, s.label(j.Label).Severity
	i.Spoken = f.Spoken || s.spoken(r) && i.Kind == PageKind && f.Text != ""
	s.intake.Lock()
	defer s.intake.Unlock()
	out := Found{Judged: j}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if out.Item, out.Fresh, err = s.admit(ctx, tx, actor, permit, *i, f); err != nil {
			return err
		}
		if err := s.keep(ctx, tx, i, out.Item, r); err != nil || also == nil {
			return err
		}
		if !out.Fresh {
			return also(ctx, tx, "")
		}
		return also(ctx, tx, out.Item)
	})
	return out, wrap("find", err)
}

// mayFind: the hub's own scans, and a reviewer who brings something.
func (s *Service) mayFind(ctx context.Context, actor authz.Actor) (authz.Permit, error) {
	if actor.System {
		return s.Authz.Check(ctx, actor, "detection.scan", authz.Resource{Type: "detection.item"})
	}
	return s.check(ctx, actor, "detection.review", "item", "")
}

// itemOf does in memory whatever needs the words, addresses and hashes.
func (s *Service) itemOf(ctx context.Context, f *Finding) (*Item, error) {
	if len(f.Text) > maxText {
		f.Text = cutText(f.Text, maxText)
		f.Marks = slices.DeleteFunc(f.Marks, func(m Mark) bool { return m.To > len(f.Text) })
	}
	if err := s.syncModels(ctx); err != nil {
		return nil, err
	}
	s.read(f)
	now := s.now()
	i := &Item{
		ID: id.New(), Source: f.Source, Scan: f.Scan, Kind: f.Kind, Found: now, LastSeen: now, Seen: 1, State: Waiting, Features: f.Features,
		addressHash: s.hash("item", f.Address), text: s.hash("text", f.TextDigest),
	}
	host := ""
	if u, err := url.Parse(f.Address); err == nil {
		host = u.Hostname()
	}
	i.host = s.hash("host", host)
	i.Features.Kind, i.Features.Pictures = f.Kind, len(f.Pictures)
	// A name that was not visited because one report told of it is not asked for
	// elsewhere either.
	if unvisited := f.Features.Source == string(Reported) && f.Scan == ""; i.Features.DomainAge < 0 && !unvisited {
		age, err := s.domainAge(ctx, host)
		if err != nil {
			return nil, err
		}
		i.Features.DomainAge = age
	}
	for _, sig := range addressSignals(f.Address, host) {
		hits, err := s.hits(ctx, sig, nil, -1)
		if err != nil {
			return nil, err
		}
		i.Features.Hits = append(i.Features.Hits, hits...)
	}
	for n := range f.Pictures {
		p := &f.Pictures[n]
		facts, hits, err := s.facts(ctx, p, n)
		if err != nil {
			return nil, err
		}
		if p.Film {
			i.Features.Films++
		}
		i.Pictures = append(i.Pictures, facts)
		i.Features.Hits = append(i.Features.Hits, hits...)
		if i.picture == "" {
			i.picture = s.hash("picture", p.clusterKey())
		}
	}
	if s.Reported != nil {
		n, err := s.Reported(ctx, f.Address)
		if err != nil {
			return nil, err
		}
		i.Features.Reports = n
	}
	return i, nil
}

// shoot adds a picture of the page, as a visitor sees it, to the capture of what
// goes into the queue. Without one the capture is as good a record of what was
// sent; so a browser that fails keeps nothing back.
func (s *Service) shoot(ctx context.Context, f *Finding) {
	if s.Shoot == nil || f.Kind != PageKind || f.Capture == nil {
		return
	}
	png, err := s.Shoot(context.WithoutCancel(ctx), f.Address)
	if err == nil {
		var record bytes.Buffer
		if err = crawl.WriteShot(&record, s.Software, f.Address, s.now(), png); err == nil {
			f.Capture = append(f.Capture, record.Bytes()...)
			return
		}
	}
	s.Log.WarnContext(ctx, "no picture of a page", slog.String("kind", string(f.Kind))) // its address is nobody's business
}

// seen notes what was captured.
func (i *Item) seen(f *Finding) {
	if f.Capture != nil {
		sum := sha256.Sum256(f.Capture)
		i.Capture = Capture{Size: int64(len(f.Capture)), SHA256: hex.EncodeToString(sum[:])}
	}
}

func (p *FoundPicture) clusterKey() string {
	if p.Quality >= pdq.MinQuality && !p.Hash.IsZero() {
		return p.Hash.String()
	}
	return p.SHA256
}

// facts looks one picture up in every bank.
func (s *Service) facts(ctx context.Context, p *FoundPicture, n int) (PictureFacts, []Hit, error) {
	facts := PictureFacts{Width: p.Width, Height: p.Height, Quality: p.Quality, Film: p.Film, Kept: len(p.Picture) > 0}
	var hits []Hit
	for _, sig := range []Signal{{exchange.MD5, p.MD5}, {exchange.SHA256, p.SHA256}} {
		if sig.Value == "" {
			continue
		}
		more, err := s.hits(ctx, sig, nil, n)
		if err != nil {
			return facts, nil, err
		}
		hits = append(hits, more...)
	}
	if p.Quality >= pdq.MinQuality {
		more, err := s.hits(ctx, Signal{}, slices.Concat([]pdq.Hash{p.Hash}, p.Variants), n)
		if err != nil {
			return facts, nil, err
		}
		hits = append(hits, more...)
	}
	hits = onceEach(hits)
	for _, h := range hits {
		// What was judged once is not shown again, whatever the verdict.
		if IsDecided(h.Bank) && facts.Known == "" {
			facts.Known, facts.Label = h.Verdict, h.Label
		}
	}
	return facts, hits, nil
}

// hits are the matches of a signal, or of the hashes, as hits of picture n.
func (s *Service) hits(ctx context.Context, sig Signal, hashes []pdq.Hash, n int) ([]Hit, error) {
	var found []Match
	var err error
	if hashes != nil {
		found, err = s.matchHashes(ctx, hashes)
	} else {
		found, err = s.matchSignal(ctx, sig)
	}
	var hits []Hit
	for _, m := range found {
		if m.Taken() {
			hits = append(hits, Hit{Bank: m.Bank, Content: m.Content, Label: m.Label, Severity: m.Severity, Distance: m.Distance, Picture: n, Verdict: m.Verdict})
		}
	}
	return hits, err
}

// onceEach keeps the nearest hit of each content.
func onceEach(hits []Hit) []Hit {
	slices.SortStableFunc(hits, func(a, b Hit) int {
		if a.Content != b.Content {
			return int(a.Content - b.Content)
		}
		return a.Distance - b.Distance
	})
	return slices.CompactFunc(hits, func(a, b Hit) bool { return a.Content == b.Content })
}

func addressSignals(address, host string) (signals []Signal) {
	if v, ok := exchange.Canonical(exchange.URL, address); ok {
		signals = append(signals, Signal{exchange.URL, v})
	}
	if v, ok := exchange.Canonical(exchange.Domain, host); ok {
		signals = append(signals, Signal{exchange.Domain, v})
	}
	return signals
}

// itemCounter numbers the items.
const itemCounter = "item"

// admit puts a finding into the queue, or counts it where it is there already.
func (s *Service) admit(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, permit authz.Permit, i Item, f Finding) (string, bool, error) {
	before, err := sqldb.One(ctx, tx, queryItemAddress, scanItem, i.addressHash, string(i.Kind))
	switch {
	case errors.Is(err, sqldb.ErrNoRows):
	case err != nil:
		return "", false, err
	case before.State != Decided, before.text == i.text && before.picture == i.picture:
		return before.ID, false, s.meetAgain(ctx, tx, &before, &i)
	default:
		i.Features.Again = before.Seen
	}
	if i.Number, err = next(ctx, tx, itemCounter); err != nil {
		return "", false, err
	}
	if i.address, err = s.box().Seal("item/"+i.ID, []byte(f.Address)); err != nil {
		return "", false, err
	}
	if err := s.seal(ctx, tx, &i, f); err != nil {
		return "", false, err
	}
	if err := s.putItem(ctx, tx, &i); err != nil {
		return "", false, err
	}
	err = s.record(ctx, tx, actor, i.ID, "detection.found", permit, map[string]any{
		"number": i.Number, "kind": i.Kind, "label": i.Label, "tier": int(i.Tier), "pictures": len(i.Pictures), "capture": i.Capture.SHA256,
	})
	if err == nil && i.Tier == Emergency {
		err = s.Emit(ctx, tx, EmergencyFound{Item: i.ID, Number: i.Number, Unit: i.Unit, At: i.Found})
	}
	return i.ID, err == nil, err
}

// meetAgain counts a finding that is known, and lets it rise.
func (s *Service) meetAgain(ctx context.Context, tx *sqldb.Tx, before, now *Item) error {
	before.Seen++
	before.LastSeen = now.LastSeen
	if before.State == Waiting && now.Tier < before.Tier {
		before.Tier, before.Label, before.Severity, before.Reasons, before.Features = now.Tier, now.Label, now.Severity, now.Reasons, now.Features
		if before.Tier == Emergency {
			if err := s.Emit(ctx, tx, EmergencyFound{Item: before.ID, Number: before.Number, Unit: before.Unit, At: now.LastSeen}); err != nil {
				return err
			}
		}
	}
	return saveItem(ctx, tx, before)
}

func cutText(text string, most int) string {
	for most > 0 && text[most]&0xc0 == 0x80 {
		most--
	}
	return text[:most]
}
