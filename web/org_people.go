// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"slices"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// peopleAPage is how many accounts one page shows.
const peopleAPage = 50

func (s *Server) people(c *visit) error {
	p, err := s.peoplePage(c)
	if err != nil {
		return err
	}
	return c.show("org/people", p)
}

func (s *Server) peoplePage(c *visit) (page.People, error) {
	own := authz.Resource{Type: "identity.person", Attrs: map[string]any{"unit": c.who.Unit}}
	if !c.may("identity.list", own) {
		return page.People{}, problem.New("authz/forbidden")
	}
	all, err := s.Identity.People(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.People{}, err
	}
	c.in("", c.p.T("pages.people.title"))
	p := page.People{Base: c.base, Units: s.inviteUnits(c), Machines: c.mayMachines()}
	for _, role := range authz.Roles() {
		p.Roles = append(p.Roles, page.Option{Value: role, Label: c.p.T("console.role." + role), On: slices.Contains(c.forms("roles"), role)})
	}
	var first, last int
	p.Pager, first, last = pagerOf(c, len(all), peopleAPage)
	keys := map[string]keyState{}
	for _, one := range all[first:last] {
		row, err := s.personRow(c, one, keys)
		if err != nil {
			return p, err
		}
		p.Rows = append(p.Rows, row)
	}
	p.Seal, err = s.sealRows(c)
	return p, err
}

// keyState is who can open a unit and who waits.
type keyState struct{ members, waiting []string }

func (s *Server) unitKeys(c *visit, unit string) (keyState, error) {
	state, err := s.Identity.UnitKey(c.r.Context(), unit)
	k := keyState{members: state.Members}
	for _, w := range state.Waiting {
		k.waiting = append(k.waiting, w.Person)
	}
	return k, err
}

func (s *Server) personRow(c *visit, one identity.Person, keys map[string]keyState) (page.PersonRow, error) {
	row := page.PersonRow{ID: one.ID, Name: one.Name.Reveal(), Login: one.Login.Reveal(), Seen: one.Seen, Off: one.Disabled, Key: "none"}
	if one.Factor {
		row.Factor = c.p.T("pages.people.totp")
	}
	var units []string
	for _, m := range one.Units {
		units = append(units, c.unit(m.Unit).Name)
		for _, role := range m.Roles {
			if word := c.p.T("console.role." + role); !slices.Contains(row.Roles, word) {
				row.Roles = append(row.Roles, word)
			}
		}
		k, ok := keys[m.Unit]
		if !ok {
			var err error
			if k, err = s.unitKeys(c, m.Unit); err != nil {
				return row, err
			}
			keys[m.Unit] = k
		}
		switch {
		case slices.Contains(k.waiting, one.ID):
			row.Key = "waiting"
		case slices.Contains(k.members, one.ID) && row.Key == "none":
			row.Key = "made"
		}
	}
	row.Unit = strings.Join(units, ", ")
	return row, nil
}

// inviteUnits are the units into which the reader may invite: all for an
// administrator, the own one for its head.
func (s *Server) inviteUnits(c *visit) []page.Option {
	chosen := c.form("unit")
	var all []page.Option
	anywhere := c.may("identity.invite", authz.Resource{Type: "identity.person", Attrs: map[string]any{"unit": "(any)"}})
	for u := range s.Org.At(s.Org.Today()).All() {
		if u.Kind == org.KindClass || !anywhere && u.ID != c.who.Unit {
			continue
		}
		if !anywhere && !c.may("identity.invite", authz.Resource{Type: "identity.person", Attrs: map[string]any{"unit": u.ID}}) {
			continue
		}
		all = append(all, page.Option{Value: u.ID, Label: u.Name, On: u.ID == chosen || chosen == "" && u.ID == c.who.Unit})
	}
	slices.SortStableFunc(all, func(a, b page.Option) int { return strings.Compare(locale.SortKey(a.Label), locale.SortKey(b.Label)) })
	return all
}

// sealRows are the people who wait for a key of the reader's own unit.
func (s *Server) sealRows(c *visit) ([]page.SealRow, error) {
	k, err := s.unitKeys(c, c.who.Unit)
	if err != nil || len(k.waiting) == 0 || !slices.Contains(k.members, c.who.Person) {
		return nil, err
	}
	names, err := s.Identity.Names(c.r.Context(), k.waiting)
	if err != nil {
		return nil, err
	}
	var rows []page.SealRow
	for _, id := range k.waiting {
		rows = append(rows, page.SealRow{Person: names[id].Reveal(), PersonID: id, Unit: c.base.Unit.Name, UnitID: c.who.Unit})
	}
	return rows, nil
}

// invite shows the card on the answer itself: its link works once and is
// stored nowhere.
func (s *Server) invite(c *visit) error {
	who := identity.NewPerson{Name: c.form("name"), Login: c.form("login"), Unit: c.form("unit"), Roles: c.forms("roles")}
	var card identity.Card
	err := error(nil)
	if _, unknown := s.Org.Unit(who.Unit, s.Org.Today()); who.Unit != "" && unknown != nil {
		err = problem.New("input/faulty").Field("unit", "input/not-a-choice")
	} else {
		card, err = s.Identity.Invite(c.r.Context(), c.who.Actor, who)
	}
	if err != nil {
		if problem.KindOf(err) != problem.Invalid {
			return err
		}
		c.base.Problem = problem.From(err)
		p, failed := s.peoplePage(c)
		if failed != nil {
			return failed
		}
		return c.showFault("org/people", p, err)
	}
	person, err := s.Identity.Person(c.r.Context(), card.Person)
	if err != nil {
		return err
	}
	c.r.PostForm = nil // the next one is somebody else
	p, err := s.peoplePage(c)
	if err != nil {
		return err
	}
	p.Card = &page.Card{
		Name: person.Name.Reveal(), Login: person.Login.Reveal(), Once: s.BaseURL + "/welcome/" + card.Token, Until: c.p.DateTime(card.Expires),
	}
	return c.show("org/people", p)
}

func (s *Server) reseal(c *visit) error {
	if err := s.Identity.Reseal(c.r.Context(), c.who.Session, c.form("unit"), c.form("person")); err != nil {
		return err
	}
	return c.done("/org/people", "flash.org.resealed")
}

func (s *Server) disable(c *visit) error {
	if c.form("id") == c.who.Person {
		return problem.New("authz/forbidden").Wrap(errors.New("nobody ends the own account"))
	}
	if err := s.Identity.Disable(c.r.Context(), c.who.Actor, c.form("id")); err != nil {
		return err
	}
	return c.done("/org/people", "flash.org.disabled")
}
