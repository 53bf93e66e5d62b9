// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"

	"lachan/internal/sqldb"
)

// An edition is the names of a list as they were read at one time. It is
// written beside the one in force, in short transactions that hold nobody up;
// nothing points to it until the list is switched to it.

// perTx is how many names go into one transaction: long enough to be quick,
// short enough that a child's report need not wait for a list.
const perTx = 20 * rowsAtOnce

// newEdition takes a number and notes it as one that nobody points to, so that
// SweepLists finds it after a crash.
func (s *Service) newEdition(ctx context.Context) (edition int64, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if edition, err = next(ctx, tx, "edition"); err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryEditionBegin, edition, s.now())
		return err
	})
	return edition, wrap("new edition", err)
}

// writeEdition stores what was read. What it began it drops again if it fails.
func (s *Service) writeEdition(ctx context.Context, read *Reading) (edition int64, err error) {
	if edition, err = s.newEdition(ctx); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.dropEdition(context.WithoutCancel(ctx), edition))
		}
	}()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		for _, name := range read.exceptions {
			if _, err := sqldb.Exec(ctx, tx, queryExceptionPut, edition, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, wrap("write exceptions", err)
	}
	wait := make([]string, 0, perTx)
	flush := func() error {
		return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return insertNames(ctx, tx, edition, wait) })
	}
	for name := range read.names.all() {
		if wait = append(wait, name); len(wait) < perTx {
			continue
		}
		if err = flush(); err != nil {
			return 0, wrap("write names", err)
		}
		wait = wait[:0]
	}
	if err = flush(); err != nil {
		return 0, wrap("write names", err)
	}
	return edition, nil
}

// shownChanges is how many of the names that came or went are kept.
const shownChanges = 20

// compare says what a reading changes against an edition, 0 for none, and
// whether it changes anything at all, exceptions included.
func (s *Service) compare(ctx context.Context, read *Reading, edition int64) (c Changes, same bool, err error) {
	if edition == 0 {
		c.Added = len(read.names.rows)
		return c, false, nil
	}
	rows, at := read.names.rows, 0
	added := func(name string) {
		if c.Added++; len(c.FirstAdded) < shownChanges {
			c.FirstAdded = append(c.FirstAdded, name)
		}
		if len(c.Popular) < shownChanges && s.catalogue.isPopular(name) {
			c.Popular = append(c.Popular, name)
		}
	}
	err = s.eachName(ctx, edition, func(old string) error {
		c.Before++
		for at < len(rows) && string(read.names.text(rows[at])) < old {
			added(string(read.names.text(rows[at])))
			at++
		}
		if at < len(rows) && string(read.names.text(rows[at])) == old {
			at++
			return nil
		}
		if c.Removed++; len(c.FirstRemoved) < shownChanges {
			c.FirstRemoved = append(c.FirstRemoved, old)
		}
		return nil
	})
	if err != nil {
		return c, false, wrap("compare lists", err)
	}
	for ; at < len(rows); at++ {
		added(string(read.names.text(rows[at])))
	}
	before, err := sqldb.All(ctx, s.db.Read(), queryExceptions, sqldb.Scalar[string], edition)
	if err != nil {
		return c, false, wrap("compare lists", err)
	}
	return c, c.None() && equalTexts(before, read.exceptions), nil
}

func equalTexts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// eachName calls with the names of an edition in order.
func (s *Service) eachName(ctx context.Context, edition int64, call func(name string) error) error {
	const page = 10_000
	for after := ""; ; {
		names, err := sqldb.All(ctx, s.db.Read(), queryNamesPage, sqldb.Scalar[string], edition, after, page)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := call(n); err != nil {
				return err
			}
		}
		if len(names) < page {
			return nil
		}
		after = names[len(names)-1]
	}
}
