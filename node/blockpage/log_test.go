// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"crypto/sha256"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/node/faultlog"
)

// withLog is a page whose school has a fault log of one name in each way.
func withLog(t *testing.T) *Page {
	t.Helper()
	p := page(t, "https://hub.example", nil)
	now := p.cfg.Clock.Now()
	v, err := bundle.NewView(bundle.Parts{Sides: []bundle.Side{{
		School: "s1", Number: 1, Default: bundle.Primary, WeekOnly: bundle.BandsOf(bundle.Staff), Rules: []bundle.Rule{denied(t)},
		Log: bundle.FaultLog{Until: now.UnixMicro() + 3_600_000_000, Word: sha256.Sum256([]byte("abcdefghkm"))},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.View, p.cfg.Log = func() *bundle.View { return v }, faultlog.New()
	for _, line := range []faultlog.Line{
		{Outcome: faultlog.Answered, Type: dnswire.TypeA, EDE: dnswire.EDEStale},
		{Outcome: faultlog.Refused, Type: dnswire.TypeAAAA, Code: "youtube", EDE: dnswire.NoEDE},
		{Outcome: faultlog.Failed, Type: 16, EDE: dnswire.EDEBogus, Band: bundle.Staff},
		{Outcome: faultlog.Another, Type: dnswire.TypeHTTPS, EDE: dnswire.NoEDE},
	} {
		line.Name, err = bundle.ParseName("<b>.example")
		if err == nil {
			t.Fatal("a name with brackets parses now")
		}
		line.Name, _ = bundle.NameFromWire([]byte("\x03<b>\x07example\x00"))
		p.cfg.Log.Note(v.Schools()[0], now, line)
	}
	return p
}

func post(p *Page, url string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", url, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestTheLogSpeaksInBothLanguages(t *testing.T) {
	p := withLog(t)
	for lang, wants := range map[string][]string{
		"vi": {"Câu trả lời cũ", "Bị che.", "(youtube)", "EDE 6", "TYPE16", "Không ghi (ít học sinh)", "tên an toàn", "00:30, 24/11/2026"},
		"en": {"Refused.", "(youtube)", "Not said (few pupils)", "safe name", "/nhat-ky?lang=en"},
	} {
		w := post(p, "http://192.168.1.2/nhat-ky?lang="+lang, url.Values{"word": {"abcdefghkm"}})
		body := w.Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q is missing", lang, want)
			}
		}
		if w.Code != 200 || strings.Contains(body, "<b>.example") || strings.Contains(body, "⟨") {
			t.Errorf("%d\n%s", w.Code, body)
		}
	}
}

func TestTheWordCountsInAFormOnly(t *testing.T) {
	p := withLog(t)
	w := do(p, "GET", "http://192.168.1.2/nhat-ky?word=abcdefghkm")
	if body := w.Body.String(); w.Code != 200 || strings.Contains(body, "TYPE16") || !strings.Contains(body, `name="word"`) {
		t.Errorf("%d\n%s", w.Code, body)
	}
	r := httptest.NewRequest("POST", "http://192.168.1.2/nhat-ky", strings.NewReader("word=abcdefghkm"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	other := httptest.NewRecorder()
	if p.ServeHTTP(other, r); other.Code != 403 || strings.Contains(other.Body.String(), "TYPE16") {
		t.Errorf("another site's form: %d", other.Code)
	}
	for range 5 {
		if w := post(p, "http://192.168.1.2/nhat-ky", url.Values{"word": {"wrong"}}); w.Code != 403 {
			t.Errorf("%d", w.Code)
		}
	}
	if w := post(p, "http://192.168.1.2/nhat-ky", url.Values{"word": {"abcdefghkm"}}); w.Code != 429 || strings.Contains(w.Body.String(), "TYPE16") {
		t.Errorf("%d", w.Code)
	}
}

// A refused site may have a page of the same path: it is refused as any other.
func TestARefusedSitesPathIsNotTheLog(t *testing.T) {
	w := post(withLog(t), "http://quiz.example/nhat-ky", url.Values{"word": {"abcdefghkm"}})
	if body := w.Body.String(); w.Code != 403 || strings.Contains(body, "TYPE16") || !strings.Contains(body, "Nhà trường đã chọn che trang này.") {
		t.Errorf("%d\n%s", w.Code, body)
	}
}
