// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// orgRoutes is who and where: the tree of agencies and places as of a day, how
// they became one another, and the people in them.
func (s *Server) orgRoutes() []Route {
	return []Route{
		{Method: http.MethodGet, Path: "/org", Do: s.orgTree},
		{Method: http.MethodGet, Path: "/org/people", Do: s.people},
		{Method: http.MethodPost, Path: "/org/people", Do: s.invite},
		{Method: http.MethodPost, Path: "/org/people/seal", Do: s.reseal},
		{Method: http.MethodPost, Path: "/org/people/disable", Do: s.disable},
		{Method: http.MethodGet, Path: machinesPath, Do: s.machines},
		{Method: http.MethodPost, Path: machinesPath, Do: s.addMachine},
		{Method: http.MethodPost, Path: machinesPath + "/drop", Do: s.dropMachine},
	}
}

// The tree stops at communes unless somebody searches: thousands of schools
// and classes are no page. A search shows at most orgFound units.
const (
	orgFound = 200
	orgLinks = 200
)

func (s *Server) orgTree(c *visit) error {
	if !c.may("org.view", authz.Resource{Type: "org.unit"}) {
		return problem.New("authz/forbidden")
	}
	today := s.Org.Today()
	day, err := readDay(c.query("as_of"))
	c.in("", c.p.T("pages.org.title"))
	p := page.Org{Base: c.base, AsOf: c.p.Date(today.Time())}
	p.Query = c.query("q")
	if err != nil {
		fault := problem.New("input/faulty").Field("as_of", "input/not-a-date")
		p.AsOf, p.Problem = c.query("as_of"), fault
		return c.showFault("org/org", p, fault)
	}
	on := today
	if !day.IsZero() {
		on = org.Day(day.String())
		p.AsOf = c.p.Date(on.Time())
	}
	tree := s.Org.At(on)
	p.Total = tree.Len()
	var units []placed
	if p.Query == "" {
		for _, root := range tree.Roots() {
			units = append(units, branch(tree, root, 0)...)
		}
	} else {
		units = found(tree, locale.Fold(p.Query))
	}
	members := on == today && c.may("identity.list", authz.Resource{Type: "identity.person"})
	for _, u := range units {
		row, err := s.orgUnit(c, tree, u, members)
		if err != nil {
			return err
		}
		p.Units = append(p.Units, row)
	}
	p.Chain = s.succession(c, units, p.Query != "")
	return c.show("org/org", p)
}

// placed is a unit at its depth of the tree.
type placed struct {
	org.Unit
	depth int
}

// branch is a unit and what lies below it, agencies before places, down to
// communes.
func branch(tree *org.Tree, u org.Unit, depth int) []placed {
	out := []placed{{u, depth}}
	if u.Level == org.LevelCommune {
		return out
	}
	below := tree.Children(u.ID)
	slices.SortStableFunc(below, func(a, b org.Unit) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(locale.SortKey(a.Name), locale.SortKey(b.Name)))
	})
	for _, child := range below {
		switch child.Level {
		case org.LevelHamlet, org.LevelSchool, org.LevelClass:
		default:
			out = append(out, branch(tree, child, depth+1)...)
		}
	}
	return out
}

func rank(u org.Unit) int {
	if u.Kind == org.KindCommittee {
		return 1
	}
	return 0
}

// found lists the units whose name or code holds the folded text.
func found(tree *org.Tree, fold string) []placed {
	var out []placed
	for u := range tree.All() {
		if len(out) < orgFound && (strings.Contains(locale.Fold(u.Name), fold) || u.Code != "" && strings.HasPrefix(u.Code, fold)) {
			out = append(out, placed{Unit: u})
		}
	}
	return out
}

func (s *Server) orgUnit(c *visit, tree *org.Tree, u placed, members bool) (page.OrgUnit, error) {
	row := page.OrgUnit{Depth: u.depth, Name: u.Name, Code: u.Code, Kind: c.kind(u.Kind), Unverified: !u.Verified}
	if u.Span.From != org.Ever {
		row.From = u.Span.From.Time()
	}
	if u.Span.To != org.Still {
		row.To = u.Span.To.Time()
	}
	for _, fn := range tree.Functions(u.ID) {
		row.Functions = append(row.Functions, c.function(fn))
	}
	if !members {
		return row, nil
	}
	people, err := s.Identity.Members(c.r.Context(), u.ID)
	if err != nil || len(people) == 0 {
		return row, err
	}
	row.Members = len(people)
	key, err := s.Identity.UnitKey(c.r.Context(), u.ID)
	if err != nil {
		return row, err
	}
	// What only one person can open is lost with that person.
	switch {
	case key.Version == 0:
		row.Red = c.p.T("pages.org.no-key")
	case len(key.Members) < 2:
		row.Red = c.p.T("pages.org.one-member")
	}
	return row, nil
}

// kind is the kind of a unit in words; the data's own word where the product
// knows none.
func (c *visit) kind(code string) string {
	if key := "pages.org.kind." + code; c.p.Has(key) {
		return c.p.T(key)
	}
	return code
}

// succession is how the units shown came to be and what became of them; of
// the whole tree only the agencies, since a reorganisation of communes has
// hundreds of links.
func (s *Server) succession(c *visit, units []placed, all bool) []page.Succession {
	var links []org.Link
	seen := map[org.Link]bool{}
	for _, u := range units {
		if !all && u.Level == org.LevelCommune {
			continue
		}
		for _, l := range slices.Concat(s.Org.Predecessors(u.ID, org.Ever, org.Still), s.Org.Successors(u.ID, org.Ever, org.Still)) {
			if !seen[l] {
				seen[l] = true
				links = append(links, l)
			}
		}
	}
	slices.SortStableFunc(links, func(a, b org.Link) int { return strings.Compare(string(b.Day), string(a.Day)) })
	var chain []page.Succession
	for _, l := range links[:min(orgLinks, len(links))] {
		how := "pages.org.part"
		if l.Whole {
			how = "pages.org.whole"
		}
		word := l.Type
		if key := "pages.org.link." + l.Type; c.p.Has(key) {
			word = c.p.T(key)
		}
		chain = append(chain, page.Succession{
			From: s.unitName(l.From, l.Day.Add(-1)), To: s.unitName(l.To, l.Day), How: c.p.T(how, "how", word),
			Basis: l.Basis, On: l.Day.Time(), Unverified: !l.Verified,
		})
	}
	return chain
}

// unitName is what a unit was called on a day.
func (s *Server) unitName(id string, day org.Day) string {
	u, err := s.Org.Unit(id, day)
	if err != nil {
		return id
	}
	return u.Name
}
