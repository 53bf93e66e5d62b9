// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/directives"
	"lachan/duty/detection"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/identity"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/org"
	"lachan/policy"
	"lachan/web"
)

// house is the console on a real database, with the product's own policies,
// vault, ledger, directive and map of the province. Nobody in it is real.
type house struct {
	t         testing.TB
	server    *httptest.Server
	clock     *clock.Fixed
	identity  *identity.Service
	schools   *schools.Service
	online    *online.Service
	detection *detection.Service
	reporting *reporting.Service
	org       *org.Service
	ledger    *ledger.Log
	admin     authz.Actor
}

const housePassword = "a quiet green leaf"

// drawer keeps bundles in memory.
type drawer struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (d *drawer) Put(_ context.Context, key string, r io.Reader) error {
	data, err := io.ReadAll(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[key] = data
	return err
}

func (d *drawer) Get(_ context.Context, key string) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return io.NopCloser(bytes.NewReader(d.files[key])), nil
}

func (d *drawer) Delete(_ context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, key)
	return nil
}

// quiet publishes nothing: no node listens in these tests.
type quiet struct{}

func (quiet) PublishDelta(context.Context, schools.SealedDelta) error { return nil }
func (quiet) PublishBundle(context.Context, schools.BundleInfo) error { return nil }
func (quiet) PublishSide(context.Context, schools.SealedSide) error   { return nil }

// tell shows in the test what the operator would read.
type tell struct{ t testing.TB }

func (w tell) Write(b []byte) (int, error) { w.t.Log(string(b)); return len(b), nil }

// shownLedger is the ledger as hub shows it.
type shownLedger struct {
	*ledger.Log
	authz *authz.Engine
}

func (l shownLedger) Page(ctx context.Context, actor authz.Actor, from, room string) (web.LedgerPage, error) {
	if _, err := l.authz.Check(ctx, actor, "ledger.view", authz.Resource{Type: "ledger.log"}); err != nil {
		return web.LedgerPage{}, err
	}
	at := ledger.Page{Limit: 20}
	if from != "" {
		if _, err := fmt.Sscanf(from, "%d.%s", &at.Before.At, &at.Before.ID); err != nil {
			return web.LedgerPage{}, err
		}
	}
	leaves, next, err := l.List(ctx, ledger.Filter{Room: room}, at)
	if err != nil {
		return web.LedgerPage{}, err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return web.LedgerPage{}, err
	}
	out := web.LedgerPage{Size: head.Size, Root: head.Root, SignedAt: head.At, Checkpoint: head.Signed, Key: l.PublicKey()}
	if next != (ledger.Cursor{}) {
		out.Next = fmt.Sprintf("%d.%s", next.At, next.ID)
	}
	for _, e := range leaves {
		out.Entries = append(out.Entries, web.LedgerEntry{Index: e.Index, ID: e.ID, At: e.At, Kind: e.Kind, Actor: e.Actor, Object: e.Object, Policies: e.Policies})
	}
	return out, nil
}

