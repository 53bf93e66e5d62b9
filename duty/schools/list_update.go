// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Update is what one try to bring a list up to date did.
type Update struct {
	List    List
	Outcome Outcome
	Why     string // code of the problem, if it failed
	problem *problem.Error
}

// Problem is why it failed, nil if it did not.
func (u Update) Problem() *problem.Error { return u.problem }

// UpdateList fetches a subscribed list, compares it with what is in force and
// puts it in force with the next bundle, or keeps it for a person where it
// changes too much. A try that fails is an outcome and noted; it changes
// nothing. It is safe to run twice: what is there already is unchanged.
func (s *Service) UpdateList(ctx context.Context, actor authz.Actor, listID string) (Update, error) {
	permit, err := s.authz.Check(ctx, actor, "schools.list_import", room("list", listID))
	if err != nil {
		return Update{}, err
	}
	list, err := sqldb.One(ctx, s.db.Read(), queryListByID, scanList, listID)
	if err != nil {
		return Update{}, notFound(err, "schools/no-list")
	}
	sub, err := sqldb.One(ctx, s.db.Read(), querySubscription, scanSubscription, listID)
	if err != nil {
		return Update{}, notFound(err, "schools/not-subscribed")
	}
	u, err := s.update(ctx, list, &sub, step{actor: actor.Name(), permit: permit})
	if err != nil {
		if errors.Is(err, context.Canceled) || problem.Is(err, "schools/list-replaced") || problem.KindOf(err) == problem.Internal {
			return u, err // not of the list's making: the job is tried again
		}
		u = Update{List: list, Outcome: Failed, Why: problem.From(err).Code, problem: problem.From(err)}
	}
	return u, s.noteTry(context.WithoutCancel(ctx), sub, u)
}

// update fetches and decides; sub takes the marks of the new answer.
func (s *Service) update(ctx context.Context, list List, sub *subscribed, r step) (Update, error) {
	if s.fetch == nil {
		return Update{}, problem.New("schools/no-fetching")
	}
	answer, err := s.fetch.Get(ctx, fetch.Request{URL: sub.URL, ETag: sub.etag, Modified: sub.modified, MaxBytes: maxListText / 2})
	if err != nil {
		return Update{}, err
	}
	defer answer.Body.Close()
	if answer.NotModified {
		return Update{List: list, Outcome: Unchanged}, nil
	}
	meta := ListMeta{
		Name: list.Name, Category: list.Category, Format: list.Format, File: answer.File, Trust: list.Trust, Source: list.Source, Licence: list.Licence,
	}
	read, err := s.readList(meta, answer.Body)
	if err != nil {
		return Update{}, err
	}
	changes, same, err := s.compare(ctx, read, list.edition)
	if err != nil {
		return Update{}, err
	}
	read.Report.Changes = changes
	sub.etag, sub.modified = answer.ETag, answer.Modified
	why := s.cautions(list, read)
	switch waits, err := s.heldDigest(ctx, list.ID); {
	case err != nil:
		return Update{}, err
	case same && len(why) == 0:
		return Update{List: list, Outcome: Unchanged}, s.dropHeld(ctx, list.ID)
	case len(why) > 0 && read.Report.Digest == sub.refused:
		return Update{List: list, Outcome: Unchanged}, nil // a person has said no to it
	case len(why) > 0 && read.Report.Digest == waits:
		return Update{List: list, Outcome: HeldBack}, nil
	}
	edition, err := s.writeEdition(ctx, read)
	if err != nil {
		return Update{}, err
	}
	if len(why) > 0 {
		if err := s.hold(ctx, list, read, edition, why, r); err != nil {
			return Update{}, errors.Join(err, s.dropEdition(context.WithoutCancel(ctx), edition))
		}
		return Update{List: list, Outcome: HeldBack}, nil
	}
	r.kind = "schools.list_updated"
	next, old, err := s.switchEdition(ctx, meta, read.Report, list.edition, edition, r)
	if err != nil {
		return Update{}, errors.Join(err, s.dropEdition(context.WithoutCancel(ctx), edition))
	}
	return Update{List: next, Outcome: Applied}, errors.Join(s.dropEdition(ctx, old), s.dropHeld(ctx, list.ID))
}

// heldDigest is the digest of what is held of a list, "" for nothing.
func (s *Service) heldDigest(ctx context.Context, listID string) (string, error) {
	h, err := sqldb.One(ctx, s.db.Read(), queryHeld, scanHeld, listID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return "", nil
	}
	return h.Report.Digest, wrap("read held list", err)
}

// dropHeld drops what is held of a list that is up to date without it.
func (s *Service) dropHeld(ctx context.Context, listID string) error {
	var old int64
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		old, err = s.releaseHeld(ctx, tx, listID)
		return err
	})
	if err != nil {
		return wrap("drop held list", err)
	}
	return s.dropEdition(ctx, old)
}

// noteTry records the outcome and when the next try is due: after the hours of
// the schedule, sooner after a failure, ever later after several.
func (s *Service) noteTry(ctx context.Context, sub subscribed, u Update) error {
	wait := time.Duration(sub.Hours) * time.Hour
	failures := 0
	if u.Outcome == Failed {
		failures = sub.Failures + 1
		wait = min(wait, 15*time.Minute<<min(sub.Failures, 10))
	}
	now := s.clock.Now()
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, querySubscriptionTried, sub.list, sub.URL, sub.etag, sub.modified,
			clock.Micro(now.Add(wait)), clock.Micro(now), string(u.Outcome), u.Why, failures)
		return wrap("note fetch", err)
	})
}
