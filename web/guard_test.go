// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lachan/internal/locale"
)

// guarded are the headers that stand on every answer, errors too.
var guarded = map[string]string{
	"Content-Security-Policy":      "default-src 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=()",
}

func TestEveryAnswerIsGuardedAndThePublicSideSetsNoCookie(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	check := func(name string, r reply) {
		t.Helper()
		for header, want := range guarded {
			if !strings.Contains(r.header.Get(header), want) {
				t.Errorf("%s: %s is %q", name, header, r.header.Get(header))
			}
		}
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", name, r.header.Get("Cache-Control"))
		}
	}
	public := []string{"/", "/kids/6-10", "/kids/11-15", "/kids/16-17", "/parents", "/parents/filter", "/parents/filter/tieu-hoc", "/teachers", "/press", "/trusted-adult", "/about", "/blocks", "/report", "/status", "/login"}
	for _, path := range public {
		b := d.browser()
		r := b.ask(http.MethodGet, path, nil)
		check(path, r)
		if r.status != http.StatusOK || len(r.header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s: %d, cookies %v", path, r.status, r.header.Values("Set-Cookie"))
		}
		for _, word := range []string{`src="http`, `href="http`, "<style", "onclick"} {
			if strings.Contains(r.body, word) {
				t.Errorf("%s holds %s", path, word)
			}
		}
	}
	for _, path := range []string{"/work", "/casework", "/casework/roster", "/casework/intake"} {
		r := officer.get(path)
		check(path, r)
		if r.status != http.StatusOK {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	check("unknown", d.browser().ask(http.MethodGet, "/khong-co", nil))
	check("cross", crossSite(t, d))
}

// crossSite posts a form as a page of another site would.
func crossSite(t *testing.T, d *desk) reply {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.server.URL+"/logout", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return reply{status: res.StatusCode, header: res.Header}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	d := newDesk(t)
	if r := crossSite(t, d); r.status != http.StatusForbidden {
		t.Fatalf("%d", r.status)
	}
}

func TestABodyHasALimit(t *testing.T) {
	d := newDesk(t)
	d.office()
	for path, size := range map[string]int{"/language": 65 << 10, "/report": 257 << 10, "/login": 2<<20 + 1} {
		r := d.browser().ask(http.MethodPost, path, url.Values{"words": {strings.Repeat("a", size)}})
		if r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s takes %d bytes: %d", path, size, r.status)
		}
	}
}

func TestErrorPagesSpeakBothLanguages(t *testing.T) {
	d := newDesk(t)
	for _, lang := range locale.Languages() {
		b := d.browser()
		b.ask(http.MethodPost, "/language", url.Values{"lang": {lang}, "back": {"/"}})
		p := d.texts.Printer(lang)
		r := b.ask(http.MethodGet, "/khong-co", nil)
		if r.status != http.StatusNotFound {
			t.Fatalf("%d", r.status)
		}
		has(t, r.body, `lang="`+lang+`"`, p.T("public.notfound.title"))
		gone := b.ask(http.MethodGet, "/setup/abc", nil)
		if gone.status != http.StatusGone {
			t.Fatalf("%d", gone.status)
		}
		has(t, gone.body, p.T("problem.identity.link-over"))
		closed := b.ask(http.MethodGet, "/report", nil)
		has(t, closed.body, p.T("web.closed.title"), p.T("casework.closed.members"))
	}
}

// The two choices of a reader are kept, and nothing else.
func TestThemeAndLanguageAreKept(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	if r := b.ask(http.MethodPost, "/theme", url.Values{"theme": {"dark"}, "back": {"//evil.example"}}); r.location != "/" {
		t.Fatalf("led to %q", r.location)
	}
	has(t, b.page("/parents"), `data-theme="dark"`)
	b.ask(http.MethodPost, "/theme", url.Values{"theme": {"pink"}})
	if len(b.jar) != 1 {
		t.Fatalf("cookies %v", b.jar)
	}
	r := b.ask(http.MethodGet, "/exit", nil)
	if r.location != "https://www.example/" || !strings.Contains(r.header.Get("Clear-Site-Data"), "cache") {
		t.Fatalf("exit: %s %v", r.location, r.header)
	}
}

// What people write, their receipts, passwords and cookies never reach the log.
func TestTheLogHoldsNothingPersonal(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	receipt := d.tell("harm", "bullying", "words", "tu-mat-cua-em", "answer", "contact", "contact", "0900 111 222", "url", "https://rieng.vidu.example/a")
	child := d.browser()
	child.send("/status", url.Values{"receipt": {receipt}, "go": {"reply"}, "reply": {"loi-rieng-cua-em"}})
	child.post("/status", url.Values{"receipt": {receipt + "X"}})
	path := caseIn(t, officer.page("/casework"))
	officer.page(path)
	officer.send(path+"/answer", url.Values{"text": {"tra-loi-rieng"}, "go": {"send"}})
	officer.page("/casework?q=tim-rieng")
	log := d.log.String()
	if !strings.Contains(log, "route=/report") || !strings.Contains(log, "route=/casework/cases/{id}") {
		t.Fatalf("nothing is logged: %.300s", log)
	}
	for _, secret := range []string{
		"tu-mat-cua-em", "loi-rieng-cua-em", "tra-loi-rieng", "tim-rieng", "0900 111 222", "0900111222", "900111222", "rieng.vidu.example", receipt, strings.ReplaceAll(receipt, "-", ""),
		"le.mau", housePassword, passphrase, officer.jar["lachan"].Value, officer.secret, "127.0.0.1", "Go-http-client",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// Small numbers are never published.
func TestPressFiguresBelowFiveAreSaidInWords(t *testing.T) {
	d := newDesk(t)
	d.office()
	fewer := d.texts.Printer("vi").T("ui.fewer")
	for range 4 {
		d.tell("harm", "bullying")
	}
	body := mainOf(d.browser().page("/press"))
	has(t, body, "<dd>"+fewer+"</dd>")
	hasNot(t, body, "<dd>4</dd>")
	d.tell("harm", "bullying")
	has(t, mainOf(d.browser().page("/press")), "<dd>5</dd>")
}
