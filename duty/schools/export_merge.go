// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// exportPage is how many names of a list are in memory at a time.
const exportPage = 5000

// feed gives sorted names, a page at a time.
type feed struct {
	list  *List // nil: all names are in page
	page  []string
	at    int
	read  int // names read so far
	ended bool
}

// candidates calls with the names of all sources in the order of the alphabet,
// each once. There are a few dozen lists at most, so the least head is found
// by looking at each.
func (x *export) candidates(ctx context.Context, call func(name string) error) error {
	sources := []*feed{{page: x.own, ended: true}}
	for i := range x.lists {
		sources = append(sources, &feed{list: &x.lists[i]})
	}
	for {
		least, found := "", false
		for _, from := range sources {
			name, ok, err := from.peek(ctx, x.s)
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
			if from.at < len(from.page) && from.page[from.at] == least {
				from.at++
			}
		}
		if err := call(least); err != nil {
			return err
		}
	}
}

// peek is the next name; false at the end. An edition that has fewer names
// than its list says was replaced and is being dropped.
func (f *feed) peek(ctx context.Context, s *Service) (string, bool, error) {
	if f.at == len(f.page) && !f.ended {
		after := ""
		if f.at > 0 {
			after = f.page[f.at-1]
		}
		names, err := sqldb.All(ctx, s.db.Read(), queryNamesPage, sqldb.Scalar[string], f.list.edition, after, exportPage)
		if err != nil {
			return "", false, err
		}
		f.page, f.at, f.ended = names, 0, len(names) < exportPage
		f.read += len(names)
		if f.ended && f.read != f.list.Names {
			return "", false, problem.New("schools/list-changed", "name", f.list.Name)
		}
	}
	if f.at == len(f.page) {
		return "", false, nil
	}
	return f.page[f.at], true, nil
}
