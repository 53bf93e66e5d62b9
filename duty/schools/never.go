// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/sqldb"
)

// Never is one name of the list of names that nothing may refuse.
type Never struct {
	Domain string
	Own    bool // this installation's own host: nobody may take it off
	// Reason, By, Second and Since say who added it and why; empty for a name
	// that the product's file has.
	Reason, By, Second string
	Since              time.Time
	Pending            bool // not in the current bundle yet
}

// neverBlock is the never-block list: the product's file and this
// installation's hosts, with what two persons added and took off.
func (s *Service) neverBlock(ctx context.Context, q sqldb.Queryer) (*nameSet, error) {
	added, err := s.rulings(ctx, q, NeverAdd)
	if err != nil {
		return nil, err
	}
	dropped, err := s.rulings(ctx, q, NeverDrop)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, r := range dropped {
		gone[r.Domain] = true
	}
	set := &nameSet{}
	for _, n := range s.catalogue.never.all() {
		if !gone[n.String()] || s.catalogue.own[n] {
			set.add(n)
		}
	}
	for _, r := range added {
		if err := set.addText(r.Domain); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// NeverList is the never-block list in the order of names.
func (s *Service) NeverList(ctx context.Context, actor authz.Actor) ([]Never, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.view", room("never", "")); err != nil {
		return nil, err
	}
	set, err := s.neverBlock(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	added, err := s.rulings(ctx, s.db.Read(), NeverAdd)
	if err != nil {
		return nil, err
	}
	bundled := time.Time{}
	if info, err := s.CurrentBundle(ctx); err == nil {
		bundled = info.Created
	}
	by := map[string]Ruling{}
	for _, r := range added {
		by[r.Domain] = r
	}
	var all []Never
	for _, n := range set.all() {
		one := Never{Domain: n.String(), Own: s.catalogue.own[n]}
		if r, ok := by[one.Domain]; ok {
			one.Reason, one.By, one.Second, one.Since, one.Pending = r.Reason, r.ProposedBy, r.SecondBy, r.Decided, !r.Decided.Before(bundled)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Never) int { return strings.Compare(a.Domain, b.Domain) })
	return all, nil
}

// Weigh assesses a block for another room, whose own permission has been
// asked: what two persons put on the never-block list counts at once.
func (s *Service) Weigh(ctx context.Context, domain string) (Assessment, error) {
	name, err := blockable(domain)
	if err != nil {
		return Assessment{}, err
	}
	return s.assess(ctx, s.db.Read(), name)
}

// isNever reports whether nothing may refuse a name.
func (s *Service) isNever(ctx context.Context, q sqldb.Queryer, name bundle.Name) (bool, error) {
	set, err := s.neverBlock(ctx, q)
	if err != nil {
		return false, err
	}
	return set.covers(name), nil
}
