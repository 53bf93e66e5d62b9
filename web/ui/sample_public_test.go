// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"strings"
	"time"

	"lachan/internal/problem"
	"lachan/web/page"
)

func (m maker) public() set {
	reading := &page.Reading{At: now.Add(21 * time.Hour)}
	warning := &page.Warning{False: "“Trúng thưởng học bổng, đóng phí 200 nghìn” là giả.", Do: "Không đóng tiền, không gửi giấy tờ. Kể với người lớn.", On: now.Add(-48 * time.Hour), Href: "/kids/11-15#scam"}
	fault := m.base(m.t("public.error.title"), "/")
	fault.Problem = problem.New(problem.Unknown)
	return set{
		"public/home":       page.Home{Base: m.base("", "/"), Warning: warning, Reading: reading},
		"public/home#empty": page.Home{Base: m.base("", "/")},
		"public/kids":       page.Kids{Base: m.base(m.t("public.middle.title"), "/kids/11-15"), Band: "11-15"},
		"public/kids#small": page.Kids{Base: m.base(m.t("public.small.title"), "/kids/6-10"), Band: "6-10"},
		"public/kids#big":   page.Kids{Base: m.base(m.t("public.big.title"), "/kids/16-17"), Band: "16-17"},
		"public/parents":    page.Door{Base: m.base(m.t("public.parents.title"), "/parents"), Reading: reading},
		"public/homes": page.HomeFilter{Base: m.base(m.t("public.homes.title"), "/parents/filter"), Bands: []page.HomeBand{
			{Href: "/parents/filter/tieu-hoc", Name: m.t("schools.band.primary")}, {Href: "/parents/filter/trung-hoc-co-so", Name: m.t("schools.band.lower_secondary")},
		}},
		"public/homes#none": page.HomeFilter{Base: m.base(m.t("public.homes.title"), "/parents/filter")},
		"public/home-setup": page.HomeSetup{
			Base: m.base(m.t("public.homes.title"), "/parents/filter/tieu-hoc"), Name: m.t("schools.band.primary"),
			HTTPS: "https://dns.tinh-mau.example/tre-em/tieu-hoc", TLS: "tieu-hoc.dns.tinh-mau.example", Profile: "/parents/filter/tieu-hoc.mobileconfig",
			Addresses: []string{"192.0.2.53", "2001:db8::53"}, Others: []page.HomeBand{{Href: "/parents/filter/trung-hoc-co-so", Name: m.t("schools.band.lower_secondary")}},
		},
		"public/home-setup#bare": page.HomeSetup{
			Base: m.base(m.t("public.homes.title"), "/parents/filter/tieu-hoc"), Name: m.t("schools.band.primary"),
			HTTPS: "https://dns.tinh-mau.example/tre-em/tieu-hoc", TLS: "tieu-hoc.dns.tinh-mau.example", Profile: "/parents/filter/tieu-hoc.mobileconfig",
		},
		"public/teachers": page.Door{Base: m.base(m.t("public.teachers.title"), "/teachers")},
		"public/press": page.Door{Base: m.base(m.t("public.press.title"), "/press"), Figures: []page.Figure{
			{Name: "Tin báo trong năm", Value: m.p.Int(1204), Note: "2026"}, {Name: "Trẻ được hỗ trợ trong tháng", Value: m.t("ui.fewer"), Note: "11/2026"},
		}},
		"public/press#empty": page.Door{Base: m.base(m.t("public.press.title"), "/press")},
		"public/trusted":     page.Plain{Base: m.base(m.t("public.adult.title"), "/trusted-adult")},
		"public/about":       page.Plain{Base: m.base(m.t("public.about.title"), "/about")},
		"public/blocks": page.BlockAbout{
			Base: m.base(m.t("public.blocks.title"), "/blocks"), Active: 31, Asked: "donvimau@sao-mai.example",
			Months: []page.BlockMonth{{Month: "11/2026", Provisional: 9, Confirmed: 4, Lifted: 2}, {Month: "10/2026", Provisional: 6, Confirmed: 7, Lifted: 3}},
		},
		"public/blocks#empty": page.BlockAbout{Base: m.base(m.t("public.blocks.title"), "/blocks")},
		"public/error":        page.Error{Base: fault, Log: "7Q2-M4X"},
		"public/notfound":     page.Plain{Base: m.base(m.t("public.notfound.title"), "/nowhere")},
	}
}

