// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"lachan/duty/detection/crawl"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// SourceState is whether a source is looked at.
type SourceState string

// The states.
const (
	SourceActive  SourceState = "active"
	SourcePaused  SourceState = "paused"
	SourceDropped SourceState = "dropped"
)

// Key is the locale key of the state's name.
func (s SourceState) Key() string { return "detection.source." + string(s) }

// Source is a public place that is looked at.
type Source struct {
	ID        string
	Unit      string
	Kind      crawl.Kind
	Title     string
	Addresses []string // one, but for a list of links; none of Reported
	Every     time.Duration
	Depth     int
	Pages     int // at most so many a scan
	Next      time.Time
	State     SourceState
	Made      time.Time
	By        string
	Last      Scan // the newest scan; its ID is "" before the first
}

// SourceKinds lists the kinds of a source.
func SourceKinds() []crawl.Kind {
	return []crawl.Kind{crawl.Page, crawl.Channel, crawl.Feed, crawl.Sitemap, crawl.Links, Reported}
}

// SourceKey is the locale key of the name of a kind of source.
func SourceKey(k crawl.Kind) string { return "detection.source.kind." + string(k) }

// Bounds of a source.
const (
	maxLinks      = 1000
	maxLinkDepth  = 5
	maxPages      = 20_000
	leastInterval = 15 * time.Minute
)

// SourceCommand makes a source.
type SourceCommand struct {
	Kind      string
	Title     string
	Addresses string // one a line; personal
	Every     int    // minutes; 0: once, now
	Depth     int
	Pages     int // 0: 500
}

const sourceColumns = `s.id, s.unit, s.kind, s.title, s.address, s.every, s.depth, s.pages, s.next_at, s.state, s.made, s.by_person`

var (
	querySourcePut = sqldb.Register("detection.source_put", `
		INSERT INTO detection_source (id, unit, kind, title, address, address_hash, every, depth, pages, next_at, state, made, by_person)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`)
	querySource     = sqldb.Register("detection.source", `SELECT `+sourceColumns+` FROM detection_source s WHERE s.id = $1`)
	querySources    = sqldb.Register("detection.sources", `SELECT `+sourceColumns+` FROM detection_source s WHERE s.unit = $1 AND s.state <> 'dropped' ORDER BY s.made DESC, s.id`)
	querySourceSame = sqldb.Register("detection.source_same", `SELECT `+sourceColumns+` FROM detection_source s WHERE s.address_hash = $1`)
	querySourceSet  = sqldb.Register("detection.source_set", `UPDATE detection_source SET state = $2, next_at = $3 WHERE id = $1`)
	queryScans      = sqldb.Register("detection.scans", `SELECT `+scanColumns+` FROM detection_scan WHERE source = $1 ORDER BY started DESC, id LIMIT $2`)
)

func (s *Service) scanSource(r sqldb.Row) (o Source, err error) {
	var address []byte
	var every, nextAt, made int64
	if err := r.Scan(&o.ID, &o.Unit, &o.Kind, &o.Title, &address, &every, &o.Depth, &o.Pages, &nextAt, &o.State, &made, &o.By); err != nil {
		return o, err
	}
	o.Every, o.Next, o.Made = time.Duration(every)*time.Minute, fromMicro(nextAt), clock.FromMicro(made)
	plain, err := s.box().Open("source/"+o.ID, address)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(plain, &o.Addresses)
}

func (s *Service) validateSource(c *SourceCommand) (addresses []string, err error) {
	c.Title = strings.TrimSpace(c.Title)
	p := problem.New("input/faulty")
	kind := crawl.Kind(c.Kind)
	if !slices.Contains(SourceKinds(), kind) {
		p.Field("kind", "input/not-a-choice")
	}
	if c.Title == "" {
		p.Field("title", "input/required")
	} else if len([]rune(c.Title)) > maxTitle {
		p.Field("title", "input/too-long", "max", maxTitle)
	}
	for n, line := range strings.Fields(c.Addresses) {
		if !strings.Contains(line, "://") {
			line = "https://" + line
		}
		if _, err := fetch.CheckURL(line); err != nil {
			p.Field("addresses", "detection/bad-address", "n", n+1)
			break
		}
		if !slices.Contains(addresses, line) {
			addresses = append(addresses, line)
		}
	}
	switch {
	case kind == Reported && len(addresses) > 0:
		p.Field("addresses", "detection/no-address")
	case kind == Reported:
	case len(addresses) == 0 && len(p.Fields) == 0:
		p.Field("addresses", "input/required")
	case len(addresses) > 1 && kind != crawl.Links:
		p.Field("addresses", "detection/one-address")
	case len(addresses) > maxLinks:
		p.Field("addresses", "detection/too-many-links", "max", maxLinks)
	}
	if (c.Every != 0 || kind == Reported) && time.Duration(c.Every)*time.Minute < leastInterval || c.Every < 0 {
		p.Field("every", "input/not-a-choice")
	}
	if c.Depth < 0 || c.Depth > maxLinkDepth {
		p.Field("depth", "input/not-a-choice")
	}
	if c.Pages == 0 {
		c.Pages = 500
	}
	if c.Pages < 1 || c.Pages > maxPages {
		p.Field("pages", "input/not-a-choice")
	}
	return addresses, p.OrNil()
}

