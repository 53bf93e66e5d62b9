// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/directives"
	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/flow"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/gate"
	"lachan/internal/identity"
	"lachan/internal/jobs"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/org"
	"lachan/policy"
	"lachan/web"
)

// desk is the house with the casework room in it, joined to schools by the
// product's own flow, on a real database. Nobody in it is real.
type desk struct {
	*house
	casework *casework.Service
	duty     string // the unit that receives reports
	police   string
	texts    *locale.Texts
	gate     *gate.Gate
	log      diary
	officer  *browser // of the duty unit, once there is an office
}

// diary is the log of the server, at its usual level.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *diary) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *diary) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The functions of the directive that the units of this desk hold.
const intakeFunction = "tiep_nhan_phan_anh"

// deskUnits answers casework's questions about units from the real map.
type deskUnits struct {
	org          *org.Service
	duty, police string
}

func (u deskUnits) DutyUnit(context.Context, time.Time) (string, error)      { return u.duty, nil }
func (u deskUnits) Above(context.Context, string, time.Time) (string, error) { return u.police, nil }

func (u deskUnits) EmergencyRecipients(context.Context, string, time.Time) ([]string, error) {
	return []string{u.police}, nil
}

type deskNames struct{ catalogue *schools.Catalogue }

func (n deskNames) Assess(_ context.Context, domain string) (casework.Assessment, error) {
	a, err := n.catalogue.Assess(domain)
	return casework.Assessment{NeedsSecond: a.NeedsSecond(), TakedownFirst: a.TakedownFirst(), NeverBlock: a.NeverBlock}, err
}

// deskLedger says nil for a proof that is not there yet, as hub does.
type deskLedger struct{ shownLedger }

func (l deskLedger) Proof(ctx context.Context, entry string) ([]byte, error) {
	proof, err := l.shownLedger.Proof(ctx, entry)
	if problem.Is(err, "ledger/not-yet") {
		return nil, nil
	}
	return proof, err
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	ctx := context.Background()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{t: t, clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 42, 0, 0, clock.Vietnam))}
	d := &desk{house: h}
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
	intake, err := h.org.Holder(intakeFunction, h.org.Today())
	ok(err)
	force, err := h.org.Holder("cong_an_tinh", h.org.Today())
	ok(err)
	d.duty, d.police = intake.Unit, force.Unit
	d.texts, err = locale.Load()
	ok(err)
	catalogue, err := reporting.ReadCatalogue(directives.Indicators)
	ok(err)
	h.reporting = reporting.New(reporting.Deps{DB: db, Clock: h.clock, Org: h.org, Authz: engine, Ledger: h.ledger, Catalogue: catalogue, Texts: d.texts})
	sum, err := h.reporting.LoadDirective(ctx, authz.System("test"), directives.Dispatch4569)
	ok(err)
	keys, err := schools.OpenKeyring(t.TempDir())
	ok(err)
	names, err := schools.LoadCatalogue(schools.Extra{NeverBlock: []string{"bao-tin.tinh-mau.example"}})
	ok(err)
	quietLog := slog.New(slog.DiscardHandler)
	h.schools, err = schools.New(schools.Deps{
		DB: db, Ledger: h.ledger, Authz: engine, Clock: h.clock, Catalogue: names, Keys: keys,
		Files: &drawer{files: map[string][]byte{}}, Publisher: quiet{}, Log: quietLog,
		Fetch: fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}),
	})
	ok(err)
	ok(jobs.Migrate(ctx, db))
	queue := jobs.New(db, quietLog)
	story := flow.New(queue, h.clock)
	ok(queue.Prepare())
	d.casework, err = casework.New(casework.Deps{
		DB: db, Clock: h.clock, Authz: engine, Ledger: h.ledger, Vault: safe, Units: deskUnits{h.org, d.duty, d.police}, Days: duty.Weekdays{},
		Names: deskNames{names}, Registrable: schools.Registered, Emit: story.Emit,
	})
	ok(err)
	h.online, err = online.New(online.Deps{DB: db, Ledger: h.ledger, Authz: engine, Clock: h.clock, Schools: h.schools})
	ok(err)
	h.detection, err = detection.New(detection.Deps{
		DB: db, Clock: h.clock, Authz: engine, Ledger: h.ledger, Vault: safe, Files: &drawer{files: map[string][]byte{}}, Log: quietLog,
		Unit: func(context.Context, time.Time) (string, error) { return d.duty, nil }, Registrable: schools.Registered,
		Reported: d.casework.OpenAbout, Emit: story.Emit,
	})
	ok(err)
	t.Cleanup(func() { ok(h.detection.Close()) })
	story.Join(d.casework, h.schools, h.online, h.detection)
	h.server = httptest.NewUnstartedServer(nil)
	d.gate = gate.New(gate.Deps{
		Settings: gate.Settings{Free: 300, MaxWork: 300_000, MaxWait: 30 * time.Second},
		Clock:    h.clock, Log: quietLog, Sign: func(text string) string { return secrets.KeyedHash("gate.ticket", text) },
	})
	pages, err := web.New(web.Deps{
		Settings: web.Settings{Language: "vi", Place: "Tỉnh mẫu", Leave: "https://www.example/", BaseURL: "http://" + h.server.Listener.Addr().String(), Homes: web.Homes{Host: "dns.tinh-mau.example", Port: 8443, Addresses: []string{"192.0.2.53"}}},
		Texts:    d.texts, Clock: h.clock, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Gate: d.gate,
		Services: web.Services{
			Identity: h.identity, Authz: engine, Org: h.org, Casework: d.casework, Schools: h.schools, Online: h.online, Detection: h.detection, Reporting: h.reporting,
			Ledger: deskLedger{shownLedger{h.ledger, engine}}, Directive: sum.ID,
		},
	})
	ok(err)
	h.server.Config.Handler = pages.Handler()
	h.server.Start()
	t.Cleanup(func() {
		h.server.Close()
		for line := range strings.Lines(d.log.String()) {
			if strings.Contains(line, "status=500") {
				t.Errorf("our own fault: %s", line)
			}
		}
	})
	return d
}

