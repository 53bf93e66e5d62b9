// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
)

func (m maker) findTabs(current string) []page.Tab {
	var tabs []page.Tab
	for _, t := range []page.Tab{{Key: "home", Href: "/detection", Icon: "radar"}, {Key: "queue", Href: "/detection/queue", Icon: "list"}, {Key: "sources", Href: "/detection/sources", Icon: "globe"}, {Key: "rules", Href: "/detection/rules", Icon: "clipboard"}, {Key: "banks", Href: "/detection/banks", Icon: "folder"}, {Key: "exchanges", Href: "/detection/exchanges", Icon: "swap"}, {Key: "model", Href: "/detection/model", Icon: "cap"}} {
		t.Label, t.Current = m.t("detection.tab."+t.Key), t.Key == current
		tabs = append(tabs, t)
	}
	return tabs
}

func (m maker) budgetRows() []page.BudgetRow {
	return []page.BudgetRow{{Name: m.t("detection.exposure.picture"), Used: 12, Of: 40}, {Name: m.t("detection.exposure.sound"), Of: 20}, {Name: m.t("detection.exposure.words"), Used: 9, Of: 60}}
}

func (m maker) care() page.CareForm {
	return page.CareForm{Grey: true, Mute: true, Small: true, Blur: []page.Option{{Value: "2", Label: m.t("detection.blur.2")}, {Value: "3", Label: m.t("detection.blur.3"), On: true}}}
}

func (m maker) reviewItem() page.ReviewItem {
	options := func(keys ...string) (all []page.Option) {
		for _, k := range keys {
			all = append(all, page.Option{Value: k, Label: m.t(k)})
		}
		return all
	}
	return page.ReviewItem{
		Base: m.console("R-17", "detection"), Tabs: m.findTabs("queue"), ID: "1", Code: "R-17", Tier: m.t("detection.tier.high"), State: "soon", Label: m.t("signs.label.scam"), Kind: m.t("detection.kind.page"), Found: now.Add(-4 * time.Hour),
		Reasons: []string{m.t("detection.reason.words", "label", m.t("signs.label.scam"))},
		Address: "hxxps://qua-tang-mau[.]example/nhan-thuong", Title: "Trang mẫu: nhận quà",
		Text: []page.TextPart{{Text: "Chúc mừng, bạn được chọn. Hãy "}, {Text: "gửi mã OTP", Label: m.t("signs.label.scam")}, {Text: " để nhận quà trong hôm nay."}},
		Pictures: []page.ReviewPicture{
			{N: 0, Kept: true, Size: m.t("detection.picture.size", "w", 640, "h", 400), Veil: "/static/none.jpg", Alt: "hộp quà"},
			{N: 1, Kept: true, Size: m.t("detection.picture.size", "w", 640, "h", 400), Known: "Chặn ở mọi trường: Lừa đảo", Why: options("detection.reveal.doubt")},
			{N: 2, Size: m.t("detection.picture.size", "w", 64, "h", 64), Film: true},
		},
		Budget: m.budgetRows(), Care: m.care(), Blur: 3, Open: true, Starred: true, Captured: true,
		Notes:    []page.ReviewNote{{By: "Nguyễn Thị Mẫu", At: now, Text: "Giống trang tuần trước."}},
		Clusters: []page.ReviewCluster{{Kind: m.t("detection.cluster.text"), Value: "text", Count: 4, On: true}, {Kind: m.t("detection.cluster.host"), Value: "host", Count: 9}},
		Policy:   []page.KV{{Key: m.t("signs.label.scam"), Value: m.t("detection.policy.scam")}},
		Skips:    options("detection.skip.none", "detection.skip.unsure"),
		Form: page.VerdictForm{
			MayBlock: true, Domain: "qua-tang-mau.example", Labels: options("signs.label.scam"), Whys: options("detection.why.news"), Banks: options("detection.bank.none"), Kinds: options("casework.block.provisional"),
			Verdicts: []page.Option{{Value: "dismiss", Label: m.t("detection.verdict.dismiss"), Note: m.t("detection.verdict.note.dismiss")}, {Value: "report", Label: m.t("detection.verdict.report"), Note: m.t("detection.verdict.note.report")}, {Value: "block", Label: m.t("detection.verdict.block"), Note: m.t("detection.verdict.note.block"), On: true}},
		},
	}
}