// AddSource makes a source and has it looked at now. The same place twice is
// detection/source-exists; one that was dropped comes back.
func (s *Service) AddSource(ctx context.Context, actor authz.Actor, c SourceCommand) (string, error) {
	permit, err := s.check(ctx, actor, "detection.source", "source", "")
	if err != nil {
		return "", err
	}
	addresses, err := s.validateSource(&c)
	if err != nil {
		return "", err
	}
	o := Source{ID: id.New(), Unit: actor.Unit, Kind: crawl.Kind(c.Kind)}
	hash := s.hash("source", c.Kind+"\n"+strings.Join(addresses, "\n"))
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		same, err := sqldb.All(ctx, tx, querySourceSame, s.scanSource, hash)
		if err != nil {
			return err
		}
		now := clock.Micro(s.now())
		if len(same) > 0 {
			if same[0].State != SourceDropped {
				return problem.New("detection/source-exists").Field("addresses", "detection/source-exists")
			}
			o.ID = same[0].ID
			if _, err := sqldb.Exec(ctx, tx, querySourceSet, o.ID, string(SourceActive), now); err != nil {
				return err
			}
			if err := s.Emit(ctx, tx, SourceDue{o.ID}); err != nil {
				return err
			}
			return s.record(ctx, tx, actor, o.ID, "detection.source_changed", permit, map[string]string{"state": string(SourceActive)})
		}
		boxed, err := s.box().Seal("source/"+o.ID, []byte(encode(addresses)))
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, querySourcePut, o.ID, o.Unit, c.Kind, c.Title, boxed, hash, c.Every, c.Depth, c.Pages, now,
			string(SourceActive), now, actor.Person); err != nil {
			return err
		}
		if err := s.Emit(ctx, tx, SourceDue{o.ID}); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, o.ID, "detection.source_made", permit, map[string]any{"kind": c.Kind, "every": c.Every, "depth": c.Depth, "addresses": len(addresses)})
	})
	return o.ID, err
}

// Sources lists the sources of the actor's unit with their newest scan.
func (s *Service) Sources(ctx context.Context, actor authz.Actor) ([]Source, error) {
	if _, err := s.check(ctx, actor, "detection.source", "source", ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), querySources, s.scanSource, actor.Unit)
	if err != nil {
		return nil, wrap("sources", err)
	}
	for n := range all {
		last, err := sqldb.All(ctx, s.DB.Read(), queryScans, s.scanScan, all[n].ID, 1)
		if err != nil {
			return nil, wrap("sources", err)
		}
		if len(last) > 0 {
			all[n].Last = last[0]
		}
	}
	return all, nil
}

// Source is one source with its newest scans.
func (s *Service) Source(ctx context.Context, actor authz.Actor, source string) (Source, []Scan, error) {
	o, _, err := s.loadSource(ctx, s.DB.Read(), actor, source)
	if err != nil {
		return o, nil, err
	}
	scans, err := sqldb.All(ctx, s.DB.Read(), queryScans, s.scanScan, o.ID, 30)
	if len(scans) > 0 {
		o.Last = scans[0]
	}
	return o, scans, wrap("source", err)
}

func (s *Service) loadSource(ctx context.Context, q sqldb.Queryer, actor authz.Actor, source string) (Source, authz.Permit, error) {
	o, err := sqldb.One(ctx, q, querySource, s.scanSource, source)
	if err != nil {
		return o, authz.Permit{}, notFound(err, "detection/no-source")
	}
	permit, err := s.Authz.Check(ctx, actor, "detection.source", ofUnit("source", o.ID, o.Unit))
	return o, permit, err
}

// SetSource looks at a source now (state active), pauses or drops it. What was
// found stays.
func (s *Service) SetSource(ctx context.Context, actor authz.Actor, source string, state SourceState) error {
	if state != SourceActive && state != SourcePaused && state != SourceDropped {
		return problem.New("input/faulty").Field("state", "input/not-a-choice")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		o, permit, err := s.loadSource(ctx, tx, actor, source)
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, querySourceSet, o.ID, string(state), clock.Micro(s.now())); err != nil {
			return err
		}
		if state == SourceActive {
			if err := s.Emit(ctx, tx, SourceDue{o.ID}); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, actor, o.ID, "detection.source_changed", permit, map[string]string{"state": string(state)})
	})
}

// hostOf is the host of an address; "" of none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
