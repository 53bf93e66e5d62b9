// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strings"
	"time"

	"lachan/duty/casework"
	"lachan/duty/schools"
	"lachan/internal/problem"
	"lachan/web/page"
)

// blockBasis is the clause under which a name is refused in schools.
const blockBasis = "4569/2"

func (s *Server) blockPage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	b := page.Block{Domain: reportedHost(v), Basis: string(casework.BlockProvisional)}
	p, err := s.blockForm(c, v, b)
	if err != nil {
		return err
	}
	return c.show("casework/block", p)
}

// reportedHost is the first host that a report named, as a start.
func reportedHost(v casework.CaseView) string {
	for _, r := range v.Reports {
		for _, word := range strings.Fields(r.Words.URL) {
			if _, host, ok := casework.CanonicalURL(word); ok {
				return host
			}
		}
	}
	return ""
}

// blockForm fills the choices of the form around what was typed.
func (s *Server) blockForm(c *visit, v casework.CaseView, b page.Block) (page.Block, error) {
	c.in("casework", v.Code)
	b.Base, b.ID, b.Code = c.base, v.ID, v.Code
	for _, k := range casework.BlockKinds() {
		b.Bases = append(b.Bases, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: b.Basis == string(k)})
	}
	b.Categories = []page.Option{{Label: c.p.T("web.block.nocategory"), On: b.Category == ""}}
	for _, k := range s.Schools.Catalogue().Categories {
		b.Categories = append(b.Categories, page.Option{Value: k.Code, Label: c.p.T(s.Schools.Catalogue().NameKey(k.Code)), On: b.Category == k.Code})
	}
	return b, nil
}

// block is the three buttons of the form: show what the block will cover, ask
// the platform first, block.
func (s *Server) block(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	b := page.Block{
		Domain: c.form("domain"), Basis: c.form("basis"), Authority: c.form("authority"), Number: c.form("number"),
		Date: c.form("date"), Until: c.form("until"), Category: c.form("category"), Why: c.form("why"),
	}
	cmd := casework.BlockCommand{
		Case: v.ID, Domain: b.Domain, Category: b.Category, Kind: b.Basis, Basis: blockBasis, Authority: b.Authority, Number: b.Number,
		Date: isoDay(b.Date), Until: isoDay(b.Until), Reason: b.Why,
	}
	again := func(err error) error {
		return c.againCase("casework/block", fieldAs(err, "kind", "basis"), v.ID, func(v casework.CaseView) (drawn, error) { return s.blockForm(c, v, b) })
	}
	if err := cmd.Validate(); err != nil {
		return again(err)
	}
	b.Domain = cmd.Domain
	switch c.form("go") {
	case "block":
		answer, err := s.Casework.DecideBlock(c.r.Context(), c.who.Actor, cmd)
		if err != nil {
			return again(err)
		}
		if answer.Proposal != "" {
			return c.done(casePath(v.ID), "flash.case.proposed")
		}
		return c.done(casePath(v.ID), "flash.case.blocked")
	case "takedown":
		_, err := s.Casework.DecideTakedown(c.r.Context(), c.who.Actor, casework.TakedownCommand{
			Case: v.ID, Domain: cmd.Domain, Basis: blockBasis, Authority: cmd.Authority, Number: cmd.Number, Date: cmd.Date, Reason: cmd.Reason,
		})
		if err != nil {
			return again(err)
		}
		return c.done(casePath(v.ID), "flash.case.takedown")
	}
	if b.Preview, err = s.coverage(c, cmd); err != nil {
		if problem.KindOf(err) == problem.Invalid && len(problem.From(err).Fields) == 0 {
			err = problem.New("input/faulty").Field("domain", problem.From(err).Code, problem.From(err).Args...)
		}
		return again(err)
	}
	p, err := s.blockForm(c, v, b)
	if err != nil {
		return err
	}
	return c.show("casework/block", p)
}

