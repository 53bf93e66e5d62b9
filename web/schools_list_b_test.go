// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lachan/duty/schools"
	"lachan/internal/authz"
)

// A list is subscribed to, fetched, held, looked at, applied and discarded by
// forms alone.
func TestSubscribedListWaitsForAPerson(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	text := strings.Repeat("192.0.2.1\n", 3) + "a-mau.example\n"
	for i := range 200 {
		text += fmt.Sprintf("xau-%d.example\n", i)
	}
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	defer source.Close()
	has(t, g.see("/schools/lists"), `href="/schools/lists/subscribe"`)
	has(t, g.see("/schools/lists/subscribe"), "Subscribe to a list", "Find out")
	bad := g.post("/schools/lists/subscribe", url.Values{"name": {"Danh sách"}, "category": {"games"}, "url": {"file:///etc/passwd"}, "hours": {"0"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", bad.status)
	}
	has(t, bad.body, "must begin with http", `value="Danh sách"`, `href="#f-hours"`)
	made := g.post("/schools/lists/subscribe", url.Values{"name": {"Danh sách"}, "category": {"games"}, "url": {source.URL + "/a.txt?key=secret"}, "hours": {"24"}, "licence": {"MIT"}})
	if made.status != http.StatusSeeOther {
		t.Fatalf("%d %.1000s", made.status, made.body)
	}
	page := strings.SplitN(made.location, "?", 2)[0]
	id := strings.TrimPrefix(page, "/schools/lists/")
	has(t, g.see(made.location), "Subscribed", "not fetched yet", "No names yet", "key=secret")
	update := func(want schools.Outcome) {
		t.Helper()
		u, err := h.schools.UpdateList(context.Background(), authz.System("test"), id)
		if err != nil || u.Outcome != want {
			t.Fatalf("%s %s %v", u.Outcome, u.Why, err)
		}
	}
	update(schools.Applied)
	has(t, g.see(page), "201", "An IP address, not a name: 3", "192.0.2.1", "MIT", "every 24 hours")
	text = "a-mau.example\nso-mau.gov.vn\n"
	update(schools.HeldBack)
	has(t, g.see("/schools/lists"), "an update waits for a person", "1 lists have an update")
	has(t, g.see(page), "An update waits for a person", "Many names went", "so-mau.gov.vn", "xau-0.example", "Apply", "Discard")
	teacher := h.other("giao.vien", h.unit("qni/so/gddt"), authz.ITTeacher)
	body := teacher.see(page)
	hasNot(t, body, "key=secret", "/apply", "/unsubscribe")
	for _, act := range []string{"apply", "discard", "fetch", "unsubscribe"} {
		if r := teacher.post(page+"/"+act, nil); r.status != http.StatusForbidden {
			t.Errorf("a teacher may %s: %d", act, r.status)
		}
	}
	if r := teacher.get("/schools/lists/subscribe"); r.status != http.StatusForbidden {
		t.Errorf("a teacher may subscribe: %d", r.status)
	}
	has(t, g.do(page+"/discard", nil), "The list stays as it was")
	hasNot(t, g.see(page), "An update waits")
	text = "a-mau.example\nb-mau.example\n"
	update(schools.HeldBack)
	has(t, g.do(page+"/apply", nil), "The update is applied")
	has(t, g.see(page), "1 added, 200 removed")
	has(t, g.do(page+"/fetch", nil), "within minutes")
	has(t, g.do(page+"/unsubscribe", nil), "no longer fetched")
	has(t, g.see("/ledger?kind=schools"), "Update of a list applied", "Update of a list dropped", page)
	for path, status := range map[string]int{page + "/apply": http.StatusNotFound, page + "/fetch": http.StatusNotFound, "/schools/lists/nothing/apply": http.StatusNotFound} {
		if r := g.post(path, nil); r.status != status {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	if r := g.get("/schools/lists/nothing"); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
}
