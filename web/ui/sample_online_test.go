// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/web/page"
)

func (m maker) online() set {
	on := func(title string) page.Base { return m.console(m.t(title), "schools") }
	head := page.SchoolHead{ID: "1", Code: "QN-TH-0001", Name: "Tiểu học Sao Mai mẫu", Place: "Xã Mẫu Một", Level: "Tiểu học", CanReport: true, Tab: "ready"}
	options := []page.Option{{Label: "Tất cả", On: true}, {Value: "a", Label: "Một lựa chọn"}}
	month := 30 * 24 * time.Hour
	lines := []page.ReadyLine{
		{Title: "Bộ lọc đang chạy", State: "ok", Word: "Xong", From: "Hệ thống đếm", Href: "/schools/1", Act: "Xem bộ lọc"},
		{Title: "Quy tắc sử dụng Internet", State: "soon", Word: "Chưa có", From: "Trường nêu", Next: "Ban hành quy tắc rồi ghi số và ngày.", Href: "#rule", Act: "Ghi quy tắc"},
		{Title: "Phiếu an toàn dạy trực tuyến", State: "late", Word: "Quá hạn", Value: "3 trên 5, hạn 20/11/2026", From: "Hệ thống đếm", Next: "Trả lời phiếu.", Href: "/schools/1/online/register", Act: "Mở phiếu an toàn"},
		{Title: "Kỹ năng số trong chương trình", State: "wait", Word: "Chưa cần", From: "Trường nêu", Href: "#skills", Act: "Ghi chương trình"},
	}
	done, todo := page.CheckState{State: "ok", Word: "Xong", Note: "hạn 20/03/2027", Href: "?a"}, page.CheckState{State: "soon", Word: "Chưa có", Href: "?b"}
	register := page.Online{
		Base: on("console.online.classes"), School: head, CanEdit: true, Since: now.Add(-3 * month), Platforms: options, Grades: options, UsesList: options,
		Uses:      []page.UseRow{{ID: "1", Name: "Google Meet", Kind: "Phòng học trực tuyến", Since: now, Check: done}, {ID: "2", Name: "VNPT vnEdu", Kind: "Quản lý trường học", Since: now, Check: todo}},
		Classes:   []page.ClassRow{{ID: "1", Title: "Toán 5A", Grade: "Lớp 5", On: "Google Meet", Keeper: "Dương Thị Mẫu Lan", Pupils: 34, First: now, Last: now.Add(5 * month), Check: done}, {ID: "2", Title: "Tiếng Việt 4B", Grade: "Lớp 4", On: "Google Meet", Keeper: "Dương Thị Mẫu Lan", Pupils: -1, First: now, Last: now.Add(month), Check: todo}},
		Incidents: []page.KV{{Key: "Người lạ vào lớp", Value: "1"}, {Key: "Bắt nạt, chế giễu", Value: "2"}},
	}
	answers := []page.Option{{Value: "yes", Label: "Có", On: true}, {Value: "no", Label: "Chưa"}, {Value: "none", Label: "Không áp dụng"}}
	check := page.Checklist{Base: on("console.online.check"), School: head, Kind: "class", Subject: "1", Title: "Toán 5A", By: "Dương Thị Mẫu Lan", At: now, Due: now.Add(4 * month), CanEdit: true, Items: []page.CheckItem{{Name: "waiting-room", Text: "Phòng chờ bật", Answers: answers}, {Name: "chat", Text: "Nhắn tin riêng đã tắt", Answers: answers}}}
	kinds := []page.Option{{Value: "intruder", Label: "Người lạ vào lớp"}, {Value: "other", Label: "Việc khác"}}
	incident := page.Incident{Base: on("console.incident.title"), School: head, ID: "1", Receipt: "x", Day: "23/11/2026", Kinds: kinds, Dangers: answers, Ages: options, Closed: true}
	sent := page.Incident{Base: on("console.incident.title"), School: head, MayNeedHelp: true, Done: &page.Taken{Groups: []string{"7K2M", "9QXP", "4TWD", "H6RV"}, Check: "5", Words: []string{"lá", "mưa", "sông", "núi"}}}
	text := page.Guidance{Base: on("console.guidance.title"), Code: "lessons", Heading: "Dạy học trực tuyến an toàn", About: "Dành cho thầy cô dạy qua mạng.", Version: 1, Issued: now.Add(-3 * month), Points: []string{"Bật phòng chờ.", "Chỉ thầy cô được chia sẻ màn hình."}, Newest: true, Own: head.Name, Accounts: 1, CanAck: true, CanState: true, Stated: page.StatedForm{Day: "23/11/2026", Value: "21", Total: "24"}, StatedAt: now}
	old := text
	old.Newest, old.Own = false, ""
	model := page.Model{
		Base: on("console.models.title"), ID: "1", Heading: "Lớp học có hai người lớn", Design: "Mỗi buổi có thầy cô và một người lớn nữa.", Evaluation: "Nên nhân rộng.", State: "Đang nhân rộng", First: now.Add(-2 * month), Last: now, CanEdit: true,
		Criteria: []page.CriterionRow{{Text: "Không buổi nào có người lạ", Word: "Đạt", State: "ok", Note: "24 buổi"}, {Text: "Mọi lớp có phiếu", Word: "Chưa đạt", State: "soon"}, {Text: "Phụ huynh hài lòng", Word: "Chưa có kết quả"}},
		Pilots:   []page.MemberRow{{ID: "1", Href: "/schools/1", Name: head.Name, Place: head.Place, Since: now, CanLeave: true}}, Adopters: []page.MemberRow{{ID: "2", Name: "Một trường khác", Since: now}},
		Moves: []page.Option{{Value: "ended", Label: "Kết thúc"}}, Schools: options, Form: page.ModelForm{Title: "Lớp học có hai người lớn", Design: "…", Criteria: "Một\nHai"},
	}
	draft, judged := model, model
	draft.Draft, draft.Criteria, draft.Adopters = true, nil, nil
	judged.Judging = true
	judged.Criteria = []page.CriterionRow{{Text: "Không buổi nào có người lạ", Results: answers}}
	all := page.ReadyAll{
		Base: on("console.readyall.title"), Lights: []page.Light{{State: "late", Count: 1, Href: "?light=late"}, {State: "soon", Count: 30, Href: "?light=soon"}, {State: "ok", Count: 10, Href: "?light=ok"}},
		Sums: []page.ReadySum{{Title: "Bộ lọc đang chạy", Href: "?line=filter", N: 36, Of: 41}, {Title: "Quy tắc sử dụng Internet", Href: "?line=rule", N: 20, Of: 41}}, Levels: options, Places: options, Lines: options, Filter: true,
		Rows:  []page.ReadyRow{{Href: "/schools/1/online/ready", Code: head.Code, Name: head.Name, Place: head.Place, Level: head.Level, Done: 4, Of: 7, State: "soon", Word: "Còn thiếu", Open: []string{"Quy tắc sử dụng Internet", "Hướng dẫn đã được xác nhận"}}, {Href: "/schools/2/online/ready", Code: "QN-CS-0002", Name: "THCS Hoa Sen mẫu", Place: "Phường Mẫu Hai", Level: "Trung học cơ sở", Done: 7, Of: 7, State: "ok", Word: "Xong"}},
		Pager: page.Pager{From: 1, To: 2, Total: 41, Next: "?page=2"}, ByPlace: "?by=place",
	}
	places := all
	places.By, places.BySchool, places.Rows = "place", "?", nil
	places.Communes = []page.ReadyPlace{{Href: "?place=1", Name: "Xã Mẫu Một", Schools: 4, Done: []int{3, 1}}, {Href: "?place=2", Name: "Phường Mẫu Hai", Schools: 9, Done: []int{9, 7}}}
	return set{
		"schools/ready": page.Ready{Base: on("console.readyall.title"), School: head, Lines: lines, Todo: 2, CanEdit: true}, "schools/ready#done": page.Ready{Base: on("console.readyall.title"), School: head, Lines: lines[:1]},
		"schools/online": register, "schools/online#empty": page.Online{Base: on("console.online.classes"), School: head, CanEdit: true, Platforms: options, Since: now},
		"schools/check": check, "schools/incident": incident, "schools/incident#sent": sent,
		"schools/guidances": page.Guidances{Base: on("console.guidance.title"), Own: head.Name, Rows: []page.GuidanceRow{{Href: "/schools/guidance/lessons", Title: "Dạy học trực tuyến an toàn", About: "Dành cho thầy cô dạy qua mạng.", State: "ok", Word: "Đã xác nhận", Version: 1, Issued: now}, {Href: "/schools/guidance/groups", Title: "Nhóm chat của lớp", About: "Dành cho giáo viên chủ nhiệm.", Version: 1, Issued: now}}},
		"schools/guidance":  text, "schools/guidance#old": old,
		"schools/models": page.Models{Base: on("console.models.title"), CanEdit: true, Rows: []page.ModelRow{{Href: "/schools/models/1", Title: "Lớp học có hai người lớn", State: "Đang thí điểm", Pilots: 2, Met: 1, Criteria: 3, Changed: now}}}, "schools/models#empty": page.Models{Base: on("console.models.title")},
		"schools/model": model, "schools/model#draft": draft, "schools/model#judging": judged,
		"schools/overview": all, "schools/overview#places": places, "schools/overview#empty": page.ReadyAll{Base: on("console.readyall.title"), Levels: options, Places: options, Lines: options},
	}
}
