// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
)

var cellInput = regexp.MustCompile(`<input id="f-[^"]+" name="([A-Z][0-9]{2}[^"]*)" value="([^"]*)"`)

// cells are the fields of a form's page with what stands in them.
func cells(body string) url.Values {
	v := url.Values{}
	for _, m := range cellInput.FindAllStringSubmatch(body, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
		v.Set("was-"+m[1], html.UnescapeString(m[2]))
	}
	return v
}

// The way of a figure: saved, sent, returned, mended, accepted, in the total,
// in the report.
func TestFormToReport(t *testing.T) {
	h := newHouse(t)
	commune := h.unit("qni/so/yt")
	if _, err := h.reporting.Distribute(context.Background(), h.admin, h.directiveID(), 2026); err != nil {
		t.Fatal(err)
	}
	g := h.other("dau.moi", commune, authz.Focal)
	mission := g.see("/mission")
	form := regexp.MustCompile(`href="(/reporting/forms/[^"]+)"`).FindStringSubmatch(mission)
	duty := regexp.MustCompile(`name="duty" value="([^"]+)"`).FindStringSubmatch(mission)
	if form == nil || duty == nil {
		t.Fatalf("no form or no duty: %.2000s", mission)
	}
	has(t, g.do("/mission/acknowledge", url.Values{"duty": {duty[1]}}), "The duty has been acknowledged")
	here := form[1]
	// With no case waiting, the report with a date is what comes next.
	next := regexp.MustCompile(`(?s)<section class="next".*?</section>`)
	has(t, next.FindString(g.see("/work")), `href="`+here+`"`, "Open the form", "Not started")
	v := cells(g.see(here))
	if len(v) < 20 {
		t.Fatalf("%d fields", len(v))
	}
	first := withoutParts(t, v)
	v.Set(first, "bảy")
	v.Set("go", "save")
	r := g.post(here, v)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("a word for a number: %d", r.status)
	}
	has(t, r.body, "Not a number", `value="bảy"`)

	for name := range v {
		if name != "go" && !strings.HasPrefix(name, "was-") {
			v.Set(name, "0")
		}
	}
	v.Set("go", "submit")
	half := url.Values{"go": {"submit"}, first: {"0"}}
	if r := g.post(here, half); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, "Some cells must be mended") {
		t.Fatalf("a form with holes was taken: %d", r.status)
	}
	v.Set("was-"+first, "0") // it has been saved by now
	body := g.do(here, v)
	has(t, body, "The form has been sent", "Submitted, waiting")
	// It is sent: what comes next is to say that the other duties were received.
	has(t, next.FindString(g.see("/work")), `href="/mission"`, "to be acknowledged")
	if r := g.post(here, url.Values{"go": {"accept"}}); r.status != http.StatusForbidden {
		t.Errorf("the unit accepts its own: %d", r.status)
	}

	lead := h.administrator()
	inbox := lead.see("/reporting/totals?light=soon")
	has(t, inbox, here, "sent, waits for review")
	hasNot(t, inbox, "not sent yet")
	own := g.see("/reporting/totals") // the province is not for this reader
	has(t, own, "Sở Y tế, 2026")
	hasNot(t, own, "Sở Khoa học và Công nghệ", `href="/reporting/totals?frame=as_reported&amp;period=2026&amp;unit=`+h.unit("qni")+`"`)
	has(t, lead.see(here), `name="why"`, "back-"+first)
	if r := lead.post(here, url.Values{"go": {"return"}, "back-" + first: {"1"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("returned without a word: %d", r.status)
	}
	has(t, lead.do(here, url.Values{"go": {"return"}, "back-" + first: {"1"}, "why": {"Thiếu số của huyện mẫu"}}), "Returned, with the reason")
	body = g.see(here)
	has(t, body, "Thiếu số của huyện mẫu")
	v = cells(body)
	v.Set("go", "submit")
	v.Set(first, "12")
	v.Set("note-"+first, "mẫu")
	g.do(here, v)
	has(t, lead.do(here, url.Values{"go": {"accept"}}), "Accepted")

	body = lead.see("/reporting/totals?indicator=" + first)
	has(t, body, "CT."+first, "Sở Y tế", `name="frame"`, ">12<", "not to be computed") // 0 of 0 is no percentage
	theUnitsBehindAFigure(t, h, lead, first)
	csv := lead.get("/reporting/totals.csv")
	if !regexp.MustCompile(`(?m)^CT\.` + first + `,.*,12,`).MatchString(csv.body) {
		t.Errorf("the total is not in the table: %.800s", csv.body)
	}
	if r := lead.get("/reporting/totals?frame=as_of&as_of=khi+nao"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", r.status)
	}
	if r := g.get("/reporting/report"); r.status != http.StatusForbidden {
		t.Errorf("a unit builds the report: %d", r.status)
	}
	body = lead.do("/reporting/report", url.Values{"period": {"2026"}, "frame": {"today"}})
	for _, ext := range []string{"docx", "xlsx"} {
		link := regexp.MustCompile(`href="(/reporting/report\.` + ext + `[^"]+)"`).FindStringSubmatch(body)
		if link == nil {
			t.Fatalf("no %s", ext)
		}
		at := html.UnescapeString(link[1])
		one, two := lead.get(at), lead.get(at)
		if one.status != http.StatusOK || one.body != two.body {
			t.Errorf("%s: %d, the same address gives the same file: %v", ext, one.status, one.body == two.body)
		}
		opensAsZip(t, one.body)
	}
}

// withoutParts is the first figure that has no breakdown and so may change
// alone.
func withoutParts(t *testing.T, v url.Values) string {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if strings.HasPrefix(name, "was-") || strings.Contains(name, ".") {
			continue
		}
		parts := false
		for other := range v {
			parts = parts || strings.HasPrefix(other, name+".")
		}
		if !parts {
			return name
		}
	}
	t.Fatal("every figure has parts")
	return ""
}

