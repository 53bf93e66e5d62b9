// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/problem"
)

func page(t *testing.T, hub string, wish func(bus.Ask) error, rules ...bundle.Rule) *Page {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	v, err := bundle.NewView(bundle.Parts{Sides: []bundle.Side{{School: "s1", Number: 1, Default: bundle.UpperSecondary, Rules: rules}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{
		View: func() *bundle.View { return v }, Wish: wish, Texts: texts, HubPublic: hub,
		Clock: clock.NewFixed(time.Date(2026, 11, 23, 23, 30, 0, 0, clock.Vietnam)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func do(p *Page, method, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

func denied(t *testing.T) bundle.Rule {
	t.Helper()
	n, err := bundle.ParseName("quiz.example")
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Rule{Domain: n, Bands: bundle.EveryBand}
}

func TestWordsFitTheBandAndTheRule(t *testing.T) {
	w := do(page(t, "", nil, denied(t)), "GET", "http://quiz.example:80/x")
	for _, want := range []string{"Nhà trường đã chọn che trang này.", "Bạn không làm gì sai", "tel:111"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if w.Code != 403 || strings.Contains(w.Body.String(), "/report") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d: without a hub's address only 111 is offered\n%v", w.Code, w.Header())
	}
}

// Each category that a school refuses has words of its own.
func TestEachCategoryHasWords(t *testing.T) {
	text, err := os.ReadFile("../../duty/schools/data/categories.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct{ Code string }
	if err := json.Unmarshal(text, &all); err != nil || len(all) < 10 {
		t.Fatalf("%d categories, %v", len(all), err)
	}
	p := page(t, "", nil)
	say := p.cfg.Texts.Printer("vi")
	for _, c := range all {
		f := refusal{code: c.Code, decision: bundle.Decision{Blocked: true, Rule: bundle.ByCategory}}
		if got := p.reason(say, f); got == say.T("node.why.other") {
			t.Errorf("%s: %s", c.Code, got)
		}
	}
}

func TestOpenNameAndBareAddressOfferNoWish(t *testing.T) {
	p := page(t, "", func(bus.Ask) error { t.Error("wished"); return nil }, denied(t))
	for _, url := range []string{"http://192.0.2.1/", "http://open.example/", "http://[2001:db8::1]/"} {
		if w := do(p, "GET", url); strings.Contains(w.Body.String(), "Xin mở trang này") || !strings.Contains(w.Body.String(), "Trang này không mở được") {
			t.Errorf("%s offers a wish", url)
		}
		if w := do(p, "POST", url+".lachan/ask"); w.Code != http.StatusOK {
			t.Errorf("%s: %d", url, w.Code)
		}
	}
}

func TestWishCarriesSiteBandAndDayOnly(t *testing.T) {
	var got []bus.Ask
	p := page(t, "", func(a bus.Ask) error { got = append(got, a); return nil }, denied(t))
	do(p, "POST", "http://WWW.Quiz.example/.lachan/ask")
	if want := (bus.Ask{School: "s1", Band: "upper_secondary", Domain: "www.quiz.example", Day: "2026-11-23"}); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
}

// Over plain HTTP browsers send no Sec-Fetch-Site; the origin that they send
// with the page's form must be let in, another's must not.
func TestWishOfAnotherSiteIsNotTaken(t *testing.T) {
	taken := 0
	p := page(t, "", func(bus.Ask) error { taken++; return nil }, denied(t))
	if policy := do(p, "GET", "http://quiz.example/").Header().Get("Referrer-Policy"); policy != "same-origin" {
		t.Errorf("%s: a browser would call the page's own form null", policy)
	}
	for origin, want := range map[string]int{"http://quiz.example": 1, "http://other.example": 0, "null": 0} {
		taken = 0
		r := httptest.NewRequest("POST", "http://quiz.example/.lachan/ask", nil)
		r.Header.Set("Origin", origin)
		p.ServeHTTP(httptest.NewRecorder(), r)
		if taken != want {
			t.Errorf("%s: %d wishes", origin, taken)
		}
	}
}

func TestWishThatIsNotKeptIsSaid(t *testing.T) {
	p := page(t, "", func(bus.Ask) error { return problem.New("node/too-many-wishes") }, denied(t))
	if w := do(p, "POST", "http://quiz.example/.lachan/ask"); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "Chưa ghi được lời xin") {
		t.Errorf("%d", w.Code)
	}
}

func TestFirstLoadIsSmallAndOurs(t *testing.T) {
	p := page(t, "", nil, denied(t))
	w := do(p, "GET", "http://quiz.example/")
	total := w.Body.Len()
	for _, a := range []string{
		"tokens.css", "base.css", "block.css", "back.js",
		"fonts/be-vietnam-pro-vietnamese-400-normal.woff2", "fonts/be-vietnam-pro-latin-400-normal.woff2",
		"fonts/be-vietnam-pro-vietnamese-700-normal.woff2", "fonts/be-vietnam-pro-latin-700-normal.woff2",
	} {
		w := do(p, "GET", "http://quiz.example"+Assets+"/"+a)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", a, w.Code)
		}
		total += w.Body.Len()
	}
	if total > 150<<10 {
		t.Errorf("first load is %d bytes", total)
	}
	if body := w.Body.String(); strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Error("the page leads elsewhere by itself")
	}
}
