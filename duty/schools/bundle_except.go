// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"

	"lachan/internal/bundle"
	"lachan/internal/sqldb"
)

// listException is the reason code of the entries that carry a list's
// exceptions.
const listException = "list-exception"

// exceptions puts what lists take out again into a bundle.
//
// The bundle's table only joins: a name has the categories of all its parents,
// and nothing in it says "but not this one". What can say so is an entry that
// takes a category back, as decisions use it. It takes the category back for
// everything below, whoever listed it; so an exception of one list is left out
// where another list of the category says the contrary about the name or a
// parent of it, and where a list names something below, that is put back by an
// entry of its own.
type exceptions struct {
	b      *bundle.Builder
	number uint64
	of     map[string][]*excepted     // by name
	above  map[string][]*excepted     // by each parent of the name
	below  map[string]map[string]bool // category → names listed below an exception of it
}

// excepted is an exception of one list.
type excepted struct {
	name, category string
	edition        int64
	void           bool
}

// loadExceptions reads the exceptions of all lists.
func (s *Service) loadExceptions(ctx context.Context, b *bundle.Builder, lists []List, folded int64) (*exceptions, error) {
	x := &exceptions{
		b: b, number: uint64(max(folded, 1)),
		of: map[string][]*excepted{}, above: map[string][]*excepted{}, below: map[string]map[string]bool{},
	}
	people, err := s.offList(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		names, err := sqldb.All(ctx, s.db.Read(), queryExceptions, sqldb.Scalar[string], l.edition)
		if err != nil {
			return nil, err
		}
		names = append(names, people[l.ID]...)
		for _, name := range names {
			e := &excepted{name: name, category: l.Category, edition: l.edition}
			x.of[name] = append(x.of[name], e)
			for parent := range parents(name) {
				if parent != name {
					x.above[parent] = append(x.above[parent], e)
				}
			}
		}
	}
	return x, nil
}

// saw takes note of a listed name.
func (x *exceptions) saw(name string, l List) {
	if len(x.of) == 0 {
		return
	}
	for _, e := range x.above[name] {
		e.void = e.void || e.category == l.Category && e.edition != l.edition && !x.spares(l.edition, name, e)
	}
	for parent := range parents(name) {
		for _, e := range x.of[parent] {
			switch {
			case e.category != l.Category:
			case parent != name:
				if x.below[l.Category] == nil {
					x.below[l.Category] = map[string]bool{}
				}
				x.below[l.Category][name] = true
			case e.edition != l.edition:
				e.void = true
			}
		}
	}
}

// run writes the entries when all names have been seen.
func (x *exceptions) run() error {
	back := map[string]map[string]bool{} // what is taken back, by category
	for _, all := range x.of {
		for _, e := range all {
			if e.void || back[e.category][e.name] {
				continue
			}
			if back[e.category] == nil {
				back[e.category] = map[string]bool{}
			}
			back[e.category][e.name] = true
			if err := x.entry(e.name, e.category, false); err != nil {
				return err
			}
		}
	}
	for category, names := range x.below {
		for name := range names {
			covered := false
			for parent := range parents(name) {
				covered = covered || back[category][parent]
			}
			if covered && !back[category][name] {
				if err := x.entry(name, category, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// spares reports whether the list of that edition, though it names parent,
// takes e out as well.
func (x *exceptions) spares(edition int64, parent string, e *excepted) bool {
	for name := range parents(e.name) {
		if len(name) <= len(parent) {
			return false
		}
		for _, o := range x.of[name] {
			if o.edition == edition && o.category == e.category {
				return true
			}
		}
	}
	return false
}

func (x *exceptions) entry(name, category string, block bool) error {
	n, err := bundle.ParseName(name)
	if err != nil {
		return err
	}
	return x.b.Run(bundle.Entry{
		Number: x.number, Domain: n, Block: block, Source: category, Bands: bundle.EveryBand, Reason: listException,
	})
}
