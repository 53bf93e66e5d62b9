// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"lachan/duty/detection"
	"lachan/internal/problem"
	"lachan/web/page"
)

const rulesPath = "/detection/rules"

func rulePath(name string) string { return rulesPath + "/" + name }

// ruleRoutes is how a province writes rules of its own, tries them on the past,
// and lets another person put them to use.
//
// Clauses: 5.2
func (s *Server) ruleRoutes() []Route {
	find, one := []string{"5.2"}, rulesPath+"/{name}"
	return []Route{
		{Method: http.MethodGet, Path: rulesPath, Clauses: find, Do: s.findRules},
		{Method: http.MethodGet, Path: rulesPath + "/new", Clauses: find, Do: s.newRule},
		{Method: http.MethodPost, Path: rulesPath + "/new", Clauses: find, Do: s.writeRule},
		{Method: http.MethodGet, Path: one, Clauses: find, Do: s.findRule},
		{Method: http.MethodPost, Path: one, Clauses: find, Do: s.writeRule},
		{Method: http.MethodPost, Path: one + "/test", Clauses: find, Do: s.testRule},
		{Method: http.MethodPost, Path: one + "/stage", Clauses: find, Do: s.stageRule},
		{Method: http.MethodPost, Path: one + "/live", Clauses: find, Do: s.liveRule},
		{Method: http.MethodPost, Path: one + "/off", Clauses: find, Do: s.stopRule},
	}
}

func (s *Server) findRules(c *visit) error {
	ctx, actor := c.r.Context(), c.who.Actor
	all, err := s.Detection.Rules(ctx, actor)
	if err != nil {
		return err
	}
	p := page.Rules{Tabs: c.findTabs("rules")}
	if p.LeftOut, err = s.Detection.LeftOut(ctx, actor); err != nil {
		return err
	}
	names, err := c.ruleNames(all)
	if err != nil {
		return err
	}
	c.in("detection", c.p.T("detection.tab.rules"))
	p.Base = c.base
	taken := map[string]bool{}
	for _, r := range all {
		taken[r.Name] = true
		p.Rows = append(p.Rows, c.ruleRow(r, names))
	}
	for _, one := range s.Detection.SampleRules() {
		if !taken[one.Name] {
			p.Samples = append(p.Samples, page.RuleSample{Href: rulesPath + "/new?sample=" + one.Name, Title: c.p.T(one.Key())})
		}
	}
	return c.show("detection/rules", p)
}

func (c *visit) ruleNames(all []detection.Rule) (map[string]string, error) {
	ids := make([]string, 0, len(all))
	for _, r := range all {
		ids = append(ids, r.Author)
	}
	return c.names(ids...)
}

// ruleShape is the shape that a state is shown with.
func ruleShape(s detection.RuleState) string {
	switch s {
	case detection.RuleLive:
		return "ok"
	case detection.RuleStaged:
		return "soon"
	}
	return "wait"
}

func (c *visit) ruleRow(r detection.Rule, names map[string]string) page.FindRuleRow {
	return page.FindRuleRow{
		Href: rulePath(r.Name), Title: r.Title, Name: r.Name, Version: r.Version, State: ruleShape(r.State), Word: c.p.T(r.State.Key()),
		Does: strings.Join(c.ruleThen(r.Body.Then), " · "), Hits: detection.Total(r.Hits), Would: detection.Total(r.WouldHave), Author: names[r.Author], Changed: r.Changed,
	}
}

func (s *Server) findRule(c *visit) error {
	p, err := s.rulePage(c, c.r.PathValue("name"), nil)
	if err != nil {
		return err
	}
	return c.show("detection/rule", p)
}

// rulePage shows a rule; typed is what stands in its form, nil for the newest
// version.
func (s *Server) rulePage(c *visit, name string, typed *ruleForm) (page.RulePage, error) {
	all, err := s.Detection.RuleVersions(c.r.Context(), c.who.Actor, name)
	if err != nil {
		return page.RulePage{}, err
	}
	names, err := c.ruleNames(all)
	if err != nil {
		return page.RulePage{}, err
	}
	now := all[0]
	c.in("detection", now.Title)
	p := page.RulePage{
		Base: c.base, Tabs: c.findTabs("rules"), Path: rulePath(name), Name: name, When: c.ruleWhen(&now.Body.When), Then: c.ruleThen(now.Body.Then),
		Days: nonEmpty(c.form("days"), "30"),
	}
	p.Now = page.RuleNow{FindRuleRow: c.ruleRow(now, names), CanStop: now.State == detection.RuleStaged || now.State == detection.RuleLive}
	p.Now.CanStage = now.State == detection.RuleDraft || now.State == detection.RuleOff
	canLive := func(r detection.Rule) bool {
		return r.State == detection.RuleStaged && r.Test != nil && s.Detection.MayLive(c.r.Context(), c.who.Actor, r)
	}
	p.Now.CanLive = canLive(now)
	p.Now.Next = c.ruleNext(now, p.Now.CanLive)
	for n, r := range all {
		active := r.State == detection.RuleStaged || r.State == detection.RuleLive
		if n > 0 && r.State == detection.RuleLive {
			p.Live = r.Version
		}
		p.Versions = append(p.Versions, page.RuleVersion{FindRuleRow: c.ruleRow(r, names), CanStage: n > 0 && !active, CanLive: n > 0 && canLive(r), CanStop: n > 0 && active})
	}
	if now.Test != nil {
		p.Test = c.ruleTest(*now.Test)
	}
	if typed == nil {
		f, ok := formOfRule(now.Body)
		f.Name, f.Title, f.After = name, now.Title, now.Version
		typed, p.Odd = &f, !ok
	}
	p.Editing = typed.Posted
	p.Form = c.ruleForm(*typed)
	return p, nil
}