func opensAsZip(t *testing.T, body string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, in)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
}

// Two people fill one form: what one wrote meanwhile is not lost.
func TestFormKeepsWhatAnotherWrote(t *testing.T) {
	h := newHouse(t)
	unit := h.unit("qni/so/yt")
	a, b := h.other("dau.moi", unit, authz.Focal), h.other("thu.truong", unit, authz.Head)
	here := "/reporting/forms/" + unit + ".2026"
	v := cells(a.see(here))
	var cell string
	for name := range v {
		if !strings.HasPrefix(name, "was-") && (cell == "" || name < cell) {
			cell = name
		}
	}
	a.do(here, url.Values{"go": {"save"}, cell: {"5"}, "was-" + cell: {""}})
	r := b.post(here, url.Values{"go": {"save"}, cell: {"6"}, "was-" + cell: {""}})
	if r.status != http.StatusConflict {
		t.Fatalf("%d", r.status)
	}
	has(t, r.body, "Somebody else has just written", `value="6"`)
	if got := cells(a.see(here)).Get(cell); got != "5" {
		t.Errorf("the cell holds %q", got)
	}
	b.do(here, url.Values{"go": {"save"}, cell: {"6"}, "was-" + cell: {"5"}})
	if got := cells(a.see(here)).Get(cell); got != "6" {
		t.Errorf("the cell holds %q", got)
	}
}

func TestDirectivePage(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	body := g.see("/reporting/directives/" + h.directiveID())
	has(t, body, "4569", "c-1.1", "c-5.3", "CT.", "not been checked")
	if r := g.get("/reporting/directives/khong-co"); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
	if r := g.get("/reporting"); r.location != "/reporting/totals" {
		t.Errorf("leads to %q", r.location)
	}
	for _, bad := range []string{"/reporting/forms/x", "/reporting/forms/x.2026", "/reporting/forms/" + h.unit("qni/so/yt") + ".1"} {
		if r := g.get(bad); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}

func (h *house) directiveID() string { return h.reporting.Directives()[0].ID }

// theUnitsBehindAFigure reads the groups of the page of totals, where one unit
// of the province has reported 12 and nobody else has reported.
func theUnitsBehindAFigure(t *testing.T, h *house, lead *guest, indicator string) {
	t.Helper()
	defer h.clock.Set(h.clock.Now())
	groups := regexp.MustCompile(`(?s)<details class="unitgroup"( open)?><summary><b>([^<]+)</b> <span class="mute">(\d+) units</span>(.*?)</summary>(.*?)</details>`)
	read := func(lead *guest, path string) (names []string, agencies []string) {
		t.Helper()
		for _, m := range groups.FindAllStringSubmatch(lead.see(path), -1) {
			names = append(names, m[2])
			if m[2] == "Agencies of the province" {
				agencies = m
			}
			if rows := strings.Count(m[5], `<th scope="row">`); strconv.Itoa(rows) != m[3] {
				t.Errorf("%s: %s says %s units and shows %d", path, m[2], m[3], rows)
			}
			if big := strings.Count(m[5], `<th scope="row">`) > 12; big == (m[1] != "") && !strings.Contains(path, "find=") {
				t.Errorf("%s: %s with %s units is open: %v", path, m[2], m[3], m[1] != "")
			}
		}
		return names, agencies
	}
	names, agencies := read(lead, "/reporting/totals?indicator="+indicator)
	if want := []string{"Agencies of the province", "Wards", "Communes", "Special zones"}; !slices.Equal(names, want) {
		t.Errorf("groups %v, want %v", names, want)
	}
	if agencies == nil || !strings.Contains(agencies[4], `Sum</span> <b>12</b>`) {
		t.Errorf("the agencies' own sum: %v", agencies)
	}
	names, agencies = read(lead, "/reporting/totals?indicator="+indicator+"&find=SO+y+te")
	if len(names) != 1 || agencies == nil || agencies[3] != "1" || strings.Contains(agencies[4], "Sum") {
		t.Errorf("looking for one unit: %v %v", names, agencies)
	}
	has(t, lead.see("/reporting/totals?find=zzz"), "No unit fits")

	h.clock.Set(time.Date(2026, 12, 10, 0, 0, 0, 0, clock.Vietnam))
	later := h.other("tong.hop", h.unit("qni/so/khcn"), authz.Lead) // the day after the due day; the old session has ended
	_, agencies = read(later, "/reporting/totals?period=2026&indicator="+indicator)
	if agencies == nil {
		t.Fatal("no group of the agencies")
	}
	late, sent := strings.LastIndex(agencies[5], `class="light late"`), strings.Index(agencies[5], "Sở Y tế")
	if late < 0 || sent < late {
		t.Errorf("who is late does not stand first: %d, %d", late, sent)
	}
}
