// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// cube is everything in memory about one form and year: the sheet of accepted
// figures, and the revisions of each unit without their cells.
type cube struct {
	mu          sync.RWMutex
	form        *Form
	sheet       *sheet
	pin         int64 // the newest acceptance in the sheet
	revisions   map[string][]Submission
	submissions int64 // rows read, to know when there are more
	decisions   int64
}

type cubeKey struct {
	form string
	year int
}

func newCube(f *Form) *cube {
	c := &cube{form: f, revisions: map[string][]Submission{}}
	n := 0
	if f != nil {
		n = len(f.Cells)
	}
	c.sheet = newSheet(n)
	return c
}

// form finds a form in the loaded directives.
func (s *Service) form(id string) (*Directive, *Form) {
	for _, d := range s.Directives() {
		if f, ok := d.Forms[id]; ok {
			return d, f
		}
	}
	return nil, nil
}

// cube is the cube of a form and year, empty where nothing was submitted.
func (s *Service) cube(form string, year int) *cube {
	key := cubeKey{form, year}
	s.mu.RLock()
	c, ok := s.cubes[key]
	s.mu.RUnlock()
	if ok {
		return c
	}
	_, f := s.form(form)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.cubes[key]; ok {
		return c
	}
	c = newCube(f)
	s.cubes[key] = c
	return c
}

type yearCount struct {
	cubeKey
	submissions, decisions int64
}

// refreshCubes reads the years in which something was submitted or decided
// since. Rows are only ever added, so two counts tell, without the gaps that
// a last id would leave while transactions overlap.
func (s *Service) refreshCubes(ctx context.Context) error {
	years, err := sqldb.All(ctx, s.DB.Read(), qYears, func(r sqldb.Row) (y yearCount, err error) {
		err = r.Scan(&y.form, &y.year, &y.submissions, &y.decisions)
		return y, err
	})
	if err != nil {
		return err
	}
	for _, y := range years {
		c := s.cube(y.form, y.year)
		c.mu.RLock()
		current := c.submissions == y.submissions && c.decisions == y.decisions && c.form != nil
		c.mu.RUnlock()
		if current {
			continue
		}
		if err := s.rebuild(ctx, y.cubeKey); err != nil {
			return err
		}
	}
	return nil
}

// rebuild reads a year anew and puts it in the place of the old cube.
func (s *Service) rebuild(ctx context.Context, key cubeKey) error {
	rows, err := sqldb.All(ctx, s.DB.Read(), qYear, scanSubmission, key.form, key.year)
	if err != nil {
		return err
	}
	_, f := s.form(key.form)
	fresh := newCube(f)
	for _, sub := range rows {
		fresh.apply(sub)
	}
	c := s.cube(key.form, key.year)
	c.mu.Lock()
	defer c.mu.Unlock()
	if fresh.submissions+fresh.decisions < c.submissions+c.decisions && c.form == f {
		return nil // this hub has committed more while we read
	}
	c.form, c.sheet, c.pin, c.revisions = fresh.form, fresh.sheet, fresh.pin, fresh.revisions
	c.submissions, c.decisions = fresh.submissions, fresh.decisions
	return nil
}

// follow applies what this hub has just committed.
func (c *cube) follow(sub Submission) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apply(sub)
}

// apply adds a revision, or its decision. The same one twice changes nothing.
func (c *cube) apply(sub Submission) {
	list := c.revisions[sub.Unit]
	i := slices.IndexFunc(list, func(one Submission) bool { return one.ID == sub.ID })
	light := sub
	light.Cells, light.Notes = Cells{}, nil
	switch {
	case i < 0:
		c.submissions++
		if sub.State != StateSubmitted {
			c.decisions++
		}
		list = append(list, light)
		slices.SortFunc(list, func(a, b Submission) int { return a.Revision - b.Revision })
	case list[i].State == StateSubmitted && sub.State != StateSubmitted:
		c.decisions++
		list[i] = light
	default:
		return
	}
	c.revisions[sub.Unit] = list
	if sub.State != StateAccepted {
		return
	}
	c.pin = max(c.pin, sub.Pin)
	// The newest accepted revision counts, whatever the order of acceptance.
	for _, one := range list {
		if one.State == StateAccepted && one.Revision > sub.Revision {
			return
		}
	}
	c.sheet.put(sub.Unit, sub.Cells)
}

// state is where a unit's report stands, by its newest revision.
func (c *cube) state(unit string) ReportState {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return stateOf(c.revisions[unit])
}

func stateOf(list []Submission) ReportState {
	if len(list) == 0 {
		return ReportNotStarted
	}
	switch list[len(list)-1].State {
	case StateAccepted:
		return ReportAccepted
	case StateReturned:
		return ReportReturned
	default:
		return ReportSubmitted
	}
}

// at is the cube as it was: with the acceptances up to number pin, and the
// submissions and returns up to an instant. Pin 0 is the newest number, a
// zero instant that of the acceptance pin; with neither it is the live cube.
func (s *Service) at(ctx context.Context, form string, year int, pin int64, moment time.Time) (*cube, error) {
	c := s.cube(form, year)
	if pin == 0 && moment.IsZero() {
		return c, nil
	}
	rows, err := sqldb.All(ctx, s.DB.Read(), qYear, scanSubmission, form, year)
	if err != nil {
		return nil, err
	}
	var newest int64
	for _, sub := range rows {
		newest = max(newest, sub.Pin)
		if sub.Pin == pin && pin > 0 && moment.IsZero() {
			moment = sub.DecidedAt
		}
	}
	if pin > newest {
		return nil, problem.New("reporting/no-such-number", "pin", pin)
	}
	if pin == 0 {
		pin = newest
	}
	then := newCube(c.form)
	for _, sub := range rows {
		if sub.SubmittedAt.After(moment) {
			continue
		}
		// What was decided later was still waiting then.
		if sub.Pin > pin || sub.State == StateReturned && sub.DecidedAt.After(moment) {
			sub.State, sub.Pin, sub.Reasons = StateSubmitted, 0, nil
		}
		then.apply(sub)
	}
	return then, nil
}

// waiting lists newest revisions without a decision, the earliest first.
func (c *cube) waiting() []Submission {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Submission
	for _, list := range c.revisions {
		if last := list[len(list)-1]; last.State == StateSubmitted {
			out = append(out, last)
		}
	}
	slices.SortFunc(out, func(a, b Submission) int {
		if c := a.SubmittedAt.Compare(b.SubmittedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}
