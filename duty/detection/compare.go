// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/pdq"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Compare says whether two values of a type are the same to a matcher, and how
// far they lie apart: in bits for PDQ, 0 or 1 for the others. It reads no bank.
// A value that cannot be matched is detection/bad-signal.
func (s *Service) Compare(ctx context.Context, actor authz.Actor, kind exchange.Type, a, b string) (same bool, distance int, err error) {
	if _, err := s.check(ctx, actor, "detection.match", "bank", ""); err != nil {
		return false, 0, err
	}
	left, okLeft := exchange.Canonical(kind, a)
	right, okRight := exchange.Canonical(kind, b)
	if !okLeft || !okRight {
		return false, 0, problem.New("input/faulty").Field(string(kind), "detection/bad-signal")
	}
	if kind != exchange.PDQ {
		if left != right {
			distance = 1
		}
		return left == right, distance, nil
	}
	x, errX := pdq.Parse(left)
	y, errY := pdq.Parse(right)
	if err := errors.Join(errX, errY); err != nil {
		return false, 0, wrap("compare", err)
	}
	distance = x.Distance(y)
	return distance <= pdq.MaxDistance, distance, nil
}

// Holding is what all banks hold of one type of signals.
type Holding struct {
	Signals int
	Newest  time.Time // when the newest was put there; zero: there is none
	// Permille is the share of contents that the matching API answers with for
	// this type, over and above each bank's own share.
	Permille int
}

var (
	queryHeld = sqldb.Register("detection.held", `
		SELECT s.type, COUNT(*), MAX(c.made) FROM detection_signal s JOIN detection_content c ON c.id = s.content
		WHERE c.gone = 0 GROUP BY s.type`)
	queryTypeShares = sqldb.Register("detection.type_shares", `SELECT type, permille FROM detection_type`)
	queryTypeShare  = sqldb.Register("detection.type_share", `SELECT permille FROM detection_type WHERE type = $1`)
	queryTypePut    = sqldb.Register("detection.type_put", `
		INSERT INTO detection_type (type, permille) VALUES ($1,$2) ON CONFLICT (type) DO UPDATE SET permille = excluded.permille`)
)

// Holdings says what the banks hold, by type.
func (s *Service) Holdings(ctx context.Context, actor authz.Actor) (map[exchange.Type]Holding, error) {
	if _, err := s.check(ctx, actor, "detection.match", "bank", ""); err != nil {
		return nil, err
	}
	held := map[exchange.Type]Holding{}
	for _, t := range exchange.Types() {
		held[t] = Holding{Permille: 1000}
	}
	type row struct {
		kind     exchange.Type
		n        int
		at       int64
		permille int
	}
	counts, err := sqldb.All(ctx, s.DB.Read(), queryHeld, func(r sqldb.Row) (c row, err error) {
		err = r.Scan(&c.kind, &c.n, &c.at)
		return c, err
	})
	if err != nil {
		return nil, wrap("holdings", err)
	}
	for _, c := range counts {
		held[c.kind] = Holding{Signals: c.n, Newest: clock.FromMicro(c.at), Permille: 1000}
	}
	shares, err := sqldb.All(ctx, s.DB.Read(), queryTypeShares, func(r sqldb.Row) (c row, err error) {
		err = r.Scan(&c.kind, &c.permille)
		return c, err
	})
	for _, c := range shares {
		h := held[c.kind]
		h.Permille = c.permille
		held[c.kind] = h
	}
	return held, wrap("holdings", err)
}

// ShareType says which share of contents, in thousandths, the matching API
// answers with for a type of signals; 0 turns the type off there. Scans match
// all the same.
func (s *Service) ShareType(ctx context.Context, actor authz.Actor, kind exchange.Type, permille int) error {
	permit, err := s.check(ctx, actor, "detection.bank", "bank", "")
	if err != nil {
		return err
	}
	if permille < 0 || permille > 1000 {
		return problem.New("input/faulty").Field("enabled_ratio", "input/not-a-choice")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryTypePut, string(kind), permille); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, string(kind), "detection.type_shared", permit, map[string]int{"permille": permille})
	})
}

// typeShare is the share of a type; 1000 where nobody chose one.
func (s *Service) typeShare(ctx context.Context, kind exchange.Type) (int, error) {
	n, err := sqldb.One(ctx, s.DB.Read(), queryTypeShare, sqldb.Scalar[int], string(kind))
	if errors.Is(err, sqldb.ErrNoRows) {
		return 1000, nil
	}
	return n, err
}

// ForGood is the instant until which a content is off that nobody expects back.
func ForGood() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }
