// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lachan/api"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/identity"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/policy"
)

// plainSeal seals nothing: what is sealed is the ledger's test, not ours.
type plainSeal struct{}

func (plainSeal) Seal(_ string, plain []byte) ([]byte, error) { return plain, nil }

// inMemory keeps bundles; quiet publishes nothing.
type inMemory map[string][]byte

func (m inMemory) Put(_ context.Context, key string, r io.Reader) (err error) {
	m[key], err = io.ReadAll(r)
	return err
}

func (m inMemory) Get(_ context.Context, key string) (io.ReadCloser, error) {
	data, ok := m[key]
	if !ok {
		return nil, errors.New("no such file")
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m inMemory) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

type quiet struct{}

func (quiet) PublishDelta(context.Context, schools.SealedDelta) error { return nil }
func (quiet) PublishBundle(context.Context, schools.BundleInfo) error { return nil }
func (quiet) PublishSide(context.Context, schools.SealedSide) error   { return nil }

type kit struct {
	handler http.Handler
	db      *sqldb.DB
	schools *schools.Service
	lessons *online.Service
	clock   *clock.Fixed
	logged  *bytes.Buffer
	people  *identity.Service
	ready   error
}

var lead = authz.Actor{Person: "lead-1", Unit: "dept", Roles: []string{authz.Lead}}

func newKit(t *testing.T) *kit {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k := &kit{clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 30, 0, 0, clock.Vietnam)), logged: &bytes.Buffer{}}
	db := testkit.DB(t)
	k.db = db
	engine, err := authz.New(policy.FS)
	ok(err)
	file, err := ledger.NewKey("mau.example/so-cai")
	ok(err)
	key, err := ledger.ParseKey(file)
	ok(err)
	log, err := ledger.New(ledger.Deps{DB: db, Clock: k.clock, Key: key, Sealer: plainSeal{}})
	ok(err)
	catalogue, err := schools.LoadCatalogue(schools.Extra{})
	ok(err)
	keys, err := schools.OpenKeyring(t.TempDir())
	ok(err)
	k.schools, err = schools.New(schools.Deps{
		DB: db, Ledger: log, Authz: engine, Clock: k.clock, Catalogue: catalogue, Keys: keys,
		Files: inMemory{}, Publisher: quiet{}, Log: slog.New(slog.DiscardHandler),
		Fetch:    fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}),
		Settings: schools.Settings{HoldGrowth: 50, HoldShrink: 30, HoldFrom: 2, StageFrom: 1},
	})
	ok(err)
	k.lessons, err = online.New(online.Deps{DB: db, Ledger: log, Authz: engine, Clock: k.clock, Schools: k.schools})
	ok(err)
	secrets, err := vault.OpenSecrets(t.TempDir())
	ok(err)
	k.people = identity.New(identity.Deps{DB: db, Clock: k.clock, Keys: secrets, Ledger: log, Authz: engine})
	texts, err := locale.Load()
	ok(err)
	k.handler = api.New(api.Deps{
		Texts: texts, Log: slog.New(slog.NewTextHandler(k.logged, nil)),
		Machine: k.people.TokenActor, Authz: engine, Schools: k.schools, Online: k.lessons, Clock: k.clock,
		Enrol: func(ctx context.Context, token, key, version string) (any, error) {
			n, err := k.schools.Redeem(ctx, token, key, version)
			if err != nil {
				return nil, err
			}
			trusted, _, err := k.schools.TrustedKeys(ctx)
			if err != nil {
				return nil, err
			}
			return map[string]any{"node_id": n.ID, "school_ids": n.Schools, "bundle_public_key": []byte(trusted[0])}, nil
		},
		Export: func(ctx context.Context, token string, q api.ExportRequest, begin func(string) io.Writer) error {
			return k.schools.ExportFor(ctx, token, schools.ExportQuery{Band: q.Band, Period: q.Period, Format: schools.Format(q.Format)}, begin)
		},
		Ready: func(context.Context) error { return k.ready },
	})
	return k
}

func (k *kit) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	k.handler.ServeHTTP(w, r)
	return w
}

