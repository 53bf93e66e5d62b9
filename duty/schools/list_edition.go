// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"io"
	"iter"

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
	if err = s.keepNames(ctx, edition, read.names.certain()); err != nil {
		return 0, wrap("keep names", err)
	}
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
	for name, err := range s.namesOf(ctx, edition) {
		if err != nil {
			return err
		}
		if err := call(name); err != nil {
			return err
		}
	}
	return nil
}

// namesOf gives the names of an edition in order: from its file, and where
// that is gone or ends in damage, from the database, behind the last name that
// came.
func (s *Service) namesOf(ctx context.Context, edition int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		file, err := s.editionFile(ctx, edition)
		last := ""
		if err == nil {
			defer file.Close()
			for name, faulty := range readNames(file) {
				if err = faulty; err != nil {
					break
				}
				if last = name; !yield(name, nil) {
					return
				}
			}
			if err == nil {
				return
			}
			// It is made anew when it is asked for next.
			err = errors.Join(err, s.files.Delete(ctx, editionKey(edition)))
		}
		s.log.WarnContext(ctx, "the file of a list's edition is not used; its names are read from the database", "edition", edition, "error", err)
		for name, err := range s.namesStored(ctx, edition, last) {
			if !yield(name, err) {
				return
			}
		}
	}
}

// EditionFiles are the keys of the files that lists and held updates may have.
// One that is missing is no fault: it is made when it is read.
func (s *Service) EditionFiles(ctx context.Context) (map[string]bool, error) {
	editions, err := sqldb.All(ctx, s.db.Read(), queryEditionsKept, sqldb.Scalar[int64])
	keys := map[string]bool{}
	for _, e := range editions {
		keys[editionKey(e)] = true
	}
	return keys, wrap("edition files", err)
}

// editionFile opens the file of an edition, and makes it if there is none.
func (s *Service) editionFile(ctx context.Context, edition int64) (io.ReadCloser, error) {
	file, err := s.files.Get(ctx, editionKey(edition))
	if err == nil {
		return file, nil
	}
	if err := s.keepNames(ctx, edition, s.namesStored(ctx, edition, "")); err != nil {
		return nil, err
	}
	return s.files.Get(ctx, editionKey(edition))
}

// keepNames stores the file of an edition.
func (s *Service) keepNames(ctx context.Context, edition int64, names iter.Seq2[string, error]) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeNames(w, names)) }()
	err := s.files.Put(ctx, editionKey(edition), r)
	return errors.Join(err, r.Close()) // what was not read is not waited for
}

// namesStored gives the names of an edition behind one, from the database.
// The table stands in the order of names, whoever lists them, so this passes
// over those of all other lists.
func (s *Service) namesStored(ctx context.Context, edition int64, after string) iter.Seq2[string, error] {
	const page = 10_000
	return func(yield func(string, error) bool) {
		for {
			names, err := sqldb.All(ctx, s.db.Read(), queryNamesPage, sqldb.Scalar[string], edition, after, page)
			if err != nil {
				yield("", err)
				return
			}
			for _, n := range names {
				if !yield(n, nil) {
					return
				}
			}
			if len(names) < page {
				return
			}
			after = names[len(names)-1]
		}
	}
}
