// SPDX-License-Identifier: Apache-2.0

// Package watch proves what a running hub and node tell the machines that
// watch them: the numbers that docs/metrics.md names, and nothing about a
// person or a school.
package watch

import (
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/testkit"
	"lachan/test/kit"
)

var operator = authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator, authz.Admin}}

// get reads an address with a token.
func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// furnish makes a school, a list, a bundle and a token.
func furnish(t *testing.T, h *hub.Hub) (school schools.School, token string) {
	t.Helper()
	ctx := context.Background()
	school, err := h.Schools.SaveSchool(ctx, operator, schools.SchoolCommand{Unit: "truong-mau", Name: "Trường bí mật", Level: "primary"})
	if err == nil {
		_, err = h.Schools.ListImport(ctx, operator, schools.ListMeta{Name: "mẫu", Category: "gambling", Format: schools.Plain}, strings.NewReader("ca-cuoc-mau.example\n"))
	}
	if err == nil {
		_, err = h.Schools.BuildBundle(ctx, operator)
	}
	if err == nil {
		token, _, err = h.Identity.AddToken(ctx, operator, identity.NewToken{Name: "Máy mẫu", Unit: "truong-mau", Roles: []string{authz.ITTeacher}, Days: 30})
	}
	if err != nil {
		t.Fatal(err)
	}
	return school, token
}

var (
	series     = regexp.MustCompile(`(?m)^(lachan_[a-z_]+)(\{[^}]*\})? (\S+)$`)
	documented = regexp.MustCompile("`(lachan_[a-z_]+)`")
)

// names are the metrics of an exposition, without the parts of a histogram.
func names(text string) []string {
	set := map[string]bool{}
	for _, m := range series.FindAllStringSubmatch(text, -1) {
		name := m[1]
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(name, part); ok && strings.HasSuffix(base, "_seconds") {
				name = base
			}
		}
		set[name] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// documentedIn are the metrics that a chapter of docs/metrics.md names.
func documentedIn(t *testing.T, chapter string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+chapter+"\n")
	if !ok {
		t.Fatalf("no chapter %s", chapter)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	set := map[string]bool{}
	for _, m := range documented.FindAllStringSubmatch(rest, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestTheHubsNumbers(t *testing.T) {
	database := "" // SQLite
	if os.Getenv(testkit.PostgresEnv) != "" {
		database = testkit.URL(t)
	}
	cfg := kit.Config(kit.Folder(t), database)
	cfg.Metrics.Listen = "127.0.0.1:0"
	h := kit.Open(t, cfg, hub.Options{Version: "mau"})
	school, token := furnish(t, h)
	stop := kit.Run(t, h)
	defer stop()
	for _, path := range []string{"/api/v1/schools/" + school.ID, "/api/v1/schools?q=bi-mat", "/khong-co/bi-mat"} {
		get(t, h.URL()+path, token)
	}
	var text string
	for range 100 { // the first jobs run within a second or two
		_, text = get(t, "http://"+h.MetricsAddr()+"/metrics", "")
		if strings.Contains(text, "lachan_jobs_total{") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, want := range []string{
		`lachan_requests_total{method="GET",route="GET /api/v1/schools/{id}",status="200"} 1`,
		`lachan_bundle_names 1`, `lachan_lists{state="all"} 1`, `lachan_nodes{state="ok"} 0`, `lachan_scrape_failed 0`,
		`lachan_build_info{version="`, "\ngo_goroutines ", "\nprocess_resident_memory_bytes ", `lachan_jobs_total{kind="schools.rollout",outcome="done"} `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "lachan_database_bytes 0\n") || strings.Contains(text, "lachan_ledger_entries 0\n") {
		t.Error("nothing is stored")
	}
	for _, secret := range []string{school.ID, "bi-mat", "mật", "truong-mau", token, "ca-cuoc-mau"} {
		if strings.Contains(text, secret) {
			t.Errorf("the numbers say %s", secret)
		}
	}
	if have, want := names(text), documentedIn(t, "The hub"); !slices.Equal(have, want) {
		t.Errorf("served:     %v\ndocumented: %v", have, want)
	}
	// Pages and numbers have addresses of their own.
	if status, _ := get(t, h.URL()+"/metrics", ""); status != http.StatusNotFound {
		t.Errorf("numbers among the pages: %d", status)
	}
	if status, _ := get(t, "http://"+h.MetricsAddr()+"/", ""); status != http.StatusNotFound {
		t.Errorf("pages among the numbers: %d", status)
	}
}

func TestNoNumbersUnlessAsked(t *testing.T) {
	h := kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{})
	if h.MetricsAddr() != "" {
		t.Error("numbers are served")
	}
}
