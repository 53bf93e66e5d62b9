// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// MaskWhy says why a field group is covered.
type MaskWhy string

// The reasons. A page says each in words (casework.mask.*), and whom to ask.
const (
	MaskNone   MaskWhy = ""       // open
	MaskRole   MaskWhy = "role"   // the unit's part in the case does not show it
	MaskLocked MaskWhy = "locked" // unlock first
	MaskNoKey  MaskWhy = "no_key" // permitted, but the unit holds no key
)

// Key is the locale key of the reason.
func (m MaskWhy) Key() string { return "casework.mask." + string(m) }

// ToldReport is one report with the groups that the reader may open.
type ToldReport struct {
	ID, Age   string
	At        time.Time
	Channel   Channel
	Reporter  ReporterKind
	Harms     []Harm
	Mediums   []Medium
	Relation  Relation
	Danger    Answer
	StillWith Answer
	Lang      string
	Contact   Contact
	Masks     map[Group]MaskWhy // every group that the report has
	Words     ToldWords         // personal
	Child     ToldChild         // personal
	Person    ToldPerson        // personal
	Teller    ToldReporter      // personal
}

// CaseView is all of a case that a reader may see.
type CaseView struct {
	ID, Code, Owner, Handler, Mode, MergedInto string
	State                                      State
	Received, Closed                           time.Time
	Urgent                                     bool
	Outcome                                    Outcome
	Place                                      string
	Harms                                      []Harm
	Score                                      ScoreState
	// Contact is how it is safe to answer, the strictest of all reports. It
	// stands above every phone, address and referral.
	Contact   Contact
	Reports   []ToldReport
	Clocks    []Clock
	Tracks    []TrackState
	Events    []EventRow // newest first
	Thread    []Message
	Links     []LinkRow
	Decisions []Decision
	Referrals []Referral
	Proposals []Proposal
	Rings     []Ring
	Excluded  int // how many are kept away; who is not said
	Acts      []Act
	Locked    bool // unlock to read what was told
	NoKey     bool // permitted, yet the unit holds no key: whom to ask
}

// Case shows a case. u may be nil: then everything sealed stays covered. What
// was opened is recorded in the ledger.
func (s *Service) Case(ctx context.Context, actor authz.Actor, u *vault.Unlocked, caseID string) (CaseView, error) {
	q := s.DB.Read()
	c, permit, err := s.load(ctx, q, actor, caseID, "casework.view", nil)
	if err != nil {
		return CaseView{}, err
	}
	v := CaseView{
		ID: c.ID, Code: c.Code, Owner: c.Owner, Handler: c.Handler, State: c.State, Received: c.Received, Closed: c.ClosedAt, Urgent: c.Urgent,
		Outcome: c.Outcome, Place: c.Place, Harms: c.Harms, Contact: OnlyCode, MergedInto: c.MergedInto, Acts: Allowed(c.State), Locked: u == nil,
	}
	if err := s.viewParts(ctx, q, &v); err != nil {
		return CaseView{}, err
	}
	if v.Links, err = s.visibleLinks(ctx, q, actor, c.ID, v.Links); err != nil {
		return CaseView{}, err
	}
	if v.Proposals, err = s.visibleProposals(ctx, q, actor, v.Proposals); err != nil {
		return CaseView{}, err
	}
	access, err := sqldb.All(ctx, q, accessOfCase, scanAccess, c.ID)
	if err != nil {
		return CaseView{}, err
	}
	var mask []Group
	for _, a := range access {
		if a.Unit == actor.Unit {
			v.Mode, mask = a.Mode, a.Groups
		}
	}
	o, err := s.opener(ctx, q, actor, "casework.view", c, u)
	if err != nil {
		return CaseView{}, err
	}
	opened, err := s.viewTold(ctx, q, o, mask, &v)
	if err != nil || opened == 0 {
		return v, err
	}
	return v, s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.record(ctx, tx, actor, c.ID, "casework.opened", permit.Policies(), map[string]any{"unit": actor.Unit, "objects": opened})
	})
}