// coverage says what a block will cover before it is made.
func (s *Server) coverage(c *visit, cmd casework.BlockCommand) (*page.Coverage, error) {
	ctx := c.r.Context()
	a, err := s.Schools.Assess(ctx, c.who.Actor, cmd.Domain)
	if err != nil {
		return nil, err
	}
	if a.NeverBlock {
		return nil, problem.New("input/faulty").Field("domain", "casework/never-block")
	}
	kind := casework.BlockKind(cmd.Kind)
	p := &page.Coverage{
		Domain: a.Unicode, Covers: c.p.T("web.block.covers", "domain", a.Unicode), Devices: a.DevicesLastWeek, AlsoBlocked: a.Known,
		NeedsTwo: a.NeedsSecond() || kind == casework.BlockEmergency, Provisional: kind == casework.BlockProvisional,
		EndsAt: s.blockEnd(cmd),
	}
	if more := a.KnownCount - len(a.Known); more > 0 {
		p.AlsoBlocked = append(p.AlsoBlocked, c.p.T("web.block.more", "n", more))
	}
	words := make([]string, len(a.Concerns))
	for i, concern := range a.Concerns {
		words[i] = c.p.T(concern.Key())
		p.Risk = strings.ReplaceAll(string(concern), "-", "_")
	}
	p.RiskText = strings.Join(words, " ")
	for _, b := range a.Blocks {
		p.Already = c.p.T("web.block.already", "domain", b.Domain, "until", b.Until)
	}
	p.Schools, err = s.countSchools(c)
	return p, err
}

// countSchools is how many schools a block reaches: all of them.
func (s *Server) countSchools(c *visit) (n int, err error) {
	const whole = 1000
	filter := schools.SchoolFilter{Limit: whole}
	for {
		some, err := s.Schools.Schools(c.r.Context(), c.who.Actor, filter)
		if err != nil {
			return n, err
		}
		if n += len(some); len(some) < whole {
			return n, nil
		}
		filter.After = some[len(some)-1].ID
	}
}

// blockEnd is when the block ends, as casework will compute it: at the end of
// the day asked for, at the latest when its kind allows.
func (s *Server) blockEnd(cmd casework.BlockCommand) time.Time {
	now := s.Clock.Now()
	var limit time.Time
	switch casework.BlockKind(cmd.Kind) {
	case casework.BlockProvisional:
		limit = now.Add(s.Casework.Provisional)
	case casework.BlockEmergency:
		limit = now.Add(7 * 24 * time.Hour)
	}
	if day, ok := parseDay(cmd.Until); ok && (limit.IsZero() || day.End().Before(limit)) {
		return day.End()
	}
	return limit
}

// fieldAs renames a faulty field of a service to the form's own name for it.
func fieldAs(err error, from, to string) error {
	prob := problem.From(err)
	for i := range prob.Fields {
		if prob.Fields[i].Name == from {
			prob.Fields[i].Name = to
		}
	}
	return prob
}

// withdraw takes a block back, as fast as it was made.
func (s *Server) withdraw(c *visit) error {
	if err := s.Casework.WithdrawBlock(c.r.Context(), c.who.Actor, c.form("id"), c.form("why")); err != nil {
		return err
	}
	return c.done(casePath(c.r.PathValue("id")), "flash.case.withdrawn")
}

// decideProposal is the second person's yes or no.
func (s *Server) decideProposal(c *visit) error {
	if c.form("go") == "refuse" {
		if err := s.Casework.Refuse(c.r.Context(), c.who.Actor, c.form("id"), c.form("note")); err != nil {
			return err
		}
		return c.done(casePath(c.r.PathValue("id")), "flash.case.refused")
	}
	if err := s.Casework.Agree(c.r.Context(), c.who.Actor, c.form("id")); err != nil {
		return err
	}
	return c.done(casePath(c.r.PathValue("id")), "flash.case.agreed")
}

// iHaveIt stops the call for somebody to come, by name.
func (s *Server) iHaveIt(c *visit) error {
	if err := s.Casework.IHaveIt(c.r.Context(), c.who.Actor, c.form("ring")); err != nil {
		return err
	}
	return c.done(casePath(c.r.PathValue("id")), "flash.case.ring")
}
