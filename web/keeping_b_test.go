// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"archive/tar"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
)

func TestPeopleInviteShowsTheCardOnce(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	has(t, g.see("/org/people"), "Trần Mẫu", "tran.mau")
	unit := h.unit("qni/so/yt")
	r := g.post("/org/people", url.Values{"name": {"Lê Thị Mẫu"}, "login": {"le.mau"}, "unit": {unit}, "roles": {"focal"}})
	if r.status != http.StatusOK {
		t.Fatalf("%d %.600s", r.status, r.body)
	}
	link := regexp.MustCompile(regexp.QuoteMeta(h.server.URL) + `/welcome/([A-Za-z0-9_-]+)`).FindStringSubmatch(r.body)
	if link == nil {
		t.Fatal("no link on the card")
	}
	who, err := h.identity.Welcome(context.Background(), link[1])
	if err != nil || who.Name.Reveal() != "Lê Thị Mẫu" {
		t.Fatalf("%v, %v", who.Name.Reveal(), err)
	}
	hasNot(t, g.see("/org/people"), link[1])
	r = g.post("/org/people", url.Values{"name": {"Lê Thị Mẫu"}, "login": {"le.mau"}, "unit": {unit}, "roles": {"focal"}})
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("a login given twice: %d", r.status)
	}
	if r := g.post("/org/people", url.Values{"name": {"X"}, "login": {"x.mau"}, "unit": {"khong-co"}, "roles": {"focal"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a unit that is none: %d", r.status)
	}
	has(t, g.do("/org/people/disable", url.Values{"id": {who.ID}}), "The account has ended")
	if r := g.post("/org/people/disable", url.Values{"id": {h.admin.Person}}); r.status != http.StatusForbidden {
		t.Errorf("the own account: %d", r.status)
	}
	if r := h.other("dau.moi", unit, authz.Focal).get("/org/people"); r.status != http.StatusForbidden {
		t.Errorf("a focal person sees accounts: %d", r.status)
	}
}

// A token is shown once, on the answer that made it, and ends when it is taken
// back; who may not give any does not see the page.
func TestTokensForMachines(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	has(t, g.see("/org/people"), `href="/org/machines"`)
	has(t, g.see("/org/machines"), "No token yet")
	unit := h.unit("qni/so/yt")
	form := url.Values{"name": {"Bảng số liệu mẫu"}, "unit": {unit}, "roles": {authz.Lead}, "days": {"30"}, "for": {"self"}}
	r := g.post("/org/machines", form)
	token := regexp.MustCompile(`<pre class="cmd[^>]*>([^<]+)</pre>`).FindStringSubmatch(r.body)
	if r.status != http.StatusOK || token == nil {
		t.Fatalf("%d %.600s", r.status, r.body)
	}
	ctx := context.Background()
	actor, err := h.identity.TokenActor(ctx, token[1])
	if err != nil || actor.Person != "" || actor.Unit != unit || actor.Token == "" {
		t.Fatalf("%+v, %v", actor, err)
	}
	body := g.see("/org/machines")
	has(t, r.body, "Never")
	has(t, body, "Bảng số liệu mẫu")
	hasNot(t, body, token[1])
	for field, bad := range map[string]url.Values{
		"days":  {"name": {"Máy giữ lại"}, "unit": {unit}, "roles": {authz.Lead}, "days": {"x"}},
		"unit":  {"name": {"Máy giữ lại"}, "unit": {"khong-co"}, "roles": {authz.Lead}, "days": {"30"}},
		"roles": {"name": {"Máy giữ lại"}, "unit": {unit}, "days": {"30"}},
	} {
		r := g.post("/org/machines", bad)
		if r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", field, r.status)
		}
		has(t, r.body, `value="Máy giữ lại"`, `href="#f-`+field+`"`)
	}
	form.Set("for", "me") // the administrator holds no role in that unit
	if r := g.post("/org/machines", form); r.status == http.StatusOK {
		t.Error("a token with roles that its person does not hold")
	}
	all, err := h.identity.Tokens(ctx, h.admin)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d tokens, %v", len(all), err)
	}
	has(t, g.do("/org/machines/drop", url.Values{"id": {all[0].ID}}), "has been taken back", "Taken back")
	if _, err := h.identity.TokenActor(ctx, token[1]); err == nil {
		t.Error("a token that was taken back is good")
	}
	if r := h.other("dau.moi", unit, authz.Focal).get("/org/machines"); r.status != http.StatusForbidden {
		t.Errorf("a focal person: %d", r.status)
	}
}

// A head sees and invites the own unit, and cannot make an administrator.
func TestHeadInvitesTheOwnUnit(t *testing.T) {
	h := newHouse(t)
	own, far := h.unit("qni/so/yt"), h.unit("qni/so/gddt")
	g := h.other("thu.truong", own, authz.Head)
	body := g.see("/org/people")
	has(t, body, "Người Mẫu thu.truong", own)
	hasNot(t, body, "Trần Mẫu", far)
	for _, v := range []url.Values{
		{"name": {"A"}, "login": {"a.mau"}, "unit": {far}, "roles": {"focal"}},
		{"name": {"A"}, "login": {"a.mau"}, "unit": {own}, "roles": {"admin"}},
	} {
		if r := g.post("/org/people", v); r.status != http.StatusForbidden {
			t.Errorf("%v: %d", v, r.status)
		}
	}
}

