// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// export is one export on its way.
type export struct {
	s      *Service
	view   *bundle.View
	who    bundle.Client
	now    int64
	format exportGrammar
	info   ExportInfo
	lists  []List   // that bring candidates
	own    []string // candidates from catalogue and decisions, sorted
	open   []string // names that may be open below a refused one, sorted
	// parents of open; true once the name is written as refused
	parents map[string]bool
	allowed map[string]bool // those of open that are open below a written name
	never   *nameSet
}

func (s *Service) newExport(ctx context.Context, q ExportQuery, who bundle.Client) (*export, error) {
	current, err := s.CurrentBundle(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return nil, err
	}
	x := &export{s: s, who: who, now: s.now(), parents: map[string]bool{}, allowed: map[string]bool{}}
	if x.view, err = bundle.NewView(parts); err != nil {
		return nil, err
	}
	x.format, _ = exportFormat(q.Format)
	x.info = ExportInfo{
		Band: who.Band.String(), Period: who.Period.String(), Format: q.Format,
		Bundle: current.Number, Delta: int64(x.view.LastDelta()), Made: clock.FromMicro(x.now),
	}
	if b := x.view.Bundle(); b != nil {
		x.info.Bundle = int64(b.Number())
	}
	policy := s.catalogue.policyAt(who.Band.String(), who.Period.String())
	if err := x.gather(ctx, policy, current, q.Unlicensed); err != nil {
		return nil, wrap("export", err)
	}
	return x, nil
}

// policyAt is the policy of a band in a period: its own, or that of any time.
func (c *Catalogue) policyAt(band, period string) Policy {
	for _, p := range c.Policies {
		if p.Band == band && p.Period == period {
			return p
		}
	}
	p, _ := c.PolicyOf(band)
	return p
}

// gather finds where candidates come from, and which names may be open.
func (x *export) gather(ctx context.Context, policy Policy, current BundleInfo, unlicensed bool) error {
	c := x.s.catalogue
	var open []string
	for _, k := range c.Categories {
		if slices.Contains(policy.Blocked, k.Code) {
			x.own = append(x.own, k.Names...)
		}
	}
	for _, k := range c.Services {
		if slices.Contains(policy.Blocked, k.Code) {
			x.own = append(x.own, k.Domains...)
		}
		if slices.Contains(policy.Allowed, k.Code) {
			open = append(open, k.Domains...)
		}
	}
	blocks, err := sqldb.All(ctx, x.s.db.Read(), queryBlocksRunning, scanBlock, x.now)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if b.Bands.Has(x.who.Band) {
			x.own = append(x.own, b.Domain)
		}
	}
	openings, err := x.s.rulings(ctx, x.s.db.Read(), OpenForAll)
	if err != nil {
		return err
	}
	for _, r := range openings {
		open = append(open, r.Domain)
	}
	people, err := x.s.offList(ctx, x.s.db.Read())
	if err != nil {
		return err
	}
	lists, err := sqldb.All(ctx, x.s.db.Read(), queryLists, scanList)
	if err != nil {
		return err
	}
	for _, l := range lists {
		bundled := slices.ContainsFunc(current.Lists, func(b BundledList) bool { return b.Name == l.Name })
		switch {
		case !bundled || !slices.Contains(policy.Blocked, l.Category):
			continue
		case l.Licence == "" && !unlicensed:
			x.info.Without = append(x.info.Without, l.Name)
			continue
		}
		except, err := sqldb.All(ctx, x.s.db.Read(), queryExceptions, sqldb.Scalar[string], l.edition)
		if err != nil {
			return err
		}
		open = append(append(open, except...), people[l.ID]...)
		x.lists = append(x.lists, l)
		x.info.Lists = append(x.info.Lists, ExportedList{Name: l.Name, Category: l.Category, Licence: l.Licence})
	}
	if x.own, err = canonical(x.own); err != nil {
		return err
	}
	if x.never, err = x.s.neverBlock(ctx, x.s.db.Read()); err != nil {
		return err
	}
	for _, n := range x.never.all() {
		open = append(open, n.String())
	}
	if x.open, err = canonical(open); err != nil {
		return err
	}
	for _, name := range x.open {
		for parent := range parents(name) {
			if parent != name {
				x.parents[parent] = false
			}
		}
	}
	return nil
}

// canonical are names in A-labels, sorted, each once.
func canonical(names []string) ([]string, error) {
	all := make([]string, 0, len(names))
	for _, text := range names {
		n, err := bundle.ParseName(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n.String())
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
