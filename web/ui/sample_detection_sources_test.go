// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/web/page"
)

func (m maker) sources() page.Sources {
	return page.Sources{
		Base: m.console(m.t("detection.tab.sources"), "detection"), Tabs: m.findTabs("sources"),
		Rows: []page.SourceRow{
			{Href: "/detection/sources/1", Title: "Báo mẫu", Kind: m.t("detection.source.kind.feed"), Every: m.t("detection.source.every", "t", "6 giờ"), Light: "ok", State: m.t("detection.scan.done"), Last: now.Add(-2 * time.Hour), Pages: 412, Items: 3},
			{Href: "/detection/sources/2", Title: "Kênh mẫu", Kind: m.t("detection.source.kind.channel"), Every: m.t("detection.source.once"), Light: "wait", State: m.t("detection.source.paused")},
		},
		Bring: &page.BringForm{Words: "Lan trong nhóm lớp"},
		Form: page.SourceForm{
			Depth: "1", Pages: "500", Kinds: []page.Option{{Value: "page", Label: m.t("detection.source.kind.page"), On: true}, {Value: "links", Label: m.t("detection.source.kind.links")}},
			Every: []page.Option{{Value: "0", Label: m.t("detection.source.once")}, {Value: "1440", Label: m.t("detection.source.every", "t", "1 ngày"), On: true}},
		},
	}
}

func (m maker) source() page.SourcePage {
	return page.SourcePage{
		Base: m.console("Báo mẫu", "detection"), Tabs: m.findTabs("sources"), Source: m.sources().Rows[0], Path: "/detection/sources/1",
		Facts: []page.KV{{Key: m.t("detection.source.kind"), Value: m.t("detection.source.kind.feed")}, {Key: m.t("detection.source.addresses"), Value: "hxxps://bao-mau[.]example/rss"}},
		Scans: []page.ScanRow{
			{Light: "soon", State: m.t("detection.scan.running"), Started: now, Pages: 40},
			{Light: "ok", State: m.t("detection.scan.done"), Started: now.Add(-24 * time.Hour), Pages: 412, Items: 3, Left: []page.LeftOut{{Why: m.t("detection.left.robots"), Count: 12, Samples: []string{"hxxps://bao-mau[.]example/rieng"}}, {Why: m.t("detection.left.too-slow"), Count: 1}}},
		},
	}
}

func (m maker) sourceOfReports() page.SourcePage {
	title := m.t("detection.source.kind.reported")
	return page.SourcePage{
		Base: m.console(title, "detection"), Tabs: m.findTabs("sources"), Path: "/detection/sources/3", Names: m.t("detection.source.names.text"), NoNames: m.t("detection.source.names.none"),
		Source: page.SourceRow{Href: "/detection/sources/3", Title: title, Kind: title, Every: m.t("detection.source.every", "t", "1 ngày"), Light: "ok", State: m.t("detection.source.active")},
		Facts: []page.KV{
			{Key: m.t("detection.source.timetable"), Value: m.t("detection.source.every", "t", "1 ngày")},
			{Key: m.t("detection.source.names"), Value: m.t("detection.source.names.n", "alone", 4, "next", 1, "visited", 12)},
		},
	}
}