func TestReseal(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	unit := h.unit("qni/so/yt")
	a, b := h.other("dau.moi", unit, authz.Head), h.other("thu.hai", unit, authz.Triage)
	unlock := func(g *guest) {
		t.Helper()
		sess, err := h.identity.Session(ctx, g.cookie)
		if err == nil {
			_, err = h.identity.FirstUnlock(ctx, sess, "mot cau mo khoa that dai va rieng")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	unlock(a)
	unlock(b)
	state, err := h.identity.UnitKey(ctx, unit)
	if err != nil || len(state.Waiting) != 1 {
		t.Fatalf("%+v %v", state, err)
	}
	body := a.see("/org/people")
	has(t, body, `action="/org/people/seal"`, "Người Mẫu thu.hai")
	has(t, h.administrator().see("/org?q=so+y+te"), "only one person can open it")
	has(t, a.do("/org/people/seal", url.Values{"person": {state.Waiting[0].Person}, "unit": {unit}}), "key has been handed on")
	if state, err = h.identity.UnitKey(ctx, unit); err != nil || len(state.Members) != 2 || len(state.Waiting) != 0 {
		t.Errorf("%+v %v", state, err)
	}
}

func TestOrgTree(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	body := g.see("/org")
	has(t, body, "Sở Y tế", "State management of children", "Merged, as a whole")
	hasNot(t, body, "Sở Thông tin và Truyền thông</b></li>")
	before := g.see("/org?as_of=01/02/2025")
	has(t, before, "Sở Lao động - Thương binh và Xã hội", "01/02/2025")
	hasNot(t, body, "<b>Sở Lao động - Thương binh và Xã hội</b>")
	has(t, g.see("/org?q=khoa+hoc"), "Sở Khoa học và Công nghệ", "Sở Thông tin và Truyền thông")
	if r := g.get("/org?as_of=hom+kia"); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", r.status)
	}
}

func TestLedgerPage(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.school(h.unit("qni/so/gddt"), "Trường mẫu", "primary")
	g := h.administrator()
	has(t, g.see("/ledger?kind=schools"), "School saved", "schools.school_saved")
	for {
		n, err := h.ledger.Sequence(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	body := g.see("/ledger")
	has(t, body, "Directive loaded", "/ledger/export", "mau.example/so-cai")
	rows := body[strings.Index(body, "<tbody>"):strings.Index(body, "</tbody>")]
	hasNot(t, rows, "Trần Mẫu")
	r := g.get("/ledger/export")
	if r.status != http.StatusOK {
		t.Fatalf("%d %.500s", r.status, r.body)
	}
	files := 0
	for in := tar.NewReader(strings.NewReader(r.body)); ; files++ {
		if _, err := in.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if files < 3 {
		t.Errorf("%d files", files)
	}
	h.clock.Advance(6 * time.Minute) // the second factor is no longer fresh
	if r := g.get("/ledger/export"); r.status == http.StatusOK {
		t.Error("an export without a fresh second factor")
	}
	if r := h.other("dau.moi", h.unit("qni/so/yt"), authz.Focal).get("/ledger"); r.status != http.StatusForbidden {
		t.Errorf("a focal person reads the ledger: %d", r.status)
	}
}

func TestComponentsPage(t *testing.T) {
	h := newHouse(t)
	g := h.administrator()
	for _, g.lang = range []string{"en", "vi"} {
		has(t, g.see("/help/components"), "<svg", "clock late")
	}
}

// Every page of these rooms opens in both languages without a key left over.
func TestPagesInBothLanguages(t *testing.T) {
	h := newHouse(t)
	s := h.school(h.unit("qni/so/gddt"), "Trường mẫu", "primary")
	if _, err := h.reporting.Distribute(context.Background(), h.admin, h.directiveID(), 2026); err != nil {
		t.Fatal(err)
	}
	g := h.administrator()
	for _, g.lang = range []string{"vi", "en"} {
		for _, path := range []string{
			"/schools", "/schools/" + s.ID, "/schools/nodes", "/schools/lists", "/schools/lookup", "/schools/lookup?domain=a.example",
			"/mission", "/reporting/directives/" + h.directiveID(), "/reporting/forms/" + h.unit("qni/so/yt") + ".2026",
			"/reporting/totals", "/reporting/totals?indicator=A01", "/reporting/report", "/org", "/org/people", "/org/machines", "/ledger", "/help/components",
		} {
			body := g.see(path)
			if !strings.Contains(body, `lang="`+g.lang+`"`) {
				t.Errorf("%s is not in %s", path, g.lang)
			}
		}
	}
}
