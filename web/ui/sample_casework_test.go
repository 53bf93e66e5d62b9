// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
	"lachan/web/ui/gallery"
)

const square = `<svg viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>`

func (m maker) access() set {
	wrong := m.base(m.t("console.login.title"), "/login")
	wrong.Problem = problem.New("input/faulty").Field("password", "input/required")
	kept := page.Kept{To: "/casework/cases/1/refer", Fields: []page.Hidden{{Name: "to", Value: "police"}, {Name: "reason", Value: "Em kể đã ba tối liền bị nhắn tin, có ảnh chụp màn hình mẫu.\nNhờ phía công an nhận trong hôm nay."}}}
	return set{
		"access/login#kept": page.Login{Base: m.base(m.t("console.login.title"), "/casework/cases/1/refer"), Next: "/casework/cases/1", Kept: kept}, "access/totp#kept": page.TOTP{Base: m.base(m.t("console.totp.title"), "/login"), Kept: kept},
		"access/unlock#kept": page.Unlock{Base: m.base(m.t("console.unlock.title"), "/unlock"), Next: "/work", Kept: kept}, "access/kept": page.SendKept{Base: m.base(m.t("console.kept.title"), "/unlock"), Kept: kept, Next: "/casework/cases/1"},
		"access/login": page.Login{Base: m.base(m.t("console.login.title"), "/login"), Next: "/work"}, "access/login#fault": page.Login{Base: wrong, Name: "mai.mau"},
		"access/totp":         page.TOTP{Base: m.base(m.t("console.totp.title"), "/login/code")},
		"access/enrol":        page.Enrol{Base: m.base(m.t("console.enrol.title"), "/login/enrol"), QR: square, Secret: "JBSW Y3DP EHPK 3PXP"},
		"access/unlock":       page.Unlock{Base: m.base(m.t("console.unlock.title"), "/unlock"), Next: "/work"},
		"access/first":        page.FirstUnlock{Base: m.base(m.t("console.first.title"), "/unlock/first"), Opens: []string{"Tổ tiếp nhận mẫu"}, Wait: []string{"Phòng mẫu"}},
		"access/first#shares": page.FirstUnlock{Base: m.base(m.t("console.recovery.title"), "/unlock/first"), Shares: []string{"lachan-share-1-aaaa-bbbb-cccc-dddd", "lachan-share-2-eeee-ffff-gggg-hhhh", "lachan-share-3-iiii-jjjj-kkkk-llll"}, Number: 2},
		"access/welcome":      page.Welcome{Base: m.base(m.t("web.welcome.title"), "/welcome"), Token: "x", Name: "Lê Văn Mẫu", Login: "van.mau", Units: []string{"Tổ tiếp nhận mẫu"}},
		"access/setup":        page.Setup{Base: m.base(m.t("console.setup.title"), "/setup/x"), Token: "x", Places: []page.Option{{Value: "51", Label: "Quảng Ngãi"}}},
	}
}

