// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// BundleInfo describes a bundle; OpenBundle has its bytes.
type BundleInfo struct {
	Number  int64
	File    string // key among the Files
	SHA256  string // of the file, hex
	Bytes   int64
	Names   int
	Sets    int   // different sets of categories
	Folded  int64 // the highest delta whose effect is in it
	Lists   []BundledList
	Created time.Time
}

// BundledList is a list as it went into a bundle.
type BundledList struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Names    int    `json:"names"`
	Edition  int64  `json:"edition"`
}

const bundleColumns = `number, file, sha256, bytes, names, sets, folded, lists, created`

var (
	queryBundlePut = sqldb.Register("schools.bundle_put", `
		INSERT INTO schools_bundle (`+bundleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	queryBundles    = sqldb.Register("schools.bundles", `SELECT `+bundleColumns+` FROM schools_bundle ORDER BY number DESC LIMIT $1`)
	queryBundle     = sqldb.Register("schools.bundle", `SELECT `+bundleColumns+` FROM schools_bundle WHERE number = $1`)
	queryBundleDrop = sqldb.Register("schools.bundle_drop", `DELETE FROM schools_bundle WHERE number = $1`)
	queryNamesPage  = sqldb.Register("schools.names_page", `
		SELECT domain FROM schools_list_name WHERE edition = $1 AND domain > $2 ORDER BY domain LIMIT $3`)
)

// BuildBundle compiles lists, services, policies and the blocks in force into
// one signed file, stores it and makes it the current one. The three newest
// stay (Settings.KeepBundles).
//
// The number of the newest delta is read before the blocks, in the same
// transaction, so that no decision falls between the bundle and the deltas.
func (s *Service) BuildBundle(ctx context.Context, actor authz.Actor) (BundleInfo, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("bundle", ""))
	if err != nil {
		return BundleInfo{}, err
	}
	var lists []List
	var blocks []Block
	info := BundleInfo{Created: s.clock.Now()}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if info.Number, err = next(ctx, tx, "bundle"); err != nil {
			return err
		}
		if info.Folded, err = counter(ctx, tx, "delta"); err != nil {
			return err
		}
		if lists, err = sqldb.All(ctx, tx, queryLists, scanList); err != nil {
			return err
		}
		blocks, err = sqldb.All(ctx, tx, queryBlocksRunning, scanBlock, s.now())
		return err
	})
	if err != nil {
		return info, wrap("build bundle", err)
	}
	lists = slices.DeleteFunc(lists, func(l List) bool { return l.edition == 0 }) // not fetched yet
	last, err := s.parts(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "the last bundle cannot be followed; nodes will fetch the next one whole", "error", err)
	}
	builder, err := s.builder(ctx, last.Bundle, lists, blocks, info.Folded)
	if err != nil {
		return info, err
	}
	for _, l := range lists {
		info.Lists = append(info.Lists, BundledList{l.Name, l.Category, l.Names, l.edition})
	}
	// 10 bytes a name: 50 MB for five million, held once while it is stored.
	var file bytes.Buffer
	stats, err := builder.Build(&file, bundle.Head{Number: uint64(info.Number), Created: clock.Micro(info.Created), Folded: uint64(info.Folded)}, s.keys.current())
	if err != nil {
		return info, err
	}
	sum := sha256.Sum256(file.Bytes())
	info.SHA256, info.Bytes, info.Names, info.Sets = hex.EncodeToString(sum[:]), stats.Bytes, stats.Names, stats.Sets
	info.File = fmt.Sprintf("bundles/%d-%s", info.Number, info.SHA256[:16])
	if err := s.files.Put(ctx, info.File, &file); err != nil {
		return info, wrap("store bundle", err)
	}
	return info, s.publishBundle(ctx, actor, permit, info)
}

