// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Concern is why a name must not be blocked by one person alone. The locale
// has a sentence for each: schools.concern.<code>.
type Concern string

// The concerns.
const (
	ConcernSuffix    Concern = "public-suffix" // other people's names lie under it
	ConcernProtected Concern = "protected"     // the state, schools, health, money, what devices need
	ConcernShared    Concern = "shared-host"   // many people publish under this one name
	ConcernPopular   Concern = "popular"       // very many people use it
)

// Assessment is what a block of a name would mean, shown before it is made and
// kept with it.
type Assessment struct {
	Domain     string    // A-labels
	Unicode    string    // as people read it
	NeverBlock bool      // nothing may refuse it
	Concerns   []Concern // empty: a name of one owner that few people need
	Known      []string  // known names that it would cover, at most 20
	KnownCount int
	// DevicesLastWeek asked for it; -1: not known. Nodes count refusals by
	// category and never single names, so today it is never known.
	DevicesLastWeek int
	Blocks          []Block // in force, on this name or one above
}

// TakedownFirst says that the page should be removed at its platform before
// the name is blocked.
func (a Assessment) TakedownFirst() bool { return len(a.Concerns) > 0 }

// NeedsSecond says that a second person must agree before the block bites.
func (a Assessment) NeedsSecond() bool { return len(a.Concerns) > 0 }

// Assess weighs a block of domain. Anybody who may look a name up may ask.
func (s *Service) Assess(ctx context.Context, actor authz.Actor, domain string) (Assessment, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.lookup", room("name", "")); err != nil {
		return Assessment{}, err
	}
	name, err := blockable(domain)
	if err != nil {
		return Assessment{}, err
	}
	return s.assess(ctx, s.db.Read(), name)
}

// Assess weighs a block of domain by the catalogue alone, without the blocks in
// force: for other rooms, whose own permission has been asked.
func (c *Catalogue) Assess(domain string) (Assessment, error) {
	name, err := blockable(domain)
	if err != nil {
		return Assessment{}, err
	}
	return c.assess(name), nil
}

// Registered is the name that somebody registered for a host: "example.com.vn"
// for "www.example.com.vn". It is "" for what is no name or a public suffix.
func Registered(host string) string {
	name, err := bundle.ParseName(host)
	if err != nil {
		return ""
	}
	if is, _ := publicSuffix(name); is {
		return ""
	}
	return registered(name).String()
}

// blockable reads a name that a block may be about.
func blockable(domain string) (bundle.Name, error) {
	name, err := bundle.ParseName(domain)
	if err != nil {
		return name, err
	}
	if name.Labels() < 2 {
		return name, problem.New("schools/top-level", "name", name.Unicode())
	}
	return name, nil
}

// shownNames is how many covered names an assessment lists.
const shownNames = 20

func (s *Service) assess(ctx context.Context, q sqldb.Queryer, name bundle.Name) (Assessment, error) {
	a := s.catalogue.assess(name)
	var err error
	if a.NeverBlock, err = s.isNever(ctx, q, name); err != nil {
		return a, err
	}
	if a.Blocks, err = s.blocksOver(ctx, q, name); err != nil {
		return a, wrap("assess", err)
	}
	return a, nil
}

// assess says what is known about a name without the database.
func (c *Catalogue) assess(name bundle.Name) Assessment {
	a := Assessment{Domain: name.String(), Unicode: name.Unicode(), DevicesLastWeek: -1}
	a.NeverBlock = c.never.covers(name)
	if is, _ := publicSuffix(name); is {
		a.Concerns = append(a.Concerns, ConcernSuffix)
	}
	if c.protected.covers(name) || len(c.protected.below(name)) > 0 || len(c.never.below(name)) > 0 {
		a.Concerns = append(a.Concerns, ConcernProtected)
	}
	// A host of many owners is one at its own name and above: what lies below
	// github.io is one owner's, what lies below sites.google.com is a path.
	if c.shared.has(name) || len(c.shared.below(name)) > 0 {
		a.Concerns = append(a.Concerns, ConcernShared)
	}
	if c.popular.has(registered(name)) || c.popular.has(name) || len(c.popular.below(name)) > 0 {
		a.Concerns = append(a.Concerns, ConcernPopular)
	}
	covered := map[bundle.Name]bool{}
	for _, set := range []*nameSet{&c.protected, &c.never, &c.shared, &c.popular} {
		for _, n := range set.below(name) {
			covered[n] = true
		}
	}
	for n := range covered {
		a.Known = append(a.Known, n.String())
	}
	slices.Sort(a.Known)
	a.KnownCount = len(a.Known)
	a.Known = a.Known[:min(shownNames, len(a.Known))]
	return a
}