func (l shownLedger) Export(ctx context.Context, actor authz.Actor, w io.Writer) error {
	if _, err := l.authz.Check(ctx, actor, "ledger.export", authz.Resource{Type: "ledger.log"}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ledger-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := l.Log.Export(ctx, dir, nil); err != nil {
		return err
	}
	out := tar.NewWriter(w)
	if err := out.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return out.Close()
}

func (l shownLedger) Proof(ctx context.Context, entryID string) ([]byte, error) {
	p, err := l.Prove(ctx, entryID)
	if err != nil {
		return nil, err
	}
	return p.Text(), nil
}

func newHouse(t testing.TB) *house {
	t.Helper()
	ctx := context.Background()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{t: t, clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 42, 0, 0, clock.Vietnam))}
	db := testkit.DB(t)
	engine, err := authz.New(policy.FS)
	ok(err)
	secrets, err := vault.OpenSecrets(t.TempDir())
	ok(err)
	file, err := ledger.NewKey("mau.example/so-cai")
	ok(err)
	key, err := ledger.ParseKey(file)
	ok(err)
	h.ledger, err = ledger.New(ledger.Deps{DB: db, Clock: h.clock, Key: key, Sealer: secrets.Box("ledger")})
	ok(err)
	safe, err := vault.New(vault.Deps{DB: db, Clock: h.clock, Secrets: secrets, KDF: vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	ok(err)
	h.identity = identity.New(identity.Deps{DB: db, Clock: h.clock, Keys: secrets, Ledger: h.ledger, Authz: engine, Vault: safe})
	h.org = org.New(org.Deps{DB: db, Clock: h.clock, Authz: engine, Ledger: h.ledger})
	pack, err := org.QuangNgai()
	ok(err)
	ok(h.org.AddPack(ctx, authz.System("test"), pack))
	texts, err := locale.Load()
	ok(err)
	catalogue, err := reporting.ReadCatalogue(directives.Indicators)
	ok(err)
	h.reporting = reporting.New(reporting.Deps{DB: db, Clock: h.clock, Org: h.org, Authz: engine, Ledger: h.ledger, Catalogue: catalogue, Texts: texts})
	sum, err := h.reporting.LoadDirective(ctx, authz.System("test"), directives.Dispatch4569)
	ok(err)
	keys, err := schools.OpenKeyring(t.TempDir())
	ok(err)
	names, err := schools.LoadCatalogue(schools.Extra{NeverBlock: []string{"bao-tin.tinh-mau.example"}})
	ok(err)
	quietLog := slog.New(slog.NewTextHandler(tell{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	h.schools, err = schools.New(schools.Deps{
		DB: db, Ledger: h.ledger, Authz: engine, Clock: h.clock, Catalogue: names, Keys: keys,
		Files: &drawer{files: map[string][]byte{}}, Publisher: quiet{}, Log: quietLog,
		Fetch: fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}), Seal: secrets.Box("schools.transfer"),
	})
	ok(err)
	h.online, err = online.New(online.Deps{DB: db, Ledger: h.ledger, Authz: engine, Clock: h.clock, Schools: h.schools})
	ok(err)
	h.server = httptest.NewUnstartedServer(nil)
	base := "http://" + h.server.Listener.Addr().String()
	pages, err := web.New(web.Deps{
		Settings: web.Settings{Language: "vi", Place: "Tỉnh mẫu", Leave: "https://www.example", BaseURL: base, Transfer: web.Transfer{Zone: "rpz.lachan"}},
		Texts:    texts, Clock: h.clock, Log: quietLog,
		Services: web.Services{
			Identity: h.identity, Authz: engine, Org: h.org, Schools: h.schools, Online: h.online, Reporting: h.reporting,
			Ledger: shownLedger{h.ledger, engine}, Directive: sum.ID,
		},
	})
	ok(err)
	h.server.Config.Handler = pages.Handler()
	h.server.Start()
	t.Cleanup(h.server.Close)
	token, err := h.identity.SetupLink(ctx)
	ok(err)
	person, err := h.identity.Setup(ctx, token, identity.NewPerson{Name: "Trần Mẫu", Login: "tran.mau", Unit: h.unit("qni/so/khcn"), Roles: []string{authz.Admin, authz.Lead, authz.Operator}}, housePassword)
	ok(err)
	h.admin = authz.Actor{Person: person, Unit: h.unit("qni/so/khcn"), Roles: []string{authz.Admin, authz.Lead, authz.Operator}}
	return h
}

func (h *house) unit(key string) string {
	h.t.Helper()
	u, err := h.org.ByKey(key)
	if err != nil {
		h.t.Fatalf("%s: %v", key, err)
	}
	return u.ID
}

// guest is somebody at the console with a browser of his own.
type guest struct {
	h      *house
	cookie string
	flash  *http.Cookie
	lang   string
}

// administrator is the first account; other makes one more.
func (h *house) administrator() *guest { h.t.Helper(); return h.enter("tran.mau") }

func (h *house) other(login, unit string, roles ...string) *guest {
	h.t.Helper()
	ctx := context.Background()
	card, err := h.identity.Invite(ctx, h.admin, identity.NewPerson{Name: "Người Mẫu " + login, Login: login, Unit: unit, Roles: roles})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.identity.Redeem(ctx, card.Token, housePassword); err != nil {
		h.t.Fatal(err)
	}
	return h.enter(login)
}

func (h *house) enter(login string) *guest {
	h.t.Helper()
	ctx := context.Background()
	cookie, _, err := h.identity.Login(ctx, login, housePassword)
	if err != nil {
		h.t.Fatal(err)
	}
	half, err := h.identity.Session(ctx, cookie)
	if err != nil {
		h.t.Fatal(err)
	}
	factor, err := h.identity.EnrolTOTP(ctx, half, "mau")
	if err != nil {
		h.t.Fatal(err)
	}
	full, err := h.identity.SecondFactor(ctx, half, totpCode(h.t, factor.Secret, h.clock.Now()))
	if err != nil {
		h.t.Fatal(err)
	}
	return &guest{h: h, cookie: full, lang: "en"}
}

// totpCode is the code of an app (RFC 6238, 30 seconds, six digits).
func totpCode(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(secret), "="))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	if err := binary.Write(mac, binary.BigEndian, at.Unix()/30); err != nil {
		t.Fatal(err)
	}
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// reply is an answer with its body read.
type reply struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (g *guest) send(req *http.Request) reply {
	g.h.t.Helper()
	req.AddCookie(&http.Cookie{Name: "lachan", Value: g.cookie})
	req.AddCookie(&http.Cookie{Name: "lang", Value: g.lang})
	if g.flash != nil {
		req.AddCookie(g.flash)
		g.flash = nil
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		g.h.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, k := range res.Cookies() {
		if k.Name == "flash" && k.MaxAge > 0 {
			g.flash = k
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		g.h.t.Fatal(err)
	}
	if strings.Contains(string(body), "⟨") {
		g.h.t.Errorf("%s %s shows a key without words: %.200s", req.Method, req.URL, string(body)[strings.Index(string(body), "⟨"):])
	}
	return reply{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

func (g *guest) get(path string) reply {
	g.h.t.Helper()
	req, err := http.NewRequest(http.MethodGet, g.h.server.URL+path, nil)
	if err != nil {
		g.h.t.Fatal(err)
	}
	return g.send(req)
}

// see gets a page that must be there.
func (g *guest) see(path string) string {
	g.h.t.Helper()
	r := g.get(path)
	if r.status != http.StatusOK {
		g.h.t.Fatalf("GET %s: %d %.600s", path, r.status, r.body)
	}
	return r.body
}

func (g *guest) post(path string, form url.Values) reply {
	g.h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, g.h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		g.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.send(req)
}

// do posts a form that must be taken, and returns the page it leads to.
func (g *guest) do(path string, form url.Values) string {
	g.h.t.Helper()
	r := g.post(path, form)
	if r.status != http.StatusSeeOther {
		g.h.t.Fatalf("POST %s: %d %.1500s", path, r.status, r.body)
	}
	return g.see(r.location)
}

func has(t testing.TB, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

func hasNot(t testing.TB, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(body, w) {
			t.Errorf("the page shows %q", w)
		}
	}
}