func (m maker) casework() set {
	parts := gallery.Components(m.console("", "casework"))
	clocks, scores := parts.Clocks, parts.Scores
	lights := []page.Light{{State: "late", Count: 1, Href: "?light=late"}, {State: "soon", Count: 3, Href: "?light=soon", Current: true}, {State: "ok", Count: 9, Href: "?light=ok"}, {State: "none", Count: 2, Href: "?light=none"}}
	rows := append([]page.CaseRow{}, parts.Rows...)
	for i := range rows {
		rows[i].Href = "/casework/cases/1"
	}
	rows = append(rows, page.CaseRow{Href: "/casework/cases/4", Code: "VV-2026-0391", Title: "Tài khoản giả mạo cô giáo, nhắn học sinh xin tiền thẻ", Clock: clocks[2], Tracks: []string{"takedown", "criminal"}, Reports: 6, Score: scores[1], Next: "Chuyển thẩm quyền", NextNote: "Công an mẫu"},
		page.CaseRow{Href: "/casework/cases/5", Code: "VV-2026-0377", Title: "Trang cá độ mời học sinh", Clock: clocks[4], Tracks: []string{"administrative"}, Reports: 1, Score: scores[3], Next: "Kết luận"},
		page.CaseRow{Href: "/casework/cases/6", Code: "VV-2026-0375", Title: "Bắt nạt", Clock: page.Clock{State: "none", Rule: m.t("web.case.noclock")}, Reports: 1, Score: scores[3], Next: "Kết luận"})
	shift := &page.Shift{Person: "Trần Thị Mẫu", Unit: "Tổ tiếp nhận mẫu", Phone: "0000 000 111", StandIn: "Lê Văn Mẫu", From: now.Add(-2 * time.Hour), To: now.Add(5 * time.Hour)}
	all := []page.Option{{Value: "", Label: "Tất cả", On: true}, {Value: "open", Label: "Đang xử lý"}}
	queue := page.Queue{Base: m.console(m.t("ui.room.casework"), "casework"), Lights: lights, States: all, Tracks: all, Rows: rows, Pager: page.Pager{Next: "?after=5", From: 1, To: 5, Total: 41}, Shift: shift, Roster: true, Filter: true}
	closed := page.Queue{Base: m.console(m.t("ui.room.casework"), "casework"), Closed: "Chưa đơn vị nào có khóa niêm phong.", States: all, Tracks: all}
	safe := []page.KV{{Key: "Cách", Value: "Chỉ bằng mã của em"}, {Key: "Không được", Value: "gọi về nhà"}}
	blocks := []page.BlockRow{{ID: "b1", Domain: "hoc-bong-sao-mai.example", Basis: "Tạm thời theo quy chế mẫu", State: "Đang chặn, chờ xác nhận", Until: now.Add(40 * time.Hour), Provisional: true, Withdraw: "/casework/blocks/b1/withdraw"}}
	one := page.Case{
		Base: m.console("VV-2026-0412", "casework"), ID: "1", Code: "VV-2026-0412", Title: "Người lạ trong trò chơi rủ gặp, đòi ảnh riêng", Urgent: true, Score: scores[0], Reports: 2, Lead: "Tổ tiếp nhận mẫu", State: "Đang xử lý", States: parts.States,
		Tracks: []page.Track{{Kind: "criminal", Clock: clocks[2], Note: "Công an xã mẫu đã nhận lúc 08:10, số 12/TB mẫu", Open: true}, {Kind: "child_support", Clock: clocks[1], Note: "Cán bộ trẻ em xã mẫu gặp trong ngày", Open: true}, {Kind: "takedown", Clock: clocks[4], Note: "Nền tảng đã gỡ tài khoản", Open: false}},
		Days:   parts.Days, Parties: parts.Parties, Safe: safe, Blocks: blocks, Links: []page.CaseLink{{ID: "4", Href: "/casework/cases/4", Code: "VV-2026-0391", State: "Có thể cùng một việc", At: now, Decide: "/casework/cases/1/links", Same: true, Other: true}, {ID: "5", Href: "/casework/cases/5", Code: "VV-2026-0377", State: "Cùng một việc", At: now}},
		Acts:   []page.Act{{Key: "block", Href: "/casework/cases/1/block", Main: true}, {Key: "answer", Href: "/casework/cases/1/answer"}, {Key: "refer", Href: "/casework/cases/1/refer"}},
		More:   []page.Act{{Key: "measure", Href: "/casework/cases/1/measure"}, {Key: "close", Href: "/casework/cases/1/close", Two: true}, {Key: "assign", Href: "/casework/cases/1/assign"}, {Key: "tracks", Href: "/casework/cases/1/tracks"}, {Key: "merge", Href: "/casework/cases/1/merge", Two: true}, {Key: "suspend", Href: "/casework/cases/1/suspend"}},
		Clocks: "/casework/cases/1/clocks", Contact: "/casework/cases/1/contact", Exclude: "/casework/cases/1/exclude",
		Told:      []page.Told{{At: now.Add(-10 * time.Hour), Code: "T1", Who: "Một em 11–14 tuổi, không nói tên", Words: "Bạn trong trò chơi đòi em gửi ảnh, bảo không được kể với ai. Bạn ấy hẹn em chiều thứ bảy ở bến xe.", URL: "hxxps://hoc-bong-sao-mai[.]example/qua"}},
		Referrals: []page.Referral{{To: "Công an xã mẫu", Kind: "Chuyển tin", State: "chờ nhận", At: now.Add(-time.Hour), Sees: "Thấy lời kể, không thấy cách liên lạc", Accept: "/casework/referrals/1/accept", Return: "/casework/referrals/1/return", Clock: clocks[1]}, {To: "Xã mẫu", Kind: "Phối hợp", State: "đã nhận", At: now, Revoke: "/casework/cases/1/referrals/2/revoke", Clock: clocks[4]}},
		Waiting:   []page.TwoPerson{{Act: "Chặn hoc-bong-sao-mai.example", First: "Lê Văn Mẫu", At: now.Add(-time.Hour), Confirm: "/casework/blocks/confirm", ID: "b1"}},
		Facts:     []page.KV{{Key: "Nhóm", Value: "Rủ gặp, đòi ảnh"}, {Key: "Tuổi", Value: "11–14"}, {Key: "Nơi", Value: "Xã mẫu"}}, Haste: "Hẹn gặp chiều thứ bảy. Còn 2 ngày.", HasteState: "soon", Proof: "Niêm phong 23:24, khớp sổ cái đến 09:40.", ProofHref: "/ledger",
	}
	locked := one
	locked.Locked, locked.Told, locked.Sealed, locked.Acts = true, nil, "Hỏi trưởng đơn vị.", nil
	preview := &page.Coverage{Domain: "sao-mai.example", Covers: "sao-mai.example và mọi tên dưới nó", Schools: 37, Devices: -1, Risk: "shared", RiskText: "Nhiều người đặt trang dưới tên này.", AlsoBlocked: []string{"a.sao-mai.example", "b.sao-mai.example"}, NeedsTwo: true, Provisional: true, EndsAt: now.Add(48 * time.Hour), Already: "Tên này đã bị chặn tạm từ 20/11/2026."}
	bases := []page.Option{{Value: "provisional", Label: "Tạm thời, tự hết sau 48 giờ"}, {Value: "legal", Label: "Theo quyết định của cơ quan có thẩm quyền", On: true}}
	fault := m.console(m.t("ui.act.block"), "casework")
	fault.Problem = problem.New("input/faulty").Field("domain", "input/required").Field("number", "input/required")
	choices := []page.Option{{Value: "a", Label: "Đã gỡ nội dung", Note: "Trang đó đã được gỡ. Em làm đúng khi kể.", On: true}, {Value: "b", Label: "Không đủ căn cứ", Note: "Cô chú chưa tìm được. Em kể thêm được bất cứ lúc nào."}}
	roster := page.RosterPage{
		Base: m.console(m.t("console.roster.title"), "casework"), Now: shift, CanEdit: true, Persons: bases, Gaps: []string{"Thứ Bảy 28/11, 15:00–22:00"},
		Shifts: []page.ShiftRow{{ID: "1", Shift: *shift, Is: "now"}, {ID: "2", Shift: page.Shift{Person: "Lê Văn Mẫu", Unit: "Phòng mẫu", Phone: "0000 000 112", StandIn: "Trần Thị Mẫu", From: now.Add(5 * time.Hour), To: now.Add(13 * time.Hour)}, Is: "next"}},
	}
	intake := page.Intake{Base: m.console(m.t("ui.intake"), "casework"), Channels: all, Harms: choices, Ages: all, Whos: all, Relations: all, Contacts: bases, Dangers: bases}
	taken := intake
	taken.Done = &page.Taken{Code: "VV-2026-0413", Href: "/casework/cases/6", Groups: []string{"7Q2M", "X4KD", "0RTV", "9H3B"}, Check: "5", Words: []string{"sao", "mai", "lá", "biển"}}
	fix := func(p page.Base, fields ...string) page.Base {
		prob := problem.New("input/faulty")
		for _, f := range fields {
			prob.Field(f, "input/required")
		}
		p.Problem = prob
		return p
	}
	act := func(key string) page.Base { return m.console(m.t("ui.act."+key), "casework") }
	met := clocks[4]
	met.Notes = []string{"Làm xong theo 02/KH (23/11/2026), 09:42"}
	return set{
		"casework/assign":        page.Assign{Base: act("assign"), ID: "1", Code: "VV-2026-0412", Handler: "Lê Văn Mẫu", People: all},
		"casework/assign#fault":  page.Assign{Base: fix(act("assign"), "person"), ID: "1", Code: "VV-2026-0412", People: all},
		"casework/suspend":       page.Suspend{Base: act("suspend"), ID: "1", Code: "VV-2026-0412"},
		"casework/suspend#again": page.Suspend{Base: fix(act("resume"), "number", "date"), ID: "1", Code: "VV-2026-0412", Resume: true},
		"casework/reopen":        page.Reopen{Base: act("reopen"), ID: "1", Code: "VV-2026-0412", Outcome: "Đã chặn"},
		"casework/merge":         page.Merge{Base: act("merge"), ID: "1", Code: "VV-2026-0412", Linked: choices},
		"casework/merge#fault":   page.Merge{Base: fix(act("merge"), "into", "reason"), ID: "1", Code: "VV-2026-0412"},
		"casework/contact":       page.Contact{Base: act("contact"), ID: "1", Code: "VV-2026-0412", Safe: safe},
		"casework/tracks":        page.Tracks{Base: act("tracks"), ID: "1", Code: "VV-2026-0412", Tracks: choices, Ends: all, Criminal: true},
		"casework/clocks":        page.Clocks{Base: act("clocks"), ID: "1", Code: "VV-2026-0412", Rows: []page.ClockRow{{Clock: clocks[0], For: "Cả vụ việc"}, {Clock: clocks[2], For: "Tố tụng", Change: "/casework/cases/1/clocks/1"}, {Clock: met, For: "Hỗ trợ trẻ em"}}},
		"casework/clocks#none":   page.Clocks{Base: act("clocks"), ID: "1", Code: "VV-2026-0412"},
		"casework/clock":         page.ClockForm{Base: fix(act("clocks"), "kind", "number", "date", "until"), ID: "1", Code: "VV-2026-0412", Send: "/casework/cases/1/clocks/1", Clock: clocks[2], Kinds: choices, Extend: true},
		"casework/queue":         queue, "casework/queue#closed": closed, "casework/case": one, "casework/case#locked": locked,
		"casework/block":         page.Block{Base: m.console(m.t("ui.act.block"), "casework"), ID: "1", Code: "VV-2026-0412", Domain: "sao-mai.example", Bases: bases, Categories: all},
		"casework/block#preview": page.Block{Base: m.console(m.t("ui.act.block"), "casework"), ID: "1", Code: "VV-2026-0412", Domain: "sao-mai.example", Bases: bases, Categories: all, Preview: preview},
		"casework/block#fault":   page.Block{Base: fault, ID: "1", Code: "VV-2026-0412", Bases: bases, Categories: all},
		"casework/refer":         page.Refer{Base: m.console(m.t("ui.act.refer"), "casework"), ID: "1", Code: "VV-2026-0412", Kinds: bases, Units: all, Fields: choices, Consents: bases, Safe: safe},
		"casework/answer":        page.Answer{Base: m.console(m.t("ui.act.answer"), "casework"), ID: "1", Code: "VV-2026-0412", Prompts: choices, Safe: safe, Voice: "em", Thread: []page.Message{{At: now.Add(-10 * time.Hour), Mine: true, Text: "Em sợ lắm."}, {At: now.Add(-9 * time.Hour), Text: "Cô chú đang ở đây."}}},
		"casework/close":         page.Close{Base: m.console(m.t("ui.act.close"), "casework"), ID: "1", Code: "VV-2026-0412", Outcomes: choices, Open: []string{"Hình sự"}, Two: true},
		"casework/measure":       page.Measure{Base: m.console(m.t("ui.act.measure"), "casework"), ID: "1", Code: "VV-2026-0412", Kinds: all, When: "09:40 23/11/2026"},
		"casework/exclude":       page.Exclude{Base: m.console(m.t("console.exclude.title"), "casework"), ID: "1", Code: "VV-2026-0412", Who: all},
		"casework/override":      page.Override{Base: m.console(m.t("ui.act.override"), "casework"), ID: "1", Code: "VV-2026-0412", Score: scores[0], Two: true, Raise: true},
		"casework/intake":        intake, "casework/intake#done": taken,
		"casework/roster": roster, "casework/roster#empty": page.RosterPage{Base: m.console(m.t("console.roster.title"), "casework")},
	}
}
