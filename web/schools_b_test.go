// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
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

func (h *house) school(unit, name, level string) schools.School {
	h.t.Helper()
	s, err := h.schools.SaveSchool(context.Background(), h.admin, schools.SchoolCommand{
		Unit: unit, Code: "M-" + level, Name: name, Place: h.unit("qni/so/gddt"), Level: level, Pupils: 400, Devices: 40,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// part is one part of an upload: a field, or a file where it has a file name.
type part struct{ name, file, text string }

func (g *guest) upload(path string, parts ...part) reply {
	g.h.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		var to io.Writer
		var err error
		if p.file != "" {
			to, err = w.CreateFormFile(p.name, p.file)
		} else {
			to, err = w.CreateFormField(p.name)
		}
		if err == nil {
			_, err = io.WriteString(to, p.text)
		}
		if err != nil {
			g.h.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		g.h.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, g.h.server.URL+path, &body)
	if err != nil {
		g.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return g.send(req)
}

// A list goes up, is counted line by line, and counts for schools once the
// bundle is built; the look-up says so at each step.
func TestListIsUploadedAndExplained(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	has(t, g.see("/schools/lists"), `enctype="multipart/form-data"`, "No bundle yet")
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, "xau-%d.example\n", i)
	}
	list.WriteString("xau-1.example\n192.0.2.1\ngov.vn\n")
	r := g.upload("/schools/lists", part{"name", "", "Danh sách mẫu"}, part{"format", "", "domains"}, part{"category", "", "gambling"}, part{"file", "mau.txt", list.String()})
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %.2000s", r.status, r.body)
	}
	body := g.see(r.location)
	has(t, body, "Danh sách mẫu", "3,000", "An IP address, not a name", "The list is imported")
	has(t, g.see("/schools/lookup?domain=a.xau-7.example&band=primary"), "Imported; counts from the next bundle on")
	has(t, g.do("/schools/lists/build", nil), "The new bundle is built", "3,0")
	body = g.see("/schools/lookup?domain=a.xau-7.example&band=primary")
	has(t, body, "Category refused: Gambling", "xau-7.example", `aria-current="step"`, "Danh sách mẫu")
	hasNot(t, body, "Imported; counts")
	has(t, g.see("/schools/lookup?domain=a.xau-7.example&band=staff"), "No rule: answered")
	has(t, g.see("/schools/lookup?domain=www.google.com&band=primary"), "in its safe mode only (forcesafesearch.google.com)")
	hasNot(t, g.see("/schools/lookup?domain=www.google.com&band=staff"), "safe mode")
	if r := g.get("/schools/lookup?domain=khong%20phai%20ten&band=primary"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a name that is none: %d", r.status)
	}
}

func TestListUploadSaysWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	for _, c := range []struct {
		what  string
		parts []part
		want  string
	}{
		{"no file", []part{{"name", "", "x"}, {"format", "", "domains"}, {"category", "", "gambling"}}, "Please fill in this field"},
		{"unknown category", []part{{"name", "", "x"}, {"format", "", "domains"}, {"category", "", "la"}, {"file", "a.txt", "a.example\n"}}, "Please choose one of the listed values"},
		{"no name in it", []part{{"name", "", "x"}, {"format", "", "domains"}, {"category", "", "gambling"}, {"file", "a.txt", "192.0.2.1\n"}}, "No name was taken"},
	} {
		r := g.upload("/schools/lists", c.parts...)
		if r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", c.what, r.status)
		}
		has(t, r.body, c.want)
	}
	if r := h.other("giao.vien", h.unit("qni/so/gddt"), authz.ITTeacher).upload("/schools/lists",
		part{"name", "", "x"}, part{"format", "", "domains"}, part{"category", "", "gambling"}, part{"file", "a.txt", "a.example\n"}); r.status != http.StatusForbidden {
		t.Errorf("a teacher's list: %d", r.status)
	}
}

