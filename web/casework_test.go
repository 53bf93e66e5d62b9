// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/ledger"
)

// tell sends a report as a child and returns the receipt.
func (d *desk) tell(fields ...string) string {
	d.t.Helper()
	child := d.browser()
	form := with(hidden(child.page("/report")), "go", "send")
	form.Set("step", "3")
	return receiptOf(d.t.(*testing.T), child.send("/report", with(form, fields...)))
}

var caseLink = regexp.MustCompile(`/casework/cases/([0-9a-f-]{36})`)

// caseIn is the first case that a page leads to.
func caseIn(t testing.TB, body string) string {
	t.Helper()
	m := caseLink.FindString(mainOf(body))
	if m == "" {
		t.Fatalf("no case in %s", mainOf(body))
	}
	return m
}

// refused asks whether schools refuse a name, as the console's own question.
func (d *desk) blocked(domain string) bool {
	d.t.Helper()
	blocks, err := d.schools.Blocks(context.Background(), authz.Actor{Person: "x", Unit: d.duty, Roles: []string{authz.Lead}}, schools.BlockFilter{})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, b := range blocks {
		if b.Domain == domain && (b.State == schools.Active || b.State == schools.Confirmed) {
			return true
		}
	}
	return false
}

// opened counts how often the ledger says that a case was opened.
func (d *desk) opened() int { d.t.Helper(); return d.noted("casework.opened") }

// noted counts the entries of a kind in the ledger of its room.
func (d *desk) noted(kind string) (n int) {
	d.t.Helper()
	room, _, _ := strings.Cut(kind, ".")
	leaves, _, err := d.ledger.List(context.Background(), ledger.Filter{Room: room}, ledger.Page{Limit: 200})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, l := range leaves {
		if l.Kind == kind {
			n++
		}
	}
	return n
}