// ruleNext says what comes next for the newest version.
func (c *visit) ruleNext(r detection.Rule, canLive bool) string {
	switch {
	case r.State != detection.RuleStaged:
		return c.p.T("detection.rules.next." + string(r.State))
	case r.Test == nil:
		return c.p.T("detection.rules.next.untested")
	case canLive:
		return c.p.T("detection.rules.next.staged")
	case r.Author == c.who.Actor.Person:
		return c.p.T("detection.rules.next.mine")
	}
	return c.p.T("detection.rules.next.head")
}

func (c *visit) ruleTest(t detection.BackTest) *page.RuleTest {
	r := t.Result
	out := &page.RuleTest{
		At: t.Made, Says: c.p.T("detection.rules.test.says", "days", r.Days, "seen", r.Seen, "items", r.Items, "matched", r.Matched),
		Took: c.p.Decimal(r.Took.Round(10*time.Millisecond).Seconds(), 2),
	}
	for _, e := range []detection.Effect{detection.Queued, detection.Raised, detection.LeftOut, detection.Marked, detection.NoEffect} {
		if n := r.Effects[e]; n > 0 {
			out.Figures = append(out.Figures, page.KV{Key: c.p.T(e.Key()), Value: c.p.Int(int64(n))})
		}
	}
	out.Figures = append(out.Figures,
		page.KV{Key: c.p.T("detection.rules.test.harmful"), Value: c.p.Int(int64(r.Harmful))},
		page.KV{Key: c.p.T("detection.rules.test.dismissed"), Value: c.p.Int(int64(r.Dismissed))},
		page.KV{Key: c.p.T("detection.rules.test.missing"), Value: c.p.Int(int64(r.Missing))})
	for _, l := range c.s.Detection.Labels() {
		if n := r.Labels[l.ID]; n > 0 {
			out.Labels = append(out.Labels, page.RuleCount{Name: c.p.T(l.Key()), Count: n})
		}
	}
	for tier, n := range r.Tiers {
		if n > 0 {
			out.Tiers = append(out.Tiers, page.RuleCount{Name: c.p.T(detection.Tier(tier).Key()), Count: n})
		}
	}
	if r.LeftHarmful > 0 {
		out.Warn = c.p.T("detection.rules.test.hides", "n", r.LeftHarmful)
	}
	for _, e := range r.Examples {
		x := page.RuleExample{Code: itemCode(e.Number), Effect: c.p.T(e.Effect.Key())}
		if c.mayFind("detection.review") { // others may not know of the item
			x.Href = itemPath(e.Item)
		}
		if e.Verdict != "" {
			x.Verdict = c.p.T(e.Verdict.Key())
		}
		out.Examples = append(out.Examples, x)
	}
	return out
}

func (c *visit) ruleVersion() int {
	n, err := strconv.Atoi(c.form("version"))
	if err != nil {
		return 0 // no rule has it
	}
	return n
}

func (s *Server) testRule(c *visit) error {
	name := c.r.PathValue("name")
	days, err := strconv.Atoi(c.form("days"))
	if err != nil {
		days = 0 // refused as out of range
	}
	_, err = s.Detection.TestRule(c.r.Context(), c.who.Actor, name, c.ruleVersion(), days)
	return s.ruleAnswer(c, err, "flash.detection.rule-tested", "#test")
}

func (s *Server) stageRule(c *visit) error {
	err := s.Detection.StageRule(c.r.Context(), c.who.Actor, c.r.PathValue("name"), c.ruleVersion())
	return s.ruleAnswer(c, err, "flash.detection.rule-staged", "")
}

func (s *Server) liveRule(c *visit) error {
	err := s.Detection.RuleToLive(c.r.Context(), c.who.Actor, c.r.PathValue("name"), c.ruleVersion())
	return s.ruleAnswer(c, err, "flash.detection.rule-live", "")
}

func (s *Server) stopRule(c *visit) error {
	err := s.Detection.RuleToOff(c.r.Context(), c.who.Actor, c.r.PathValue("name"), c.ruleVersion())
	return s.ruleAnswer(c, err, "flash.detection.rule-off", "")
}

func (s *Server) ruleAnswer(c *visit, err error, flash, at string) error {
	name := c.r.PathValue("name")
	if err == nil {
		return c.done(rulePath(name)+at, flash)
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.rulePage(c, name, nil)
	if failed != nil {
		return failed
	}
	return c.showFault("detection/rule", p, err)
}
