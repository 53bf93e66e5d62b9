// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
)

func (m maker) ruleOptions(prefix, on string, values ...string) []page.Option {
	var all []page.Option
	for _, v := range values {
		all = append(all, page.Option{Value: v, Label: m.t(prefix + v), On: v == on})
	}
	return all
}

func (m maker) ruleForm() page.RuleForm {
	roles := func(on string) []page.Option {
		return m.ruleOptions("detection.rules.role.", on, "all", "any", "not")
	}
	asIs := page.Option{Label: m.t("detection.rules.leave-as-is")}
	return page.RuleForm{
		Name: "young-scam", Title: "Lừa đảo trên tên miền mới", After: 2, Queue: true, Days: "30",
		Rows: []page.RuleFormRow{
			{N: 0, Is: "score", Title: m.t("detection.rules.test.score"), Roles: roles("all"), Labels: []page.Option{{Value: "scam", Label: m.t("signs.label.scam"), On: true}}, Least: "0.5", LeastText: m.t("detection.rules.least.share", "min", "0,01", "max", "1")},
			{N: 1, Is: "domain_age", Title: m.t("detection.rules.test.domain_age"), Roles: roles("all"), Least: "30", LeastText: m.t("detection.rules.least.days"), HasUnknown: true},
			{N: 2, Is: "hit", Title: m.t("detection.rules.test.hit"), Roles: roles("any"), RefText: m.t("detection.rules.ref.bank"), Least: "3", LeastText: m.t("detection.rules.least.severity"), Most: "31", MostText: m.t("detection.rules.most", "max", 31)},
			{N: 3, Is: "kind", Title: m.t("detection.rules.test.kind"), Roles: roles("not"), Refs: m.ruleOptions("detection.kind.", "film", "page", "film")},
		},
		Kinds:    m.ruleOptions("detection.rules.test.", "", "score", "listed", "domain_age", "hit"),
		Tiers:    append([]page.Option{asIs}, m.ruleOptions("detection.tier.", "high", "emergency", "high", "normal", "low")...),
		Labels:   []page.Option{asIs, {Value: "scam", Label: m.t("signs.label.scam")}},
		Entities: m.ruleOptions("detection.rules.entity.", "host", "address", "host", "source"),
	}
}

