// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty/schools"
	"lachan/internal/problem"
	"lachan/web/page"
)

// previewChange shows what a change would mean; the button on it makes the
// change.
func (s *Server) previewChange(c *visit) error {
	id, g := c.r.PathValue("id"), c.query("go")
	school, err := s.Schools.School(c.r.Context(), c.who.Actor, id)
	if err != nil {
		return err
	}
	if g != "open" && g != "close" {
		return problem.New("schools/no-change")
	}
	v, err := s.Schools.PreviewChange(c.r.Context(), c.who.Actor, schools.ChangeCommand{
		School: id, Band: c.query("change_band"), Period: c.query("change_period"), Code: c.query("code"), Block: g == "close",
	})
	if problem.KindOf(err) == problem.Invalid {
		c.base.Problem = problem.From(err)
		p, failed := s.schoolPage(c, id)
		if failed != nil {
			return failed
		}
		return c.showFault("schools/school", p, err)
	}
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("console.preview.title"))
	x := v.Change
	p := page.ChangePreview{
		Base: c.base, School: c.schoolHead(school, "filter"), What: c.p.T(s.Schools.Catalogue().NameKey(x.Code)), Open: !x.Block, Nothing: v.Refused == x.Block,
		Who: joined(c.p.T(schools.BandKey(x.Band)), c.p.T(schools.PeriodKey(x.Period))), Names: v.Names, Popular: v.Popular, PopularAll: v.PopularAll,
		Hidden: []page.Hidden{{Name: "code", Value: x.Code}, {Name: "change_band", Value: x.Band.String()}, {Name: "change_period", Value: x.Period.String()}, {Name: "go", Value: g}},
	}
	for _, b := range v.Bands {
		p.Bands = append(p.Bands, page.PreviewRow{Band: c.p.T(schools.BandKey(b.Band)), Devices: b.Devices, Changes: b.Changes})
	}
	return c.show("schools/preview", p)
}
