// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"time"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// rosterAhead is how far the page of the roster looks, rosterBack how long a
// shift that is over stays on it.
const (
	rosterAhead = 14 * 24 * time.Hour
	rosterBack  = 24 * time.Hour
	gapsAhead   = 7 * 24 * time.Hour
)

// rosterUnit is whose roster the reader keeps: the duty unit's where policy
// lets him, else that of his own unit.
func (s *Server) rosterUnit(c *visit) (unit string, mayEdit bool, err error) {
	if unit, err = s.Casework.Units.DutyUnit(c.r.Context(), s.Clock.Now()); err != nil {
		return "", false, err
	}
	may := func(unit string) bool {
		return c.may("casework.roster", authz.Resource{Type: "casework.roster", ID: unit, Attrs: map[string]any{"unit": unit}})
	}
	if may(unit) {
		return unit, true, nil
	}
	return c.who.Actor.Unit, may(c.who.Actor.Unit), nil
}

func (s *Server) roster(c *visit) error {
	p, err := s.rosterPage(c, casework.ShiftCommand{})
	if err != nil {
		return err
	}
	return c.show("casework/roster", p)
}

func (s *Server) rosterPage(c *visit, typed casework.ShiftCommand) (page.RosterPage, error) {
	c.in("casework", c.p.T("console.roster.title"))
	now := s.Clock.Now()
	unit, mayEdit, err := s.rosterUnit(c)
	if err != nil {
		return page.RosterPage{}, err
	}
	all, err := s.Casework.Roster(c.r.Context(), c.who.Actor, now.Add(-rosterBack), now.Add(rosterAhead))
	if err != nil {
		return page.RosterPage{}, err
	}
	shifts := slices.DeleteFunc(all, func(f casework.Shift) bool { return f.Unit != unit })
	var people []string
	for _, f := range shifts {
		people = append(people, f.Person, f.StandIn)
	}
	members, err := s.Identity.Members(c.r.Context(), unit)
	if err != nil {
		return page.RosterPage{}, err
	}
	for _, m := range members {
		people = append(people, m.Person)
	}
	names, err := c.names(people...)
	if err != nil {
		return page.RosterPage{}, err
	}
	p := page.RosterPage{CanEdit: mayEdit}
	if p.Next, err = c.reading(); err != nil {
		return p, err
	}
	for _, f := range shifts {
		row := page.ShiftRow{ID: f.ID, Is: "next", Shift: page.Shift{
			Person: names[f.Person], Unit: c.unit(f.Unit).Name, Phone: f.Phone, StandIn: names[f.StandIn], From: f.From, To: f.To,
		}}
		switch {
		case !f.To.After(now):
			row.Is = "past"
		case !f.From.After(now):
			row.Is = "now"
			if p.Now == nil {
				on := row.Shift
				p.Now = &on
			}
		}
		p.Shifts = append(p.Shifts, row)
	}
	for _, g := range casework.Gaps(shifts, now, now.Add(gapsAhead)) {
		p.Gaps = append(p.Gaps, c.p.T("web.roster.gap", "from", g.From, "to", g.To))
	}
	p.Persons = []page.Option{{Label: c.p.T("web.roster.choose")}}
	for _, m := range members {
		p.Persons = append(p.Persons, page.Option{Value: m.Person, Label: names[m.Person], On: m.Person == typed.Person})
	}
	p.Base = c.base
	return p, nil
}

func (s *Server) addShift(c *visit) error {
	unit, _, err := s.rosterUnit(c)
	if err != nil {
		return err
	}
	cmd := casework.ShiftCommand{Unit: unit, Person: c.form("person"), StandIn: c.form("stand_in"), Phone: c.form("phone")}
	fault := problem.New("input/faulty")
	var ok bool
	if cmd.From, ok = parseTime(c.form("from")); !ok {
		fault.Field("from", "input/not-a-date")
	}
	if cmd.To, ok = parseTime(c.form("to")); !ok {
		fault.Field("to", "input/not-a-date")
	}
	if err = fault.OrNil(); err == nil {
		_, err = s.Casework.AddShift(c.r.Context(), c.who.Actor, cmd)
	}
	if err != nil {
		return c.again("casework/roster", err, func() (drawn, error) { return s.rosterPage(c, cmd) })
	}
	return c.done("/casework/roster", "flash.roster.added")
}

func (s *Server) dropShift(c *visit) error {
	if err := s.Casework.DropShift(c.r.Context(), c.who.Actor, c.form("id")); err != nil {
		return err
	}
	return c.done("/casework/roster", "flash.roster.dropped")
}
