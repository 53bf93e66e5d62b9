// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
)

// exchanges is the pages of those whose lists fill banks.
func (m maker) exchanges() set {
	opt := func(prefix string, values ...string) (all []page.Option) {
		for i, v := range values {
			all = append(all, page.Option{Value: v, Label: m.t(prefix + v), On: i == 0})
		}
		return all
	}
	done := page.PullRow{Started: now.Add(-2 * time.Hour), Ended: now, State: "ok", Word: m.t("detection.pull.state.done"), By: m.t("detection.exchange.machine"), Pages: 12, Fresh: 11204, Changed: 31, Same: 402, Withdrawn: 17, Skipped: 208}
	failed := page.PullRow{Started: now.Add(-26 * time.Hour), Ended: now, State: "late", Word: m.t("detection.pull.state.failed"), By: "Nguyễn Thị Mẫu", Fault: m.t("problem.fetch.status", "host", "danh-sach-mau.example", "status", 500), Fresh: 3}
	good := page.ExchangeRow{Href: "/detection/exchanges/STOPNCII_MAU", Name: "STOPNCII_MAU", Bank: "SAMPLE_BANK", BankHref: "/detection/banks/SAMPLE_BANK", Format: m.t("detection.exchange.format.stopncii"), Host: "danh-sach-mau.example", State: "ok", Word: m.t("detection.exchange.state.ok"), Pulls: true, Every: m.t("detection.exchange.hours", "n", 1), Next: now.Add(time.Hour), Last: &done}
	bad := good
	bad.Name, bad.State, bad.Word, bad.Last, bad.Fault = "NCMEC_MAU", "late", m.t("detection.exchange.state.fault"), &failed, failed.Fault
	files := page.ExchangeRow{Href: "/detection/exchanges/TEP", Name: "TEP", Bank: "SAMPLE_BANK", BankHref: "/detection/banks/SAMPLE_BANK", Format: m.t("detection.exchange.format.csv"), State: "wait", Word: m.t("detection.exchange.state.new")}
	form := page.ExchangeForm{
		Banks: []page.Option{{Value: "SAMPLE_BANK", Label: "Kho mẫu của Sở"}}, Formats: opt("detection.exchange.format.", "csv", "ncmec", "stix"), Ways: opt("detection.exchange.way.", "pull", "file"),
		Pauses: []page.Option{{Value: "60", Label: m.t("detection.exchange.hours", "n", 1), On: true}}, Types: []page.Option{{Label: m.t("detection.exchange.type.none"), On: true}, {Value: "pdq", Label: m.t("detection.signal.pdq")}},
	}
	list := page.Exchanges{Base: m.console(m.t("detection.tab.exchanges"), "detection"), Tabs: m.findTabs("exchanges"), Rows: []page.ExchangeRow{bad, good, files}, Form: form}
	none, faulty := list, list
	none.Rows, none.Form = nil, page.ExchangeForm{}
	faulty.Problem = problem.New("input/faulty").Field("name", "detection/bad-bank-name").Field("address", "fetch/bad-url")
	one := page.ExchangePage{
		Base: m.console("NCMEC_MAU", "detection"), Tabs: m.findTabs("exchanges"), Exchange: bad, Form: form, HasAccess: true, Pulls: []page.PullRow{failed, done},
		Access:  []page.Named{{Name: "user", Label: m.t("detection.access.user")}, {Name: "password", Label: m.t("detection.access.password")}},
		Rejects: []page.RejectRow{{Reason: m.t("exchange.skip.type"), Count: 1204, Lines: "3, 17, 41, 52, 60"}, {Reason: m.t("exchange.skip.zero"), Count: 2, Lines: "90, 91"}},
	}
	paused, fresh, preview := one, one, one
	paused.Exchange.Paused, paused.Exchange.State, paused.Exchange.Word, paused.Exchange.Fault = true, "wait", m.t("detection.exchange.state.paused"), ""
	fresh.Exchange, fresh.Pulls, fresh.Rejects, fresh.Access, fresh.Table = files, nil, nil, nil, true
	fresh.Problem = problem.New("input/faulty").Field("file", "input/required")
	preview.Exchange, preview.Table, preview.Pulls, preview.Rejects, preview.Access = files, true, nil, nil, nil
	preview.Headings, preview.Cells = []string{"Ref", "Hash", "Cat"}, [][]string{{"17", "d41d8cd98f00b204e9800998ecf8427e", "A"}, {"18", "0cc175b9c0f1b6a831c399e269772661", "B"}}
	for _, field := range []string{"signal-value", "signal-type", "id", "category"} {
		preview.Columns = append(preview.Columns, page.ColumnRow{Name: "column-" + field, Label: m.t("detection.column." + field), Options: []page.Option{{Label: m.t("detection.column.none"), On: true}, {Value: "Ref", Label: "Ref"}, {Value: "Hash", Label: "Hash"}}})
	}
	return set{
		"detection/exchanges": list, "detection/exchanges#none": none, "detection/exchanges#faulty": faulty,
		"detection/exchange": one, "detection/exchange#paused": paused, "detection/exchange#fresh": fresh, "detection/exchange#preview": preview,
	}
}
