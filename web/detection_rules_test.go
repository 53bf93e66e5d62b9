// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lachan/duty/detection"
	"lachan/internal/authz"
)

// TestClause_5_2_ARuleIsWrittenTriedAndPutToUse goes the way of a rule through
// the pages, without a script.
func TestClause_5_2_ARuleIsWrittenTriedAndPutToUse(t *testing.T) {
	d := newDesk(t)
	one, two := d.reviewers()
	head := d.invite("dau.mau", d.duty, authz.Head)
	item := d.finds(detection.Finding{Source: "nguon-mau", Address: "https://mau.example/1", Text: "Chúc mừng em trúng thưởng, gửi mã OTP để nhận quà"})
	list := one.page("/detection/rules")
	has(t, list, "Chưa có quy tắc nào", "Quy tắc mẫu", `href="/detection/rules/new?sample=wide-reach"`)
	has(t, one.page("/detection"), `href="/detection/rules"`)
	has(t, one.page("/detection/rules/new?sample=lookalike-scam-words"), "cần được xem xét", `value="lookalike-scam-words"`, `name="c1-label"`, `value="0,5"`)
	has(t, one.page("/detection/rules/new?sample=wide-reach"), `name="c0-least" value="10000"`)

	// Conditions are added one by one; what was typed stays.
	typed := url.Values{"name": {"lua-dao"}, "title": {"Lừa đảo"}, "tier": {"high"}, "mark_days": {"30"}, "after": {"0"}, "act": {"add"}, "add": {"listed"}}
	has(t, one.page("/detection/rules/new"), "Chưa có điều kiện nào")
	body := one.send("/detection/rules/new", typed)
	has(t, body, `value="lua-dao"`, `name="c0-is" value="listed"`, `<option value="high" selected>`)
	typed.Set("c0-is", "listed")
	typed.Set("c0-role", "all")
	typed.Set("c0-label", "scam")
	typed.Set("add", "score")
	body = one.send("/detection/rules/new", typed)
	has(t, body, `name="c1-is" value="score"`, `name="c1-least" value="0,7"`)
	typed.Set("c1-is", "score")
	typed.Set("c1-role", "not")
	typed.Set("c1-label", "gambling")
	typed.Set("c1-least", "5")
	typed.Set("act", "save")
	typed.Set("name", "Lừa đảo")
	one.faulty("/detection/rules/new", typed, "c1", "name")
	has(t, one.post("/detection/rules/new", typed).body, "từ 0,01 đến 1")
	typed.Set("name", "lua-dao")
	typed.Set("c1-least", "0,4")
	typed.Set("leave_out", "1")
	one.faulty("/detection/rules/new", typed, "queue")
	typed.Del("leave_out")
	body = one.send("/detection/rules/new", typed)
	has(t, body, "Đã lưu bản nháp.", "Tất cả phải đúng:", "Có lời chữ đáng ngờ: Lừa đảo", "Điểm Cờ bạc", "Ít nhất mức Gấp", "Bản này chưa được thử")
	if r := one.post("/detection/rules/new", typed); r.status != http.StatusConflict || !strings.Contains(r.body, "Đã có quy tắc mang tên này") {
		t.Fatalf("a name twice: %d", r.status)
	}

	const path = "/detection/rules/lua-dao"
	one.faulty(path+"/test", url.Values{"version": {"1"}, "days": {"200"}}, "days")
	body = one.send(path+"/test", url.Values{"version": {"1"}, "days": {"30"}})
	has(t, body, "Trong 30 ngày: 1 lần gặp, 1 vào hàng chờ; quy tắc khớp 1.", `href="`+item+`"`)
	body = one.send(path+"/stage", url.Values{"version": {"1"}})
	has(t, body, "Đang chạy thử", "Người viết không tự áp dụng")
	if strings.Contains(body, path+"/live") {
		t.Fatal("the author may put it to use")
	}
	for _, b := range []*browser{one, two} {
		if r := b.post(path+"/live", url.Values{"version": {"1"}}); r.status != http.StatusForbidden {
			t.Fatalf("put to use by a reviewer: %d", r.status)
		}
	}
	has(t, head.page(path), `action="`+path+`/live"`)
	has(t, head.send(path+"/live", url.Values{"version": {"1"}}), "Quy tắc đã có tác dụng.", "Đang áp dụng")
	raised := d.finds(detection.Finding{Source: "nguon-mau", Address: "https://mau.example/2", Text: "Chúc mừng em trúng thưởng, gửi mã OTP để nhận quà"})
	has(t, one.send(raised+"/take", url.Values{}), "Gấp", "quy tắc lua-dao", "Quy tắc đã khớp", `href="`+path+`"`, "Nâng mức hoặc đổi loại")
	has(t, one.page("/detection/rules"), "Lừa đảo", "Đang áp dụng", "bản 1")
	if r := one.post(path+"/stage", url.Values{"version": {"1"}}); r.status != http.StatusConflict {
		t.Fatalf("a live version is staged: %d", r.status)
	}

	// The next version begins with what is there; the live one stays.
	typed = url.Values{"title": {"Lừa đảo, mọi mức"}, "after": {"1"}, "act": {"drop-1"}, "tier": {"emergency"}}
	typed.Set("c0-is", "listed")
	typed.Set("c0-label", "scam")
	typed.Set("c1-is", "hits")
	body = two.send(path, typed)
	has(t, body, `name="c0-is"`)
	if strings.Contains(body, `name="c1-is"`) {
		t.Fatal("the condition is still there")
	}
	typed.Set("c1-is", "reach") // as people write ten thousand
	typed.Set("c1-least", "10.000")
	typed.Set("act", "save")
	has(t, two.send(path, typed), "bản 2", "Bản 1 vẫn đang áp dụng", "Từ 10.000 người theo dõi")
	if r := one.post(path, typed); r.status != http.StatusConflict {
		t.Fatalf("saved over a colleague's: %d", r.status)
	}
	// A staged version can be put to use while a newer draft is written.
	one.send(path+"/stage", url.Values{"version": {"2"}})
	one.send(path+"/test", url.Values{"version": {"2"}, "days": {"30"}})
	typed.Set("after", "2")
	two.send(path, typed)
	has(t, head.page(path), `<form method="post" action="`+path+`/live"><p class="acts"><button class="btn bare" name="version" value="2">`)
	has(t, two.send(path+"/off", url.Values{"version": {"1"}}), "Đã dừng.")
	for kind, n := range map[string]int{"saved": 3, "tested": 2, "staged": 2, "live": 1, "off": 1} {
		if got := d.noted("detection.rule_" + kind); got != n {
			t.Errorf("%d entries of %s", got, kind)
		}
	}
	if r := one.get("/detection/rules/khong-co"); r.status != http.StatusNotFound {
		t.Fatalf("a rule that is not there: %d", r.status)
	}
	officer := d.invite("xuly.mau", d.duty, authz.Handler)
	if r := officer.get("/detection/rules"); r.status != http.StatusForbidden {
		t.Fatalf("an officer of another work: %d", r.status)
	}
}
