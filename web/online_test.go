// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
)

// A school takes a platform and a class on record, answers the checklist and
// states the rest; the page of readiness and "my work" follow.
func TestClause_3_SchoolGetsReady(t *testing.T) {
	h := newHouse(t)
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	other := h.school(h.unit("qni/so/yt"), "Trường Trung học Mẫu", "lower_secondary")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	here := "/schools/" + one.ID + "/online/"
	has(t, it.see(here+"ready"), "6 things to do", "Stated by the school", "Counted by the system", "Issue rules on the use")
	has(t, it.see("/work"), "Your school", "Install a filter node", here+"ready#rule")
	has(t, it.see("/schools/"+one.ID), here+"register", here+"incident")

	has(t, it.see(here+"register"), "No online class yet", "enter a platform first")
	r := it.post(here+"platforms", url.Values{"platform": {"other"}})
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("a platform without a name: %d", r.status)
	}
	body := it.do(here+"platforms", url.Values{"platform": {"zoom"}})
	use := regexp.MustCompile(`name="use"[^>]*><option value="([^"]+)"`).FindStringSubmatch(body)
	if use == nil {
		t.Fatal("no platform to choose")
	}
	r = it.post(here+"classes", url.Values{"title": {"Toán 5A"}, "grade": {"5"}, "use": {use[1]}, "pupils": {"nhiều"}, "first": {"23/11/2026"}, "last": {"30/04/2027"}})
	has(t, r.body, `value="Toán 5A"`, `value="30/04/2027"`, `<option value="5" selected>`)
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("pupils in words: %d", r.status)
	}
	body = it.do(here+"classes", url.Values{"title": {"Toán 5A"}, "grade": {"5"}, "use": {use[1]}, "pupils": {"34"}, "first": {"23/11/2026"}, "last": {"30/04/2027"}})
	has(t, body, "Toán 5A", "kept by Người Mẫu giao.vien", "Not there yet")
	check := regexp.MustCompile(`/online/check\?kind=class&amp;subject=([^"]+)"`).FindStringSubmatch(body)
	form := url.Values{"kind": {"class"}, "subject": {check[1]}, "chat": {"no"}}
	r = it.post(here+"check", form)
	if has(t, r.body, "Please choose an answer", `value="no" checked`); r.status != http.StatusUnprocessableEntity {
		t.Errorf("one answer of ten: %d", r.status)
	}
	list, _ := h.online.Register().Checklist("class")
	for _, item := range list.Items {
		if item != "chat" {
			form.Set(item, "yes")
		}
	}
	has(t, it.do(here+"check", form), "The safety checklist is saved", "1 not done yet")
	if r := it.get(here + "check?kind=class&subject=none"); r.status != http.StatusNotFound {
		t.Errorf("the checklist of no class: %d", r.status)
	}

	has(t, it.do(here+"state", url.Values{"what": {"rule"}, "rule_ref": {"12/QĐ-TH"}, "rule_day": {"05/09/2026"}, "go": {"save"}}), "12/QĐ-TH, on 05/09/2026")
	has(t, it.do(here+"state", url.Values{"what": {"staff"}, "staff_value": {"18"}, "staff_total": {"30"}, "staff_day": {"05/09/2026"}, "go": {"save"}}), "18 of 30")
	r = it.post(here+"state", url.Values{"what": {"skills"}, "skills_day": {"31/12/2030"}, "go": {"save"}})
	has(t, r.body, "still to come", `value="31/12/2030"`)
	has(t, it.do(here+"state", url.Values{"what": {"rule"}, "rule_day": {"06/09/2026"}, "go": {"none"}}), "Issue rules on the use")

	for _, what := range []string{"ready", "register", "incident"} {
		if r := it.get("/schools/" + other.ID + "/online/" + what); r.status != http.StatusForbidden {
			t.Errorf("another school's %s: %d", what, r.status)
		}
	}
}