func (s *Service) viewParts(ctx context.Context, q sqldb.Queryer, v *CaseView) (err error) {
	if v.Clocks, err = sqldb.All(ctx, q, clocksOfCase, scanClock, v.ID); err != nil {
		return err
	}
	if v.Tracks, err = sqldb.All(ctx, q, tracksOfCase, scanTrack, v.ID); err != nil {
		return err
	}
	if v.Events, err = sqldb.All(ctx, q, eventsOfCase, scanEvent, v.ID); err != nil {
		return err
	}
	if v.Thread, err = sqldb.All(ctx, q, messagesOfCase, scanMessage, v.ID); err != nil {
		return err
	}
	if v.Links, err = sqldb.All(ctx, q, linksOfCase, scanLink, v.ID); err != nil {
		return err
	}
	if v.Decisions, err = sqldb.All(ctx, q, decisionsOfCase, scanDecision, v.ID); err != nil {
		return err
	}
	if v.Referrals, err = sqldb.All(ctx, q, referralsOfCase, scanReferral, v.ID); err != nil {
		return err
	}
	if v.Proposals, err = sqldb.All(ctx, q, proposalsOfCase, scanProposal, v.ID); err != nil {
		return err
	}
	if v.Rings, err = sqldb.All(ctx, q, ringsOfCase, scanRing, v.ID); err != nil {
		return err
	}
	excluded, err := sqldb.All(ctx, q, exclusionsOfCase, scanExclusion, v.ID)
	if err != nil {
		return err
	}
	v.Excluded = len(excluded)
	v.Score, err = sqldb.One(ctx, q, scoreOfCase, scanScore, v.ID)
	if errors.Is(err, sqldb.ErrNoRows) {
		err = nil
	}
	return err
}

// visibleLinks drops the links to cases that the reader may not know of.
func (s *Service) visibleLinks(ctx context.Context, q sqldb.Queryer, actor authz.Actor, caseID string, links []LinkRow) ([]LinkRow, error) {
	var kept []LinkRow
	for _, l := range links {
		l.With = l.Other
		if l.With == caseID {
			l.With = l.Case
		}
		c, _, err := s.load(ctx, q, actor, l.With, "casework.view", nil)
		if err == nil {
			l.Code = c.Code
			kept = append(kept, l)
			continue
		}
		if k := problem.KindOf(err); k != problem.NotFound && k != problem.Forbidden {
			return nil, err
		}
	}
	return kept, nil
}

// viewTold opens what the mask and the session allow and counts what was
// opened.
func (s *Service) viewTold(ctx context.Context, q sqldb.Queryer, o *opener, mask []Group, v *CaseView) (count int, err error) {
	opened := map[string]*vault.CaseKeys{}
	reports, err := sqldb.All(ctx, q, reportsOfCase, scanReport, v.ID)
	if err != nil {
		return 0, err
	}
	open := func(object string, g Group) ([]byte, MaskWhy, error) {
		switch {
		case !slices.Contains(mask, g):
			return nil, MaskRole, nil
		case o.unlocked == nil:
			return nil, MaskLocked, nil
		}
		keys, there := opened[object]
		if !there {
			keys, err = o.keys(ctx, q, object)
			if err != nil && !problem.Is(err, "vault/no-key") {
				return nil, MaskNone, err
			}
			opened[object] = keys
		}
		if keys == nil || !keys.Has(vault.Group(g)) {
			v.NoKey = true
			return nil, MaskNoKey, nil
		}
		plain, err := openWith(ctx, q, keys, object, g)
		if err == nil {
			count++
		}
		return plain, MaskNone, err
	}
	for i, p := range reports {
		told := ToldReport{
			ID: p.ID, At: p.Received, Age: p.Age, Channel: p.Channel, Reporter: p.Reporter, Harms: p.Harms, Mediums: p.Mediums,
			Relation: p.Relation, Danger: p.Danger, StillWith: p.StillWith, Lang: p.Lang, Contact: p.Contact, Masks: map[Group]MaskWhy{},
		}
		if i == 0 || p.Contact == OnlyCode {
			v.Contact = p.Contact
		}
		into := map[Group]any{Narrative: &told.Words, AboutChild: &told.Child, AboutReported: &told.Person, ReporterIdentity: &told.Teller}
		for _, g := range p.Groups {
			plain, why, err := open(p.ID, g)
			if err != nil {
				return count, err
			}
			told.Masks[g] = why
			if why != MaskNone || into[g] == nil {
				continue
			}
			if err := json.Unmarshal(plain, into[g]); err != nil {
				return count, err
			}
		}
		v.Reports = append(v.Reports, told)
	}
	for i := range v.Thread {
		plain, why, err := open(v.Thread[i].ID, Narrative)
		if err != nil {
			return count, err
		}
		v.Thread[i].Text, v.Thread[i].Sealed = string(plain), why != MaskNone
	}
	for i := range v.Events {
		if !v.Events[i].HasNote {
			continue
		}
		plain, _, err := open(v.Events[i].ID, Narrative)
		if err != nil {
			return count, err
		}
		v.Events[i].Note = string(plain)
	}
	return count, nil
}