// detection is the pages of what is found, with harmless samples.
func (m maker) detection() set {
	rows := []page.ReviewRow{
		{Href: "/detection/items/1", Code: "R-17", Tier: m.t("detection.tier.emergency"), State: "late", Label: m.t("signs.label.grooming"), Kind: m.t("detection.kind.page"), Why: m.t("detection.reason.course", "label", m.t("signs.label.grooming")), Found: now.Add(-time.Hour), Second: true},
		{Href: "/detection/items/2", Code: "R-12", Tier: m.t("detection.tier.high"), State: "soon", Label: m.t("signs.label.scam"), Kind: m.t("detection.kind.page"), Why: m.t("detection.reason.words", "label", m.t("signs.label.scam")), Found: now.Add(-26 * time.Hour), Pictures: 2, Mine: true},
		{Href: "/detection/items/3", Code: "R-9", Tier: m.t("detection.tier.normal"), State: "ok", Label: m.t("signs.label.gambling"), Kind: m.t("detection.kind.picture"), Why: m.t("detection.reason.bank", "label", m.t("signs.label.gambling"), "ref", "SAMPLE_BANK"), Found: now.Add(-49 * time.Hour), Pictures: 1, Known: true},
	}
	queue := page.ReviewQueue{
		Base: m.console(m.t("detection.tab.queue"), "detection"), Tabs: m.findTabs("queue"), Rows: rows, Starred: rows[2:], Second: 1, Budget: m.budgetRows(), Care: m.care(),
		Lights: []page.Light{{State: "late", Count: 1}, {State: "soon", Count: 4}, {State: "ok", Count: 12}, {State: "wait", Count: 3}},
	}
	stop, away, none := queue, queue, queue
	stop.Stop, away.Away, none.Rows, none.Starred, none.Lights = m.t("problem.detection.budget-spent"), true, nil, nil, nil
	item := m.reviewItem()
	covered, two, done, shown, faulty := item, item, item, item, item
	covered.Covered, covered.Pictures, covered.Clusters, covered.Captured = true, nil, nil, false
	two.Open, two.Two = false, &page.TwoPerson{ID: "1", Act: "Lập vụ việc: Dụ dỗ trẻ", First: "Nguyễn Thị Mẫu", At: now, Confirm: "/detection/items/1/agree"}
	done.Open, done.CaseHref, done.Text, done.Starred = false, "/casework/cases/1", nil, false
	done.Done = []page.KV{{Key: m.t("detection.done.verdict"), Value: "Chặn ở mọi trường: Lừa đảo"}, {Key: m.t("detection.done.by"), Value: "Nguyễn Thị Mẫu, Trần Văn Mẫu"}, {Key: m.t("detection.done.page"), Value: m.t("detection.watch.gone")}}
	shown.Pictures = []page.ReviewPicture{{N: 0, Kept: true, Shown: "/detection/items/1/picture/0", Alt: "hộp quà"}}
	faulty.Problem = problem.New("input/faulty").Field("verdict", "input/not-a-choice").Field("domain", "casework/not-a-domain").Field("label", "input/not-a-choice")
	bank := page.BankRow{Href: "/detection/banks/SAMPLE_BANK", Name: "SAMPLE_BANK", Title: "Kho mẫu của Sở", Label: m.t("signs.label.gambling"), Severity: m.t("detection.severity.2"), Share: "100,0", Contents: 1208}
	ours := page.BankRow{Href: "/detection/banks/DECIDED_HARMFUL", Name: "DECIDED_HARMFUL", Title: m.t("detection.bank.title.decided_harmful"), Label: m.t("detection.label.other"), Severity: m.t("detection.severity.3"), Share: "100,0", Contents: 31, Ours: true}
	form := page.BankForm{Share: "100", Labels: []page.Option{{Value: "scam", Label: m.t("signs.label.scam")}}, Severities: []page.Option{{Value: "2", Label: m.t("detection.severity.2"), On: true}}}
	contents := []page.ContentRow{{ID: 12, Note: "Ảnh mời chơi, tháng mười", Category: "gambling", Source: m.t("detection.bank.own"), Made: now}, {ID: 13, Source: "Danh sách mẫu", Made: now, Off: true}}
	types := []page.Option{{Value: "pdq", Label: m.t("detection.signal.pdq")}, {Value: "domain", Label: m.t("detection.signal.domain")}}
	return set{
		"detection/home": page.Detection{
			Base: m.console(m.t("ui.room.detection"), "detection"), Tabs: m.findTabs("home"), Year: "2026", Review: true, Waiting: 20, Urgent: 1, Pages: 41208, Scans: 312, Harmful: 57, First: 49, Asked: 41, Gone: 33, Soon: 21, Median: "5 giờ",
			Free:   []page.FreeRow{{Name: "Nguyễn Thị Mẫu", Free: true}, {Name: "Trần Văn Mẫu"}},
			Labels: []page.LabelRow{{Label: m.t("signs.label.scam"), Found: 88, Decided: 71, Dismissed: 30}, {Label: m.t("signs.label.gambling"), Found: 40, Decided: 40, Dismissed: 24}},
		},
		"detection/home#empty":  page.Detection{Base: m.console(m.t("ui.room.detection"), "detection"), Tabs: m.findTabs("home"), Year: "2026", Review: true},
		"detection/home#reader": page.Detection{Base: m.console(m.t("ui.room.detection"), "detection"), Year: "2026"},
		"detection/queue":       queue, "detection/queue#stop": stop, "detection/queue#away": away, "detection/queue#none": none,
		"detection/item": item, "detection/item#covered": covered, "detection/item#two": two, "detection/item#done": done, "detection/item#shown": shown, "detection/item#faulty": faulty,
		"detection/take":    page.TakeItem{Base: m.console("R-17", "detection"), Row: rows[1], Reasons: item.Reasons, Path: "/detection/items/2/take"},
		"detection/sources": m.sources(), "detection/sources#empty": page.Sources{NoKey: true, Base: m.console(m.t("detection.tab.sources"), "detection"), Tabs: m.findTabs("sources"), Form: m.sources().Form},
		"detection/source": m.source(), "detection/source#reported": m.sourceOfReports(), "detection/source#new": page.SourcePage{Base: m.console("Kênh mẫu", "detection"), Tabs: m.findTabs("sources"), Source: m.sources().Rows[1], Path: "/detection/sources/2", Paused: true},
		"detection/banks":       page.Banks{Base: m.console(m.t("detection.tab.banks"), "detection"), Tabs: m.findTabs("banks"), Rows: []page.BankRow{ours, bank}, May: true, Form: form},
		"detection/banks#empty": page.Banks{Base: m.console(m.t("detection.tab.banks"), "detection"), Tabs: m.findTabs("banks")},
		"detection/bank":        page.BankPage{Base: m.console("SAMPLE_BANK", "detection"), Tabs: m.findTabs("banks"), Bank: bank, May: true, Outs: []page.Option{{Value: "/detection/banks/SAMPLE_BANK/export?format=csv", Label: m.t("detection.exchange.format.csv")}}, Form: form, Types: types, Contents: contents, Next: "/detection/banks/SAMPLE_BANK?after=13"},
		"detection/bank#ours":   page.BankPage{Base: m.console("DECIDED_HARMFUL", "detection"), Tabs: m.findTabs("banks"), Bank: ours, Contents: contents},
		"detection/bank#empty":  page.BankPage{Base: m.console("SAMPLE_BANK", "detection"), Tabs: m.findTabs("banks"), Bank: bank, May: true, Form: form, Types: types},
	}
}
