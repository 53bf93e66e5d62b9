// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"iter"

	"lachan/internal/problem"
)

// feed gives sorted names, one ahead of what was taken.
type feed struct {
	list  *List // nil: the names of the catalogue
	next  func() (string, error, bool)
	head  string
	read  int // names read so far
	ready bool
	ended bool
}

// candidates calls with the names of all sources in the order of the alphabet,
// each once. There are a few dozen lists at most, so the least head is found
// by looking at each.
func (x *export) candidates(ctx context.Context, call func(name string) error) error {
	var sources []*feed
	open := func(list *List, names iter.Seq2[string, error]) func() {
		next, stop := iter.Pull2(names)
		sources = append(sources, &feed{list: list, next: next})
		return stop
	}
	defer open(nil, certain(x.own))()
	for i := range x.lists {
		defer open(&x.lists[i], x.s.namesOf(ctx, x.lists[i].edition))()
	}
	for {
		least, found := "", false
		for _, from := range sources {
			name, ok, err := from.peek()
			if err != nil {
				return err
			}
			if ok && (!found || name < least) {
				least, found = name, true
			}
		}
		if !found {
			return nil
		}
		for _, from := range sources {
			from.ready = from.ready && from.head != least
		}
		if err := call(least); err != nil {
			return err
		}
	}
}

// peek is the next name; false at the end. An edition that has fewer names
// than its list says was replaced and is being dropped.
func (f *feed) peek() (string, bool, error) {
	for !f.ready && !f.ended {
		name, err, ok := f.next()
		switch {
		case err != nil:
			return "", false, err
		case ok:
			f.head, f.ready = name, true
			f.read++
		default:
			f.ended = true
			if f.list != nil && f.read != f.list.Names {
				return "", false, problem.New("schools/list-changed", "name", f.list.Name)
			}
		}
	}
	return f.head, f.ready, nil
}

// certain gives names that are in memory already.
func certain(names []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}
