// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"slices"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// Plan is who gets which duty in a year, before anything is sent.
type Plan struct {
	Directive *Directive
	Year      int
	AsOf      org.Day // selectors are resolved as of this day
	Items     []PlanItem
	Copied    []PlanCopy
	// Places outside the product, and selectors that found nobody, by name.
	Outside, Empty []string
	byUnit         map[string][]string // unit → ids of its duties
}

// PlanItem is one duty with the units that have it, each once.
type PlanItem struct {
	Duty       Duty
	Due        duty.Due // zero for a continuous duty
	Units      []org.Unit
	Partners   []org.Unit // take part, owe no report
	PassDown   int        // units down the line to whom it may be passed on
	Inherited  bool       // the level addressed is dissolved; these answer for it
	Unverified []string   // functions whose holder has not been confirmed
}

// PlanCopy is a unit that receives a copy, under the name in the text.
type PlanCopy struct {
	Name string
	Unit org.Unit
}

type planKey struct {
	directive string
	year      int
	version   int64
}

// maxPlans bounds how many resolved plans are kept: a few directives and
// years, of the org of now. Older ones are made again when asked for.
const maxPlans = 16

// Expected lists the units that must report on the main form, and is the
// denominator of timeliness.
func (p *Plan) Expected() []org.Unit {
	for _, item := range p.Items {
		if item.Duty.Form == p.Directive.MainForm {
			return item.Units
		}
	}
	return nil
}

// Duties lists the ids of the duties a unit has.
func (p *Plan) Duties(unit string) []string { return p.byUnit[unit] }

// indicators lists the codes that a unit's duties use.
func (p *Plan) indicators(unit string) []string {
	var out []string
	for _, id := range p.byUnit[unit] {
		d, _ := p.Directive.Duty(id)
		out = append(out, d.Indicators...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plan resolves a directive for a year, once for each state of org.
func (s *Service) plan(directive string, year int) (*Plan, error) {
	d, err := s.Directive(directive)
	if err != nil {
		return nil, err
	}
	key := planKey{directive, year, s.Org.Version()}
	s.mu.RLock()
	p, ok := s.plans[key]
	s.mu.RUnlock()
	if ok && p.Directive == d {
		return p, nil
	}
	territory, err := s.Org.ByKey(d.Territory)
	if err != nil {
		return nil, err
	}
	p = &Plan{Directive: d, Year: year, AsOf: d.asOf(d.MainRule(), year), byUnit: map[string][]string{}}
	for _, one := range d.Duties() {
		p.add(s.Org.At(d.asOf(one.Due, year)), one, territory.ID)
	}
	p.copies(s.Org.At(p.AsOf), territory.ID)
	slices.Sort(p.Empty)
	p.Empty = slices.Compact(p.Empty)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.plans) >= maxPlans {
		clear(s.plans)
	}
	s.plans[key] = p
	return p, nil
}

func (p *Plan) add(tree *org.Tree, one Duty, territory string) {
	d := p.Directive
	r := tree.Resolve(d.selector(one.Assignee, territory))
	item := PlanItem{Duty: one, Due: d.Due(one.Due, p.Year), Units: r.Units, Inherited: r.Inherited, Unverified: r.Unverified}
	if len(r.Units) == 0 {
		p.Empty = append(p.Empty, d.Selectors[one.Assignee].Label)
	}
	for _, u := range r.Units {
		p.byUnit[u.ID] = append(p.byUnit[u.ID], one.ID)
	}
	for _, name := range one.Coordinate {
		for _, u := range tree.Resolve(d.selector(name, territory)).Units {
			same := func(v org.Unit) bool { return v.ID == u.ID }
			if !slices.ContainsFunc(item.Units, same) && !slices.ContainsFunc(item.Partners, same) {
				item.Partners = append(item.Partners, u)
			}
		}
	}
	for _, name := range one.PassDown {
		item.PassDown += len(tree.Resolve(d.selector(name, territory)).Units)
	}
	p.Items = append(p.Items, item)
}

// copies lists who is only informed. A unit that has duties gets no copy
// besides.
func (p *Plan) copies(tree *org.Tree, territory string) {
	seen := map[string]bool{}
	for _, c := range p.Directive.CopiedTo {
		var units []org.Unit
		if c.Selector != "" {
			units = tree.Resolve(p.Directive.selector(c.Selector, territory)).Units
		}
		if len(units) == 0 {
			p.Outside = append(p.Outside, c.Name)
		}
		for _, u := range units {
			if !seen[u.ID] && len(p.byUnit[u.ID]) == 0 {
				seen[u.ID] = true
				p.Copied = append(p.Copied, PlanCopy{c.Name, u})
			}
		}
	}
}

// Preview shows who would get which duty in a year, as of its due date.
func (s *Service) Preview(ctx context.Context, actor authz.Actor, directive string, year int) (*Plan, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.view", authz.Resource{Type: "reporting.directive", ID: directive}); err != nil {
		return nil, err
	}
	return s.plan(directive, year)
}

// Distributed counts what a distribution wrote.
type Distributed struct {
	Units       int // units that have at least one duty
	Assignments int // duties newly put into worklists, partners' included
	Copies      int // units newly informed
}

// Distribute puts each duty into its units' worklists. What is there already
// stays with its acknowledgement, so that it can be repeated after a
// reorganisation and reaches only the new units.
func (s *Service) Distribute(ctx context.Context, actor authz.Actor, directive string, year int) (Distributed, error) {
	permit, err := s.Authz.Check(ctx, actor, "reporting.consolidate", authz.Resource{Type: "reporting.directive", ID: directive})
	if err != nil {
		return Distributed{}, err
	}
	p, err := s.plan(directive, year)
	if err != nil {
		return Distributed{}, err
	}
	if from := p.Directive.DueRules[p.Directive.MainRule()].FromYear; year < from {
		return Distributed{}, problem.New("reporting/before-first-year", "year", from)
	}
	var done Distributed
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		done = Distributed{Units: len(p.byUnit)}
		put := func(dutyID, unit, role string, due duty.Due) (int, error) {
			var at int64
			if !due.Last.IsZero() {
				at = clock.Micro(due.At())
			}
			n, err := sqldb.Exec(ctx, tx, qAssign, id.New(), directive, dutyID, year, unit, role, at, clock.Micro(s.now()))
			return int(n), err
		}
		for _, item := range p.Items {
			for _, u := range item.Units {
				n, err := put(item.Duty.ID, u.ID, RoleAssignee, item.Due)
				if err != nil {
					return err
				}
				done.Assignments += n
			}
			for _, u := range item.Partners {
				n, err := put(item.Duty.ID, u.ID, RolePartner, duty.Due{})
				if err != nil {
					return err
				}
				done.Assignments += n
			}
		}
		for _, c := range p.Copied {
			n, err := put("", c.Unit.ID, RoleCopied, duty.Due{})
			if err != nil {
				return err
			}
			done.Copies += n
		}
		return s.record(ctx, tx, "reporting.distributed", actor, directive, permit, map[string]any{"year": year, "done": done})
	})
	return done, err
}

// Roles of a unit towards a duty.
const (
	RoleAssignee = "assignee"    // owes it
	RolePartner  = "coordinator" // takes part
	RoleCopied   = "copied"      // is informed, owes nothing
)
