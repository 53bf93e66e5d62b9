// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Rollout is how far a bundle has gone. A bundle reaches some schools first,
// and goes on by itself while these are well; a fault in it then meets five
// schools in a hundred and not all of them. What an officer decides is no part
// of this: deltas reach everybody at once.
type Rollout struct {
	Bundle int64
	Before int64 // what the other nodes stay with
	Stage  int   // nodes in a hundred; 100: all
	Since  time.Time
	Halted time.Time // zero while it goes on
	Why    string    // code: silent, upstream, rejected, person
	// What the nodes of this stage are doing.
	Nodes int // of this stage, not revoked, heard of since it began or shortly before
	Have  int // have it and are well
	Ill   int // rejected it, lost their upstream, or fell silent more than the others did
}

// The stages, nodes in a hundred.
var stages = [...]int{5, 25, 100}

const (
	// A stage halts if more than one node in so many is ill.
	illShare = 10
	// A stage is done when so many nodes in a hundred have the bundle; some
	// schools switch their node off for the holidays.
	doneShare = 80
)

var (
	queryRollout     = sqldb.Register("schools.rollout", `SELECT bundle, before, stage, since, halted, why FROM schools_rollout ORDER BY bundle DESC LIMIT 1`)
	queryRolloutPut  = sqldb.Register("schools.rollout_put", `INSERT INTO schools_rollout (bundle, before, stage, since, halted, why) VALUES ($1, $2, $3, $4, 0, '')`)
	queryRolloutDrop = sqldb.Register("schools.rollout_drop", `DELETE FROM schools_rollout WHERE bundle < $1`)
	queryRolloutStep = sqldb.Register("schools.rollout_step", `UPDATE schools_rollout SET stage = $2, since = $3, halted = 0, why = '' WHERE bundle = $1 AND stage = $4`)
	queryRolloutHalt = sqldb.Register("schools.rollout_halt", `UPDATE schools_rollout SET halted = $2, why = $3 WHERE bundle = $1 AND halted = 0 AND stage < 100`)
)

// beginRollout starts the stages of a new bundle where there are nodes enough,
// and gives the number of the bundle that the others stay with, 0 if none do.
// While an earlier bundle has not reached everybody, the others stay with what
// they have, not with that one.
func (s *Service) beginRollout(ctx context.Context, tx *sqldb.Tx, number int64) (before int64, err error) {
	if before, err = s.settledBefore(ctx, tx, number); err != nil {
		return 0, err
	}
	nodes, err := sqldb.All(ctx, tx, queryNodes, scanNode)
	if err != nil {
		return 0, err
	}
	live := 0
	for _, n := range nodes {
		if n.Revoked.IsZero() && s.clock.Now().Sub(n.Seen) <= s.settings.SilentAfter {
			live++
		}
	}
	if before == 0 || live < s.settings.StageFrom {
		_, err := sqldb.Exec(ctx, tx, queryRolloutDrop, number) // for all at once
		return 0, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryRolloutPut, number, before, stages[0], s.now()); err != nil {
		return 0, err
	}
	_, err = sqldb.Exec(ctx, tx, queryRolloutDrop, number)
	return before, err
}

// settledBefore is the newest bundle before number that everybody was given.
func (s *Service) settledBefore(ctx context.Context, q sqldb.Queryer, number int64) (int64, error) {
	r, err := sqldb.One(ctx, q, queryRollout, scanRollout)
	switch {
	case err == nil && r.Bundle < number && r.Stage < 100:
		return r.Before, nil
	case err != nil && !errors.Is(err, sqldb.ErrNoRows):
		return 0, err
	}
	all, err := sqldb.All(ctx, q, queryBundles, scanBundle, 2)
	if err != nil {
		return 0, err
	}
	for _, b := range all {
		if b.Number < number {
			return b.Number, nil
		}
	}
	return 0, nil
}

// Rollout is how far the newest bundle that went by stages has gone; the zero
// Rollout if none did.
func (s *Service) Rollout(ctx context.Context) (Rollout, error) {
	r, err := sqldb.One(ctx, s.db.Read(), queryRollout, scanRollout)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Rollout{}, nil
	}
	return r, wrap("roll-out", err)
}

// Expected is the number of the bundle that a node shall have, while the newest
// is current.
func (r Rollout) Expected(nodeID string, current int64) int64 {
	if r.Bundle != current || r.Stage >= 100 {
		return current
	}
	return int64(bus.Heartbeat{Bundle: uint64(r.Bundle), Stage: r.Stage, Before: uint64(r.Before)}.For(nodeID))
}

// RolloutState is Rollout with what the nodes of its stage are doing.
func (s *Service) RolloutState(ctx context.Context, actor authz.Actor) (Rollout, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		return Rollout{}, err
	}
	r, err := s.Rollout(ctx)
	if err != nil || r.Bundle == 0 {
		return r, err
	}
	_, err = s.judge(ctx, &r)
	return r, err
}

