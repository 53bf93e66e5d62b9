// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lachan/internal/authz"
)

var barPart = regexp.MustCompile(`(?s)<div class="decide".*</main>`)

// bar is the addresses that a case's bar of decisions offers: those in sight,
// and those behind "other acts".
func bar(t testing.TB, body string) (shown, more []string) {
	t.Helper()
	sight, behind, _ := strings.Cut(barPart.FindString(body), `<details class="others"`)
	last := regexp.MustCompile(`href="/casework/cases/[0-9a-f-]{36}/([a-z]+)"`)
	for _, m := range last.FindAllStringSubmatch(sight, -1) {
		shown = append(shown, m[1])
	}
	for _, m := range last.FindAllStringSubmatch(behind, -1) {
		more = append(more, m[1])
	}
	return shown, more
}

// faulty posts a form that must be refused, and wants the faulty fields named
// and everything typed to be there still.
func (b *browser) faulty(path string, form url.Values, fields ...string) {
	b.d.t.Helper()
	r := b.post(path, form)
	if r.status != http.StatusUnprocessableEntity {
		b.d.t.Fatalf("POST %s: %d %s", path, r.status, mainOf(r.body))
	}
	for _, f := range fields {
		has(b.d.t, r.body, `href="#f-`+f+`"`, `id="f-`+f+`"`)
	}
	for name, values := range form {
		for _, v := range values {
			kept := strings.Contains(r.body, `value="`+v+`"`) || strings.Contains(r.body, ">"+v+"</textarea>")
			if v != "" && !kept {
				b.d.t.Errorf("POST %s: %q typed into %s is gone", path, v, name)
			}
		}
	}
}

// refused wants a form and its sending refused with one status.
func (b *browser) refused(status int, path string, form url.Values) {
	b.d.t.Helper()
	if r := b.get(path); r.status != status {
		b.d.t.Errorf("GET %s: %d", path, r.status)
	}
	if r := b.post(path, form); r.status != status {
		b.d.t.Errorf("POST %s: %d", path, r.status)
	}
}

func TestTheBarOffersWhatMayBeDone(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	remover := d.invite("go.mau", d.duty, authz.Takedown)
	d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	body := officer.page(path)
	shown, more := bar(t, body)
	if strings.Join(shown, " ") != "block answer refer" || strings.Join(more, " ") != "measure close assign tracks score merge contact exclude" {
		t.Fatalf("an officer is offered %v, behind it %v", shown, more)
	}
	if n := strings.Count(barPart.FindString(body), "cần hai người"); n != 2 {
		t.Errorf("%d acts of two people say so", n)
	}
	officer.send(path+"/tracks", url.Values{"track": {"administrative"}})
	if _, more := bar(t, head.page(path)); !strings.Contains(strings.Join(more, " "), "suspend") {
		t.Errorf("the head is offered %v", more)
	}
	if shown, more := bar(t, remover.page(path)); strings.Join(shown, " ") != "block tracks" || more != nil {
		t.Errorf("who removes content is offered %v %v", shown, more)
	}
	// With every track ended the end is what comes next.
	for _, track := range []string{"administrative", "child_support"} {
		officer.send(path+"/tracks", url.Values{"track": {track}, "end": {"done"}})
	}
	if shown, _ := bar(t, officer.page(path)); shown[0] != "close" {
		t.Errorf("nothing is open, and the main act is %v", shown)
	}
	stranger := d.invite("vo.mau", d.police, authz.Police)
	analyst := d.invite("so.lieu", d.duty, authz.Analyst)
	for _, act := range append(more, shown...) {
		has(t, officer.page(path+"/"+act), path+"/"+act)
	}
	for _, act := range []string{"assign", "tracks", "merge", "contact", "suspend", "reopen", "resume"} {
		if r := officer.ask(http.MethodPost, path+"/"+act, url.Values{}); r.status == http.StatusNotFound {
			t.Errorf("nobody takes what %s sends", act)
		}
		if r := stranger.get(path + "/" + act); r.status != http.StatusNotFound {
			t.Errorf("another unit: %s gives %d", act, r.status)
		}
		if r := analyst.get(path + "/" + act); r.status != http.StatusForbidden {
			t.Errorf("an analyst: %s gives %d", act, r.status)
		}
	}
}

