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

// The word of a fault log stands on the answer that switched it on, and
// nowhere after; another school's is not there to be switched.
func TestASchoolSwitchesItsFaultLog(t *testing.T) {
	h := newHouse(t)
	one := h.school(h.unit("qni/so/gddt"), "Trường Tiểu học Mẫu", "primary")
	other := h.school(h.unit("qni/so/yt"), "Trường Trung học Mẫu", "lower_secondary")
	it := h.other("giao.vien", one.Unit, authz.ITTeacher)
	here := "/schools/" + one.ID
	has(t, it.see(here), "Fault log", "Switch on for 4 hours")
	for _, hours := range []string{"", "0", "25", "mot"} {
		if r := it.post(here+"/log", url.Values{"hours": {hours}}); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, `href="#f-hours"`) {
			t.Errorf("%q hours: %d", hours, r.status)
		}
	}
	if r := it.post("/schools/"+other.ID+"/log", url.Values{"hours": {"4"}}); r.status != http.StatusForbidden {
		t.Errorf("another school's: %d", r.status)
	}
	r := it.post(here+"/log", url.Values{"hours": {"4"}})
	word := regexp.MustCompile(`<pre class="cmd"[^>]*>([a-z]{10})</pre>`).FindStringSubmatch(r.body)
	if r.status != http.StatusOK || word == nil {
		t.Fatalf("%d, no word\n%.800s", r.status, r.body)
	}
	has(t, r.body, "On until", "/nhat-ky", "Stop and forget the log")
	again := it.see(here)
	has(t, again, "On until")
	hasNot(t, again, word[1])
	has(t, it.do(here+"/log/stop", url.Values{}), "The log is off", "Switch on for 24 hours")
	ledger := h.administrator().see("/ledger?kind=schools")
	has(t, ledger, "Fault log of a school switched on", "Fault log of a school stopped")
	hasNot(t, ledger, word[1])
}
