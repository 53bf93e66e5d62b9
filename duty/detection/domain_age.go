// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lachan/duty/detection/rdap"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Aged says since when a domain is registered: the zero time where the registry
// does not know or say. duty/detection/rdap has it.
type Aged interface {
	Registered(ctx context.Context, domain string) (time.Time, error)
}

// When a domain whose age is not known may be asked about again.
const (
	againUnknown = 30 * 24 * time.Hour
	againFailed  = 24 * time.Hour
)

var (
	queryDomain    = sqldb.Register("detection.domain", `SELECT registered, next_at FROM detection_domain WHERE domain_hash = $1`)
	queryDomainPut = sqldb.Register("detection.domain_put", `
		INSERT INTO detection_domain (domain_hash, registered, asked, next_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (domain_hash) DO UPDATE SET registered = excluded.registered, asked = excluded.asked, next_at = excluded.next_at`)
)

// domainAge is how many whole days ago the domain of a host was registered; -1
// where that is not known. It asks at most once for a name, and must not be
// called inside a transaction: it may wait for a stranger's server.
func (s *Service) domainAge(ctx context.Context, host string) (int, error) {
	if s.Aged == nil {
		return -1, nil
	}
	domain := s.Registrable(host)
	if domain == "" || s.Protected != nil && s.Protected(domain) {
		return -1, nil
	}
	hash := s.hash("domain", domain)
	since, due, err := s.registered(ctx, hash)
	if err == nil && due {
		since, err = s.askAge(ctx, domain, hash)
	}
	if err != nil || since.IsZero() {
		return -1, wrap("domain age", err)
	}
	return int(max(s.now().Sub(since), 0) / (24 * time.Hour)), nil
}

// registered is what is remembered of a domain, and whether it may be asked
// about.
func (s *Service) registered(ctx context.Context, hash string) (since time.Time, due bool, err error) {
	var next int64
	at, err := sqldb.One(ctx, s.DB.Read(), queryDomain, func(r sqldb.Row) (at int64, err error) {
		err = r.Scan(&at, &next)
		return at, err
	}, hash)
	if errors.Is(err, sqldb.ErrNoRows) {
		return time.Time{}, true, nil
	}
	return fromMicro(at), next > 0 && next <= clock.Micro(s.now()), err
}

// askAge asks about a domain and remembers what came of it. One question of this
// hub goes out at a time; where the answer, or the turn, does not come soon, a
// scan goes on without.
func (s *Service) askAge(ctx context.Context, domain, hash string) (time.Time, error) {
	soon, cancel := context.WithTimeout(ctx, s.Settings.AgeTime)
	defer cancel()
	select {
	case <-s.aging:
		defer func() { s.aging <- struct{}{} }()
	case <-soon.Done():
		return time.Time{}, nil
	}
	// Another scan may have asked meanwhile.
	since, due, err := s.registered(ctx, hash)
	if err != nil || !due {
		return since, err
	}
	since, err = s.Aged.Registered(soon, domain)
	now := s.now()
	var next time.Time
	switch {
	case errors.Is(err, rdap.ErrNotNow), ctx.Err() != nil:
		return time.Time{}, nil // nobody was asked, or nobody waited for the answer
	case err != nil:
		since, next = time.Time{}, now.Add(againFailed)
		// The name of the domain is nobody's business, and the server's stands in
		// the settings.
		s.Log.WarnContext(ctx, "the age of a domain could not be had", slog.String("code", problem.From(err).Code))
	case since.IsZero():
		next = now.Add(againUnknown)
	}
	return since, s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryDomainPut, hash, clock.Micro(since), clock.Micro(now), clock.Micro(next))
		return err
	})
}
