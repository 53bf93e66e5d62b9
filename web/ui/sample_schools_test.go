// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/web/page"
	"lachan/web/ui/gallery"
)

func (m maker) schools() set {
	on := func(title string) page.Base { return m.console(m.t(title), "schools") }
	options := []page.Option{{Value: "", Label: "Tất cả", On: true}, {Value: "primary", Label: "Tiểu học"}}
	lights := []page.Light{{State: "late", Count: 1, Href: "?light=late"}, {State: "soon", Count: 2, Href: "?light=soon"}, {State: "ok", Count: 34, Href: "?light=ok"}, {State: "wait", Count: 4, Href: "?light=wait"}}
	nodes := []page.NodeRow{
		{ID: "1", Name: "may-loc-sao-mai", School: "Tiểu học Sao Mai mẫu", Version: "0.1.0", State: "ok", Seen: now, Bundle: 12, Delta: 481, Revoke: "/schools/nodes/revoke"},
		{ID: "2", Name: "may-loc-hoa-sen", School: "THCS Hoa Sen mẫu", Version: "0.1.0", State: "soon", Seen: now.Add(-40 * time.Minute), Bundle: 12, Delta: 470, Behind: 11, Revoke: "/schools/nodes/revoke"},
		{ID: "3", Name: "may-loc-doi-chim", School: "Nội trú Đồi Chim mẫu", State: "wait"},
	}
	chart := gallery.Components(on("console.schools.title")).Columns
	list := page.Schools{Base: on("console.schools.title"), Lights: lights, Levels: options, Pager: page.Pager{Next: "?after=3", From: 1, To: 3, Total: 41}, Chart: &chart, Wishes: "30 ngày qua: 9 trang được xin mở, 7 trả lời trong hai ngày. 2 đang chờ ở 1 trường.", Rows: []page.SchoolRow{
		{Href: "/schools/1", Code: "QN-TH-0001", Name: "Tiểu học Sao Mai mẫu", Place: "Xã Mẫu Một", Level: "Tiểu học", Pupils: 612, Node: "ok", Blocked: 31},
		{Href: "/schools/2", Code: "QN-CS-0002", Name: "THCS Hoa Sen mẫu", Place: "Phường Mẫu Hai", Level: "Trung học cơ sở", Pupils: 1204, Node: "soon", NodeNote: "chậm 11 thay đổi", Blocked: -1},
		{Href: "/schools/3", Code: "QN-NT-0003", Name: "Nội trú Đồi Chim mẫu", Place: "Xã Mẫu Ba", Level: "Nhiều cấp học", Pupils: 388, Node: "wait"},
	}}
	school := page.School{
		Base: on("console.schools.title"), ID: "1", Code: "QN-TH-0001", Name: "Tiểu học Sao Mai mẫu", Place: "Xã Mẫu Một", Level: "Tiểu học", Pupils: 612, CanEdit: true, Nodes: nodes[:1], Chart: &chart, BandOptions: options, Categories: options,
		Bands:    []page.BandRow{{Band: "Tiểu học (lớp 1–5)", Default: true, Refuses: []string{"Người lớn", "Cờ bạc, cá độ", "Bạo lực", "Mạng xã hội", "Nhắn tin", "Trò chơi"}, Safe: true}, {Band: "Giáo viên, nhân viên", Refuses: []string{"Mã độc", "Lừa đảo"}}},
		Networks: []page.NetworkRow{{ID: "1", Network: "192.168.4.0/24", Band: "Tiểu học (lớp 1–5)", Note: "Phòng máy"}}, Rules: []page.RuleRow{{ID: "1", Domain: "bai-hoc.example", Kind: "Cho phép", Reason: "Cần cho bài học", Last: now.Add(720 * time.Hour)}},
		Counts:   []page.CountRow{{Category: "Cờ bạc, cá độ", Band: "Tiểu học (lớp 1–5)", When: "Tuần này", Devices: 31}, {Category: "Mạng xã hội", Band: "Tiểu học (lớp 1–5)", When: "Tuần này", Devices: -1}},
		Requests: []page.UnblockRow{{ID: "1", Domain: "bai-hoc.example", Band: "Tiểu học (lớp 1–5)", Asked: 7, On: now}}, Reasons: []page.Option{{Value: "lesson", Label: "Cần cho bài học"}}, Ends: []page.Option{{Value: "2026-11-23", Label: "Hôm nay, 23/11/2026"}, {Value: "2026-11-27", Label: "Thứ Sáu, 27/11/2026", On: true}},
	}
	school.Log = &page.FaultLog{}
	logging, logged := school, school
	logging.Log, logged.Log = &page.FaultLog{Until: now.Add(4 * time.Hour), Word: "kmnprstuvw"}, &page.FaultLog{Until: now.Add(time.Hour)}
	bare := page.School{Base: on("console.schools.title"), ID: "1", Code: "QN-TH-0001", Name: "Tiểu học Sao Mai mẫu", Place: "Xã Mẫu Một", Level: "Tiểu học", Pupils: 612}
	lists := page.Lists{
		Base: on("console.lists.title"), Formats: options, Categories: options, Protected: 214, Bundle: &page.BundleInfo{Number: 12, Names: 512340, Bytes: 5_400_000, Made: now, Key: "lachan-demo+1f2e3d4c+AAAA", Pending: 3},
		Rows:    []page.ListRow{{Href: "/schools/lists/1", Name: "Cờ bạc mẫu", Category: "Cờ bạc, cá độ", Format: "Tệp hosts", Source: "tệp mẫu", Names: 41208, On: now, State: "ok"}, {Href: "/schools/lists/2", Name: "Lừa đảo mẫu", Category: "Lừa đảo", Format: "Adblock (||tên^)", Names: 881, On: now, State: "soon", Note: "2 tên chờ người xem"}},
		Waiting: 1, Result: &page.ImportResult{Href: "/schools/lists/1", Name: "Cờ bạc mẫu", Taken: 41208, Known: 312, Skipped: 96, Seconds: 0.4, Reasons: []page.KV{{Key: "Không đọc được tên miền", Value: "61"}, {Key: "Là địa chỉ IP, không phải tên", Value: "35"}}, Held: []string{"ngan-hang.example", "bao-dien-tu.example"}},
	}
	names := []string{"a-mau.example", "b-mau.example", "xn--th-9ja9i637n.vn"}
	one := page.List{
		Base: on("console.lists.title"), ID: "1", Name: "Cờ bạc mẫu", Category: "Cờ bạc, cá độ", About: "Cá độ, sòng bạc, xổ số lậu", Format: "Tự nhận biết", Trust: "Mới, chưa kiểm", Source: "https://danh-sach.example", Licence: "MIT", Names: 41208, Since: now.Add(-900 * time.Hour), On: now, MayEdit: true,
		Sub:    &page.ListSource{URL: "https://danh-sach.example/co-bac/hosts.txt", Host: "danh-sach.example", Hours: 24, Due: now.Add(20 * time.Hour), Fetched: now, State: "soon", Outcome: "chờ người xem"},
		Held:   &page.ListHeld{Found: now, Before: 41208, Names: 12003, Added: 40, Removed: 29245, Why: []string{"Bớt quá nhiều tên", "Có tên được bảo vệ mà trước đây không có"}, FirstAdded: names, FirstRemoved: names, Protected: []string{"ngan-hang.example"}, MayDecide: true},
		Report: &page.ListReport{Figures: []page.KV{{Key: "Dòng đã đọc", Value: "41.620"}, {Key: "Lấy vào", Value: "41.208"}, {Key: "Bỏ qua", Value: "96"}}, Before: 41100, Added: 120, Removed: 12, FirstAdded: names, FirstRemoved: names, Guarded: []string{"bao-dien-tu.example"}, Reasons: []page.ListReason{{Text: "Là địa chỉ IP, không phải tên", Count: 35, Lines: []page.ListLine{{Number: 12, Text: "0.0.0.0 192.0.2.1"}, {Number: 113, Text: "192.0.2.7"}}}}},
	}
	fresh := page.List{Base: on("console.lists.title"), ID: "2", Name: "Lừa đảo mẫu", Category: "Lừa đảo", Format: "Adblock", Trust: "Mới, chưa kiểm", Sub: &page.ListSource{Host: "danh-sach.example", Hours: 6, Due: now, State: "late", Outcome: "không tải được", Why: "Máy chủ danh-sach.example trả lời quá chậm."}}
	form := page.ListSubscribe{Base: on("console.subscribe.title"), Hours: "24", Formats: options, Categories: options, Trusts: options}
	outs := page.ListOuts{
		Base: on("console.outs.title"), Bands: options, Algorithms: []page.Option{{Value: "hmac-sha256", Label: "hmac-sha256"}}, Address: "192.0.2.1:5353",
		Rows: []page.OutRow{
			{Name: "Tường lửa của Sở mẫu", Bands: "Tiểu học (lớp 1–5), Trung học cơ sở (lớp 6–9)", Since: now.Add(-900 * time.Hour), Fetched: now, Key: "lachan-r3d2c6s7k5q4x2aa", Algorithm: "hmac-sha256", Notify: "192.0.2.7:53"},
			{Name: "THCS Hoa Sen mẫu", Bands: "Trung học cơ sở (lớp 6–9)", Since: now},
		},
	}
	withToken, withKey := outs, outs
	withToken.Given = &page.OutGiven{Token: "ABCDEFG-HIJKLMN-OPQRSTU-VWXYZ", URL: "https://hub.example/api/v1/export/"}
	withKey.Given = &page.OutGiven{Key: "hmac-sha256:lachan-r3d2c6s7k5q4x2aa:bWF1bWF1bWF1bWF1bWF1bWF1bWF1bWF1bWF1bWF1bWE=", Zones: []string{"primary.rpz.lachan", "lower-secondary.rpz.lachan"}}
	verdict := gallery.Components(on("console.lookup.title")).Verdict
	passed := verdict
	passed.Refused = false
	return set{
		"schools/schools": list, "schools/schools#empty": page.Schools{Base: on("console.schools.title"), Levels: options},
		"schools/school": school, "schools/school#empty": bare, "schools/school#word": logging, "schools/school#log": logged,
		"schools/nodes": page.Nodes{Base: on("console.nodes.title"), Lights: lights, Rows: nodes, Query: "mẫu", Filter: true, Without: 17, Versions: []page.Version{{Name: "0.1.0", Nodes: 231, Href: "/schools/nodes?version=0.1.0"}, {Name: "0.0.9", Nodes: 4, Href: "/schools/nodes", On: true}}, Find: "mẫu", MoreSchools: 894, Pager: page.Pager{From: 1, To: 50, Total: 235, Next: "/schools/nodes?page=2"}, QR: `<svg viewBox="0 0 1 1" width="196" height="196" aria-hidden="true"><rect width="1" height="1"/></svg>`, Rollout: &page.Rollout{Bundle: 12, Stage: 25, Nodes: 231, Have: 201, Ill: 3, Since: now, CanSteer: true}, Bundle: 12, Delta: 481, Schools: []page.Option{{Value: "1", Label: "Tiểu học Sao Mai mẫu"}, {Value: "2", Label: "THCS Hoa Sen mẫu"}}, Token: "LC7Q2MX4KD", Command: "lachan node enrol --config lachan-node.toml --hub https://hub.example LC7Q2MX4KD"}, "schools/nodes#empty": page.Nodes{Base: on("console.nodes.title")}, "schools/nodes#nomatch": page.Nodes{Base: on("console.nodes.title"), Query: "xa", Filter: true, Find: "zz", MoreSchools: 925},
		"schools/list": one, "schools/list#fresh": fresh, "schools/subscribe": form,
		"schools/outs": outs, "schools/outs#token": withToken, "schools/outs#key": withKey, "schools/outs#empty": page.ListOuts{Base: on("console.outs.title"), Bands: options},
		"schools/week": m.week(), "schools/week#empty": page.SchoolWeek{Base: on("console.week.title"), School: m.week().School, From: now, To: now, Prev: "?day=2026-11-09"},
		"schools/care":    page.Care{Base: on("console.care.title"), Rows: []page.CareRow{{School: "1", Name: "THPT Mẫu", Week: now, Value: "2026-11-16", Made: now}, {School: "1", Name: "THPT Mẫu", Week: now, Value: "2026-11-09", Made: now, Seen: now}}},
		"schools/preview": m.preview(true), "schools/preview#close": m.preview(false),
		"schools/asks": m.asks(), "schools/asks#empty": page.Asks{Base: on("console.asks.title")},
		"schools/ask": m.ask(), "schools/ask#private": page.Ask{Base: on("console.asks.title"), Domain: "kin.example", Name: "kin.example", Private: true, Bands: options, KeepReasons: options, Facts: []page.KV{{Key: "Bị chặn vì", Value: "Tự hại"}}},
		"schools/never": m.never(), "schools/never#reader": page.Nevers{Base: on("console.never.title"), Rows: m.never().Rows},
		"schools/lists": lists, "schools/lists#empty": page.Lists{Base: on("console.lists.title"), Formats: options, Categories: options},
		"schools/lookup": page.Lookup{Base: on("console.lookup.title"), Domain: "sao-mai.example", Bands: options, Answer: &verdict}, "schools/lookup#passed": page.Lookup{Base: on("console.lookup.title"), Domain: "sao-mai.example", Bands: options, Answer: &passed}, "schools/lookup#empty": page.Lookup{Base: on("console.lookup.title"), Bands: options},
	}
}