func (k *kit) token(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	s, err := k.schools.SaveSchool(ctx, lead, schools.SchoolCommand{Unit: "truong-mau", Name: "Trường mẫu", Level: "primary", Pupils: 300})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := k.schools.CreateToken(ctx, lead, schools.TokenCommand{Name: "Nút mẫu", Schools: []string{s.ID}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func nodeKey(t *testing.T) string {
	t.Helper()
	key, err := bus.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func request(t *testing.T, token, key string) string {
	t.Helper()
	data, err := json.Marshal(map[string]string{"token": token, "node_public_key": key, "version": "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

type answer struct {
	Type, Title, Code string
	Status            int
	Errors            []struct{ Name, Code, Detail string }
}

// refused checks that the answer is a problem of that code, in the form of
// RFC 9457.
func refused(t *testing.T, w *httptest.ResponseRecorder, status int, code string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if w.Code != status || a.Status != status || a.Code != code || a.Title == "" || strings.Contains(a.Title, "⟨") {
		t.Errorf("%d %+v, want %d %s", w.Code, a, status, code)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	return a
}

func TestEnrolOnce(t *testing.T) {
	k := newKit(t)
	token, key := k.token(t), nodeKey(t)
	w := k.ask("POST", "/api/v1/nodes/enrol", request(t, token, key))
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var first, again struct {
		NodeID string   `json:"node_id"`
		Key    []byte   `json:"bundle_public_key"`
		School []string `json:"school_ids"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &first); err != nil || first.NodeID == "" || len(first.Key) != ed25519.PublicKeySize || len(first.School) != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	// The answer was lost: the same node asks again.
	w = k.ask("POST", "/api/v1/nodes/enrol", request(t, token, key))
	if err := json.Unmarshal(w.Body.Bytes(), &again); err != nil || again.NodeID != first.NodeID {
		t.Errorf("%+v %v", again, err)
	}
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", request(t, token, nodeKey(t))), http.StatusGone, "schools/token-used")
	for _, secret := range []string{token, key} {
		if strings.Contains(k.logged.String(), secret) {
			t.Error("the log holds a token or a key")
		}
	}
	if !strings.Contains(k.logged.String(), "status=201") {
		t.Errorf("no event: %s", k.logged)
	}
}

func TestEnrolRefusals(t *testing.T) {
	k := newKit(t)
	key := nodeKey(t)
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", request(t, "AAAA-BBBB", key)), http.StatusNotFound, "schools/unknown-token")
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", request(t, "AAAA", "khoa")), http.StatusUnprocessableEntity, "schools/not-a-node-key")
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", "<xml/>"), http.StatusUnprocessableEntity, "pages/not-json")
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", `"`+strings.Repeat("a", 20<<10)+`"`), http.StatusUnprocessableEntity, "pages/body-too-large")
	a := refused(t, k.ask("POST", "/api/v1/nodes/enrol", `{}`), http.StatusUnprocessableEntity, "input/faulty")
	if len(a.Errors) != 2 || a.Errors[0].Name != "token" || a.Errors[0].Detail == "" {
		t.Errorf("%+v", a.Errors)
	}
	token := k.token(t)
	k.clock.Advance(72 * time.Hour)
	refused(t, k.ask("POST", "/api/v1/nodes/enrol", request(t, token, key)), http.StatusGone, "schools/token-expired")
	w := k.ask("GET", "/api/v1/nodes/enrol", "")
	refused(t, w, http.StatusMethodNotAllowed, "page/method")
	if w.Header().Get("Allow") != "POST" {
		t.Error("no Allow")
	}
	refused(t, k.ask("GET", "/api/v2/gi-do", ""), http.StatusNotFound, "page/not-found")
}

func TestProblemInBothLanguages(t *testing.T) {
	k := newKit(t)
	for accept, want := range map[string]string{
		"": "vi", "en": "en", "en-GB,en;q=0.9": "en", "vi-VN, en;q=0.8": "vi", "fr, en;q=0.5, vi;q=0.4": "en", "fr": "vi", "en;q=x, vi;q=0.1": "vi",
	} {
		w := k.ask("GET", "/api/khong-co", "", "Accept-Language", accept)
		a := refused(t, w, http.StatusNotFound, "page/not-found")
		if w.Header().Get("Content-Language") != want || (want == "en") != (a.Title == "This page was not found.") {
			t.Errorf("%q: %s %q", accept, w.Header().Get("Content-Language"), a.Title)
		}
	}
}

func TestHealthAndReadiness(t *testing.T) {
	k := newKit(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := k.ask("GET", path, ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	k.ready = problem.New("store/disk-full")
	w := k.ask("GET", "/readyz", "")
	refused(t, w, http.StatusServiceUnavailable, "pages/not-ready")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if w := k.ask("GET", "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("the process answers: %d", w.Code)
	}
}

// A panic is an answer, and its value, which may hold what was sent, is
// nowhere.
func TestPanicIsAnAnswer(t *testing.T) {
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	logged := &bytes.Buffer{}
	k := &kit{handler: api.New(api.Deps{
		Texts: texts, Log: slog.New(slog.NewTextHandler(logged, nil)),
		Ready: func(context.Context) error { panic("bi-mat-mau") },
	})}
	refused(t, k.ask("GET", "/readyz", ""), http.StatusInternalServerError, problem.Unknown)
	if strings.Contains(logged.String(), "bi-mat-mau") || !strings.Contains(logged.String(), "panic of type string") {
		t.Errorf("%s", logged)
	}
}