// builder gathers what the next bundle is made of.
func (s *Service) builder(ctx context.Context, last *bundle.Bundle, lists []List, blocks []Block, folded int64) (*bundle.Builder, error) {
	c := s.catalogue
	var categories []bundle.Category
	for _, k := range c.Categories {
		categories = append(categories, bundle.Category{Code: k.Code, Kind: bundle.KindCategory})
	}
	for _, k := range c.Services {
		categories = append(categories, bundle.Category{Code: k.Code, Kind: bundle.KindService})
	}
	b, err := bundle.NewBuilder(categories)
	if err != nil {
		return nil, err
	}
	if last != nil {
		b.Follow(last)
	}
	for _, p := range c.Policies {
		band, ok := bundle.ParseBand(p.Band)
		if !ok {
			return nil, problem.New("schools/unknown-band", "band", p.Band)
		}
		period, okPeriod := bundle.ParsePeriod(cmp.Or(p.Period, bundle.AnyTime.String()))
		video, okVideo := bundle.ParseVideo(p.Video)
		if !okPeriod || !okVideo {
			return nil, problem.New("schools/unknown-band", "band", p.Band)
		}
		if err := b.Policy(bundle.Policy{Band: band, Period: period, Blocked: p.Blocked, Allowed: p.Allowed, SafeSearch: p.SafeSearch, Video: video}); err != nil {
			return nil, err
		}
	}
	if err := c.rewrites(b.Rewrite); err != nil {
		return nil, err
	}
	never, err := s.neverBlock(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	for _, n := range never.all() {
		b.NeverBlock(n)
	}
	for _, set := range []*nameSet{&c.protected, &c.popular} {
		for _, n := range set.all() {
			b.Protect(n)
		}
	}
	own := map[string][]string{}
	for _, k := range c.Categories {
		own[k.Code] = k.Names
	}
	for _, k := range c.Services {
		own[k.Code] = k.Domains
	}
	for code, names := range own {
		for _, d := range names {
			n, err := bundle.ParseName(d)
			if err == nil {
				err = b.Add(n, code)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	except, err := s.loadExceptions(ctx, b, lists, folded)
	if err != nil {
		return nil, wrap("read exceptions for bundle", err)
	}
	for _, l := range lists {
		if err := s.addNames(ctx, b, l, except); err != nil {
			return nil, wrap("read list for bundle", err)
		}
	}
	if err := except.run(); err != nil {
		return nil, err
	}
	if err := s.runOpenings(ctx, b, folded); err != nil {
		return nil, err
	}
	for _, k := range blocks {
		e, err := k.entry()
		if err == nil {
			err = b.Run(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (s *Service) addNames(ctx context.Context, b *bundle.Builder, l List, except *exceptions) error {
	count := 0
	err := s.eachName(ctx, l.edition, func(text string) error {
		count++
		except.saw(text, l)
		n, err := bundle.ParseName(text)
		if err != nil {
			return err
		}
		return b.Add(n, l.Category)
	})
	if err == nil && count != l.Names { // it was replaced while we read
		err = problem.New("schools/list-changed", "name", l.Name)
	}
	return err
}

// publishBundle makes a stored file the current bundle and drops old ones.
func (s *Service) publishBundle(ctx context.Context, actor authz.Actor, permit authz.Permit, info BundleInfo) error {
	lists, err := json.Marshal(info.Lists)
	if err != nil {
		return err
	}
	var old []BundleInfo
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryBundlePut, info.Number, info.File, info.SHA256, info.Bytes, info.Names, info.Sets, info.Folded,
			string(lists), clock.Micro(info.Created))
		if err != nil {
			return err
		}
		before, err := s.beginRollout(ctx, tx, info.Number)
		if err != nil {
			return err
		}
		all, err := sqldb.All(ctx, tx, queryBundles, scanBundle, 1000)
		if err != nil {
			return err
		}
		old = slices.DeleteFunc(slices.Clone(all[min(len(all), s.settings.KeepBundles):]), func(b BundleInfo) bool { return b.Number == before })
		for _, o := range old {
			if _, err := sqldb.Exec(ctx, tx, queryBundleDrop, o.Number); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, step{kind: "schools.bundle_built", actor: actor.Name(), object: fmt.Sprint(info.Number), permit: permit, details: info})
	})
	if err != nil {
		return wrap("publish bundle", err)
	}
	for _, o := range old {
		if err := s.files.Delete(ctx, o.File); err != nil {
			s.log.WarnContext(ctx, "old bundle not deleted", "bundle", o.Number, "error", err)
		}
	}
	if err := s.publisher.PublishBundle(ctx, info); err != nil {
		s.log.WarnContext(ctx, "bundle not published; nodes will ask for it", "bundle", info.Number, "error", err)
	}
	return nil
}

// CurrentBundle is the newest bundle; schools/no-bundle before the first.
func (s *Service) CurrentBundle(ctx context.Context) (BundleInfo, error) {
	b, err := sqldb.One(ctx, s.db.Read(), queryBundles, scanBundle, 1)
	return b, notFound(err, "schools/no-bundle")
}

// OpenBundle opens the file of a bundle that is still kept. The caller closes
// it.
func (s *Service) OpenBundle(ctx context.Context, number int64) (BundleInfo, io.ReadCloser, error) {
	info, err := sqldb.One(ctx, s.db.Read(), queryBundle, scanBundle, number)
	if err != nil {
		return info, nil, notFound(err, "schools/no-bundle")
	}
	file, err := s.files.Get(ctx, info.File)
	return info, file, wrap("open bundle", err)
}

// Stale says how many lists have changed since the current bundle was built
// and how many deltas lie over it.
func (s *Service) Stale(ctx context.Context) (lists int, deltas int64, err error) {
	info, err := s.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return 0, 0, err
	}
	have := map[int64]bool{}
	for _, l := range info.Lists {
		have[l.Edition] = true
	}
	now, err := sqldb.All(ctx, s.db.Read(), queryLists, scanList)
	if err != nil {
		return 0, 0, wrap("stale", err)
	}
	for _, l := range now {
		if l.edition == 0 {
			continue
		}
		if have[l.edition] {
			delete(have, l.edition)
		} else {
			lists++
		}
	}
	highest, err := s.HighestDelta(ctx)
	return lists + len(have), highest - info.Folded, err
}

func scanBundle(r sqldb.Row) (b BundleInfo, err error) {
	var lists string
	var created int64
	if err := r.Scan(&b.Number, &b.File, &b.SHA256, &b.Bytes, &b.Names, &b.Sets, &b.Folded, &lists, &created); err != nil {
		return b, err
	}
	b.Created = clock.FromMicro(created)
	return b, json.Unmarshal([]byte(lists), &b.Lists)
}