func TestACaseIsAssigned(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	remover := d.invite("go.mau", d.duty, authz.Takedown)
	d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	form := officer.page(path + "/assign")
	has(t, form, "Chưa giao cho ai.", "Người Mẫu ho.mau")
	hasNot(t, form, "Người Mẫu go.mau")
	officer.faulty(path+"/assign", url.Values{"person": {""}}, "person")
	officer.faulty(path+"/assign", url.Values{"person": {}, "x": {}}, "person")
	if r := officer.post(path+"/assign", url.Values{"person": {"x-y"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("assigned to nobody known: %d", r.status)
	}
	someone := regexp.MustCompile(`<option value="([^"]+)">Người Mẫu ho.mau`).FindStringSubmatch(form)
	remover.refused(http.StatusForbidden, path+"/assign", url.Values{"person": {someone[1]}})
	body := officer.send(path+"/assign", url.Values{"person": {someone[1]}})
	has(t, body, "Đã giao người xử lý.", "Giao người xử lý: Người Mẫu ho.mau")
	has(t, officer.page(path+"/assign"), "Đang xử lý: Người Mẫu ho.mau.")
}

func TestTheHeadSuspendsAndTakesUpAgain(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	form := url.Values{"number": {"09/QĐ-SVH"}, "date": {"23/11/2026"}, "reason": {"Chờ giám định"}}
	head.refused(http.StatusConflict, path+"/suspend", form) // nothing is being handled yet
	officer.send(path+"/tracks", url.Values{"track": {"criminal"}, "number": {"7/TB"}, "unit": {"Công an mẫu"}})
	officer.refused(http.StatusForbidden, path+"/suspend", form)
	head.faulty(path+"/suspend", url.Values{"number": {""}, "date": {"hôm qua"}, "reason": {"Chờ giám định"}}, "number", "date")
	head.faulty(path+"/suspend", url.Values{"number": {"09/QĐ-SVH"}, "date": {"23/11/2026"}}, "reason")
	body := head.send(path+"/suspend", form)
	has(t, body, "Đã tạm đình chỉ.", "Tạm đình chỉ")
	if shown, _ := bar(t, body); shown[0] != "resume" {
		t.Fatalf("a suspended case offers %v first", shown)
	}
	has(t, officer.page(path+"/clocks"), "Tạm dừng theo 09/QĐ-SVH (23/11/2026)")
	officer.refused(http.StatusForbidden, path+"/resume", form)
	head.faulty(path+"/resume", url.Values{"number": {""}, "date": {""}}, "number", "date")
	body = head.send(path+"/resume", url.Values{"number": {"10/QĐ"}, "date": {"2026-11-23"}})
	has(t, body, "Đã làm tiếp.")
	has(t, officer.page(path+"/clocks"), "Tính tiếp theo 10/QĐ (23/11/2026)")
	head.refused(http.StatusConflict, path+"/resume", form)
}

// closed takes a case to its end, by an officer and the head.
func (d *desk) closed(officer, head *browser, path string) {
	d.t.Helper()
	open := regexp.MustCompile(`name="track" value="([a-z_]+)"><span>[^<]*<small>Mở ngày`)
	for _, m := range open.FindAllStringSubmatch(officer.page(path+"/tracks"), -1) {
		officer.send(path+"/tracks", url.Values{"track": {m[1]}, "end": {"done"}})
	}
	officer.send(path+"/close", url.Values{"outcome": {"O3"}})
	m := regexp.MustCompile(`name="id" value="([^"]+)"><button class="btn brand" name="go" value="confirm"`).FindStringSubmatch(head.page(path))
	if m == nil {
		d.t.Fatal("the head is not asked")
	}
	head.send(path+"/proposals", url.Values{"id": {m[1]}, "go": {"confirm"}})
}

func TestAClosedCaseOffersToBeReopened(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	handler := d.invite("xu.ly", d.duty, authz.Handler)
	receipt := d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	officer.refused(http.StatusConflict, path+"/reopen", url.Values{"note": {"Có tin mới"}})
	d.closed(officer, head, path)
	body := officer.page(path)
	if shown, more := bar(t, body); strings.Join(shown, " ") != "reopen" || more != nil {
		t.Fatalf("a closed case offers %v %v", shown, more)
	}
	hasNot(t, body, path+"/exclude", path+"/contact")
	handler.refused(http.StatusForbidden, path+"/reopen", url.Values{"note": {"Có tin mới"}})
	has(t, officer.page(path+"/reopen"), "Kết quả trước: Đã chặn.")
	officer.faulty(path+"/reopen", url.Values{"note": {""}}, "note")
	has(t, officer.send(path+"/reopen", url.Values{"note": {"Có tin mới"}}), "Đã mở lại vụ việc.", "Có tin mới", "block")
	has(t, d.browser().send("/status", url.Values{"receipt": {receipt}}), "Chúng tôi đang lo việc này.")
	has(t, officer.page("/casework"), "Chưa có thời hạn", "1 chưa có thời hạn")
	hasNot(t, mainOf(officer.page("/casework")), "Tạm dừng", "tạm dừng")
	if officer.page("/casework?light=none"); !strings.Contains(officer.page("/casework?light=none"), path) || strings.Contains(officer.page("/casework?light=wait"), path) {
		t.Error("a case without a deadline stands among those that are paused")
	}
}

func TestTwoCasesAboutOneThing(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	analyst := d.invite("so.lieu", d.duty, authz.Analyst)
	for range 2 {
		d.tell("harm", "bullying", "words", told, "url", "https://chat.vidu.example/7")
	}
	d.tell("harm", "fraud")
	code := func(path string) string {
		return regexp.MustCompile(`VV-2026-\d{4}`).FindString(mainOf(officer.page(path)))
	}
	var paths []string
	for _, p := range caseLink.FindAllString(mainOf(officer.page("/casework")), -1) {
		if strings.Contains(officer.page(p), "/links") {
			paths = append(paths, p)
		}
	}
	if len(paths) < 2 {
		t.Fatalf("%d cases are linked", len(paths))
	}
	from, into := paths[0], paths[1]
	other := strings.TrimPrefix(into, "/casework/cases/")
	if r := analyst.post(from+"/links", url.Values{"other": {other}, "go": {"same"}}); r.status != http.StatusForbidden {
		t.Errorf("an analyst decides on a link: %d", r.status)
	}
	if r := officer.post(from+"/links", url.Values{"other": {other}, "go": {"x"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("neither the same nor another: %d", r.status)
	}
	has(t, officer.send(from+"/links", url.Values{"other": {other}, "go": {"other"}}), "Xem liên kết: Việc khác nhau")
	body := officer.send(from+"/links", url.Values{"other": {other}, "go": {"same"}})
	has(t, body, "Xem liên kết: Cùng một việc", `value="other"`)
	hasNot(t, body, `name="go" value="same"`)

	// Joining is proposed by one and agreed to by another, who reads into what.
	has(t, officer.page(from+"/merge"), `value="`+code(into)+`"`)
	officer.faulty(from+"/merge", url.Values{"linked": {""}, "into": {""}, "reason": {"Cùng một phòng"}}, "into")
	officer.faulty(from+"/merge", url.Values{"linked": {code(into)}, "into": {"VV-1999-0001"}, "reason": {""}}, "reason")
	officer.faulty(from+"/merge", url.Values{"linked": {code(into)}, "into": {"VV-1999-0001"}, "reason": {"Cùng một phòng"}}, "into")
	if r := analyst.post(from+"/merge", url.Values{"into": {code(into)}, "reason": {"x"}}); r.status != http.StatusForbidden {
		t.Errorf("an analyst joins cases: %d", r.status)
	}
	officer.send(from+"/merge", url.Values{"linked": {code(into)}, "reason": {"Cùng một phòng"}})
	if r := officer.post(from+"/merge", url.Values{"linked": {code(into)}, "reason": {"Lần nữa"}}); r.status != http.StatusConflict {
		t.Errorf("proposed twice: %d", r.status)
	}
	work := head.page("/work")
	has(t, work, code(from)+": Gộp vụ việc: "+code(into))
	m := regexp.MustCompile(`name="id" value="([^"]+)"><button class="btn brand" name="go" value="confirm"`).FindStringSubmatch(work)
	body = head.send(from+"/proposals", url.Values{"id": {m[1]}, "go": {"confirm"}})
	has(t, body, "Đã gộp vào", code(into))
	if shown, more := bar(t, body); shown != nil || more != nil {
		t.Errorf("a case that joined another offers %v %v", shown, more)
	}
	has(t, officer.page(into), "2 tin nhận được")
}

func TestAHandOverIsTakenBack(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	police := d.invite("vo.mau", d.police, authz.Police, authz.Head)
	d.tell("harm", "sexual", "words", "Chuyện mẫu để chuyển.", "danger", "no", "age", "15")
	path := caseIn(t, officer.page("/casework"))
	officer.send(path+"/refer", url.Values{"kind": {"referral"}, "to": {d.police}, "fields": {"narrative"}, "consent": {"law"}, "reason": {"Có dấu hiệu tội phạm"}})
	revoke := regexp.MustCompile(`action="([^"]+/revoke)"`).FindStringSubmatch(officer.page(path))
	if revoke == nil {
		t.Fatal("nothing can be taken back")
	}
	hasNot(t, police.page(path), "/revoke")
	if r := police.post(revoke[1], url.Values{}); r.status != http.StatusForbidden {
		t.Errorf("the receiver takes back what it was offered: %d", r.status)
	}
	body := officer.send(revoke[1], url.Values{})
	has(t, body, "Đã rút lại.")
	hasNot(t, body, "/revoke")
	if r := police.get(path); r.status != http.StatusNotFound {
		t.Errorf("taken back, the police still gets %d", r.status)
	}
	if r := officer.post(revoke[1], url.Values{}); r.status != http.StatusConflict {
		t.Errorf("taken back twice: %d", r.status)
	}
}

func TestDeadlinesChangeByADocument(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	remover := d.invite("go.mau", d.duty, authz.Takedown)
	d.tell("harm", "sexual", "words", "Chuyện mẫu", "danger", "no", "age", "15")
	path := caseIn(t, officer.page("/casework"))
	officer.send(path+"/tracks", url.Values{"track": {"criminal"}, "number": {"7/TB"}})
	has(t, officer.page(path), `href="`+path+`/clocks"`)
	list := officer.page(path + "/clocks")
	has(t, list, "Xác minh, 20 ngày", "BLTTHS Đ147", "Kế hoạch hỗ trợ, 5 ngày làm việc")
	// The address of a clock's form is found by the clock's name.
	at := func(rule string) string {
		row := regexp.MustCompile(`<th scope="row">` + rule + `(?:.|\n)*?href="([^"]+/clocks/[0-9a-f-]{36})"`).FindStringSubmatch(officer.page(path + "/clocks"))
		if row == nil {
			t.Fatalf("%s cannot be changed", rule)
		}
		return row[1]
	}
	verify := at("Xác minh, 20 ngày")
	has(t, officer.page(verify), `value="pause"`, `value="extend"`, `value="meet"`)
	hasNot(t, officer.page(verify), `value="resume"`)
	officer.faulty(verify, url.Values{"kind": {"extend"}, "number": {""}, "date": {"32/13/2026"}, "until": {""}}, "number", "date", "until")
	officer.faulty(verify, url.Values{"kind": {"extend"}, "number": {"05/QĐ"}, "date": {"10/12/2026"}, "until": {"mai"}}, "until")
	officer.faulty(verify, url.Values{"kind": {"extend"}, "number": {"05/QĐ"}, "date": {"10/12/2026"}, "until": {"24/11/2026"}}, "until")
	officer.faulty(verify, url.Values{"number": {"05/QĐ"}, "date": {"10/12/2026"}, "until": {"13/02/2027"}}, "kind")
	remover.refused(http.StatusForbidden, verify, url.Values{"kind": {"pause"}, "number": {"1"}, "date": {"10/12/2026"}})
	hasNot(t, remover.page(path+"/clocks"), verify)
	has(t, officer.send(verify, url.Values{"kind": {"extend"}, "number": {"05/QĐ"}, "date": {"10/12/2026"}, "until": {"13/02/2027"}}), "Gia hạn theo 05/QĐ (10/12/2026)", "13/02/2027")
	has(t, officer.send(verify, url.Values{"kind": {"pause"}, "number": {"06/QĐ"}, "date": {"11/12/2026"}}), "Tạm dừng")
	has(t, officer.page(verify), `value="resume"`)
	officer.send(verify, url.Values{"kind": {"resume"}, "number": {"07/QĐ"}, "date": {"12/12/2026"}})
	plan := at("Kế hoạch hỗ trợ, 5 ngày làm việc")
	has(t, officer.send(plan, url.Values{"kind": {"meet"}, "number": {"02/KH"}, "date": {"23/11/2026"}}), "Làm xong theo 02/KH (23/11/2026)")
	officer.refused(http.StatusConflict, plan, url.Values{"kind": {"meet"}, "number": {"02/KH"}, "date": {"23/11/2026"}})
	has(t, officer.page(path), "Đổi thời hạn: Xác minh, 20 ngày, Gia hạn")
	officer.refused(http.StatusNotFound, path+"/clocks/01900000-0000-7000-8000-000000000000", url.Values{"kind": {"meet"}, "number": {"1"}, "date": {"23/11/2026"}})
}

func TestAnotherWayOfContactNeedsAReason(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	handler := d.invite("xu.ly", d.duty, authz.Handler)
	d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	has(t, officer.page(path), "Đổi cách trả lời, nêu lý do")
	hasNot(t, handler.page(path), path+"/contact")
	has(t, officer.page(path+"/contact"), "Chỉ trả lời qua mã")
	officer.faulty(path+"/contact", url.Values{"reason": {""}}, "reason")
	handler.refused(http.StatusForbidden, path+"/contact", url.Values{"reason": {"x"}})
	body := officer.send(path+"/contact", url.Values{"reason": {"Em ở một mình với người bị phản ánh"}})
	has(t, body, "Liên hệ khác cách an toàn, có lý do", "Em ở một mình với người bị phản ánh", "Chỉ trả lời qua mã")
}

func TestTracksAreOpenedAndEnded(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	remover := d.invite("go.mau", d.duty, authz.Takedown)
	d.tell("harm", "bullying", "words", told)
	path := caseIn(t, officer.page("/casework"))
	has(t, officer.page(path+"/tracks"), "Mở ngày 23/11/2026", "Chưa mở")
	officer.faulty(path+"/tracks", url.Values{"track": {""}, "note": {"Ghi chú"}}, "track")
	officer.faulty(path+"/tracks", url.Values{"track": {"takedown"}, "end": {"done"}, "number": {"7/TB"}, "note": {"Ghi chú"}}, "number")
	officer.faulty(path+"/tracks", url.Values{"track": {"child_support"}, "note": {"Đang mở"}}, "end")
	has(t, officer.send(path+"/tracks", url.Values{"track": {"administrative"}, "note": {"Có vi phạm"}}), "Cập nhật hướng xử lý: Xử phạt hành chính", "Có vi phạm")
	has(t, officer.send(path+"/tracks", url.Values{"track": {"administrative"}, "end": {"moved"}}), "Cập nhật hướng xử lý: Xử phạt hành chính, Nơi khác làm tiếp")
	form := remover.page(path + "/tracks")
	has(t, form, `value="takedown"`)
	hasNot(t, form, `value="criminal"`, `id="f-number"`)
	if r := remover.post(path+"/tracks", url.Values{"track": {"child_support"}, "end": {"done"}}); r.status != http.StatusForbidden {
		t.Errorf("who removes content ended the support of a child: %d", r.status)
	}
}

// What waits for a second person is on the first page, wherever its case stands
// in the queue, and says what it is about.
func TestEverythingThatWaitsIsOnTheFirstPage(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	d.tell("harm", "other")
	last := caseIn(t, officer.page("/casework"))
	for range 9 {
		d.tell("harm", "sexual", "danger", "no")
	}
	officer.page(last)
	rows := caseLink.FindAllString(mainOf(officer.page("/casework")), -1)
	if rows[len(rows)-1] != last {
		t.Fatal("the case does not stand at the end of the queue")
	}
	officer.send(last+"/block", url.Values{"domain": {"github.io"}, "basis": {"provisional"}, "why": {"Trang xấu"}, "go": {"block"}})
	has(t, head.page("/work"), "Chặn tên miền nhiều người cần: github.io", last+"/proposals")
	hasNot(t, officer.page("/work"), last+"/proposals")
}
