// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"lachan/internal/problem"
	"lachan/web/page"
)

// models is the pages of what learns from verdicts.
func (m maker) models() set {
	label := func(name string) string { return m.t("signs.label." + name) }
	live := &page.TextModelLine{Href: "/detection/model/1", Code: "M-2", Note: m.t("detection.model.since", "date", "03/11/2026", "by", "Nguyễn Thị Mẫu")}
	waits := &page.TextModelLine{Href: "/detection/model/2", Code: "M-4", Note: m.t("learn.reason.better"), Good: true}
	refused := &page.TextModelLine{Href: "/detection/model/3", Code: "M-3", Note: m.t("learn.reason.by_chance")}
	all := page.TextModels{
		Base: m.console(m.t("detection.tab.model"), "detection"), Tabs: m.findTabs("model"), May: true,
		Shipped: []page.KV{
			{Key: m.t("detection.model.reads"), Value: label("bullying") + "; " + label("hate")},
			{Key: m.t("detection.model.from"), Value: m.t("detection.model.shipped.from", "n", 11427, "origin", "github.com/ThienIT84/vietnamese-hate-speech-dataset")},
			{Key: m.t("detection.model.licence"), Value: "CC-BY-SA-4.0"},
			{Key: m.t("detection.model.measured"), Value: m.t("detection.model.shipped.measured", "score", "83,2")},
			{Key: m.t("detection.model.alone"), Value: m.t("detection.model.shipped.alone")},
		},
		Rows: []page.TextModelRow{
			{Label: label("self_harm"), Value: "self_harm", Counts: m.t("detection.model.counts", "yes", 7, "no", 512), Missing: m.t("detection.model.missing", "yes", 41, "no", 0)},
			{Label: label("bullying"), Value: "bullying", Shipped: true, Candidate: refused, Counts: m.t("detection.model.counts", "yes", 90, "no", 429), New: m.t("detection.model.new", "n", 12)},
			{Label: label("gambling"), Value: "gambling", Live: live, Candidate: waits, Counts: m.t("detection.model.counts", "yes", 214, "no", 305), New: m.t("detection.model.new", "n", 131)},
		},
		Past: []page.TextModelLine{{Href: "/detection/model/0", Code: "M-1", Label: label("gambling"), Note: m.t("detection.model.line", "state", m.t("detection.model.state.past"), "date", "12/10/2026")}},
	}
	reader, faulty := all, all
	reader.May, reader.Past = false, nil
	faulty.Problem = problem.New("detection/model-too-few", "yes", 12, "no", 0)
	one := page.TextModelPage{
		Base: m.console("M-4", "detection"), Tabs: m.findTabs("model"), Href: "/detection/model/2", Code: "M-4", Label: label("gambling"),
		State: m.t("detection.model.state.candidate"), Good: true, Answer: m.t("learn.reason.better"), Then: m.t("detection.model.then.use"), May: true, Use: true,
		Plain: []string{
			m.t("detection.model.held", "n", 65, "parent", "M-2"), m.t("detection.model.changed", "mended", 14, "broken", 3),
			m.t("detection.model.luck", "n", 13), m.t("detection.model.fixed", "n", 451, "before", 12, "after", 9),
		},
		Rows: []page.TextModelMeasure{
			{Label: m.t("detection.model.rest"), N: 35, Before: [3]string{"78", "91", "84"}, After: [3]string{"89", "94", "91"}},
			{Label: label("gambling"), N: 30, Before: [3]string{"87", "70", "78"}, After: [3]string{"93", "87", "90"}},
		},
		Facts: []page.KV{
			{Key: m.t("detection.model.from"), Value: m.t("detection.model.verdicts", "yes", 214, "no", 305, "from", "02/03/2026", "to", "27/11/2026")},
			{Key: m.t("detection.model.licence"), Value: m.t("detection.model.licence.own-verdicts")},
			{Key: m.t("detection.model.alone"), Value: m.t("detection.model.alone.yes", "share", 70)},
		},
	}
	inUse, few := one, one
	inUse.Answer = m.t("detection.model.state.live")
	inUse.State, inUse.Then, inUse.Use, inUse.Live, inUse.Back = m.t("detection.model.state.live"), m.t("detection.model.then.was", "reason", one.Answer), false, true, "M-2"
	few.Use, few.May, few.Good, few.Answer, few.Then = false, false, false, m.t("learn.reason.by_chance"), m.t("detection.model.then.not")
	few.Few = m.t("detection.model.few", "least", 30)
	few.Rows = []page.TextModelMeasure{{Label: m.t("detection.model.rest"), N: 20}, {Label: label("gambling"), N: 12}}
	return set{
		"detection/models": all, "detection/models#reader": reader, "detection/models#faulty": faulty,
		"reporting/work#learn": page.Work{Base: m.console(m.t("ui.room.work"), "work"), Learn: []page.WaitRow{{
			Title: m.t("detection.model.offer", "label", label("gambling")), Note: m.t("detection.model.offer.note", "all", 131, "yes", 52),
			Href: "/detection/model#gambling", Act: m.t("detection.model.offer.act"), State: "ok",
		}}},
		"detection/model": one, "detection/model#live": inUse, "detection/model#few": few,
	}
}
