// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/web/page"
)

func (m maker) asks() page.Asks {
	return page.Asks{
		Base: m.console(m.t("console.asks.title"), "schools"), Pending: 2,
		Two: []page.TwoPerson{{ID: "1", Act: "Mở cho mọi trường: cuoc.example. Trang dạy xác suất", First: "Nguyễn Thị Mẫu", At: now, Confirm: "/schools/requests"}, {ID: "2", Act: "Bỏ khỏi một danh sách: b.example. Nhầm tên", First: "Trần Văn Mẫu", At: now, Mine: true}},
		Rows: []page.AskRow{
			{Href: "?domain=a", Domain: "toán-học-vui.example", Category: "Trò chơi", Count: "4 trường, 31 lần, từ 23/11/2026", Why: []string{"trường chuyển lên", "nhiều trường cùng hỏi"}, Clock: page.Clock{State: "soon", Left: 3 * time.Hour, At: now.Add(3 * time.Hour), From: now.Add(-70 * time.Hour), Rule: "Trả lời yêu cầu"}},
			{Href: "?domain=b", Domain: "kin.example", Category: "Tự hại", Count: "1 trường, 2 lần, từ 24/11/2026", Why: []string{"chỉ Sở được biết"}, Clock: page.Clock{State: "late", Left: -3 * time.Hour, At: now.Add(-3 * time.Hour), From: now.Add(-90 * time.Hour), Rule: "Trả lời yêu cầu"}},
			{Href: "?domain=c", Domain: "ban-do.example", Category: "Quảng cáo", Count: "3 trường, 9 lần, từ 24/11/2026", Why: []string{"nhiều trường cùng hỏi", "danh sách hay nhầm"}, Clock: page.Clock{State: "wait", Rule: "trường trả lời"}},
		},
		Rulings: []page.RulingRow{{ID: "3", Domain: "hoc-lieu.example", Kind: "Mở cho mọi trường", Reason: "Học liệu môn Tin", Basis: "Công văn mẫu 12", By: "Nguyễn Thị Mẫu, Trần Văn Mẫu", Since: now, Until: now.Add(720 * time.Hour), End: true}},
	}
}

func (m maker) ask() page.Ask {
	options := []page.Option{{Value: "asked", Label: "Bậc học đã hỏi", On: true}, {Value: "all", Label: "Mọi bậc học"}}
	return page.Ask{
		Base: m.console(m.t("console.asks.title"), "schools"), Domain: "toan.example", Name: "toán-học-vui.example", Two: true,
		Clock: page.Clock{State: "soon", Left: 3 * time.Hour, At: now.Add(3 * time.Hour), From: now.Add(-70 * time.Hour), Rule: "Trả lời yêu cầu"},
		Facts: []page.KV{{Key: "Bị chặn vì", Value: "Trò chơi"}, {Key: "Bậc học đã hỏi", Value: "Tiểu học (lớp 1–5)"}},
		Blame: []page.Option{{Value: "1", Label: "Trò chơi mẫu", Note: "3 tên của danh sách này đã phải mở lại trong 90 ngày", On: true}},
		Here:  []string{"Tiểu học Sao Mai mẫu"}, Bands: options, Reasons: options, KeepReasons: options,
	}
}

func (m maker) never() page.Nevers {
	return page.Nevers{
		Base: m.console(m.t("console.never.title"), "schools"), May: true,
		Two: []page.TwoPerson{{ID: "1", Act: "Đưa vào danh sách không bao giờ chặn: giup.example. Đường dây tư vấn", First: "Nguyễn Thị Mẫu", At: now, Confirm: "/schools/never/decide"}},
		Rows: []page.NeverRow{
			{Domain: "bao-tin.example", Own: true},
			{Domain: "tongdai111.vn"},
			{Domain: "tu-van.example", Reason: "Đường dây tư vấn của tỉnh", By: "Nguyễn Thị Mẫu, Trần Văn Mẫu", Since: now, Pending: true},
		},
	}
}

func (m maker) week() page.SchoolWeek {
	return page.SchoolWeek{
		Base: m.console(m.t("console.week.title"), "schools"), School: page.SchoolHead{ID: "1", Code: "QN-TH-0001", Name: "Tiểu học Sao Mai mẫu", Place: "Xã Mẫu Một", Level: "Tiểu học"},
		From: now.Add(-168 * time.Hour), To: now, Prev: "?day=2026-11-09", Next: "?day=2026-11-23", Asked: 4, Answered: 3,
		Rows: []page.WeekRow{{Category: "Trò chơi", Devices: 31, Prior: 44, Trend: "fewer"}, {Category: "Cờ bạc, cá độ", Devices: 9, Prior: 6, Trend: "more"}, {Category: "Mạng xã hội", Devices: 7, Prior: 7, Trend: "same"}, {Category: "Quảng cáo", Devices: -1, Prior: 12}},
	}
}

func (m maker) preview(open bool) page.ChangePreview {
	return page.ChangePreview{
		Base: m.console(m.t("console.preview.title"), "schools"), School: m.week().School, What: "Trò chơi", Who: "Tiểu học (lớp 1–5), giờ ra chơi", Open: open, Nothing: !open,
		Bands: []page.PreviewRow{{Band: "Tiểu học (lớp 1–5)", Devices: 41, Changes: true}, {Band: "Trung học cơ sở (lớp 6–9)", Devices: -1}},
		Names: 41208, Popular: []string{"tro-choi-mau.example", "game-mau.example"}, PopularAll: 2, Hidden: []page.Hidden{{Name: "code", Value: "games"}},
	}
}
