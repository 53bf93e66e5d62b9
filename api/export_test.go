// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/internal/sqldb"
)

// lists imports an invented list, builds the bundle and lets a filter in.
func (k *kit) lists(t *testing.T) (token string) {
	t.Helper()
	ctx := context.Background()
	k.list(t, "ca-cuoc-mau.example\n")
	token, err := k.schools.AddSubscriber(ctx, lead, "Bộ lọc mẫu", []string{"primary", "staff"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (k *kit) list(t *testing.T, text string) {
	t.Helper()
	ctx := context.Background()
	meta := schools.ListMeta{Name: "mẫu", Category: "gambling", Format: schools.Plain, Licence: "CC0-1.0"}
	if _, err := k.schools.ListImport(ctx, lead, meta, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.schools.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
}

func TestExportOverHTTP(t *testing.T) {
	k := newKit(t)
	token := k.lists(t)
	bearer := "Bearer " + token
	first := k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", bearer)
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || tag == "" || !strings.Contains(first.Body.String(), "\n0.0.0.0 ca-cuoc-mau.example\n") {
		t.Fatalf("%d %q %.300s", first.Code, tag, first.Body)
	}
	if got := first.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
		t.Errorf("content type %q", got)
	}
	for _, have := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		w := k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", bearer, "If-None-Match", have)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
			t.Errorf("%s: %d, %d bytes", have, w.Code, w.Body.Len())
		}
	}
	// Another format, another band, another period: another file.
	for _, other := range []string{"primary.rpz", "staff.hosts", "primary.hosts?period=lesson"} {
		if w := k.ask("GET", "/api/v1/export/"+other, "", "Authorization", bearer, "If-None-Match", tag); w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
			t.Errorf("%s: %d", other, w.Code)
		}
	}
	// As the password in an address, which is all that most filters know.
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("loc:"+strings.ToLower(token)))
	if w := k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", basic, "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Errorf("basic: %d", w.Code)
	}
	k.list(t, "ca-cuoc-mau.example\nbai-mau.example\n")
	if w := k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", bearer, "If-None-Match", tag); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "bai-mau.example") {
		t.Errorf("the list changed: %d", w.Code)
	}
	if strings.Contains(k.logged.String(), token) {
		t.Error("the log holds a token")
	}
}

// A block that runs out changes the file without a new bundle or decision.
func TestExportTagFollowsTheClock(t *testing.T) {
	k := newKit(t)
	bearer := "Bearer " + k.lists(t)
	k.block(t, "chan-mau.example")
	before := k.ask("GET", "/api/v1/export/primary.domains", "", "Authorization", bearer)
	k.clock.Advance(100 * time.Hour)
	after := k.ask("GET", "/api/v1/export/primary.domains", "", "Authorization", bearer, "If-None-Match", before.Header().Get("ETag"))
	if !strings.Contains(before.Body.String(), "chan-mau.example") || after.Code != http.StatusOK || strings.Contains(after.Body.String(), "chan-mau.example") {
		t.Errorf("%d, before %v", after.Code, strings.Contains(before.Body.String(), "chan-mau.example"))
	}
}

func TestExportRefusals(t *testing.T) {
	k := newKit(t)
	token := k.lists(t)
	bearer := "Bearer " + token
	for _, h := range []string{"", "Bearer ", "Bearer AAAA-BBBB", "Basic !", "Bearer  ' OR 1=1"} {
		w := k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", h)
		refused(t, w, http.StatusUnauthorized, "schools/unknown-subscriber")
		if !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") || w.Header().Get("ETag") != "" {
			t.Errorf("%q: %v", h, w.Header())
		}
	}
	refused(t, k.ask("GET", "/api/v1/export/lower_secondary.hosts", "", "Authorization", bearer), http.StatusNotFound, "schools/no-export")
	refused(t, k.ask("GET", "/api/v1/export/primary", "", "Authorization", bearer), http.StatusNotFound, "page/not-found")
	refused(t, k.ask("GET", "/api/v1/export/primary.surge", "", "Authorization", bearer), http.StatusUnprocessableEntity, "input/faulty")
	refused(t, k.ask("POST", "/api/v1/export/primary.hosts", "", "Authorization", bearer), http.StatusMethodNotAllowed, "page/method")
	if err := k.schools.DropSubscriber(context.Background(), lead, "Bộ lọc mẫu"); err != nil {
		t.Fatal(err)
	}
	refused(t, k.ask("GET", "/api/v1/export/primary.hosts", "", "Authorization", bearer), http.StatusUnauthorized, "schools/unknown-subscriber")
}

// block puts an officer's provisional block in force.
func (k *kit) block(t *testing.T, domain string) {
	t.Helper()
	err := k.db.Tx(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := k.schools.Enforce(ctx, tx, schools.EnforceCommand{
			DecisionID: "decision-1", CaseID: "case-1", Domain: domain, Kind: schools.Provisional, Basis: "4569/2",
			ProposedBy: "officer-1", Policies: []string{"casework.decide"},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
