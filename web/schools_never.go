// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

const neverPath = "/schools/never"

func (c *visit) mayPropose() bool {
	return c.may("schools.never_propose", authz.Resource{Type: "schools.ruling"})
}

func (s *Server) never(c *visit) error {
	p, err := s.neverPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/never", p)
}

func (s *Server) neverPage(c *visit) (page.Nevers, error) {
	ctx, actor := c.r.Context(), c.who.Actor
	all, err := s.Schools.NeverList(ctx, actor)
	if err != nil {
		return page.Nevers{}, err
	}
	c.in("schools", c.p.T("console.never.title"))
	p := page.Nevers{Base: c.base, May: c.mayPropose(), Domain: c.form("domain"), Why: c.form("why")}
	var ids []string
	for _, n := range all {
		ids = append(ids, n.By, n.Second)
	}
	names, err := c.names(ids...)
	if err != nil {
		return p, err
	}
	for _, n := range all {
		row := page.NeverRow{Domain: n.Domain, Reason: n.Reason, Since: n.Since, Own: n.Own, Pending: n.Pending}
		switch {
		case n.By == "":
		case p.May:
			row.By = joined(names[n.By], names[n.Second])
		default:
			row.By = c.p.T("pages.never.province")
		}
		p.Rows = append(p.Rows, row)
	}
	if !p.May {
		return p, nil
	}
	rulings, err := s.Schools.Rulings(ctx, actor, true)
	if err != nil {
		return p, err
	}
	p.Two, _, err = s.rulingRows(c, rulings, "schools.never_confirm", neverPath+"/decide")
	return p, err
}

// proposeNever asks for a name to be put on the list or taken off it; it waits
// for another person's word.
func (s *Server) proposeNever(c *visit) error {
	kind := schools.NeverAdd
	if c.form("go") == "drop" {
		kind = schools.NeverDrop
	}
	_, err := s.Schools.ProposeRuling(c.r.Context(), c.who.Actor, schools.RulingCommand{Kind: kind, Domain: c.form("domain"), Reason: c.form("why")})
	if err == nil {
		return c.done(neverPath, "flash.schools.ruling-proposed")
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.neverPage(c)
	if failed != nil {
		return failed
	}
	return c.showFault("schools/never", p, err)
}
