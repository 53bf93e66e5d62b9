// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"slices"
	"time"

	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/sqldb"
)

// ReferralKind is how a case is handed over.
type ReferralKind string

// The kinds: coordinate (phối hợp) leaves the owner, transfer (chuyển thẩm
// quyền) moves ownership when it is accepted. Neither resets a clock.
const (
	Coordinate ReferralKind = "referral"
	Transfer   ReferralKind = "transfer"
)

// ReferralKinds lists the kinds.
func ReferralKinds() []ReferralKind { return []ReferralKind{Coordinate, Transfer} }

// Key is the locale key of the kind's name.
func (k ReferralKind) Key() string { return "casework.referral." + string(k) }

// ReferralState is where a hand-over stands.
type ReferralState string

// The states.
const (
	ReferralOffered  ReferralState = "offered"
	ReferralAccepted ReferralState = "accepted"
	ReferralReturned ReferralState = "returned"
	ReferralRevoked  ReferralState = "revoked"
	ReferralDone     ReferralState = "done"
)

// Key is the locale key of the state's name.
func (r ReferralState) Key() string { return "casework.referral-state." + string(r) }

// Consent is on what ground a case may be shown to another body.
type Consent string

// The grounds. ConsentLaw needs the legal basis and a reason.
const (
	ConsentReporter Consent = "reporter"
	ConsentGuardian Consent = "guardian"
	ConsentLaw      Consent = "law"
)

// Consents lists the grounds.
func Consents() []Consent { return []Consent{ConsentReporter, ConsentGuardian, ConsentLaw} }

// Key is the locale key of the ground.
func (c Consent) Key() string { return "casework.consent." + string(c) }

// Referral is one hand-over of a case.
type Referral struct {
	ID, Case, From, To    string
	Kind                  ReferralKind
	Groups                []Group // what the receiver sees
	Consent               Consent
	Basis                 string // legal basis, an enumeration or a number of an article
	State                 ReferralState
	Offered, Due          time.Time // Due: when an answer is awaited
	OfferedBy, AnsweredBy string
	Answered, Alerted     time.Time
	Reason                string // code of the reason of a return
}

// Revocable reports whether its sender may still take it back: what moved the
// owner is his no longer.
func (f Referral) Revocable() bool {
	return f.State == ReferralOffered || f.State == ReferralAccepted && f.Kind != Transfer
}

const referralColumns = `id, case_id, kind, from_unit, to_unit, groups, consent, basis, state, offered_at, offered_by, due,
	answered_at, answered_by, reason, alerted_at`

var (
	referralsOfCase = sqldb.Register("casework.referrals_of_case",
		`SELECT `+referralColumns+` FROM casework_referral WHERE case_id = $1 ORDER BY offered_at, id`)
	referralByID    = sqldb.Register("casework.referral_by_id", `SELECT `+referralColumns+` FROM casework_referral WHERE id = $1`)
	referralOverdue = sqldb.Register("casework.referral_overdue", `SELECT `+referralColumns+` FROM casework_referral
		WHERE state = 'offered' AND due < $1 AND alerted_at = 0 ORDER BY due LIMIT 100`)
	referralPut = sqldb.Register("casework.referral_put", `INSERT INTO casework_referral (`+referralColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, answered_at = excluded.answered_at,
		answered_by = excluded.answered_by, reason = excluded.reason, alerted_at = excluded.alerted_at`)
)

func scanReferral(r sqldb.Row) (f Referral, err error) {
	var groups string
	var offered, due, answered, alerted int64
	err = r.Scan(&f.ID, &f.Case, &f.Kind, &f.From, &f.To, &groups, &f.Consent, &f.Basis, &f.State, &offered, &f.OfferedBy, &due,
		&answered, &f.AnsweredBy, &f.Reason, &alerted)
	f.Groups = splitWords[Group](groups)
	f.Offered, f.Due = clock.FromMicro(offered), clock.FromMicro(due)
	f.Answered, f.Alerted = clock.FromMicro(answered), clock.FromMicro(alerted)
	return f, err
}

func putReferral(ctx context.Context, tx *sqldb.Tx, f Referral) error {
	_, err := sqldb.Exec(ctx, tx, referralPut, f.ID, f.Case, string(f.Kind), f.From, f.To, joinWords(f.Groups), string(f.Consent),
		f.Basis, string(f.State), clock.Micro(f.Offered), f.OfferedBy, clock.Micro(f.Due), clock.Micro(f.Answered), f.AnsweredBy,
		f.Reason, clock.Micro(f.Alerted))
	return err
}

// offer writes an offered referral, opens the receiver's view of it, and tells
// flow. Keys must have been granted, or sealed at intake.
func (s *Service) offer(ctx context.Context, tx *sqldb.Tx, c *caseRow, f Referral) error {
	rules := s.clocks.Starting("referral", "offer")
	due, err := rules[0].Due(f.Offered, s.Days)
	if err != nil {
		return err
	}
	f.Due = due
	if err := putReferral(ctx, tx, f); err != nil {
		return err
	}
	if err := s.regain(ctx, tx, c, f.To); err != nil {
		return err
	}
	if err := putEvent(ctx, tx, c.ID, EventRow{
		ID: id.New(), Kind: "offered", Actor: f.OfferedBy, Unit: f.From, At: f.Offered,
		Details: map[string]string{"referral": f.ID, "kind": string(f.Kind), "to": f.To},
	}); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Referred{Case: c.ID, Referral: f.ID, Kind: string(f.Kind), State: string(f.State), From: f.From, To: f.To, At: f.Offered})
}

// unitsWith lists the units whose part in a case has a group.
func (s *Service) unitsWith(ctx context.Context, q sqldb.Queryer, caseID string, g Group) ([]string, error) {
	access, err := sqldb.All(ctx, q, accessOfCase, scanAccess, caseID)
	if err != nil {
		return nil, err
	}
	var units []string
	for _, a := range access {
		if slices.Contains(a.Groups, g) {
			units = append(units, a.Unit)
		}
	}
	return units, nil
}
