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
	"lachan/internal/clock"
)

func TestCounsellorIsToldOnItsOwnPage(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	one := h.school(h.unit("qni/so/gddt"), "Trường Trung học Mẫu", "upper_secondary")
	boss := authz.Actor{Person: "x", Roles: []string{authz.Lead, authz.Operator}}
	token, _, err := h.schools.CreateToken(ctx, boss, schools.TokenCommand{Name: "Nút mẫu", Schools: []string{one.ID}})
	if err != nil {
		t.Fatal(err)
	}
	node, err := h.schools.Redeem(ctx, token, "U"+strings.Repeat("A", 55), "1.0")
	if err != nil {
		t.Fatal(err)
	}
	cell := func(category string, day, devices int) schools.CountCell {
		return schools.CountCell{School: one.ID, Band: "upper_secondary", Category: category, Span: schools.DaySpan, Start: time.Date(2026, 11, day, 0, 0, 0, 0, clock.Vietnam), Devices: devices}
	}
	if _, err := h.schools.RecordCounts(ctx, node.ID, 1, []schools.CountCell{
		cell("self_harm", 10, 5), cell("self_harm", 17, 6), cell("games", 17, 12), cell("games", 10, 30), cell("ads", 18, 7),
	}); err != nil {
		t.Fatal(err)
	}
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	helper := h.other("tu.van", one.Unit, authz.Focal)
	here := "/schools/" + one.ID
	body := it.see(here)
	has(t, body, "Nobody is named", `href="`+here+`/filter/week"`)
	if r := it.post(here+"/counsellor", url.Values{"counsellor": {"somebody"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a stranger is named: %d", r.status)
	}
	person := regexp.MustCompile(`<option value="([^"]+)">[^<]*tu\.van`).FindStringSubmatch(body)
	if person == nil {
		t.Fatalf("the counsellor is not offered: %.300s", regexp.MustCompile(`(?s)f-counsellor.*?</select>`).FindString(body))
	}
	has(t, it.do(here+"/counsellor", url.Values{"counsellor": {person[1]}}), "The counsellor is noted", "<b>Người Mẫu tu.van</b>")
	if n, err := h.schools.TellCounsellors(ctx); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	has(t, helper.see("/work"), `href="/schools/care"`, "read it alone")
	body = helper.see("/schools/care")
	has(t, body, "Do not look for the pupil", "Trường Trung học Mẫu", "111")
	hasNot(t, body, "Upper secondary", ">6<")
	week := regexp.MustCompile(`name="week" value="([^"]+)"`).FindStringSubmatch(body)[1]
	has(t, helper.do("/schools/care", url.Values{"school": {one.ID}, "week": {week}}), "Read on 23/11/2026")
	hasNot(t, helper.see("/work"), "read it alone")
	for _, other := range []*guest{it, h.other("so.mot", h.unit("qni/so/khcn"), authz.Lead)} {
		if r := other.get("/schools/care"); r.status != http.StatusNotFound {
			t.Errorf("somebody else: %d", r.status)
		}
		hasNot(t, other.see("/work"), "/schools/care")
	}

	// A change shows first what it would mean.
	has(t, it.see(here), `action="`+here+`/filter/preview"`)
	body = it.see(here + "/filter/preview?code=games&change_band=upper_secondary&go=close")
	has(t, body, "counted by nobody", `action="`+here+`/changes"`, `name="go" value="close"`)
	hasNot(t, body, ">12<")
	has(t, it.see(here+"/filter/preview?code=games&change_band=upper_secondary&change_period=lesson&go=open"), ">12<", "this level changes")
	if r := it.get(here + "/filter/preview?code=gambling&change_band=upper_secondary&go=open"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", r.status)
	}
	has(t, it.do(here+"/changes", url.Values{"code": {"games"}, "change_band": {"upper_secondary"}, "change_period": {"any"}, "go": {"close"}}), "Upper secondary")

	// The week to print: beside the week before, without what asks for care.
	has(t, it.see("/work"), here+"/filter/week") // the 23rd is a Monday
	body = it.see(here + "/filter/week")
	has(t, body, "16/11/2026", "22/11/2026", ">12<", ">30<", "fewer", ">7<", "cannot be compared", "?day=2026-11-09")
	hasNot(t, body, "?day=2026-11-23", ">5<", ">6<")
	has(t, it.see(here+"/filter/week?day=2026-11-10"), ">30<", "?day=2026-11-16")
	if r := it.get(here + "/week?day=x"); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
	h.clock.Advance(24 * time.Hour)
	it = h.other("giao.vien.hai", one.Unit, authz.ITTeacher)
	hasNot(t, it.see("/work"), here+"/filter/week")
}

func TestWorkShowsWhatTheFilterAsks(t *testing.T) {
	h := newHouse(t)
	one, two, ask := h.wishes(t)
	ask(one, "hoc.example")
	ask(two, "hoc.example")
	ask(one, "kin.example")
	g := h.other("so.mot", h.unit("qni/so/gddt"), authz.Lead)
	has(t, g.see("/work"), `href="/schools/requests"`, "2 names")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	hasNot(t, it.see("/work"), "older than two days", "/schools/requests")
	form := url.Values{"domain": {"kin.example"}, "go": {"open"}, "why": {"Trang tư vấn"}, "basis": {"Văn bản mẫu"}, "until": {"31/12/2026"}}
	g.do("/schools/requests/name", form)
	hasNot(t, g.see("/work"), "Trang tư vấn")
	has(t, h.other("so.hai", h.unit("qni/so/khcn"), authz.Lead).see("/work"), "Trang tư vấn", `action="/schools/requests"`)
	h.clock.Advance(72*time.Hour + 24*time.Hour) // Friday: the third working day was Thursday
	g = h.other("so.ba", h.unit("qni/so/gddt"), authz.Lead)
	has(t, g.see("/work"), "2 names, 1 overdue")
	it = h.other("giao.vien.hai", one.Unit, authz.ITTeacher)
	has(t, it.see("/work"), "1 requests older than two days")
}
