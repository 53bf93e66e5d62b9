// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"fmt"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/ledger"
	"lachan/internal/sqldb"
)

// admit writes a prepared report and its case.
func (s *Service) admit(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, in *intakeDraft) (Receipted, error) {
	c, p := *in.row, *in.report // a retried transaction begins from the draft again
	year := duty.DateOf(in.at).Year
	n, err := sqldb.One(ctx, tx, caseNumber, sqldb.Scalar[int64], int64(year))
	if err != nil {
		return Receipted{}, err
	}
	c.Code = fmt.Sprintf("VV-%d-%04d", year, n)
	if err := insertCase(ctx, tx, &c); err != nil {
		return Receipted{}, err
	}
	if err := insertReport(ctx, tx, &p); err != nil {
		return Receipted{}, err
	}
	missing := map[string]bool{}
	for _, l := range in.letters {
		without, err := s.seal(ctx, tx, l)
		if err != nil {
			return Receipted{}, fmt.Errorf("casework: sealing a report: %w", err)
		}
		for _, unit := range without {
			missing[unit] = true
		}
	}
	for unit := range missing { // permitted, but it must get a key first
		if err := putEvent(ctx, tx, c.ID, EventRow{ID: id.New(), Kind: "no_key", Actor: "system:" + intakeActor, Unit: unit, At: in.at}); err != nil {
			return Receipted{}, err
		}
	}
	if err := s.admitParts(ctx, tx, in, &c, &p); err != nil {
		return Receipted{}, err
	}
	by := actor.Name()
	if actor.System && actor.Session == "" {
		by = "system:" + intakeActor
	}
	entry, err := s.Ledger.Append(ctx, tx, ledger.Entry{
		Kind: "casework.received", Actor: by, Object: p.ID,
		Details: map[string]any{"case": c.ID, "channel": p.Channel, "score": c.Score, "floor": c.Floor, "weights": in.score.Weights, "cues": s.cues.Version()},
	})
	if err != nil {
		return Receipted{}, fmt.Errorf("casework: ledger: %w", err)
	}
	if _, err := sqldb.Exec(ctx, tx, reportEntry, p.ID, entry); err != nil {
		return Receipted{}, err
	}
	if err := s.Emit(ctx, tx, Received{Report: p.ID, Case: c.ID, Code: c.Code, OwnerUnit: c.Owner, At: in.at, Linked: in.linked, Names: in.names}); err != nil {
		return Receipted{}, err
	}
	if c.Urgent {
		if err := s.openRing(ctx, tx, &c, in.at); err != nil {
			return Receipted{}, err
		}
	}
	return Receipted{Report: p.ID, Case: c.ID, Code: c.Code, Received: in.at, Danger: p.Danger == Yes || p.Danger == Unsure}, nil
}

func (s *Service) admitParts(ctx context.Context, tx *sqldb.Tx, in *intakeDraft, c *caseRow, p *reportRow) error {
	if err := putAccess(ctx, tx, c, c.Owner, modeOwner, ownerGroups()); err != nil {
		return err
	}
	for _, e := range in.excluded {
		if err := putExclusion(ctx, tx, c.ID, e, in.at, "system:"+intakeActor); err != nil {
			return err
		}
	}
	for _, h := range in.hashes {
		if _, err := sqldb.Exec(ctx, tx, hashInsert, p.ID, c.ID, h.Kind, h.Value, false); err != nil {
			return err
		}
	}
	for other, kind := range in.links {
		if _, err := sqldb.Exec(ctx, tx, linkPut, c.ID, other, kind, "suggested", clock.Micro(in.at), "system:"+intakeActor); err != nil {
			return err
		}
	}
	for _, t := range in.tracks {
		if err := putTrack(ctx, tx, c.ID, TrackState{Track: t, Opened: in.at}); err != nil {
			return err
		}
	}
	for _, k := range in.clocks {
		if err := putClock(ctx, tx, k); err != nil {
			return err
		}
	}
	if err := putScore(ctx, tx, c.ID, in.score, in.at, "system:"+intakeActor, ""); err != nil {
		return err
	}
	if err := putEvent(ctx, tx, c.ID, EventRow{
		ID: id.New(), Kind: "received", Actor: "system:" + intakeActor, At: in.at,
		Details: map[string]string{"report": p.ID, "channel": string(p.Channel)},
	}); err != nil {
		return err
	}
	for _, unit := range in.rescue {
		r := Referral{
			ID: id.New(), Case: c.ID, Kind: Coordinate, From: c.Owner, To: unit, Groups: emergencyGroups(), Consent: ConsentLaw,
			Basis: "decree_56_26", State: ReferralOffered, Offered: in.at, OfferedBy: "system:" + intakeActor,
		}
		if err := s.offer(ctx, tx, c, r); err != nil {
			return err
		}
	}
	return nil
}
