// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// The parts that a unit can have in a case.
const (
	modeOwner   = "owner"
	modeHolds   = "holds"   // accepted a referral
	modeOffered = "offered" // was asked and has not answered
)

const (
	excludedPerson = "person"
	excludedUnit   = "unit"
)

type accessRow struct {
	Unit, Mode string
	Groups     []Group
}

type exclusionRow struct{ Kind, Subject, Why string }

var (
	accessOfCase = sqldb.Register("casework.access_of_case",
		`SELECT unit_id, mode, groups FROM casework_access WHERE case_id = $1 ORDER BY unit_id`)
	accessPut = sqldb.Register("casework.access_put", `INSERT INTO casework_access (case_id, unit_id, mode, groups, open, rank, due, received_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
		ON CONFLICT (case_id, unit_id) DO UPDATE SET mode = excluded.mode, groups = excluded.groups`)
	accessDrop       = sqldb.Register("casework.access_drop", `DELETE FROM casework_access WHERE case_id = $1 AND unit_id = $2`)
	exclusionsOfCase = sqldb.Register("casework.exclusions_of_case",
		`SELECT kind, subject, why FROM casework_exclusion WHERE case_id = $1 ORDER BY kind, subject`)
	exclusionPut = sqldb.Register("casework.exclusion_put", `INSERT INTO casework_exclusion (case_id, kind, subject, why, at, by_whom)
		VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (case_id, kind, subject) DO NOTHING`)
)

func scanAccess(r sqldb.Row) (a accessRow, err error) {
	var groups string
	err = r.Scan(&a.Unit, &a.Mode, &groups)
	a.Groups = splitWords[Group](groups)
	return a, err
}

func scanExclusion(r sqldb.Row) (e exclusionRow, err error) {
	err = r.Scan(&e.Kind, &e.Subject, &e.Why)
	return e, err
}

func putAccess(ctx context.Context, tx *sqldb.Tx, c *caseRow, unit, mode string, groups []Group) error {
	_, err := sqldb.Exec(ctx, tx, accessPut, c.ID, unit, mode, joinWords(groups), c.State.Open(), -c.Score, toDue(c.RankDue), clock.Micro(c.Received))
	return err
}

func putExclusion(ctx context.Context, tx *sqldb.Tx, caseID string, e exclusionRow, at time.Time, by string) error {
	_, err := sqldb.Exec(ctx, tx, exclusionPut, caseID, e.Kind, e.Subject, e.Why, clock.Micro(at), by)
	return err
}

// regain sets a unit's part from its referrals that still stand: rights end
// with one referral but survive while another is offered or accepted.
func (s *Service) regain(ctx context.Context, tx *sqldb.Tx, c *caseRow, unit string) error {
	if unit == c.Owner {
		return putAccess(ctx, tx, c, unit, modeOwner, ownerGroups())
	}
	referrals, err := sqldb.All(ctx, tx, referralsOfCase, scanReferral, c.ID)
	if err != nil {
		return err
	}
	mode, groups := "", []Group(nil)
	for _, r := range referrals {
		if r.To != unit || r.State != ReferralOffered && r.State != ReferralAccepted {
			continue
		}
		groups = append(groups, r.Groups...)
		if r.State == ReferralAccepted {
			mode = modeHolds
		} else if mode == "" {
			mode = modeOffered
		}
	}
	if mode == "" {
		if _, err := sqldb.Exec(ctx, tx, accessDrop, c.ID, unit); err != nil {
			return err
		}
		return s.ungrant(ctx, tx, c.ID, unit)
	}
	return putAccess(ctx, tx, c, unit, mode, groups)
}