func TestFromTheReportToTheBlock(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	receipt := d.tell("harm", "bullying", "words", told, "url", "https://chat.vidu.example/7", "danger", "no", "age", "11_14", "who", "child_self", "relation", "friend")

	// The queue names nobody; the case shows what was told, and that it was looked at.
	queue := officer.page("/casework")
	path := caseIn(t, queue)
	hasNot(t, queue, "chê em")
	body := officer.page(path)
	has(t, body, "Bạn ấy chê em", "hxxps://chat[.]vidu[.]example/7", "Đang phân loại", "Chỉ trả lời qua mã")
	has(t, d.browser().send("/status", url.Values{"receipt": {receipt}}), "Đã có người đọc tin.")

	// Locked again, it is covered, with a way to unlock.
	officer.send("/lock", url.Values{})
	body = officer.page(path)
	hasNot(t, body, "chê em")
	has(t, body, "/unlock?next="+strings.ToLower(url.QueryEscape(path)))
	wrong := officer.post("/unlock", url.Values{"passphrase": {"sai mất rồi nhé bạn"}, "next": {path}})
	if wrong.status != http.StatusUnauthorized {
		t.Fatalf("a wrong passphrase: %d", wrong.status)
	}
	has(t, officer.send("/unlock", url.Values{"passphrase": {passphrase}, "next": {path}}), "chê em")

	// A block: first what it will cover, then the block itself, at once.
	form := officer.page(path + "/block")
	has(t, form, `value="chat.vidu.example"`)
	bad := officer.post(path+"/block", url.Values{"domain": {"không phải tên"}, "basis": {"legal"}, "go": {"preview"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Fatalf("a faulty block: %d", bad.status)
	}
	has(t, bad.body, `id="e-domain"`, `id="e-number"`, `id="e-authority"`)
	fields := url.Values{"domain": {"chat.vidu.example"}, "basis": {"provisional"}, "why": {"Nhóm lớp"}}
	preview := officer.send(path+"/block", with(url.Values{"domain": fields["domain"], "basis": fields["basis"], "why": fields["why"]}, "go", "preview"))
	has(t, preview, "chat.vidu.example và mọi tên dưới nó", "09:42, 26/11/2026")
	if d.blocked("chat.vidu.example") {
		t.Fatal("the preview blocked")
	}
	before := d.opened()
	if r := officer.ask(http.MethodPost, path+"/block", with(fields, "go", "block")); r.status != http.StatusSeeOther {
		t.Fatalf("blocking: %d", r.status)
	}
	if n := d.opened(); n != before {
		t.Fatalf("an act that shows nothing opened the case %d times", n-before)
	}
	body = officer.page(path)
	if d.opened() != before+1 {
		t.Fatal("a look at the case left nothing in the ledger")
	}
	if !d.blocked("chat.vidu.example") {
		t.Fatal("the decision did not reach schools")
	}
	has(t, body, "Đã chặn. Các trường nhận", "Chặn tạm thời")
	if months := d.browser().page("/blocks"); !strings.Contains(months, "11/2026") || strings.Contains(months, "vidu.example") {
		t.Error("the public page on blocks lacks the month, or names the name")
	}

	// Withdrawn as fast.
	id := regexp.MustCompile(`/withdraw"><input type="hidden" name="id" value="([^"]+)"`).FindStringSubmatch(body)
	if id == nil {
		t.Fatal("the block cannot be withdrawn")
	}
	officer.send(path+"/withdraw", url.Values{"id": {id[1]}, "why": {"mistake"}})
	if d.blocked("chat.vidu.example") {
		t.Fatal("withdrawn, it stands")
	}

	// Closing wants every track ended and a second person, who is the head.
	closing := url.Values{"outcome": {"O3"}, "note": {"Đã chặn"}}
	if r := officer.post(path+"/close", closing); r.status != http.StatusConflict {
		t.Fatalf("closed with open tracks: %d", r.status)
	}
	for _, track := range []string{"child_support", "takedown"} {
		officer.send(path+"/tracks", url.Values{"track": {track}, "end": {"done"}, "note": {"Xong"}})
	}
	has(t, officer.send(path+"/close", closing), "Chờ người thứ hai")
	mine := officer.page(path)
	proposal := regexp.MustCompile(`name="id" value="([^"]+)"><button class="btn brand" name="go" value="confirm"`)
	if proposal.MatchString(mine) {
		t.Fatal("the first person is offered to be the second")
	}
	asHead := head.page("/work")
	m := proposal.FindStringSubmatch(asHead)
	if m == nil {
		t.Fatalf("the head's work shows nothing to agree to: %s", mainOf(asHead))
	}
	if r := officer.post(path+"/proposals", url.Values{"id": {m[1]}, "go": {"confirm"}}); r.status != http.StatusForbidden {
		t.Fatalf("the first person agreed to his own: %d", r.status)
	}
	head.send(path+"/proposals", url.Values{"id": {m[1]}, "go": {"confirm"}})
	has(t, d.browser().send("/status", url.Values{"receipt": {receipt}}), "Việc này đã có kết quả.", "Trang đó đã bị chặn. Nếu em còn thấy")
}

func TestANameThatManyNeedWantsTwoPeople(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	d.tell("harm", "harmful_content", "url", "https://github.io/x")
	path := caseIn(t, officer.page("/casework"))
	fields := func(button string) url.Values {
		return url.Values{"domain": {"github.io"}, "basis": {"provisional"}, "why": {"Trang xấu"}, "go": {button}}
	}
	preview := officer.send(path+"/block", fields("preview"))
	has(t, preview, `value="takedown"`, "two-person")
	officer.send(path+"/block", fields("takedown"))
	body := officer.send(path+"/block", fields("block"))
	has(t, body, "Chờ người thứ hai")
	if d.blocked("github.io") {
		t.Fatal("one person blocked a name that many need")
	}
	m := regexp.MustCompile(`name="id" value="([^"]+)"><button class="btn brand" name="go" value="confirm"`).FindStringSubmatch(head.page(path))
	if m == nil {
		t.Fatal("the head is not asked")
	}
	head.send(path+"/proposals", url.Values{"id": {m[1]}, "go": {"confirm"}})
	if !d.blocked("github.io") {
		t.Fatal("two people agreed and nothing is blocked")
	}
	never := officer.post(path+"/block", url.Values{"domain": {"bao-tin.tinh-mau.example"}, "basis": {"provisional"}, "go": {"preview"}})
	if never.status != http.StatusUnprocessableEntity {
		t.Fatalf("a never-block name: %d", never.status)
	}
}

func TestAnEmergencyAndTheThread(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	receipt := d.tell("harm", "wants_meeting", "words", "Anh ấy hẹn gặp em chiều nay.", "danger", "yes", "age", "11_14", "who", "child_self")
	work := officer.page("/work")
	path := caseIn(t, work)
	has(t, work, "Khẩn cấp", "Rủ gặp mặt")
	body := officer.page(path)
	ring := regexp.MustCompile(`name="ring" value="([^"]+)"`).FindStringSubmatch(body)
	if ring == nil {
		t.Fatal("nothing rings")
	}
	body = officer.send(path+"/ring", url.Values{"ring": {ring[1]}})
	if strings.Contains(mainOf(body), `name="ring"`) {
		t.Fatal("it rings on")
	}
	has(t, body, "Bạn đã nhận việc này.")
	has(t, officer.page(path+"/measure"), `value="talked" selected`)
	officer.send(path+"/measure", url.Values{"kind": {"talked"}, "what": {"Đã gọi 113"}, "who": {"Công an xã mẫu"}, "at": {"09:50, 23/11/2026"}})

	// An answer of ready sentences, then a question; the child reads both.
	page := officer.page(path + "/answer")
	has(t, page, "Em không có lỗi.")
	officer.send(path+"/answer", url.Values{"prompt": {"casework.prompt.not-your-fault"}, "text": {"Chúng tôi ở đây."}, "go": {"send"}})
	officer.send(path+"/answer", url.Values{"text": {"Em đang ở đâu?"}, "go": {"ask"}})
	empty := officer.post(path+"/answer", url.Values{"go": {"send"}})
	if empty.status != http.StatusUnprocessableEntity {
		t.Fatalf("an empty answer: %d", empty.status)
	}
	has(t, d.browser().send("/status", url.Values{"receipt": {receipt}}), "Em không có lỗi.", "Em đang ở đâu?")

	// A score may be changed with a reason; below its floor it waits.
	has(t, officer.page(path+"/score"), "Có hẹn gặp")
	if r := officer.post(path+"/score", url.Values{"points": {"x"}, "reason": {"y"}}); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("points x: %d", r.status)
	}
	has(t, officer.send(path+"/score", url.Values{"points": {"10"}, "reason": {"Đã xác minh"}}), "Chờ người thứ hai")
}

func TestAHandOverIsAcceptedByTheReceiver(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	police := d.invite("vo.mau", d.police, authz.Police, authz.Head)
	d.tell("harm", "sexual", "words", "Chuyện mẫu để chuyển.", "danger", "no", "age", "15")
	path := caseIn(t, officer.page("/casework"))
	has(t, officer.page(path+"/refer"), d.police)
	fields := url.Values{"kind": {"referral"}, "to": {d.police}, "fields": {"narrative"}, "consent": {"law"}, "reason": {"Có dấu hiệu tội phạm"}}
	bad := officer.post(path+"/refer", url.Values{"kind": {"referral"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Fatalf("a hand-over to nobody: %d", bad.status)
	}
	if r := police.get(path); r.status == http.StatusOK {
		t.Fatal("a case of another unit is shown")
	}
	officer.send("/lock", url.Values{})
	if r := officer.ask(http.MethodPost, path+"/refer", fields); r.status != http.StatusUnauthorized || !strings.Contains(r.body, `action="/unlock"`) {
		t.Fatalf("locked: %d %s", r.status, mainOf(r.body))
	}
	officer.send("/unlock", url.Values{"passphrase": {passphrase}})
	officer.send(path+"/refer", fields)
	body := police.page(path)
	accept := regexp.MustCompile(`action="([^"]+/accept)"`).FindStringSubmatch(body)
	if accept == nil {
		t.Fatalf("nothing to accept: %s", mainOf(body))
	}
	has(t, police.send(accept[1], url.Values{}), "Chuyện mẫu để chuyển.")
	d.clock.Advance(time.Minute)
}

func TestAnOfficerTypesForACaller(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	form := hidden(officer.page("/casework/intake"))
	fields := with(form, "channel", "phone", "words", "Cô giáo gọi điện.", "harm", "bullying", "danger", "no", "age", "6_10", "who", "teacher", "contact", "only_code", "child_name", "Em Mẫu")
	body := officer.send("/casework/intake", fields)
	path := caseIn(t, body)
	has(t, officer.page(path), "Cô giáo gọi điện.", "Em Mẫu", "Gọi điện")
	bad := url.Values{"channel": {"web"}, "receipt": form["receipt"]}
	if r := officer.post("/casework/intake", bad); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("a report from the web at a desk: %d", r.status)
	}
	other := d.invite("so.lieu", d.duty, authz.Analyst, authz.Keyholder)
	if r := other.post("/casework/intake", fields); r.status != http.StatusForbidden {
		t.Fatalf("an analyst typed a report: %d", r.status)
	}
}

// Every page of a case speaks English too: browser.ask fails on a key without
// words.
func TestPagesOfACaseInEnglish(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	d.tell("harm", "bullying", "harm", "fraud", "harm", "other", "words", told, "danger", "yes", "age", "16_17", "who", "parent")
	path := caseIn(t, officer.page("/casework"))
	officer.send("/language", url.Values{"lang": {"en"}, "back": {"/work"}})
	head.send("/language", url.Values{"lang": {"en"}, "back": {"/work"}})
	officer.send(path+"/score", url.Values{"points": {"5"}, "reason": {"x"}})
	for _, page := range []string{
		"/work", "/casework", "/casework?state=triage", "/casework?light=late", "/casework?track=takedown", "/casework?q=VV", "/casework/roster", "/casework/intake",
		path, path + "/block", path + "/refer", path + "/answer", path + "/close", path + "/measure", path + "/score",
		path + "/assign", path + "/tracks", path + "/clocks", path + "/contact", path + "/exclude",
	} {
		has(t, officer.page(page), `lang="en"`)
	}
	has(t, head.page(path), d.texts.Printer("en").T("ui.two.confirm"))
}

// A list beyond its first page goes on where the first one ended.
func TestTheQueueGoesOn(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	for range 52 {
		d.tell("harm", "bullying", "danger", "no")
	}
	first := mainOf(officer.page("/casework"))
	next := regexp.MustCompile(`href="(/casework\?from=[^"]+)"`).FindStringSubmatch(first)
	if next == nil {
		t.Fatal("no second page")
	}
	second := mainOf(officer.page(strings.ReplaceAll(next[1], "&amp;", "&")))
	seen := map[string]bool{}
	for _, m := range caseLink.FindAllString(first+second, -1) {
		seen[m] = true
	}
	if len(seen) != 52 {
		t.Fatalf("%d of 52 cases on two pages", len(seen))
	}
	has(t, second, "51", "52")
}

// Nobody handles a case about himself: who is named finds neither the case nor
// a row in the queue, and the case of a whole unit goes one level up.
func TestWhoIsExcludedFindsNothing(t *testing.T) {
	d := newDesk(t)
	_, officer, head := d.office()
	d.tell("harm", "bullying", "words", "Chuyện mẫu về một cán bộ")
	path := caseIn(t, officer.page("/casework"))
	form := officer.page(path + "/exclude")
	people := regexp.MustCompile(`<option value="(person:[^"]+)"`).FindAllStringSubmatch(form, -1)
	if len(people) < 2 {
		t.Fatalf("%d people to choose from", len(people))
	}
	if r := officer.post(path+"/exclude", url.Values{"who": {people[0][1]}}); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("without a reason: %d", r.status)
	}
	for _, who := range people {
		officer.post(path+"/exclude", url.Values{"who": {who[1]}, "reason": {"Có liên quan"}})
		if head.get(path).status == http.StatusNotFound {
			break
		}
		if officer.get(path).status == http.StatusNotFound {
			return // the officer named himself first, and the case is gone for him
		}
	}
	if r := head.get(path); r.status != http.StatusNotFound {
		t.Fatalf("the excluded head still gets %d", r.status)
	}
	if strings.Contains(head.page("/casework"), path) {
		t.Fatal("the queue of the excluded head names the case")
	}
}

func TestAPersonCallsAnEmergency(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	d.tell("harm", "bullying", "words", "Chuyện mẫu")
	path := caseIn(t, officer.page("/casework"))
	if r := officer.post(path+"/raise", url.Values{}); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("without a reason: %d", r.status)
	}
	officer.send(path+"/raise", url.Values{"raise": {"Em nói đang đứng trước cổng"}})
	has(t, officer.page(path), "Khẩn cấp", path+"/ring")
	if r := officer.get(path + "/score"); strings.Contains(r.body, path+"/raise") {
		t.Error("an emergency can be called twice")
	}
}
