// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// ReferCommand offers a case to another unit.
type ReferCommand struct {
	Case    string   `json:"case"`
	Kind    string   `json:"kind"` // referral or transfer
	To      string   `json:"to"`   // org id
	Fields  []string `json:"fields"`
	Consent string   `json:"consent"`
	Basis   string   `json:"basis"`
	Reason  string   `json:"reason"` // sealed; needed where the ground is the law
}

// Validate lists every faulty field.
func (c *ReferCommand) Validate() error {
	p := problem.New("input/faulty")
	if !slices.Contains(ReferralKinds(), ReferralKind(c.Kind)) {
		p.Field("kind", "input/not-a-choice")
	}
	if c.To == "" {
		p.Field("to", "input/required")
	}
	if len(c.Fields) == 0 {
		p.Field("fields", "input/required")
	}
	for _, f := range c.Fields {
		if !Group(f).Valid() {
			p.Field("fields", "input/not-a-choice")
		}
	}
	if !slices.Contains(Consents(), Consent(c.Consent)) {
		p.Field("consent", "input/not-a-choice")
	}
	if Consent(c.Consent) == ConsentLaw {
		if c.Basis == "" {
			p.Field("basis", "input/required")
		}
		if c.Reason == "" {
			p.Field("reason", "input/required")
		}
		// Who told is shown to another body only if he agrees.
		if slices.Contains(c.Fields, string(ReporterIdentity)) {
			p.Field("fields", "casework/identity-needs-consent")
		}
	}
	return p.OrNil()
}

// Refer offers a case. The receiver's keys are wrapped now, so that it can
// read what it is asked to take; a transfer moves ownership only on Accept.
func (s *Service) Refer(ctx context.Context, actor authz.Actor, u *vault.Unlocked, cmd ReferCommand) (referral string, err error) {
	if err := cmd.Validate(); err != nil {
		return "", err
	}
	if u == nil {
		return "", problem.New("casework/unlock-first")
	}
	now := s.now()
	f := Referral{
		ID: id.New(), Case: cmd.Case, Kind: ReferralKind(cmd.Kind), From: actor.Unit, To: cmd.To, Groups: splitWords[Group](joinWords(cmd.Fields)),
		Consent: Consent(cmd.Consent), Basis: cmd.Basis, State: ReferralOffered, Offered: now, OfferedBy: actor.Person,
	}
	err = s.change(ctx, actor, cmd.Case, step{action: "casework.refer", kind: "casework.referred", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		excluded, err := sqldb.All(ctx, tx, exclusionsOfCase, scanExclusion, c.ID)
		if err != nil {
			return nil, err
		}
		if f.To == c.Owner || f.To == actor.Unit || excludes(excluded, f.To) {
			return nil, problem.New("casework/not-a-receiver")
		}
		if f.Kind == Transfer {
			if actor.Unit != c.Owner {
				return nil, problem.New("casework/owner-only")
			}
			if c.State, err = (Standing{State: c.State}).Next(ActOffer); err != nil {
				return nil, err
			}
		}
		o, err := s.opener(ctx, tx, actor, "casework.refer", c, u)
		if err != nil {
			return nil, err
		}
		if err := s.grantAll(ctx, tx, o, c.ID, f.Groups, f.To); err != nil {
			return nil, err
		}
		if err := s.offer(ctx, tx, c, f); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, "referred", map[string]string{"referral": f.ID, "consent": string(f.Consent)}, cmd.Reason, now); err != nil {
			return nil, err
		}
		return map[string]any{"referral": f.ID, "kind": f.Kind, "to": f.To, "groups": f.Groups, "consent": f.Consent, "basis": f.Basis}, nil
	}})
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// Accept takes what was offered to the actor's unit.
func (s *Service) Accept(ctx context.Context, actor authz.Actor, referralID string) error {
	return s.answerReferral(ctx, actor, referralID, ReferralAccepted, "", "")
}

// ReturnReasons lists why a referral may be given back.
func ReturnReasons() []string {
	return []string{"not_competent", "wrong_place", "not_enough", "duplicate", "other"}
}

// Return gives back what was offered, with a reason of ReturnReasons and a
// note, which is sealed.
func (s *Service) Return(ctx context.Context, actor authz.Actor, referralID, reason, note string) error {
	if !slices.Contains(ReturnReasons(), reason) {
		return problem.New("input/faulty").Field("reason", "input/not-a-choice")
	}
	return s.answerReferral(ctx, actor, referralID, ReferralReturned, reason, note)
}

func (s *Service) referral(ctx context.Context, q sqldb.Queryer, referralID string) (Referral, error) {
	f, err := sqldb.One(ctx, q, referralByID, scanReferral, referralID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return f, problem.New("authz/not-found")
	}
	return f, err
}

