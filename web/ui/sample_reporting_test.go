// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
	"lachan/web/ui/gallery"
)

func (m maker) reporting() set {
	parts := gallery.Components(m.console("", "work"))
	clocks := parts.Clocks
	periods := []page.Option{{Value: "2026", Label: "Năm 2026", On: true}, {Value: "2025", Label: "Năm 2025"}}
	duties := []page.DutyRow{
		{ID: "d1", Ref: "1.5", Title: "Gửi báo cáo kết quả năm về đơn vị chủ trì", Directive: "4569/UBND-KGVX", Clock: clocks[1], Form: "/reporting/forms/1", FormState: "Đang điền, 14 trên 18 ô", Acknowledged: now.Add(-900 * time.Hour), By: "Trần Thị Mẫu"},
		{ID: "d2", Ref: "5.2", Title: "Lọc nội dung xấu trên mạng của trường", Directive: "4569/UBND-KGVX", Continuous: true},
		{ID: "d3", Ref: "2.1", Title: "Tập huấn giáo viên đầu mối", Directive: "4569/UBND-KGVX", Clock: clocks[2]},
	}
	lights := []page.Light{{State: "late", Count: 1, Href: "?light=late"}, {State: "soon", Count: 3, Href: "?light=soon"}, {State: "ok", Count: 9, Href: "?light=ok"}}
	rows := append([]page.CaseRow{}, parts.Rows[1:]...)
	for i := range rows {
		rows[i].Href = "/casework/cases/1"
	}
	work := page.Work{
		Base: m.console(m.t("ui.room.work"), "work"), Lights: lights, Rows: rows, More: 9, MoreHref: "/casework", Daily: &parts.Columns, Coverage: &parts.Map, Duties: duties,
		Next:    &page.NextCard{Code: "VV-2026-0412", Title: "Người lạ trong trò chơi rủ gặp, đòi ảnh riêng", Why: "Hai tin cùng một tài khoản. Có hẹn gặp chiều thứ bảy ở bến xe.", Href: "/casework/cases/1", Open: "Mở vụ việc", Urgent: true, Clock: clocks[1], Acts: []page.Act{{Key: "refer", Href: "/casework/cases/1/refer"}}},
		Approve: []page.TwoPerson{{Act: "Chặn sao-mai.example", First: "Lê Văn Mẫu", At: now.Add(-time.Hour), Confirm: "/casework/blocks/confirm", ID: "b1"}},
	}
	form := page.Form{
		Base: m.console("Báo cáo năm 2026", "reporting"), ID: "1", Heading: "Kết quả bảo vệ trẻ em trên môi trường mạng", UnitName: "Ủy ban nhân dân xã Mẫu Một", Period: "Năm 2026", State: "Đang điền", States: parts.States, Clock: clocks[1], CanEdit: true, CanSubmit: true, Revision: 2, Returned: "Ô “nữ” gấp ba năm trước, xin kiểm tra.", Excel: "/reporting/forms/1.xlsx", Filled: 5, Cells: 6,
		Missing: []page.Missing{{Key: "c3", Text: "Trẻ được hỗ trợ, nam"}},
		Sections: []page.FormSection{
			{Name: "Truyền thông", Rows: []page.FormRow{{Code: "CT-01", Name: "Trẻ em được truyền thông kỹ năng an toàn", Unit: "trẻ", Cells: parts.FormCells[:2], Target: "100 % trường học"}}},
			{Name: "Vụ việc", Rows: []page.FormRow{{Code: "CT-07", Name: "Trẻ được hỗ trợ", Unit: "trẻ", Cells: parts.FormCells[2:]}}},
		},
	}
	fault := form
	fault.Problem = problem.New("input/faulty").Field("c5", "input/required")
	judge := form
	judge.CanEdit, judge.CanSubmit, judge.CanJudge, judge.Returned, judge.Missing = false, false, true, "", nil
	read := judge
	read.CanJudge = false
	formLights := []page.Light{{State: "late", Count: 6}, {State: "soon", Count: 11}, {State: "ok", Count: 79}}
	totals := page.Consolidation{
		CanBuild: true,
		Base:     m.console(m.t("ui.room.reporting"), "reporting"), Period: "Năm 2026", Indicator: "CT-01", Unit: "u0", UnitName: "Tỉnh Quảng Ngãi", Periods: periods, Frames: []page.Option{{Value: "today", Label: "Địa bàn hiện nay", On: true}}, Indicators: []page.Option{{Value: "CT-01", Label: "Trẻ được truyền thông", On: true}}, Lights: formLights, Ready: 90, Expected: 96, CSV: "/reporting/totals.csv", At: 4812, Filling: true,
		Crumbs: []page.KV{{Value: "Quảng Ngãi", Href: "/reporting/totals"}, {Value: "Vùng mẫu"}}, Chart: &parts.Columns, Map: &parts.Map,
		Totals: []page.TotalRow{{Code: "CT-01", Name: "Trẻ em được truyền thông kỹ năng an toàn", Unit: "trẻ", Value: "214.380", Last: "188.012", Target: "100 % trường", Missing: 6, Href: "?indicator=CT-01"}, {Code: "CT-07", Name: "Trẻ được hỗ trợ", Unit: "trẻ", Value: "dưới 5", Last: "12"}, {Code: "CT-09", Name: "Lớp tập huấn cho thầy cô", Unit: "lớp", Missing: 96}},
		Own:    &page.UnitGroup{Figures: true, Rows: []page.UnitTotal{{Name: "Tỉnh mẫu", Value: "12", State: "value", Note: "Đơn vị tự báo cáo"}}}, Whole: "214.380", Find: "xã", Kept: []page.Hidden{{Name: "unit", Value: "u0"}},
		Groups: []page.UnitGroup{
			{Name: "Xã", Figures: true, Value: "4.120", Open: true, Lights: []page.Light{{State: "late", Count: 1}, {State: "soon"}}, Rows: []page.UnitTotal{{Name: "Xã Mẫu Ba", State: "missing", Light: "late", Note: "quá hạn 3 ngày"}, {Name: "Xã Mẫu Một", Href: "?unit=1", Value: "4.120", State: "value", Light: "ok", Share: 38}}},
			{Name: "Phường", Lights: []page.Light{{State: "soon", Count: 1}}, Rows: []page.UnitTotal{{Name: "Phường Mẫu Hai", Href: "?unit=2", State: "zero", Light: "soon", Note: "chờ xem xét từ 20/11/2026"}}},
		},
	}
	directive := page.Directive{
		Base: m.console("4569/UBND-KGVX", "mission"), ID: "4569", Number: "4569/UBND-KGVX", Heading: "Tăng cường bảo vệ trẻ em trên môi trường mạng", Issuer: "Ủy ban nhân dân tỉnh Quảng Ngãi", Issued: time.Date(2024, 8, 26, 0, 0, 0, 0, now.Location()), Problems: []string{"Ngày ban hành của văn bản cấp trên chưa được đối chiếu."},
		Counts: []page.KV{{Key: "Điều khoản", Value: "31"}, {Key: "Nhiệm vụ", Value: "44", Href: "/mission"}, {Key: "Chỉ tiêu", Value: "62"}, {Key: "Đơn vị", Value: "211"}}, Parents: []page.KV{{Key: "Trung ương", Value: "Văn bản mẫu cấp trên"}},
		Clauses: []page.Clause{{Ref: "1.5", Text: "Tổng hợp, báo cáo kết quả thực hiện hằng năm trước ngày 10 tháng 12.", Duties: []page.ClauseDuty{{ID: "d1", Title: "Gửi báo cáo kết quả năm", Assignee: "Ủy ban nhân dân cấp xã", Due: "trước 10/12 hằng năm", Units: 96, Acknowledged: 90, Indicators: []string{"CT-01", "CT-07"}}}}},
	}
	return set{
		"reporting/work": work, "reporting/work#empty": page.Work{Base: m.console(m.t("ui.room.work"), "work")},
		"reporting/duties": page.Duties{Base: m.console(m.t("ui.room.mission"), "mission"), Lights: lights, Rows: duties, Directive: "4569/UBND-KGVX", Href: "/reporting/directives/4569"}, "reporting/duties#empty": page.Duties{Base: m.console(m.t("ui.room.mission"), "mission")},
		"reporting/directive": directive,
		"reporting/form":      form, "reporting/form#fault": fault, "reporting/form#judge": judge, "reporting/form#read": read,
		"reporting/report": page.ReportBuild{Base: m.console(m.t("console.report.title"), "reporting"), Periods: periods, Frames: periods, Ready: 90, Expected: 96, Late: []page.Names{{Title: "Quá hạn, chưa gửi: 1 đơn vị", List: []string{"Xã Mẫu Ba"}}}, Files: []page.File{{Name: "Báo cáo năm 2026", Href: "/r.docx", Kind: "docx", Size: 48210}, {Name: "Phụ lục số liệu", Href: "/r.xlsx", Kind: "xlsx", Size: 90122}}, Built: now, At: 4812, Outline: []string{"Tình hình chung", "Kết quả theo nhiệm vụ", "Phụ lục số liệu"}},
		"reporting/totals": totals, "reporting/totals#empty": page.Consolidation{Base: m.console(m.t("ui.room.reporting"), "reporting"), Periods: periods, Frames: periods, Indicators: periods, Expected: 96}, "reporting/totals#nothing": page.Consolidation{Base: m.console(m.t("ui.room.reporting"), "reporting"), Periods: periods, Frames: periods, Indicators: periods, Expected: 96, Find: "zz", Narrowed: true},
		"reporting/report#empty": page.ReportBuild{Base: m.console(m.t("console.report.title"), "reporting"), Periods: periods, Frames: periods, Expected: 96},
	}
}

