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

// Tokens and keys are shown once, on the answer that made them, and end when
// they are taken back.
func TestWhoFetchesForOtherFilters(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	has(t, g.see("/schools/lists"), `href="/schools/lists/out"`)
	has(t, g.see("/schools/lists/out"), "Nobody fetches yet", "This hub gives no RPZ zones yet")
	r := g.post("/schools/lists/out", url.Values{"name": {"Trường mẫu"}, "band": {"primary", "lower_secondary"}})
	if r.status != http.StatusOK {
		t.Fatalf("%d %.600s", r.status, r.body)
	}
	shown := regexp.MustCompile(`<pre class="cmd[^>]*>([^<]+)</pre>`)
	token := shown.FindStringSubmatch(r.body)
	if token == nil || !regexp.MustCompile(`^[A-Z2-7]{7}(-[A-Z2-7]{1,7}){3}$`).MatchString(token[1]) {
		t.Fatalf("no token: %v", token)
	}
	has(t, r.body, "/api/v1/export/", "Trường mẫu", "never yet")
	r = g.post("/schools/lists/out/key", url.Values{"subscriber": {"Trường mẫu"}, "algorithm": {"hmac-sha512"}, "notify": {"192.0.2.7"}})
	key := shown.FindStringSubmatch(r.body)
	if r.status != http.StatusOK || key == nil || !strings.HasPrefix(key[1], "hmac-sha512:lachan-") {
		t.Fatalf("%d, %v", r.status, key)
	}
	has(t, r.body, "primary.rpz.lachan", "lower-secondary.rpz.lachan", "192.0.2.7:53")
	name := strings.Split(key[1], ":")[1]
	again := g.see("/schools/lists/out")
	has(t, again, name)
	if strings.Contains(again, token[1]) || strings.Contains(again, strings.Split(key[1], ":")[2]) {
		t.Error("a secret is shown again")
	}
	for what, f := range map[string]struct {
		path string
		form url.Values
	}{
		"no band":      {"/schools/lists/out", url.Values{"name": {"khác"}}},
		"a known name": {"/schools/lists/out", url.Values{"name": {"Trường mẫu"}, "band": {"primary"}}},
		"no address":   {"/schools/lists/out/key", url.Values{"subscriber": {"Trường mẫu"}, "notify": {"ten-may.example"}}},
	} {
		if r := g.post(f.path, f.form); r.status < 400 || r.status >= 500 || shown.MatchString(r.body) || !strings.Contains(r.body, `class="errsum"`) {
			t.Errorf("%s: %d", what, r.status)
		}
	}
	if body := g.do("/schools/lists/out/key/drop", url.Values{"subscriber": {"Trường mẫu"}}); strings.Contains(body, name) {
		t.Error("the key is still there")
	}
	has(t, g.do("/schools/lists/out/drop", url.Values{"subscriber": {"Trường mẫu"}}), "Nobody fetches yet", "Token and key are taken back")
	teacher := h.other("giao.vien", "truong-mau", authz.ITTeacher)
	for _, path := range []string{"/schools/lists/out", "/schools/lists/out/key", "/schools/lists/out/drop"} {
		if r := teacher.post(path, url.Values{"name": {"khác"}, "subscriber": {"khác"}, "band": {"primary"}}); r.status != http.StatusForbidden && r.status != http.StatusNotFound {
			t.Errorf("a teacher, %s: %d", path, r.status)
		}
	}
	if r := teacher.get("/schools/lists/out"); r.status == http.StatusOK {
		t.Error("a teacher sees who fetches")
	}
}