func (s *Service) answerReferral(ctx context.Context, actor authz.Actor, referralID string, to ReferralState, reason, note string) error {
	f, err := s.referral(ctx, s.DB.Read(), referralID)
	if err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, f.Case, step{action: "casework.accept", attrs: map[string]any{"offered": []string{f.To}}, kind: "casework." + string(to), do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		f, err := s.referral(ctx, tx, referralID)
		if err != nil {
			return nil, err
		}
		if f.To != actor.Unit {
			return nil, problem.New("authz/not-found")
		}
		if f.State != ReferralOffered {
			return nil, problem.New("casework/already-answered")
		}
		f.State, f.Answered, f.AnsweredBy, f.Reason = to, now, actor.Person, reason
		if err := putReferral(ctx, tx, f); err != nil {
			return nil, err
		}
		if f.Kind == Transfer {
			act := ActAccept
			if to == ReferralReturned {
				act = ActReturn
			}
			// An emergency may have been raised meanwhile: then it stays one.
			if c.State == StateOffered {
				if c.State, err = (Standing{State: c.State}).Next(act); err != nil {
					return nil, err
				}
			}
			if to == ReferralAccepted {
				old := c.Owner
				c.Owner, c.Handler = f.To, ""
				if err := s.keepOldOwner(ctx, tx, c, old, f, now); err != nil {
					return nil, err
				}
			}
		}
		if err := s.regain(ctx, tx, c, f.To); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, string(to), map[string]string{"referral": f.ID, "reason": reason}, note, now); err != nil {
			return nil, err
		}
		if err := s.Emit(ctx, tx, Referred{Case: c.ID, Referral: f.ID, Kind: string(f.Kind), State: string(to), From: f.From, To: f.To, At: now}); err != nil {
			return nil, err
		}
		return map[string]any{"referral": f.ID, "reason": reason}, nil
	}})
}

// keepOldOwner leaves the unit that handed a case over what it needs to answer
// the reporter, as an accepted referral of its own.
func (s *Service) keepOldOwner(ctx context.Context, tx *sqldb.Tx, c *caseRow, old string, f Referral, now time.Time) error {
	err := putReferral(ctx, tx, Referral{
		ID: id.New(), Case: c.ID, From: c.Owner, To: old, Kind: Coordinate, Groups: []Group{Narrative}, Consent: f.Consent, Basis: f.Basis,
		State: ReferralAccepted, Offered: now, Due: now, OfferedBy: f.AnsweredBy, Answered: now, AnsweredBy: f.AnsweredBy,
	})
	if err != nil {
		return err
	}
	return s.regain(ctx, tx, c, old)
}

// Revoke takes back a referral that the actor's unit made. The receiver's view
// ends, unless another referral to it stands.
func (s *Service) Revoke(ctx context.Context, actor authz.Actor, referralID string) error {
	f, err := s.referral(ctx, s.DB.Read(), referralID)
	if err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, f.Case, step{action: "casework.refer", kind: "casework.revoked", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		f, err := s.referral(ctx, tx, referralID)
		if err != nil {
			return nil, err
		}
		if f.From != actor.Unit || !f.Revocable() {
			return nil, problem.New("casework/already-answered")
		}
		offeredTransfer := f.Kind == Transfer && c.State == StateOffered
		f.State, f.Answered, f.AnsweredBy = ReferralRevoked, now, actor.Person
		if err := putReferral(ctx, tx, f); err != nil {
			return nil, err
		}
		if offeredTransfer {
			c.State = StateHandling
		}
		if err := s.regain(ctx, tx, c, f.To); err != nil {
			return nil, err
		}
		if err := s.note(ctx, tx, actor, c, "revoked", map[string]string{"referral": f.ID}, "", now); err != nil {
			return nil, err
		}
		return map[string]any{"referral": f.ID}, s.Emit(ctx, tx, Referred{Case: c.ID, Referral: f.ID, Kind: string(f.Kind), State: string(f.State), From: f.From, To: f.To, At: now})
	}})
}

// AlertUnanswered finds offers that nobody answered in time, marks them, and
// tells flow once each, so that both heads see them. A job calls it.
func (s *Service) AlertUnanswered(ctx context.Context) (n int, err error) {
	now := s.now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n = 0
		late, err := sqldb.All(ctx, tx, referralOverdue, scanReferral, clock.Micro(now))
		if err != nil {
			return err
		}
		for _, f := range late {
			f.Alerted = now
			if err := s.alert(ctx, tx, f, now); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (s *Service) alert(ctx context.Context, tx *sqldb.Tx, f Referral, now time.Time) error {
	if err := putReferral(ctx, tx, f); err != nil {
		return err
	}
	if err := putEvent(ctx, tx, f.Case, EventRow{
		ID: id.New(), Kind: "unanswered", Actor: "system:casework.referrals", At: now,
		Details: map[string]string{"referral": f.ID, "to": f.To},
	}); err != nil {
		return err
	}
	if err := s.record(ctx, tx, authz.System("casework.referrals"), f.Case, "casework.unanswered", nil, map[string]any{"referral": f.ID, "to": f.To}); err != nil {
		return err
	}
	return s.Emit(ctx, tx, Unanswered{Case: f.Case, Referral: f.ID, From: f.From, To: f.To, At: now})
}
