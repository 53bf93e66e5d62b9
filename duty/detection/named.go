// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"slices"
	"strings"
	"time"

	"lachan/duty/detection/crawl"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Reported is the kind of a source that nobody lists: the names that reports
// link to and that were not seen before.
//
// Whoever runs a site sees that it was visited. If he gave its address to one
// child alone, a visit tells him that this child has told. So a name is
// visited only when twoTold people have told of it, at the source's own time,
// at its first page, and never under the address of a report. What needs no
// visit, whether the name was made to be taken for another, is looked at with
// the first report.
const Reported crawl.Kind = "reported"

const (
	twoTold    = 2
	namesAScan = 50                  // visited by one scan
	namesFor   = 90 * 24 * time.Hour // how long a name waits for a second report
	likenSome  = 200                 // names compared in one go
)

// Name is a domain that a report links to, and how many people told of it.
type Name struct {
	Domain    string
	Reporters int
}

var (
	queryHears = sqldb.Register("detection.hears", `
		SELECT COUNT(*) FROM detection_source WHERE kind = 'reported' AND state = 'active'`)
	queryReportedSource = sqldb.Register("detection.source_reported", `
		SELECT `+sourceColumns+` FROM detection_source s WHERE s.kind = 'reported' AND s.state = 'active' LIMIT 1`)
	queryNamePut = sqldb.Register("detection.name_put", `
		INSERT INTO detection_name (domain_hash, domain, heard, reporters, likened, scan) VALUES ($1,$2,$3,$4,0,'')
		ON CONFLICT (domain_hash) DO UPDATE SET reporters = excluded.reporters WHERE excluded.reporters > detection_name.reporters`)
	queryNamesNew = sqldb.Register("detection.names_new", `
		SELECT domain_hash, domain FROM detection_name WHERE likened = 0 ORDER BY domain_hash LIMIT $1`)
	queryNameLikened = sqldb.Register("detection.name_likened", `UPDATE detection_name SET likened = 1 WHERE domain_hash = $1`)
	queryNamesTake   = sqldb.Register("detection.names_take", `
		UPDATE detection_name SET scan = $1 WHERE domain_hash IN (
			SELECT domain_hash FROM detection_name WHERE scan = '' AND reporters >= $2 ORDER BY heard, domain_hash LIMIT $3)`)
	queryNamesScan   = sqldb.Register("detection.names_scan", `SELECT domain_hash, domain FROM detection_name WHERE scan = $1 ORDER BY domain_hash`)
	queryNamesEnd    = sqldb.Register("detection.names_end", `UPDATE detection_name SET domain = $2 WHERE scan = $1`)
	queryNamesBack   = sqldb.Register("detection.names_back", `UPDATE detection_name SET scan = '' WHERE scan = $1`)
	queryNamesForget = sqldb.Register("detection.names_forget", `DELETE FROM detection_name WHERE scan = '' AND heard < $1`)
	queryNameCounts  = sqldb.Register("detection.name_counts", `
		SELECT COUNT(*) FILTER (WHERE scan = '' AND reporters < $1), COUNT(*) FILTER (WHERE scan = '' AND reporters >= $1), COUNT(*) FILTER (WHERE scan <> '')
		FROM detection_name`)
)

// Hear takes in the names of a report, inside its transaction. Without an
// active source of the kind nothing is kept. Names that many people use and
// those that are protected are passed over: of them the first page says
// nothing.
func (s *Service) Hear(ctx context.Context, tx *sqldb.Tx, names []Name) error {
	if len(names) == 0 {
		return nil
	}
	hears, err := sqldb.One(ctx, tx, queryHears, sqldb.Scalar[int])
	if err != nil || hears == 0 {
		return wrap("names", err)
	}
	day := clock.Micro(s.now().Truncate(24 * time.Hour)) // nearer would say which report it was
	// In one order, so that two reports at two hubs do not wait for each other.
	names = slices.SortedFunc(slices.Values(names), func(a, b Name) int { return strings.Compare(a.Domain, b.Domain) })
	for _, n := range names {
		if s.Ordinary != nil && !s.Ordinary(n.Domain) {
			continue
		}
		hash := s.hash("name", n.Domain)
		boxed, err := s.box().Seal("name/"+hash, []byte(n.Domain))
		if err != nil {
			return wrap("names", err)
		}
		if _, err := sqldb.Exec(ctx, tx, queryNamePut, hash, boxed, day, n.Reporters); err != nil {
			return wrap("names", err)
		}
	}
	return nil
}

