// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lachan/duty/schools"
	"lachan/internal/authz"
)

// wishes sets up two schools with a node that asks, and lists to ask against.
func (h *house) wishes(t *testing.T) (one, two schools.School, ask func(school schools.School, domain string)) {
	t.Helper()
	ctx := context.Background()
	one = h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	two = h.school(h.unit("qni/so/khcn"), "Trường Trung học Mẫu", "primary")
	boss := authz.Actor{Person: "x", Roles: []string{authz.Lead, authz.Operator}}
	token, _, err := h.schools.CreateToken(ctx, boss, schools.TokenCommand{Name: "Nút mẫu", Schools: []string{one.ID, two.ID}})
	if err != nil {
		t.Fatal(err)
	}
	node, err := h.schools.Redeem(ctx, token, "U"+strings.Repeat("A", 55), "1.0")
	if err != nil {
		t.Fatal(err)
	}
	for category, names := range map[string]string{"games": "tro.example\nhoc.example\n", "self_harm": "kin.example\n"} {
		if _, err := h.schools.ListImport(ctx, boss, schools.ListMeta{Name: "Danh sách " + category, Category: category, Format: schools.Plain}, strings.NewReader(names)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.schools.BuildBundle(ctx, boss); err != nil {
		t.Fatal(err)
	}
	return one, two, func(school schools.School, domain string) {
		t.Helper()
		if err := h.schools.Ask(ctx, node.ID, school.ID, "primary", domain, "2026-11-23"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDepartmentAnswersWhatSchoolsPassOn(t *testing.T) {
	h := newHouse(t)
	one, two, ask := h.wishes(t)
	ask(one, "tro.example")
	ask(one, "kin.example")
	ask(one, "hoc.example")
	ask(two, "hoc.example")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	here := "/schools/" + one.ID
	body := it.see(here)
	has(t, body, "tro.example", "hoc.example", "Pass on to the department")
	hasNot(t, body, "kin.example", "/schools/requests\"")
	if r := it.get("/schools/requests"); r.status != http.StatusForbidden {
		t.Errorf("a teacher sees the department's requests: %d", r.status)
	}
	id := regexp.MustCompile(`tro\.example(?s:.*?)name="id" value="([^"]+)"`).FindStringSubmatch(body)[1]
	has(t, it.do(here+"/requests", url.Values{"id": {id}, "go": {"pass"}}), "The request is with the department", "Passed on to the department on 23/11/2026")

	g := h.other("so.mot", h.unit("qni/so/khcn"), authz.Lead)
	g2 := h.other("so.hai", h.unit("qni/so/khcn"), authz.Lead)
	has(t, g.see("/schools"), `href="/schools/requests"`)
	has(t, g.see("/schools/requests"), "tro.example", "kin.example", "hoc.example", "a school passed it on", "only the department may know", "several schools ask", "2 schools, 2 times")
	body = g.see("/schools/requests/name?domain=tro.example")
	has(t, body, "Trường Tiểu học Mẫu", "Danh sách games", "Open in these schools")
	hasNot(t, body, "another agrees")
	has(t, g.do("/schools/requests/name", url.Values{"domain": {"tro.example"}, "go": {"here"}, "reason": {"lesson"}}), "The site is open")
	hasNot(t, g.see("/schools/requests"), "tro.example")

	// What is private names no school, and opens only with two persons.
	body = g.see("/schools/requests/name?domain=kin.example")
	has(t, body, "Do not look for who asked", "another agrees")
	hasNot(t, body, "Trường Tiểu học Mẫu", "Open in these schools")
	form := url.Values{"domain": {"kin.example"}, "go": {"open"}, "bands": {"asked"}, "why": {"Trang tư vấn"}, "basis": {"Văn bản mẫu"}, "until": {"31/31/2026"}}
	r := g.post("/schools/requests/name", form)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", r.status)
	}
	has(t, r.body, "Not a date", `value="Trang tư vấn"`)
	form.Set("until", "31/12/2026")
	body = g.do("/schools/requests/name", form)
	has(t, body, "It counts when another person agrees", "kin.example")
	ruling := regexp.MustCompile(`name="id" value="([^"]+)"><button class="btn brand" name="go" value="confirm"`)
	if ruling.MatchString(body) {
		t.Error("the first person is offered the second's button")
	}
	found := ruling.FindStringSubmatch(g2.see("/schools/requests"))
	if found == nil {
		t.Fatal("nothing to confirm")
	}
	if r := g.post("/schools/requests", url.Values{"id": {found[1]}, "go": {"confirm"}}); r.status != http.StatusForbidden {
		t.Errorf("the first person confirms: %d", r.status)
	}
	has(t, g2.do("/schools/requests", url.Values{"id": {found[1]}, "go": {"confirm"}}), "Agreed", "Opened for all schools", "Văn bản mẫu")
	hasNot(t, it.see(here), "kin.example")

	list := regexp.MustCompile(`name="list" value="([^"]+)"`).FindStringSubmatch(g.see("/schools/requests/name?domain=hoc.example"))
	if r := g.post("/schools/requests/name", url.Values{"domain": {"hoc.example"}, "go": {"off"}, "why": {"x"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("no list chosen: %d", r.status)
	}
	has(t, g.do("/schools/requests/name", url.Values{"domain": {"hoc.example"}, "go": {"off"}, "list": {list[1]}, "why": {"Trang học"}}), "It is decided", "Taken off a list", "1 decisions wait")
	if r := g.get("/schools/requests/name?domain=hoc.example"); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
	end := regexp.MustCompile(`name="id" value="([^"]+)"><p>`).FindStringSubmatch(g.see("/schools/requests"))
	has(t, g.do("/schools/requests", url.Values{"id": {end[1]}, "go": {"end"}}), "Dropped")
	ask(two, "kin.example")
	has(t, g.do("/schools/requests/name", url.Values{"domain": {"kin.example"}, "go": {"keep"}, "keep_reason": {"harms"}}), "stays closed")
	has(t, g.see("/ledger?kind=schools"), "Request passed on", "Decision on a name proposed", "Department answered")
}

func TestNeverListIsShownAndTakesTwo(t *testing.T) {
	h := newHouse(t)
	g := h.other("so.mot", h.unit("qni/so/khcn"), authz.Lead)
	g2 := h.other("so.hai", h.unit("qni/so/khcn"), authz.Lead)
	it := h.other("giao.vien", h.unit("qni/so/gddt"), authz.ITTeacher)
	has(t, it.see("/schools/lists"), `href="/schools/never"`)
	body := it.see("/schools/never")
	has(t, body, "tongdai111.vn", "Comes with the software")
	hasNot(t, body, "Propose to add")
	if r := it.post("/schools/never", url.Values{"domain": {"x.example"}, "why": {"x"}, "go": {"add"}}); r.status != http.StatusForbidden {
		t.Errorf("a teacher proposes: %d", r.status)
	}
	if r := g.post("/schools/never", url.Values{"domain": {"tongdai111.vn"}, "why": {"x"}, "go": {"add"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("twice: %d", r.status)
	}
	has(t, g.do("/schools/never", url.Values{"domain": {"giup.example"}, "why": {"Đường dây mẫu"}, "go": {"add"}}), "giup.example", "another person agrees")
	body = g2.see("/schools/never")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(body)
	if id == nil {
		t.Fatalf("%.2000s", body)
	}
	has(t, g2.do("/schools/never/decide", url.Values{"id": {id[1]}, "go": {"confirm"}}), "Agreed", "Đường dây mẫu", "from the next bundle")
	hasNot(t, it.see("/schools/never"), "so.mot")
	has(t, it.see("/schools/never"), "Two persons at province level")
}