func TestSchoolPage(t *testing.T) {
	h := newHouse(t)
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	other := h.school(h.unit("qni/so/yt"), "Trường Trung học Mẫu", "lower_secondary")
	g := h.administrator()
	has(t, g.see("/schools"), "Trường Tiểu học Mẫu", "Trường Trung học Mẫu")
	body := g.see("/schools?q=tieu+hoc+mau")
	has(t, body, "Trường Tiểu học Mẫu")
	hasNot(t, body, "Trường Trung học Mẫu")
	hasNot(t, g.see("/schools?light=ok"), "Trường Tiểu học Mẫu")

	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	body = it.see("/schools")
	has(t, body, "Trường Tiểu học Mẫu")
	hasNot(t, body, "Trường Trung học Mẫu")
	if r := it.get("/schools/" + other.ID); r.status != http.StatusForbidden {
		t.Errorf("another school: %d", r.status)
	}
	here := "/schools/" + one.ID
	has(t, it.see(here), "Primary (classes 1–5)", "Gambling")
	has(t, it.do(here+"/networks", url.Values{"network": {"192.168.4.0/24"}, "band": {"staff"}}), "192.168.4.0/24", "The network has been saved")
	has(t, it.do(here+"/hours", url.Values{"hours-rows": {"2"}, "period-0": {"lesson"}, "days-0": {"31"}, "hours-0": {"07:00-11:30"}, "period-1": {"break"}, "days-1": {"31"}, "hours-1": {"09:00-09:20"}, "holidays": {"02/09/2026"}}),
		"The hours are saved", `value="07:00-11:30"`, `value="02/09/2026"`, "Now:")
	typed := it.post(here+"/hours", url.Values{"hours-rows": {"1"}, "period-0": {"lesson"}, "days-0": {"63"}, "hours-0": {"bảy giờ"}, "holidays": {"hôm qua"}})
	has(t, typed.body, `value="bảy giờ"`, `value="hôm qua"`, "is not a time", "is not a day", `<option value="63" selected>`)
	has(t, it.do(here+"/devices", url.Values{"word": {"Phong-May-2"}, "device_band": {"primary"}, "device_evening": {"boarding_evening"}}), "phong-may-2", "in the evening")
	has(t, it.do(here+"/changes", url.Values{"code": {"games"}, "change_band": {"primary"}, "change_period": {"lesson"}, "go": {"open"}}), "Opens", "In lessons")
	if r := it.post(here+"/changes", url.Values{"code": {"gambling"}, "change_band": {"primary"}, "change_period": {"any"}, "go": {"open"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a school opened gambling: %d", r.status)
	}
	r := it.post(here+"/networks", url.Values{"network": {"192.168.4.7/24"}, "band": {"staff"}})
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("host bits: %d", r.status)
	}
	has(t, r.body, "Did you mean 192.168.4.0/24?")
	has(t, it.do(here+"/rules", url.Values{"domain": {"bai-hoc.example"}, "kind": {"allow"}, "reason": {"lesson"}, "until": {"30/11/2026"}}),
		"bai-hoc.example", "Needed for a lesson", "Allowed", "through 30/11/2026")
	r = it.post(here+"/rules", url.Values{"domain": {"x.example"}, "kind": {"allow"}, "reason": {"lesson"}, "until": {"31/31/2026"}})
	has(t, r.body, "Not a date")
	rule := regexp.MustCompile(`/rules/drop"><input type="hidden" name="id" value="([^"]+)"`).FindStringSubmatch(it.see(here))
	if rule == nil {
		t.Fatal("no rule to drop")
	}
	hasNot(t, it.do(here+"/rules/drop", url.Values{"id": {rule[1]}}), "bai-hoc.example")
}

// A node joins with its token; its counts and its wish show on the school's
// page, and the wish is answered there.
func TestNodeCountsAndRequests(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	g := h.administrator()
	r := g.post("/schools/nodes/enrol", url.Values{"name": {"Nút mẫu"}, "school": {one.ID}})
	if r.status != http.StatusOK {
		t.Fatalf("%d %.800s", r.status, r.body)
	}
	has(t, r.body, "lachan node enrol --config lachan-node.toml --hub "+h.server.URL+" ")
	token := regexp.MustCompile(`--hub \S+ ([A-Z0-9-]+)`).FindStringSubmatch(r.body)[1]
	if strings.Contains(g.see("/schools/nodes"), token) {
		t.Error("the token is shown again")
	}
	if r := g.post("/schools/nodes/enrol", url.Values{"name": {"Nút mẫu"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a node without a school: %d", r.status)
	}
	node, err := h.schools.Redeem(ctx, token, "U"+strings.Repeat("A", 55), "1.0")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.schools.Heartbeat(ctx, node.ID, schools.Health{Version: "1.0", Resolving: true}); err != nil {
		t.Fatal(err)
	}
	hour := time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam)
	_, err = h.schools.RecordCounts(ctx, node.ID, 1, []schools.CountCell{{School: one.ID, Band: "primary", Category: "gambling", Span: schools.HourSpan, Start: hour, Devices: 17}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.schools.Ask(ctx, node.ID, one.ID, "primary", "bai-hoc.example", "2026-11-23"); err != nil {
		t.Fatal(err)
	}
	has(t, g.see("/schools?light=ok"), "Trường Tiểu học Mẫu", ">17<")
	body := g.see("/schools/" + one.ID)
	has(t, body, "bai-hoc.example", "Hour, 08:00, 23/11/2026", ">17<", "17 device counts of refusals this week", "Nút mẫu")
	has(t, body, `<option value="2026-11-23">Today, 23/11/2026`, `<option value="2026-11-27" selected>Friday, 27/11/2026`) // a Monday
	has(t, g.see("/schools"), "sites asked for 1, answered within two days 0. Waiting: 1, schools: 1.")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	has(t, it.see("/work"), "Wishes to open a site: 1", `href="/schools/`+one.ID+`"`)
	hasNot(t, it.see("/schools"), "sites asked for", `href="/unlock"`) // nor what is sealed
	id := regexp.MustCompile(`/requests"><input type="hidden" name="id" value="([^"]+)"`).FindStringSubmatch(body)[1]
	has(t, g.do("/schools/"+one.ID+"/requests", url.Values{"id": {id}, "go": {"open"}, "reason": {"lesson"}, "until": {"2026-11-27"}}), "The site is open", "Allowed", "through 27/11/2026")
	has(t, g.see("/schools"), "answered within two days 1. Waiting: 0, schools: 0.")
	hasNot(t, it.see("/work"), "Wishes to open")
	if rules, err := h.schools.Rules(ctx, authz.Actor{Person: "lead", Roles: []string{authz.Lead}}, one.ID); err != nil || len(rules) != 1 || !rules[0].Until.Equal(time.Date(2026, 11, 28, 0, 0, 0, 0, clock.Vietnam)) {
		t.Errorf("until Friday: %+v, %v", rules, err)
	}
	csv := g.get("/schools/blocked.csv?school=" + one.ID)
	has(t, csv.body, "2026-11-23,17")
	has(t, csv.header.Get("Content-Disposition"), "blocked.csv")

	h.clock.Advance(time.Hour) // the session lives, the node does not
	g = h.administrator2(t)
	body = g.see("/schools/nodes?light=late")
	has(t, body, "Nút mẫu", "/schools/nodes/"+node.ID+"/revoke")
	has(t, g.do("/schools/nodes/"+node.ID+"/revoke", nil), "Revoked at")
}

// administrator2 logs in again, with the factor made before.
func (h *house) administrator2(t *testing.T) *guest {
	t.Helper()
	return h.other("quan.tri", h.unit("qni/so/khcn"), authz.Admin)
}