func TestClause_3_GuidanceIsReadAndStated(t *testing.T) {
	h := newHouse(t)
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	has(t, it.see("/schools/guidance"), "Safe lessons online", "Pupils&#39; accounts", "Nobody has confirmed")
	has(t, it.see("/schools/guidance/lessons"), "Switch the waiting room on", "I have read it")
	if r := it.post("/schools/guidance/lessons/ack", url.Values{"version": {"9"}}); r.status != http.StatusConflict {
		t.Errorf("a version that is not there: %d", r.status)
	}
	has(t, it.do("/schools/guidance/lessons/ack", url.Values{"version": {"1"}}), "You confirmed on 23/11/2026")
	form := url.Values{"version": {"1"}, "guidance_value": {"25"}, "guidance_total": {"24"}, "guidance_day": {"23/11/2026"}}
	if r := it.post("/schools/guidance/lessons/declare", form); r.status != http.StatusUnprocessableEntity {
		t.Errorf("more than there are: %d", r.status)
	}
	form.Set("guidance_value", "21")
	has(t, it.do("/schools/guidance/lessons/declare", form), "Stated: 21 of 24")
	for _, code := range []string{"management", "accounts", "groups"} {
		it.do("/schools/guidance/"+code+"/ack", url.Values{"version": {"1"}})
	}
	hasNot(t, it.see("/work"), "Read and confirm all", "have not read")
	colleague := h.other("dau.moi.truong", one.Unit, authz.Focal)
	has(t, colleague.see("/work"), "4 texts of guidance that you have not read")
	g := h.administrator()
	has(t, g.see("/schools/guidance/groups"), "Who confirms")
	if r := g.post("/schools/guidance/lessons/ack", url.Values{"version": {"1"}}); r.status != http.StatusForbidden {
		t.Errorf("an account of no school confirms: %d", r.status)
	}
	if r := it.get("/schools/guidance/none"); r.status != http.StatusNotFound {
		t.Errorf("no such guidance: %d", r.status)
	}
}

func TestClause_3_OverviewAndModels(t *testing.T) {
	h := newHouse(t)
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	h.school(h.unit("qni/so/yt"), "Trường Trung học Mẫu", "lower_secondary")
	g := h.administrator()
	has(t, g.see("/schools/ready"), "Trường Tiểu học Mẫu", "Trường Trung học Mẫu", "2 schools with something to do", "/schools/ready?by=place")
	body := g.see("/schools/ready?level=primary&line=rule&light=soon")
	has(t, body, "Trường Tiểu học Mẫu", "0/1")
	hasNot(t, body, "Trường Trung học Mẫu")
	has(t, g.see("/schools/ready?by=place"), "By school", "<td class=\"r\">2</td>")
	hasNot(t, g.see("/schools/ready?line=checks"), "Trường Tiểu học Mẫu") // nobody teaches online

	has(t, g.see("/schools/models"), "No model yet", "Begin a model")
	body = g.do("/schools/models", url.Values{"title": {"Lớp có hai người lớn"}, "design": {"Mỗi buổi hai người."}, "criteria": {"Không người lạ\r\nMọi lớp có phiếu"}})
	has(t, body, "Being designed", "Không người lạ\nMọi lớp có phiếu")
	path := regexp.MustCompile(`action="(/schools/models/[^/"]+)/save"`).FindStringSubmatch(body)[1]
	r := g.post(path+"/move", url.Values{"to": {"pilot"}})
	if has(t, r.body, "At least one criterion and one pilot school"); r.status != http.StatusConflict {
		t.Errorf("a pilot without a school: %d", r.status)
	}
	has(t, g.do(path+"/join", url.Values{"school": {one.ID}}), "The school is in the model")
	has(t, g.do(path+"/move", url.Values{"to": {"pilot"}}), "In pilot", "Save results")
	has(t, g.do(path+"/judge", url.Values{"result-0": {"met"}, "note-0": {"24 buổi"}, "result-1": {"unmet"}, "conclusion": {"Nên nhân rộng."}}), "24 buổi")
	has(t, g.do(path+"/move", url.Values{"to": {"evaluated"}}), "Evaluated", "Nên nhân rộng.")
	has(t, g.do(path+"/move", url.Values{"to": {"spread"}}), "Spreading")
	has(t, g.see("/schools/models"), "1/2")
	sector := h.other("so.giao.duc", h.unit("qni/so/gddt"), authz.Focal)
	has(t, sector.see("/schools/models"), "Begin a model")
	hasNot(t, h.other("cong.an", h.unit("qni/ca"), authz.Focal, authz.Head).see("/schools/models"), "Begin a model")

	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	body = it.see(path)
	has(t, body, "Trường Tiểu học Mẫu", "Mỗi buổi hai người.")
	hasNot(t, body, "/move")
	if r := it.post(path+"/move", url.Values{"to": {"ended"}}); r.status != http.StatusForbidden {
		t.Errorf("a teacher ends a model: %d", r.status)
	}
}