// detectionRules is the pages of the rules.
func (m maker) detectionRules() set {
	row := func(version int, state, word string) page.FindRuleRow {
		return page.FindRuleRow{
			Href: "/detection/rules/young-scam", Title: "Lừa đảo trên tên miền mới", Name: "young-scam", Version: version, State: state, Word: m.t("detection.rules.state." + word),
			Does: m.t("detection.rules.then.tier", "tier", m.t("detection.tier.high")), Hits: 14, Would: 31, Author: "Nguyễn Thị Mẫu", Changed: now,
		}
	}
	staged, live, draft := row(2, "soon", "staged"), row(1, "ok", "live"), row(3, "wait", "draft")
	says := m.t("detection.rules.says.score", "label", m.t("signs.label.scam"), "least", "0,50", "ref", "", "most", 0, "severity", "")
	rule := page.RulePage{
		Base: m.console(staged.Title, "detection"), Tabs: m.findTabs("rules"), Path: staged.Href, Name: staged.Name, Days: "30", Live: 1, Form: m.ruleForm(),
		Now:  page.RuleNow{FindRuleRow: staged, Next: m.t("detection.rules.next.staged"), CanLive: true, CanStop: true},
		When: page.RuleWords{Text: m.t("detection.rules.says.all"), Parts: []page.RuleWords{{Text: says}, {Text: m.t("detection.rules.says.any"), Parts: []page.RuleWords{{Text: says}, {Text: says}}}}},
		Then: []string{m.t("detection.rules.then.queue"), staged.Does},
		Test: &page.RuleTest{
			At: now.Add(-time.Hour), Took: "0,72", Says: m.t("detection.rules.test.says", "days", 30, "seen", 41208, "items", 312, "matched", 45),
			Figures:  []page.KV{{Key: m.t("detection.rules.effect.queued"), Value: "14"}, {Key: m.t("detection.rules.effect.raised"), Value: "31"}, {Key: m.t("detection.rules.test.harmful"), Value: "9"}, {Key: m.t("detection.rules.test.dismissed"), Value: "4"}, {Key: m.t("detection.rules.test.missing"), Value: "120"}},
			Labels:   []page.RuleCount{{Name: m.t("signs.label.scam"), Count: 45}},
			Tiers:    []page.RuleCount{{Name: m.t("detection.tier.high"), Count: 45}},
			Examples: []page.RuleExample{{Href: "/detection/items/1", Code: "R-17", Effect: m.t("detection.rules.effect.raised"), Verdict: m.t("detection.verdict.report")}, {Href: "/detection/items/2", Code: "R-12", Effect: m.t("detection.rules.effect.none")}},
		},
		Versions: []page.RuleVersion{{FindRuleRow: staged}, {FindRuleRow: live, CanStop: true}},
	}
	untested, odd, hides, faulty := rule, rule, rule, rule
	untested.Test, untested.Now = nil, page.RuleNow{FindRuleRow: draft, Next: m.t("detection.rules.next.draft"), CanStage: true}
	untested.Versions, untested.Live = []page.RuleVersion{{FindRuleRow: draft}, {FindRuleRow: row(2, "soon", "staged"), CanLive: true, CanStop: true}, {FindRuleRow: row(1, "wait", "off"), CanStage: true}}, 0
	odd.Odd = true
	warned := *rule.Test
	warned.Warn = m.t("detection.rules.test.hides", "n", 2)
	hides.Test = &warned
	faulty.Editing, faulty.Problem = true, problem.New("input/faulty").Field("c0", "input/out-of-range", "min", "0,01", "max", 1).Field("queue", "detection/rule-no-effect").Field("mark_days", "input/out-of-range", "min", 1, "max", 365)
	faulty.Form.Rows[0].Fault, faulty.Form.FaultThen = m.t("problem.input.out-of-range", "min", "0,01", "max", 1), m.t("problem.detection.rule-no-effect")
	fresh := page.RulePage{Base: m.console(m.t("detection.rules.new"), "detection"), Tabs: m.findTabs("rules"), New: true, Path: "/detection/rules/new", Form: page.RuleForm{Queue: true, Kinds: rule.Form.Kinds, Tiers: rule.Form.Tiers, Labels: rule.Form.Labels, Entities: rule.Form.Entities, Days: "30"}}
	sample := fresh
	sample.Sample, sample.Form = true, m.ruleForm()
	held := m.reviewItem()
	held.Rules = []page.RuleWhy{
		{Href: staged.Href, Title: staged.Title, Effect: m.t("detection.rules.effect.raised"), Version: 2, Why: []string{m.t("detection.rules.met", "what", says, "value", "0,83")}},
		{Title: "Quy tắc khác", Effect: m.t("detection.rules.effect.marked"), Version: 1, Staged: true, Why: []string{m.t("detection.rules.met.missing", "what", says)}},
	}
	return set{
		"detection/rules":         page.Rules{Base: m.console(m.t("detection.tab.rules"), "detection"), Tabs: m.findTabs("rules"), Rows: []page.FindRuleRow{draft, staged, live}, LeftOut: 212, Samples: []page.RuleSample{{Href: "/detection/rules/new?sample=wide-reach", Title: m.t("detection.rules.sample.wide-reach")}}},
		"detection/rules#empty":   page.Rules{Base: m.console(m.t("detection.tab.rules"), "detection"), Tabs: m.findTabs("rules")},
		"detection/rule":          rule,
		"detection/rule#draft":    untested,
		"detection/rule#odd":      odd,
		"detection/rule#hides":    hides,
		"detection/rule#faulty":   faulty,
		"detection/rule#new":      fresh,
		"detection/rule#sample":   sample,
		"detection/item#rulehits": held,
	}
}