// judge counts the nodes of a roll-out's stage and says why it must halt, "" if
// it need not.
func (s *Service) judge(ctx context.Context, r *Rollout) (why string, err error) {
	nodes, err := sqldb.All(ctx, s.db.Read(), queryNodes, scanNode)
	if err != nil {
		return "", wrap("roll-out", err)
	}
	beat := bus.Heartbeat{Bundle: uint64(r.Bundle), Stage: r.Stage, Before: uint64(r.Before)}
	now := s.clock.Now()
	faults := map[string]int{}
	others, othersSilent := 0, 0
	for _, n := range nodes {
		if !n.Revoked.IsZero() || n.Seen.Before(r.Since.Add(-s.settings.SilentAfter)) {
			continue // away since before this stage
		}
		silent := now.Sub(n.Seen) > s.settings.SilentAfter
		if beat.For(n.ID) != beat.Bundle {
			if others++; silent {
				othersSilent++
			}
			continue
		}
		r.Nodes++
		switch {
		case n.Rejected == r.Bundle:
			faults["rejected"]++
		case silent:
			faults["silent"]++
		case n.Bundle >= r.Bundle && n.Health == HealthUpstream:
			faults["upstream"]++
		case n.Bundle >= r.Bundle:
			r.Have++
		}
	}
	if others > 0 { // schools switch off in the evening: only what is more than elsewhere is a fault
		faults["silent"] = max(0, faults["silent"]-(r.Nodes*othersSilent+others-1)/others)
	}
	most := 0
	for _, code := range []string{"rejected", "silent", "upstream"} {
		r.Ill += faults[code]
		if faults[code] > most {
			why, most = code, faults[code]
		}
	}
	if r.Ill*illShare <= r.Nodes {
		why = ""
	}
	return why, nil
}

// AdvanceRollout takes the running roll-out one step: halts it if too many of
// its nodes are ill, goes to the next stage when its time is over and nearly
// all have the bundle. It is safe to run twice, and on several hubs.
func (s *Service) AdvanceRollout(ctx context.Context) error {
	r, err := s.Rollout(ctx)
	if err != nil || r.Bundle == 0 || r.Stage >= 100 || !r.Halted.IsZero() {
		return err
	}
	why, err := s.judge(ctx, &r)
	switch {
	case err != nil:
		return err
	case why != "":
		return s.halt(ctx, authz.System("schools.rollout"), authz.Permit{}, r, why)
	case s.clock.Now().Sub(r.Since) < s.settings.StageFor || r.Have*100 < r.Nodes*doneShare:
		return nil
	}
	return s.step(ctx, authz.System("schools.rollout"), authz.Permit{}, r, nextStage(r.Stage))
}

func nextStage(stage int) int {
	for _, n := range stages {
		if n > stage {
			return n
		}
	}
	return 100
}

// HaltRollout stops a roll-out: who has the bundle keeps it, nobody else gets
// it. The next bundle begins its own.
func (s *Service) HaltRollout(ctx context.Context, actor authz.Actor) error {
	return s.steer(ctx, actor, func(permit authz.Permit, r Rollout) error { return s.halt(ctx, actor, permit, r, "person") })
}

// FinishRollout gives the bundle to everybody now.
func (s *Service) FinishRollout(ctx context.Context, actor authz.Actor) error {
	return s.steer(ctx, actor, func(permit authz.Permit, r Rollout) error { return s.step(ctx, actor, permit, r, 100) })
}

func (s *Service) steer(ctx context.Context, actor authz.Actor, do func(authz.Permit, Rollout) error) error {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("bundle", ""))
	if err != nil {
		return err
	}
	r, err := s.Rollout(ctx)
	if err != nil {
		return err
	}
	if r.Bundle == 0 || r.Stage >= 100 {
		return problem.New("schools/no-rollout")
	}
	return do(permit, r)
}

func (s *Service) halt(ctx context.Context, actor authz.Actor, permit authz.Permit, r Rollout, why string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.Exec(ctx, tx, queryRolloutHalt, r.Bundle, s.now(), why)
		if err != nil || n == 0 { // halted already
			return err
		}
		s.log.WarnContext(ctx, "a bundle goes no further", "bundle", r.Bundle, "stage", r.Stage, "why", why, "ill", r.Ill, "nodes", r.Nodes)
		return s.record(ctx, tx, step{kind: "schools.rollout_halted", actor: actor.Name(), object: fmt.Sprint(r.Bundle), permit: permit, details: map[string]any{"stage": r.Stage, "why": why}})
	})
}

func (s *Service) step(ctx context.Context, actor authz.Actor, permit authz.Permit, r Rollout, stage int) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.Exec(ctx, tx, queryRolloutStep, r.Bundle, stage, s.now(), r.Stage)
		if err != nil || n == 0 { // another hub was quicker
			return err
		}
		return s.record(ctx, tx, step{kind: "schools.rollout_stage", actor: actor.Name(), object: fmt.Sprint(r.Bundle), permit: permit, details: map[string]any{"stage": stage}})
	})
	if err != nil {
		return wrap("roll-out", err)
	}
	if err := s.publisher.PublishBundle(ctx, BundleInfo{Number: r.Bundle}); err != nil {
		s.log.WarnContext(ctx, "the next stage not published; nodes hear of it by the heartbeat", "bundle", r.Bundle, "error", err)
	}
	return nil
}

func scanRollout(row sqldb.Row) (r Rollout, err error) {
	var since, halted int64
	err = row.Scan(&r.Bundle, &r.Before, &r.Stage, &since, &halted, &r.Why)
	r.Since, r.Halted = clock.FromMicro(since), clock.FromMicro(halted)
	return r, err
}
