// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
)

func TestLogInAndOut(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()

	b := d.browser()
	if r := b.ask(http.MethodGet, "/casework?light=late", nil); r.location != "/login?next=%2Fcasework%3Flight%3Dlate" {
		t.Fatalf("not logged in: %d %s", r.status, r.location)
	}
	wrong := b.post("/login", url.Values{"name": {"le.mau"}, "password": {"khong dung dau nhe"}, "next": {"/casework"}})
	if wrong.status != http.StatusUnauthorized {
		t.Fatalf("a wrong password: %d", wrong.status)
	}
	has(t, wrong.body, `value="le.mau"`, `value="/casework"`)
	hasNot(t, wrong.body, "khong dung dau")
	d.clock.Advance(time.Minute) // a code is good once
	body := b.send("/login", url.Values{"name": {"le.mau"}, "password": {housePassword}, "next": {"/casework"}})
	has(t, body, `action="/login/code"`)
	if r := b.ask(http.MethodGet, "/casework", nil); !strings.HasPrefix(r.location, "/login") {
		t.Fatal("half a log-in opens the queue")
	}
	if r := b.post("/login/code", url.Values{"code": {"000000"}, "next": {"/casework"}}); r.status != http.StatusUnauthorized {
		t.Fatalf("a wrong code: %d", r.status)
	}
	d.clock.Advance(time.Minute)
	half := b.jar["lachan"].Value
	has(t, b.send("/login/code", url.Values{"code": {totpCode(t, officer.secret, d.clock.Now())}, "next": {"/casework"}}), "le.mau", "/logout")
	if b.jar["lachan"].Value == half {
		t.Fatal("the cookie of the half session lives on")
	}
	// An address of another site is never a place to go on to.
	has(t, b.page("/login?next=https://evil.example/"), "le.mau")

	b.send("/logout", url.Values{})
	if r := b.ask(http.MethodGet, "/work", nil); !strings.HasPrefix(r.location, "/login") {
		t.Fatalf("logged out: %d %s", r.status, r.location)
	}
}

func TestSetupAndWelcomeLinksWorkOnce(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	token, err := d.identity.SetupLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b := d.browser()
	form := url.Values{"unit": {d.duty}, "name": {"Trần Mẫu"}, "login": {"tran.mau"}, "password": {housePassword}, "again": {"khác rồi"}}
	r := b.post("/setup/"+token, form)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("two passwords: %d", r.status)
	}
	has(t, r.body, `id="e-again"`, `value="Trần Mẫu"`)
	form.Set("again", housePassword)
	form.Set("unit", "nowhere")
	if r := b.post("/setup/"+token, form); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("an unknown unit: %d", r.status)
	}
	form.Set("unit", d.duty)
	has(t, b.send("/setup/"+token, form), `action="/login"`)
	if r := b.get("/setup/" + token); r.status != http.StatusGone {
		t.Fatalf("the link twice: %d", r.status)
	}
	if r := b.get("/welcome/abc"); r.status != http.StatusGone {
		t.Fatalf("a card of nobody: %d", r.status)
	}
}

func TestTheFirstPassphraseWantsAFreshCode(t *testing.T) {
	d := newDesk(t)
	d.office()
	b := d.invite("moi.mau", d.duty, authz.Handler)
	if has, err := d.identity.HasPassphrase(context.Background(), "nobody"); err != nil || has {
		t.Fatal(has, err)
	}
	has(t, b.page("/unlock/first"), `action="/unlock"`) // chosen already

	late := d.browser()
	admin := authz.Actor{Person: "first", Unit: d.duty, Roles: []string{authz.Admin}}
	card, err := d.identity.Invite(context.Background(), admin, newcomer("cham.mau", d.duty))
	if err != nil {
		t.Fatal(err)
	}
	late.send("/welcome/"+card.Token, url.Values{"password": {housePassword}, "again": {housePassword}})
	late.enrol("cham.mau")
	d.clock.Advance(10 * time.Minute)
	form := url.Values{"passphrase": {passphrase}, "again": {passphrase}}
	r := late.ask(http.MethodPost, "/unlock/first", form)
	if r.location != "/login/code?next=%2Funlock%2Ffirst" {
		t.Fatalf("ten minutes later: %d %s", r.status, r.location)
	}
	body := late.send("/login/code", url.Values{"code": {totpCode(t, late.secret, d.clock.Now())}, "next": {"/unlock/first"}})
	has(t, body, `name="passphrase"`)
	short := late.post("/unlock/first", url.Values{"passphrase": {"ngắn"}, "again": {"ngắn"}})
	if short.status != http.StatusUnprocessableEntity {
		t.Fatalf("a short passphrase: %d", short.status)
	}
	late.send("/unlock/first", form)
}

func TestSwitchingTheUnit(t *testing.T) {
	d := newDesk(t)
	d.office()
	b := d.invite("hai.mau", d.duty, authz.Handler)
	if r := b.post("/unit", url.Values{"unit": {d.police}}); r.status != http.StatusForbidden {
		t.Fatalf("another's unit: %d", r.status)
	}
	members, err := d.identity.Members(context.Background(), d.duty)
	if err != nil {
		t.Fatal(err)
	}
	admin := authz.Actor{Person: "first", Unit: d.duty, Roles: []string{authz.Admin}}
	if err := d.identity.Join(context.Background(), admin, members[len(members)-1].Person, d.police, []string{authz.Police}); err != nil {
		t.Fatal(err)
	}
	name, err := d.org.Unit(d.police, d.org.Today())
	if err != nil {
		t.Fatal(err)
	}
	has(t, b.page("/work"), `name="unit" value="`+d.police+`"`)
	has(t, b.send("/unit", url.Values{"unit": {d.police}}), name.Name)
}
