// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strings"

	"lachan/duty/detection"
	"lachan/web/page"
)

// ruleWhen says a condition in words, with its parts.
func (c *visit) ruleWhen(when *detection.Cond) page.RuleWords {
	group := func(key string, of []detection.Cond) page.RuleWords {
		w := page.RuleWords{Text: c.p.T(key)}
		for n := range of {
			w.Parts = append(w.Parts, c.ruleWhen(&of[n]))
		}
		return w
	}
	switch {
	case when.All != nil:
		return group("detection.rules.says.all", when.All)
	case when.Any != nil:
		return group("detection.rules.says.any", when.Any)
	case when.Not != nil:
		return group("detection.rules.says.not", []detection.Cond{*when.Not})
	}
	return page.RuleWords{Text: c.ruleSays(*when)}
}

// ruleSays says one test in words.
func (c *visit) ruleSays(t detection.Cond) string {
	form, _ := detection.TestFormOf(t.Is)
	text := c.p.T("detection.rules.says."+t.Is, "label", c.p.T(detection.LabelKey(t.Label)), "ref", c.ruleRef(form.Ref, t.Ref),
		"least", c.ruleNumber(form, t.Least), "most", t.Most, "severity", c.ruleSeverity(t))
	if t.Unknown {
		return c.p.T("detection.rules.says.unknown", "what", text)
	}
	return text
}

func (c *visit) ruleSeverity(t detection.Cond) string {
	if t.Is != "hit" {
		return ""
	}
	return c.p.T("detection.severity." + c.p.Decimal(t.Least, 0))
}

func (c *visit) ruleRef(kind detection.RefKind, ref string) string {
	switch {
	case ref == "":
		return c.p.T("detection.rules.any")
	case kind == detection.KindRef:
		return strings.ToLower(c.p.T(detection.Kind(ref).Key()))
	}
	return ref
}

func (c *visit) ruleNumber(form detection.TestForm, v float64) string {
	if form.Whole {
		return c.p.Decimal(v, 0)
	}
	return c.p.Decimal(v, 2)
}

// ruleThen says the effects in words.
func (c *visit) ruleThen(e detection.Effects) []string {
	var all []string
	if e.Queue {
		all = append(all, c.p.T("detection.rules.then.queue"))
	}
	if e.Tier != "" {
		all = append(all, c.p.T("detection.rules.then.tier", "tier", c.p.T("detection.tier."+e.Tier)))
	}
	if e.Label != "" {
		all = append(all, c.p.T("detection.rules.then.label", "label", c.p.T(detection.LabelKey(e.Label))))
	}
	if m := e.Mark; m != nil {
		all = append(all, c.p.T("detection.rules.then.mark", "entity", c.p.T("detection.rules.entity."+m.Entity), "mark", m.Mark, "days", m.Days))
	}
	if e.LeaveOut {
		all = append(all, c.p.T("detection.rules.then.leave"))
	}
	return all
}

// ruleWhys says which rules held of an item, and what each met.
func (c *visit) ruleWhys(hits []detection.RuleHit) []page.RuleWhy {
	var all []page.RuleWhy
	for _, h := range hits {
		w := page.RuleWhy{Title: h.Title, Version: h.Version, Staged: h.Staged, Effect: c.p.T(h.Effect.Key())}
		if c.mayFind("detection.rule") {
			w.Href = rulePath(h.Rule)
		}
		for _, b := range detection.Carried(h.Why) {
			text := c.ruleSays(b.Cond)
			if b.Not {
				text = c.p.T("detection.rules.met.not", "what", text)
			}
			form, _ := detection.TestFormOf(b.Is)
			switch {
			case b.Held == detection.Missing:
				text = c.p.T("detection.rules.met.missing", "what", text)
			case form.Max > 0 && (b.Value >= 0 || !form.Unknown):
				text = c.p.T("detection.rules.met", "what", text, "value", c.ruleNumber(form, b.Value))
			}
			w.Why = append(w.Why, text)
		}
		all = append(all, w)
	}
	return all
}
