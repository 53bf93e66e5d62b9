// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"slices"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/org"
)

func (t *Totals) cover(c *cube, plan *Plan, frame *org.Frame, top bool, now time.Time) {
	due := t.Directive.Due(t.Form.Due, t.Year)
	cov := &t.Coverage
	cov.Overdue = !due.OnTime(now)
	for _, u := range plan.Expected() {
		if slotOf(frame, t.Node.ID, u.ID, top).out {
			continue
		}
		cov.Expected++
		list := c.revisions[u.ID]
		if len(list) == 0 {
			cov.Missing = append(cov.Missing, u)
			continue
		}
		cov.Submitted++
		if list[0].OnTime {
			cov.OnTime++
		} else {
			cov.Late = append(cov.Late, u)
		}
		if slices.ContainsFunc(list, func(s Submission) bool { return s.State == StateAccepted }) {
			cov.Accepted++
		}
		switch stateOf(list) {
		case ReportSubmitted:
			cov.Waiting = append(cov.Waiting, u)
		case ReportReturned:
			cov.Returned = append(cov.Returned, u)
		}
	}
}

// Missing is who has not reported in a year, who was late and who waits, by
// name: the list that urging starts from (clause 5.2).
func (s *Service) Missing(ctx context.Context, actor authz.Actor, directive string, year int) (Coverage, error) {
	t, err := s.Totals(ctx, actor, TotalsQuery{Directive: directive, Year: year, Frame: org.AsReported})
	if err != nil {
		return Coverage{}, err
	}
	return t.Coverage, nil
}

// Contributors lists the units whose accepted reports hold a number for a
// cell, below a node: what a figure opens to.
func (s *Service) Contributors(ctx context.Context, actor authz.Actor, q TotalsQuery, cell string) ([]Contribution, error) {
	t, err := s.Totals(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	i, ok := t.Form.Index(cell)
	if !ok {
		return nil, problem.New("reporting/not-asked")
	}
	c, err := s.at(ctx, t.Form.ID, q.Year, q.Pin, q.At)
	if err != nil {
		return nil, err
	}
	frame, err := s.frame(t.Directive, q)
	if err != nil {
		return nil, err
	}
	territory, err := s.Org.ByKey(t.Directive.Territory)
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Contribution
	for _, unit := range c.sheet.units {
		v, ok := c.sheet.get(unit, i)
		s := slotOf(frame, t.Node.ID, unit, t.Node.ID == territory.ID)
		if !ok || s.out {
			continue
		}
		one := Contribution{Name: frame.Name(unit), Unit: unit, Value: v, Bucket: s.bucket}
		for _, sub := range c.revisions[unit] {
			if sub.State == StateAccepted {
				one.Submission, one.Revision = sub.ID, sub.Revision
			}
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Contribution) int {
		if a.Value != b.Value {
			return int(b.Value - a.Value)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// Contribution is one unit's part in a figure, with the revision it is from.
type Contribution struct {
	Unit, Name, Submission string
	Revision               int
	Value                  int64
	Bucket                 bool
}