// What a teacher tells of a lesson becomes a case; the school keeps kind and
// day. A form that is sent twice is one case and one incident.
func TestClause_2_IncidentInALessonBecomesACase(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	one, err := d.schools.SaveSchool(context.Background(), authz.Actor{Person: "first", Unit: d.duty, Roles: []string{authz.Lead}}, schools.SchoolCommand{
		Unit: d.unit("qni/so/gddt"), Code: "M-01", Name: "Trường Tiểu học Mẫu", Level: "primary", Pupils: 400,
	})
	if err != nil {
		t.Fatal(err)
	}
	it := d.invite("giao.vien", one.Unit, authz.ITTeacher)
	path := "/schools/" + one.ID + "/online/incident"
	form := with(hidden(it.page(path)), "kind", "intruder", "day", "22/11/2026", "danger", "no", "age", "6_10", "words", "Một người lạ vào lớp và nói tục (mẫu kể 7).")
	bad := url.Values{"id": form["id"], "receipt": form["receipt"], "kind": {"intruder"}, "day": {"25/11/2026"}, "words": {"giữ nguyên chữ này"}}
	r := it.post(path, bad)
	if has(t, r.body, "giữ nguyên chữ này", form.Get("receipt")); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("a day to come: %d", r.status)
	}
	if d.noted("casework.received") != 0 {
		t.Fatal("a faulty form became a report")
	}
	sent := it.send(path, form)
	has(t, sent, "Mã chỉ hiện một lần")
	again := it.send(path, form)
	code := regexp.MustCompile(`class="big" translate="no">([^<]+)<`)
	if code.FindString(sent) == "" || code.FindString(sent) != code.FindString(again) {
		t.Error("sent twice, the receipt differs")
	}
	if n := d.noted("casework.received"); n != 1 {
		t.Errorf("%d reports", n)
	}
	found := caseIn(t, officer.page("/casework"))
	has(t, officer.page(found), "Một người lạ vào lớp và nói tục (mẫu kể 7).", "Trường Tiểu học Mẫu")

	register := it.page("/schools/" + one.ID + "/online/register")
	has(t, register, "Người lạ vào lớp", "<dd>1</dd>")
	for _, secret := range []string{"mẫu kể 7", strings.TrimPrefix(found, "/casework/cases/")} {
		hasNot(t, register, secret)
		hasNot(t, d.log.String(), "mẫu kể 7")
	}
	cells, err := d.online.Figures(context.Background(), duty.CalendarYear(2026), one.Unit)
	if err != nil || cells["D09"] != 1 {
		t.Errorf("D09 %v %v", cells, err)
	}
	head := d.invite("lanh.dao", d.unit("qni/so/yt"), authz.Head)
	if r := head.get(path); r.status != http.StatusForbidden {
		t.Errorf("somebody else reports for the school: %d", r.status)
	}
}
