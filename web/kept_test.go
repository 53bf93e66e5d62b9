// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
)

// asked is a form that came too late: its answer asks for what is missing, at
// action, and carries what was typed.
func (b *browser) asked(r reply, action string, carried ...string) url.Values {
	b.d.t.Helper()
	if r.status != http.StatusUnauthorized {
		b.d.t.Fatalf("a form that came too late: %d %s %s", r.status, r.location, mainOf(r.body))
	}
	return b.carried(r.body, action, carried...)
}

func (b *browser) carried(body, action string, carried ...string) url.Values {
	b.d.t.Helper()
	has(b.d.t, body, `action="`+action+`"`)
	form := hidden(body)
	for _, words := range carried {
		found := false
		for _, values := range form {
			for _, v := range values {
				found = found || v == words
			}
		}
		if !found {
			b.d.t.Fatalf("%q is not carried by %s", words, mainOf(body))
		}
	}
	return form
}

// What somebody typed while the session ended goes the whole way: log-in, second
// factor, passphrase, and then it is sent.
func TestAFormThatCameTooLateIsNotLost(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	d.invite("vo.mau", d.police, authz.Police, authz.Head)
	d.tell("harm", "sexual", "words", "Chuyện mẫu để chuyển.", "danger", "no", "age", "15")
	path := caseIn(t, officer.page("/casework"))
	const why = "Có dấu hiệu tội phạm: \"mẫu\" <b>\r\nDòng thứ hai & hết"
	fields := url.Values{"kind": {"referral"}, "to": {d.police}, "fields": {"narrative", "evidence"}, "consent": {"law"}, "reason": {why}}

	d.clock.Advance(61 * time.Minute)
	form := officer.asked(officer.ask(http.MethodPost, path+"/refer", fields), "/login", why, path+"/refer", "narrative", "evidence")
	wrong := officer.post("/login", with(form, "name", "le.mau", "password", "khong dung dau nhe"))
	form = officer.asked(wrong, "/login", why)
	hasNot(t, wrong.body, "khong dung dau")
	form = officer.carried(officer.send("/login", with(form, "name", "le.mau", "password", housePassword)), "/login/code", why)
	form = officer.asked(officer.post("/login/code", with(form, "code", "000000")), "/login/code", why)
	d.clock.Advance(time.Minute) // a code is good once
	body := officer.send("/login/code", with(form, "code", totpCode(t, officer.secret, d.clock.Now())))
	has(t, body, "Việc vừa rồi chưa được làm", "Dòng thứ hai &amp; hết", `href="`+path+`/refer"`)
	form = officer.carried(body, path+"/refer", why, "narrative", "evidence")
	if len(form) != len(fields) || len(form["fields"]) != 2 {
		t.Fatalf("the form grew or shrank: %v", form)
	}
	// Logged in anew, what is sealed is closed again.
	form = officer.asked(officer.post(path+"/refer", form), "/unlock", why)
	wrong = officer.post("/unlock", with(form, "passphrase", "sai mất rồi nhé bạn"))
	form = officer.asked(wrong, "/unlock", why)
	hasNot(t, wrong.body, "sai mất rồi")
	if d.noted("casework.referred") != 0 {
		t.Fatal("it was sent before anybody pressed")
	}
	form = officer.carried(officer.send("/unlock", with(form, "passphrase", passphrase)), path+"/refer", why)
	officer.send(path+"/refer", form)
	if d.noted("casework.referred") != 1 {
		t.Fatal("it was not sent")
	}
	// Logged in from another tab meanwhile: the code alone leads on.
	d.clock.Advance(time.Minute)
	officer.carried(officer.send("/login/code", url.Values{"code": {totpCode(t, officer.secret, d.clock.Now())}, "kept-to": {path + "/refer"}, "kept.reason": {why}}), path+"/refer", why)
	hasNot(t, d.log.String(), "Dòng thứ hai", "sai mất rồi")
}

// A form of files is not carried, nor one that holds a secret. Both come back to
// a page and not to an address that takes only forms.
func TestWhatIsNotCarriedLeadsBackToAPage(t *testing.T) {
	d := newDesk(t)
	d.office()
	nobody := d.browser()
	for path, back := range map[string]string{
		"/unlock/first": "/unlock/first", "/detection/exchanges/HOI_MAU/access": "/detection/exchanges/HOI_MAU", "/lock": "/work",
	} {
		r := nobody.ask(http.MethodPost, path, url.Values{"passphrase": {passphrase}, "access-password": {passphrase}})
		if r.status != http.StatusSeeOther || r.location != "/login?next="+url.QueryEscape(back) || strings.Contains(r.body, "mèo ngủ") {
			t.Errorf("%s: %d %s", path, r.status, r.location)
		}
	}
	r := nobody.upload("/detection/bring", "anh.png", "x")
	if r.status != http.StatusOK || !strings.Contains(r.body, `name="next" value="/detection"`) {
		t.Errorf("a file: %d %s", r.status, mainOf(r.body))
	}
	// A passphrase that comes too late is asked for again, and what it was for is kept.
	form := nobody.asked(nobody.ask(http.MethodPost, "/unlock", url.Values{"passphrase": {passphrase}, "kept-to": {"/casework/intake"}, "kept.words": {"Chuyện mẫu"}}), "/login", "Chuyện mẫu")
	if strings.Contains(form.Encode(), url.QueryEscape("mèo ngủ")) {
		t.Error("the passphrase is carried")
	}
	// And a form never leads to another site.
	if r := nobody.ask(http.MethodPost, "/unlock", url.Values{"kept-to": {"https://evil.example/"}, "kept.a": {"b"}}); r.status != http.StatusSeeOther {
		t.Errorf("to another site: %d", r.status)
	}
}
