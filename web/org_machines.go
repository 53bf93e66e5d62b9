// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strconv"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/web/page"
)

const machinesPath = "/org/machines"

func (c *visit) mayMachines() bool {
	return c.may("identity.token", authz.Resource{Type: "identity.token"})
}

// machines is who asks the API: programs with a token, and until when.
func (s *Server) machines(c *visit) error {
	p, err := s.machinesPage(c)
	if err != nil {
		return err
	}
	return c.show("org/machines", p)
}

func (s *Server) machinesPage(c *visit) (page.Machines, error) {
	all, err := s.Identity.Tokens(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.Machines{}, err
	}
	var people []string
	for _, t := range all {
		if t.Person != "" {
			people = append(people, t.Person)
		}
	}
	names, err := s.Identity.Names(c.r.Context(), people)
	if err != nil {
		return page.Machines{}, err
	}
	c.in("", c.p.T("console.machines.title"))
	p := page.Machines{Base: c.base, Units: s.inviteUnits(c), Name: c.form("name"), Days: c.form("days")}
	if p.Days == "" {
		p.Days = "365"
	}
	for _, who := range []string{"self", "me"} {
		p.For = append(p.For, page.Option{Value: who, Label: c.p.T("console.machines.for." + who), On: who == c.form("for") || who == "self" && c.form("for") == ""})
	}
	for _, role := range authz.Roles() {
		p.Roles = append(p.Roles, page.Option{Value: role, Label: c.p.T("console.role." + role), On: slices.Contains(c.forms("roles"), role)})
	}
	now := s.Clock.Now()
	var first, last int
	p.Pager, first, last = pagerOf(c, len(all), peopleAPage)
	for _, t := range all[first:last] {
		row := page.MachineRow{ID: t.ID, Name: t.Name, Unit: c.unit(t.Unit).Name, Used: t.Used, Until: t.Expires, State: "on"}
		if t.Person != "" {
			row.Person = names[t.Person].Reveal()
		}
		var roles []string
		for _, role := range t.Roles {
			roles = append(roles, c.p.T("console.role."+role))
		}
		row.Roles = strings.Join(roles, ", ")
		switch {
		case !t.Revoked.IsZero():
			row.State = "revoked"
		case !now.Before(t.Expires):
			row.State = "over"
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// addMachine shows the token on the answer itself: there is no address that
// could show it again.
func (s *Server) addMachine(c *visit) error {
	n := identity.NewToken{Name: strings.TrimSpace(c.form("name")), Unit: c.form("unit"), Roles: c.forms("roles")}
	if c.form("for") == "me" {
		n.Person = c.who.Person
	}
	n.Days, _ = strconv.Atoi(strings.TrimSpace(c.form("days"))) // 0 is named as out of range, with the other faults
	text, err := "", error(nil)
	if _, unknown := s.Org.Unit(n.Unit, s.Org.Today()); n.Unit != "" && unknown != nil {
		err = problem.New("input/faulty").Field("unit", "input/not-a-choice")
	} else {
		text, _, err = s.Identity.AddToken(c.r.Context(), c.who.Actor, n)
	}
	if err != nil {
		if !mendable(err) {
			return err
		}
		c.base.Problem = problem.From(err)
		p, failed := s.machinesPage(c)
		if failed != nil {
			return failed
		}
		return c.showFault("org/machines", p, err)
	}
	c.r.PostForm = nil // the next one is another machine
	p, err := s.machinesPage(c)
	if err != nil {
		return err
	}
	p.Token, p.URL = text, s.BaseURL+"/api/v1/"
	return c.show("org/machines", p)
}

func (s *Server) dropMachine(c *visit) error {
	if err := s.Identity.DropToken(c.r.Context(), c.who.Actor, c.form("id")); err != nil {
		return err
	}
	return c.done(machinesPath, "flash.org.machine-dropped")
}