// heard is a name as it is kept.
type heard struct{ hash, domain string }

func (s *Service) scanName(r sqldb.Row) (n heard, err error) {
	var boxed []byte
	if err := r.Scan(&n.hash, &boxed); err != nil || len(boxed) == 0 {
		return n, err
	}
	plain, err := s.box().Open("name/"+n.hash, boxed)
	n.domain = string(plain)
	return n, err
}

// likenNames puts new names that were made to be taken for protected ones into
// the queue. It asks nobody.
func (s *Service) likenNames(ctx context.Context, permit authz.Permit) error {
	if s.Lookalikes == nil {
		return nil
	}
	fresh, err := sqldb.All(ctx, s.DB.Read(), queryNamesNew, s.scanName, likenSome)
	if err != nil || len(fresh) == 0 {
		return err
	}
	source, err := sqldb.All(ctx, s.DB.Read(), queryReportedSource, s.scanSource)
	if err != nil || len(source) == 0 {
		return err
	}
	for _, n := range fresh {
		done := func(ctx context.Context, tx *sqldb.Tx, _ string) error {
			_, err := sqldb.Exec(ctx, tx, queryNameLikened, n.hash)
			return err
		}
		h, alike := s.alike(n.domain)
		if !alike {
			err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return done(ctx, tx, "") })
		} else {
			_, err = s.find(ctx, scanner(), permit, lookalikeFinding(source[0], "", h), done)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeNames gives a scan the names that it visits.
func (s *Service) takeNames(ctx context.Context, tx *sqldb.Tx, scan string) (int64, error) {
	return sqldb.Exec(ctx, tx, queryNamesTake, scan, twoTold, namesAScan)
}

// visits are the first pages of the names that a scan was given.
func (s *Service) visits(ctx context.Context, scan string) ([]string, error) {
	names, err := sqldb.All(ctx, s.DB.Read(), queryNamesScan, s.scanName, scan)
	var all []string
	for _, n := range names {
		if n.domain != "" {
			all = append(all, "https://"+n.domain+"/")
		}
	}
	return all, err
}

// endNames forgets the names of a scan that came to its end, but for what tells
// that they were visited; those of one that did not are visited by the next.
func (s *Service) endNames(ctx context.Context, tx *sqldb.Tx, scan string, state ScanState) error {
	if state != ScanDone {
		_, err := sqldb.Exec(ctx, tx, queryNamesBack, scan)
		return err
	}
	_, err := sqldb.Exec(ctx, tx, queryNamesEnd, scan, []byte{})
	return err
}

// ForgetNames forgets names that nobody else told of in time.
func (s *Service) ForgetNames(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryNamesForget, clock.Micro(s.now().Add(-namesFor)))
		return wrap("names", err)
	})
}

// NameCounts says how many names wait for a second report, for the next scan,
// and were visited.
type NameCounts struct{ Alone, Next, Visited int }

// NameCounts counts the names of reports.
func (s *Service) NameCounts(ctx context.Context, actor authz.Actor) (c NameCounts, err error) {
	if _, err := s.check(ctx, actor, "detection.source", "source", ""); err != nil {
		return c, err
	}
	return sqldb.One(ctx, s.DB.Read(), queryNameCounts, func(r sqldb.Row) (c NameCounts, err error) {
		err = r.Scan(&c.Alone, &c.Next, &c.Visited)
		return c, err
	}, twoTold)
}
