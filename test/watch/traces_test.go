// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/hub"
	"lachan/test/kit"
)

// attribute finds the names of attributes in what a collector was sent: in
// protobuf a string ends where the next field begins, which is no letter.
var attribute = regexp.MustCompile(`\b(?:http|lachan|url|client|server|network|user|user_agent|host|process|os|container|enduser|db|exception|service|telemetry|code)\.[a-z_.]+`)

// TestNothingPersonalLeavesInTraces runs a hub beside a collector and asks for
// addresses that hold ids, words and a token.
func TestNothingPersonalLeavesInTraces(t *testing.T) {
	var mu sync.Mutex
	var sent strings.Builder
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		sent.Write(body)
		for name, values := range r.Header {
			sent.WriteString("\x00" + name + ": " + strings.Join(values, ",") + "\x00")
		}
	}))
	defer collector.Close()
	cfg := kit.Config(kit.Folder(t), "")
	cfg.Telemetry.OTLP = collector.URL + "/v1/traces"
	cfg.Metrics.Listen = "127.0.0.1:0"
	h := kit.Open(t, cfg, hub.Options{})
	school, token := furnish(t, h)
	stop := kit.Run(t, h)
	for _, path := range []string{"/api/v1/schools/" + school.ID, "/api/v1/schools?q=bi-mat", "/khong-co/bi-mat", "/schools/" + school.ID} {
		get(t, h.URL()+path, token)
	}
	for range 100 { // the first jobs run within a second or two
		if _, numbers := get(t, "http://"+h.MetricsAddr()+"/metrics", ""); strings.Contains(numbers, `lachan_jobs_total{kind="schools.rollout"`) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	text := sent.String()
	for _, want := range []string{"GET /api/v1/schools/{id}", "schools.rollout", "lachan.kind", "http.response.status_code"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s among %d bytes", want, len(text))
		}
	}
	for _, secret := range []string{school.ID, "bi-mat", "khong-co", "truong-mau", token, "127.0.0.1:", "Go-http-client"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s left the hub", secret)
		}
	}
	may := []string{
		"http.route", "http.request.method", "http.response.status_code", "lachan.kind", "service.name", "service.version",
	}
	for _, key := range attribute.FindAllString(text, -1) {
		if !slices.Contains(may, key) {
			t.Errorf("the attribute %s left the hub", key)
		}
	}
}