// browser is somebody's browser without scripts: it keeps cookies and follows
// redirects, and reads the forms that pages show.
type browser struct {
	d      *desk
	client *http.Client
	jar    map[string]*http.Cookie
	secret string // of the second factor
}

func (d *desk) browser() *browser {
	return &browser{d: d, jar: map[string]*http.Cookie{}, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) ask(method, path string, form url.Values) reply {
	b.d.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, b.d.server.URL+path, body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, k := range b.jar {
		req.AddCookie(k)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, k := range res.Cookies() {
		if k.MaxAge < 0 {
			delete(b.jar, k.Name)
		} else {
			b.jar[k.Name] = k
		}
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	if strings.Contains(string(text), "⟨") {
		b.d.t.Errorf("%s %s shows a key without words: %.120s", method, path, string(text)[strings.Index(string(text), "⟨"):])
	}
	return reply{res.StatusCode, res.Header.Get("Location"), res.Header, string(text)}
}

// get follows redirects to the page that there is.
func (b *browser) get(path string) reply {
	b.d.t.Helper()
	return b.follow(b.ask(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) reply {
	b.d.t.Helper()
	return b.follow(b.ask(http.MethodPost, path, form))
}

func (b *browser) follow(r reply) reply {
	b.d.t.Helper()
	for range 5 {
		if r.status != http.StatusSeeOther {
			return r
		}
		r = b.ask(http.MethodGet, r.location, nil)
	}
	b.d.t.Fatalf("redirects without end, to %s", r.location)
	return r
}

// page is a page that must be there.
func (b *browser) page(path string) string {
	b.d.t.Helper()
	r := b.get(path)
	if r.status != http.StatusOK {
		b.d.t.Fatalf("GET %s: %d %s", path, r.status, r.body)
	}
	return r.body
}

// send posts a form that must be taken and returns the page that follows.
func (b *browser) send(path string, form url.Values) string {
	b.d.t.Helper()
	r := b.post(path, form)
	if r.status != http.StatusOK {
		b.d.t.Fatalf("POST %s: %d %s", path, r.status, mainOf(r.body))
	}
	return r.body
}

var mainPart = regexp.MustCompile(`(?s)<main.*</main>`)

func mainOf(body string) string {
	if m := mainPart.FindString(body); m != "" {
		return m
	}
	return body
}

// hidden are all hidden fields of a page, as a browser would send them.
func hidden(body string) url.Values {
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(mainOf(body), -1) {
		out.Add(m[1], strings.NewReplacer("&#34;", `"`, "&amp;", "&", "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace(m[2]))
	}
	return out
}

// with adds fields to a form.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

const passphrase = "con mèo ngủ trên mái nhà xanh"

// enrol makes the first factor and the second of an account over the pages,
// and chooses a passphrase where the person needs one.
func (b *browser) enrol(login string) string {
	t := b.d.t
	t.Helper()
	body := b.send("/login", url.Values{"name": {login}, "password": {housePassword}})
	m := regexp.MustCompile(`class="secret"[^>]*>([A-Z2-7]+)<`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no secret of the second factor: %s", mainOf(body))
	}
	b.secret = m[1]
	has(t, body, `<path fill="#000" d="M`)
	return b.send("/login/enrol", url.Values{"code": {totpCode(t, b.secret, b.d.clock.Now())}})
}

// office opens intake: an administrator with the recovery key, and two people
// of the duty unit who hold its key.
func (d *desk) office() (admin, officer, head *browser) {
	d.t.Helper()
	ctx := context.Background()
	token, err := d.identity.SetupLink(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	admin = d.browser()
	page := admin.page("/setup/" + token)
	has(d.t, page, d.duty)
	admin.send("/setup/"+token, url.Values{"unit": {d.duty}, "name": {"Trần Mẫu"}, "login": {"tran.mau"}, "password": {housePassword}, "again": {housePassword}})
	admin.enrol("tran.mau")
	page = admin.send("/unlock/first", url.Values{"passphrase": {passphrase}, "again": {passphrase}})
	shares := regexp.MustCompile(`<code>([0-9A-Z-]+)</code>`).FindAllStringSubmatch(page, -1)
	if len(shares) != 3 {
		d.t.Fatalf("%d shares in %s", len(shares), mainOf(page))
	}
	slip, last := shares[1][1][:len(shares[1][1])-1], "0"
	if strings.HasSuffix(shares[1][1], last) {
		last = "1"
	}
	wrong := admin.post("/unlock/first", with(hidden(page), "share", slip+last))
	if wrong.status != http.StatusUnprocessableEntity {
		d.t.Fatalf("a wrong share gives %d", wrong.status)
	}
	has(d.t, wrong.body, shares[0][1], shares[2][1]) // what was written down stays good
	admin.send("/unlock/first", with(hidden(wrong.body), "share", shares[1][1]))
	officer = d.invite("le.mau", d.duty, authz.Triage, authz.Handler)
	d.officer = officer
	head = d.invite("ho.mau", d.duty, authz.Head)
	// The officer holds the key and gives it to the head.
	person, err := d.identity.Members(ctx, d.duty)
	if err != nil {
		d.t.Fatal(err)
	}
	sess, err := d.identity.Session(ctx, officer.jar["lachan"].Value)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range person {
		if len(m.Roles) == 1 && m.Roles[0] == authz.Head {
			if err := d.identity.Reseal(ctx, sess, d.duty, m.Person); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	head.send("/unlock", url.Values{"passphrase": {passphrase}})
	return admin, officer, head
}

// invite makes an account by its card, over the pages, up to the passphrase.
func (d *desk) invite(login, unit string, roles ...string) *browser {
	d.t.Helper()
	ctx := context.Background()
	admin := authz.Actor{Person: "first", Unit: d.duty, Roles: []string{authz.Admin}}
	card, err := d.identity.Invite(ctx, admin, identity.NewPerson{Name: "Người Mẫu " + login, Login: login, Unit: unit, Roles: roles})
	if err != nil {
		d.t.Fatal(err)
	}
	b := d.browser()
	has(d.t, b.page("/welcome/"+card.Token), "Người Mẫu "+login, login)
	b.send("/welcome/"+card.Token, url.Values{"password": {housePassword}, "again": {housePassword}})
	b.enrol(login)
	b.send("/unlock/first", url.Values{"passphrase": {passphrase}, "again": {passphrase}})
	return b
}

// newcomer is an invented person of the duty unit.
func newcomer(login, unit string) identity.NewPerson {
	return identity.NewPerson{Name: "Người Mẫu " + login, Login: login, Unit: unit, Roles: []string{authz.Handler}}
}