func (m maker) keeping() set {
	ledger := page.Ledger{
		Base: m.console(m.t("ui.room.ledger"), "ledger"), Size: 4812, Root: "q3Yb7m…", Signed: now, KeyName: "lachan-demo/so-cai", Note: "lachan-demo/so-cai\n4812\nq3Yb7mAAAABBBBCCCCDDDDEEEE=\n\n— lachan-demo/so-cai AAAA", Kinds: []page.Option{{Value: "", Label: "Tất cả", On: true}}, Export: []page.File{{Name: "Sổ cái", Href: "/ledger/export", Kind: "zip", Size: 812_000}}, Pager: page.Pager{Next: "?before=4810", From: 1, To: 3, Total: 4812},
		Entries: []page.LedgerRow{{Index: -1, At: now, Kind: "casework.decided", KindText: "Quyết định chặn", Actor: "Cán bộ mẫu 7", Unit: "Tổ tiếp nhận mẫu", Object: "VV-2026-0412", Href: "/casework/cases/1", Policies: []string{"casework.decide-by-lead"}}, {Index: 4811, At: now.Add(-time.Hour), Kind: "reporting.submitted", KindText: "Gửi biểu năm", Actor: "Cán bộ mẫu 2", Unit: "Xã Mẫu Một", Object: "0196a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}, {Index: 4810, At: now.Add(-2 * time.Hour), Kind: "ledger.checkpoint", KindText: "Ký mốc", Actor: "Hệ thống", Object: "4810"}},
	}
	units := []page.OrgUnit{{Depth: 0, Name: "Tỉnh Quảng Ngãi", Code: "51", Kind: "Tỉnh", From: time.Date(2025, 7, 1, 0, 0, 0, 0, now.Location())}, {Depth: 1, Name: "Sở mẫu", Code: "SO-M", Kind: "Sở", Functions: []string{"Chủ trì báo cáo", "Tiếp nhận tin"}, Members: 12}, {Depth: 2, Name: "Tổ tiếp nhận mẫu", Code: "TTN", Kind: "Tổ", Members: 1, Red: "một người"}, {Depth: 1, Name: "Xã Mẫu Một", Code: "21001", Kind: "Xã", Unverified: true, To: now.Add(900 * time.Hour)}}
	people := page.People{
		Base: m.console(m.t("ui.nav.people"), ""), Units: []page.Option{{Value: "u1", Label: "Tổ tiếp nhận mẫu"}}, Roles: []page.Option{{Value: "triage", Label: "Trực tiếp nhận"}, {Value: "handler", Label: "Xử lý vụ việc"}}, Card: &page.Card{Name: "Lê Văn Mẫu", Login: "van.mau", Once: "https://hub.example/welcome/7Q2M-X4KD-0RTV-9H3B", Until: "10:42, 25/11/2026"}, Seal: []page.SealRow{{Person: "Lê Văn Mẫu", PersonID: "p2", Unit: "Tổ tiếp nhận mẫu", UnitID: "u1"}}, Pager: page.Pager{From: 1, To: 3, Total: 3},
		Rows: []page.PersonRow{{ID: "p1", Name: "Trần Thị Mẫu", Login: "mai.mau", Unit: "Tổ tiếp nhận mẫu", Roles: []string{"Trực tiếp nhận", "Quản trị"}, Factor: "TOTP", Key: "made", Seen: now}, {ID: "p2", Name: "Lê Văn Mẫu", Login: "van.mau", Unit: "Tổ tiếp nhận mẫu", Roles: []string{"Xử lý vụ việc"}, Key: "waiting"}, {ID: "p3", Name: "Phạm Mẫu", Login: "pham.mau", Unit: "Phòng mẫu", Roles: []string{"Đầu mối báo cáo"}, Key: "none", Off: true}},
	}
	people.Machines = true
	machines := page.Machines{
		Base: m.console(m.t("console.machines.title"), ""), Units: people.Units, Roles: people.Roles, Days: "365", Pager: page.Pager{From: 1, To: 3, Total: 3},
		For:  []page.Option{{Value: "self", Label: m.t("console.machines.for.self"), On: true}, {Value: "me", Label: m.t("console.machines.for.me")}},
		Rows: []page.MachineRow{{ID: "t1", Name: "Bảng số liệu mẫu", Unit: "Sở mẫu", Roles: "Chủ trì", State: "on", Used: now, Until: now.AddDate(1, 0, 0)}, {ID: "t2", Name: "Trang tin mẫu", Unit: "Sở mẫu", Roles: "Chủ trì", Person: "Trần Thị Mẫu", State: "over", Until: now}, {ID: "t3", Name: "Máy cũ mẫu", Unit: "Phòng mẫu", Roles: "Chủ trì", State: "revoked", Until: now}},
	}
	given := machines
	given.Token, given.URL = "lachan_ABCDEFGHIJKLMNOPQRSTUVWXYZ", "https://hub.example/api/v1/"
	return set{
		"org/machines": machines, "org/machines#given": given, "org/machines#empty": page.Machines{Base: m.console(m.t("console.machines.title"), ""), Units: people.Units, Roles: people.Roles, For: machines.For, Days: "365"},
		"ledger/ledger": ledger, "ledger/ledger#empty": page.Ledger{Base: m.console(m.t("ui.room.ledger"), "ledger"), Kinds: ledger.Kinds},
		"org/org": page.Org{Base: m.console(m.t("ui.nav.org"), ""), AsOf: "23/11/2026", Units: units, Total: 211, Chain: []page.Succession{{From: "Huyện Mẫu", To: "Xã Mẫu Một", How: "giải thể, chuyển chức năng", Basis: "Nghị quyết mẫu", On: time.Date(2025, 7, 1, 0, 0, 0, 0, now.Location()), Unverified: true}}}, "org/org#empty": page.Org{Base: m.console(m.t("ui.nav.org"), "")},
		"org/people": people, "org/people#empty": page.People{Base: m.console(m.t("ui.nav.people"), "")},
	}
}
