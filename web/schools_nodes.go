// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// nodeView is all nodes that the reader may see, with what they should hold.
type nodeView struct {
	s             *Server
	nodes         []schools.Node
	bundle, delta int64
	rollout       schools.Rollout
}

func (s *Server) nodeView(c *visit) (nodeView, error) {
	v := nodeView{s: s}
	ctx := c.r.Context()
	info, err := s.Schools.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return v, err
	}
	v.bundle = info.Number
	if v.delta, err = s.Schools.HighestDelta(ctx); err != nil {
		return v, err
	}
	if v.rollout, err = s.Schools.Rollout(ctx); err != nil {
		return v, err
	}
	v.nodes, err = s.Schools.Nodes(ctx, c.who.Actor)
	if problem.Is(err, "schools/no-school") { // a unit that is no school
		err = nil
	}
	return v, err
}

func (v nodeView) state(n schools.Node) string {
	return string(v.s.Schools.State(n, v.rollout.Expected(n.ID, v.bundle), v.delta))
}

// ofSchool is the best state of a school's nodes: one that works is enough.
func (v nodeView) ofSchool(school string) string {
	order := []string{"wait", "late", "soon", "ok"}
	best := 0
	for _, n := range v.nodes {
		if n.Revoked.IsZero() && slices.Contains(n.Schools, school) {
			best = max(best, slices.Index(order, v.state(n)))
		}
	}
	return order[best]
}

// note says why a node is not well.
func (v nodeView) note(c *visit, school string) string {
	for _, n := range v.nodes {
		if !n.Revoked.IsZero() || !slices.Contains(n.Schools, school) {
			continue
		}
		switch state := v.state(n); {
		case state == string(schools.NodeOK):
			return ""
		case state == string(schools.NodeSilent):
			return c.p.T("pages.node.silent-since", "at", n.Seen)
		case state == string(schools.NodeBehind) && n.Health == schools.HealthOK:
			return c.p.T("pages.node.behind")
		default:
			return c.p.T(schools.HealthKey(n.Health))
		}
	}
	return ""
}

func (v nodeView) row(c *visit, n schools.Node) page.NodeRow {
	row := page.NodeRow{
		ID: n.ID, Name: n.Name, Version: n.Version, State: v.state(n), Seen: n.Seen, Bundle: n.Bundle, Delta: n.Delta,
		Behind: max(0, v.delta-n.Delta),
	}
	if !n.Revoked.IsZero() {
		row.School = c.p.T("pages.node.revoked", "at", n.Revoked)
	}
	return row
}

func (s *Server) nodes(c *visit) error {
	p, err := s.nodesPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/nodes", p)
}

// nodesAPage is how many nodes one page shows; enrolShown is how many schools
// the form offers before it asks for part of a name.
const (
	nodesAPage = 50
	enrolShown = 30
)

func (s *Server) nodesPage(c *visit) (page.Nodes, error) {
	view, err := s.nodeView(c)
	if err != nil {
		return page.Nodes{}, err
	}
	all, err := s.allSchools(c, schools.SchoolFilter{})
	if err != nil {
		return page.Nodes{}, err
	}
	c.in("schools", c.p.T("pages.nodes.title"))
	p := page.Nodes{Base: c.base, Bundle: view.bundle, Delta: view.delta, Query: c.query("q"), Find: c.query("find")}
	if p.Rollout, err = s.rollout(c); err != nil {
		return p, err
	}
	f := fleet{visit: c, view: view, byID: map[string]schools.School{}}
	for _, school := range all {
		f.byID[school.ID] = school
	}
	p.Schools, p.MoreSchools = f.toEnrol(all)
	light, version := c.query("light"), c.query("version")
	p.Filter = p.Query != "" || light != "" || version != ""
	counts, versions := map[string]int{}, map[string]int{}
	var shown []schools.Node
	for _, n := range f.sorted() {
		if !f.matches(n, p.Query) {
			continue
		}
		state := view.state(n)
		counts[state]++
		if n.Version != "" && n.Revoked.IsZero() {
			versions[n.Version]++
		}
		if (light == "" || light == state) && (version == "" || version == n.Version) {
			shown = append(shown, n)
		}
	}
	p.Lights = lightsOf(counts, light, "/schools/nodes", c.r.URL.Query())
	p.Versions = f.versions(versions, version)
	p.Without = f.without(all)
	var first, last int
	p.Pager, first, last = pagerOf(c, len(shown), nodesAPage)
	for _, n := range shown[first:last] {
		p.Rows = append(p.Rows, f.row(n))
	}
	return p, nil
}

// enrolNode shows the token on the answer itself: it is stored nowhere, so
// there is no address that could show it again.
func (s *Server) enrolNode(c *visit) error {
	token, expires, err := s.Schools.CreateToken(c.r.Context(), c.who.Actor, schools.TokenCommand{Name: c.form("name"), Schools: c.forms("school")})
	if err != nil && problem.KindOf(err) != problem.Invalid {
		return err
	}
	if err != nil {
		c.base.Problem = problem.From(err)
	} else {
		c.base.Flash = &page.Flash{Text: c.p.T("pages.node.token-until", "at", expires)}
	}
	p, failed := s.nodesPage(c)
	if failed != nil {
		return failed
	}
	if err != nil {
		return c.showFault("schools/nodes", p, err)
	}
	if p.QR, err = qrSVG(token); err != nil {
		return err
	}
	p.Token, p.Command = token, "lachan node enrol --config lachan-node.toml --hub "+s.BaseURL+" "+token
	return c.show("schools/nodes", p)
}

func (s *Server) revokeNode(c *visit) error {
	if _, err := s.Schools.RevokeNode(c.r.Context(), c.who.Actor, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.done("/schools/nodes", "flash.schools.node-revoked")
}

// rollout is the bundle that goes by stages, nil where none does or the reader
// sees the own school only.
func (s *Server) rollout(c *visit) (*page.Rollout, error) {
	if !c.may("schools.view", authz.Resource{Type: "schools.school", Attrs: map[string]any{"unit": "(any)"}}) {
		return nil, nil
	}
	r, err := s.Schools.RolloutState(c.r.Context(), c.who.Actor)
	if err != nil || r.Bundle == 0 || r.Stage >= 100 {
		return nil, err
	}
	p := &page.Rollout{Bundle: r.Bundle, Stage: r.Stage, Nodes: r.Nodes, Have: r.Have, Ill: r.Ill, Halted: r.Halted, Since: r.Since}
	if r.Why != "" {
		p.Why = c.p.T("schools.rollout." + r.Why)
	}
	p.CanSteer = c.may("schools.list_import", authz.Resource{Type: "schools.bundle"})
	return p, nil
}

// steerRollout halts a bundle that goes by stages, or gives it to everybody.
func (s *Server) steerRollout(c *visit) error {
	ctx, actor := c.r.Context(), c.who.Actor
	var err error
	key := "flash.schools.rollout-halted"
	switch c.form("go") {
	case "halt":
		err = s.Schools.HaltRollout(ctx, actor)
	case "all":
		key, err = "flash.schools.rollout-all", s.Schools.FinishRollout(ctx, actor)
	default:
		err = problem.New("input/faulty").Field("go", "input/not-a-choice")
	}
	if err != nil {
		return err
	}
	return c.done("/schools/nodes", key)
}