func (m maker) report() set {
	reading := &page.Reading{At: now, Now: true}
	option := func(value, label, icon string, on bool) page.Option {
		return page.Option{Value: value, Label: label, Icon: icon, On: on}
	}
	first := page.Report{
		Base: m.base("", "/report"), Step: 1, Secret: "AAAA", Reading: reading,
		Harms:   []page.Option{option("photo", "Đòi ảnh, dọa tung ảnh", "eyeoff", true), option("meet", "Rủ đi gặp", "pin", false), option("bully", "Bị chê cười, đe dọa", "chat", false), option("scam", "Lừa tiền, lấy tài khoản", "key", false), option("scary", "Thấy thứ đáng sợ", "play", false), option("idk", "Em không nhớ", "ask", false)},
		Mediums: []page.Option{option("chat", "Tin nhắn", "chat", true), option("game", "Trong trò chơi", "game", false), option("video", "Phim, video", "play", false), option("web", "Một trang web", "globe", false)},
	}
	faulty := first
	faulty.Problem = problem.New("input/faulty").Field("url", "input/too-long", "max", 2000)
	second := page.Report{
		Base: m.base("", "/report"), Step: 2, Secret: "AAAA", Kept: "Bạn trong trò chơi đòi em gửi ảnh, bảo không được kể với ai.",
		Ages:      []page.Option{option("u6", "Dưới 6 tuổi", "", false), option("6_10", "6 đến 10", "", false), option("11_14", "11 đến 14", "", true), option("15", "15", "", false), option("16_17", "16 hoặc 17", "", false), option("adult", "Người lớn", "", false), option("unknown", "Em không nhớ", "", false)},
		Whos:      []page.Option{option("me", "Chuyện của em", "", true), option("friend", "Của bạn em", "", false), option("child", "Của con tôi", "", false)},
		Relations: []page.Option{option("stranger", "Người lạ", "", false), option("classmate", "Bạn học", "", false), option("family", "Người nhà", "", false), option("teacher", "Thầy cô", "", false)},
		Hidden:    []page.Hidden{{Name: "words", Value: "Bạn trong trò chơi đòi em gửi ảnh, bảo không được kể với ai."}},
	}
	third := page.Report{Base: m.base("", "/report"), Step: 3, Secret: "AAAA", Kept: "Bạn trong trò chơi đòi em gửi ảnh, bảo không được kể với ai.", Reading: &page.Reading{At: now.Add(21 * time.Hour)}}
	done := page.ReportDone{
		Base: m.base("", "/report"), Groups: []string{"7Q2M", "X4KD", "0RTV", "9H3B"}, Check: "5",
		Words: []string{"sao", "mai", "lá", "biển", "đồi", "thuyền", "ruộng", "sen"}, Secret: "AAAA", At: now, Reading: reading,
	}
	danger := done
	danger.Danger, danger.Typed, danger.Reading = true, true, nil
	status := page.Status{
		Base: m.base("", "/status"), Receipt: "7Q2M", Headline: "Cô chú đang lo việc của em.", Explain: "Một cô chú ở đơn vị mẫu đã đọc và đang xử lý. Em không phải làm gì thêm.", Sent: now.Add(-10 * time.Hour), Reading: reading, Proof: &page.File{Href: "/status/proof"},
		States: []page.State{{Name: "Đã nhận", Is: "done", At: now.Add(-10 * time.Hour)}, {Name: "Đã đọc", Is: "done", At: now.Add(-9 * time.Hour)}, {Name: "Đang xử lý", Is: "now"}, {Name: "Có kết quả", Is: "next"}},
		Thread: []page.Message{{At: now.Add(-10 * time.Hour), Mine: true, Text: "Bạn trong trò chơi đòi em gửi ảnh, bảo không được kể với ai."}, {At: now.Add(-9 * time.Hour), Text: "Cảm ơn em đã kể. Em không có lỗi. Đừng trả lời người đó nữa nhé.", Unread: true}},
	}
	empty := status
	empty.Thread, empty.Proof, empty.Reading = nil, nil, nil
	wrong := page.StatusEnter{Base: m.base("", "/status"), Receipt: "7Q2M"}
	wrong.Problem = problem.New("input/faulty").Field("receipt", "input/required")
	return set{
		"report/step": first, "report/step#fault": faulty, "report/step#2": second, "report/step#3": third,
		"report/done": done, "report/done#danger": danger,
		"report/enter": page.StatusEnter{Base: m.base("", "/status")}, "report/enter#fault": wrong,
		"report/status": status, "report/status#empty": empty,
		"report/closed":         page.ReportClosed{Base: m.base("", "/report"), Why: "Trang báo tin đang nghỉ."},
		"report/waiting":        page.Waiting{Base: m.base("", "/report"), Action: "/report", Seconds: 12, Hidden: []page.Hidden{{Name: "words", Value: "x"}}, Answer: "sum_report", Challenge: strings.Repeat("ab", 32), Below: 1, Pieces: 16},
		"report/waiting#danger": page.Waiting{Base: m.base("", "/report"), Action: "/report", Seconds: 2, Early: true, Danger: true, Hidden: []page.Hidden{{Name: "words", Value: "x"}}, Answer: "sum_report", Challenge: strings.Repeat("ab", 32), Below: 1, Pieces: 16},
	}
}
