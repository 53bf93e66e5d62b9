// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestABrowserIsGuardedToo(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the inside was reached") }))
	defer inner.Close()
	secureInner := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the inside was reached") }))
	defer secureInner.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "lachan/test" || r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
			t.Errorf("%v", r.Header)
		}
		io.WriteString(w, "plain") //nolint:errcheck // the asker may go
	}))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			io.CopyN(w, zeros{}, 8<<20) //nolint:errcheck // the asker goes
			return
		}
		io.WriteString(w, "secure") //nolint:errcheck // the asker may go
	}))
	defer secure.Close()
	p, err := outside(t, plain, secure).Proxy(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	transport := secure.Client().Transport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: p.Address()})
	defer transport.CloseIdleConnections()
	ask := func(address string) (int, string, error) {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", "a=b")
		r.Header.Set("Referer", "http://mau.example/?secret")
		a, err := transport.RoundTrip(r)
		if err != nil {
			return 0, "", err
		}
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		return a.StatusCode, string(text), err
	}
	if status, text, err := ask(plain.URL); status != 200 || text != "plain" || err != nil {
		t.Error(status, text, err)
	}
	if status, text, err := ask(secure.URL); status != 200 || text != "secure" || err != nil {
		t.Error(status, text, err)
	}
	if status, _, err := ask(inner.URL); status != http.StatusForbidden || err != nil {
		t.Error(status, err)
	}
	if _, _, err := ask(secureInner.URL); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Error(err)
	}
	if _, refused, spent := p.Passed(); refused != 2 || spent {
		t.Error(refused, spent)
	}
	if _, text, err := ask(secure.URL + "/large"); err == nil || len(text) > 1<<20+64<<10 { // what was read at once passes
		t.Error(len(text), err)
	}
	if _, _, spent := p.Passed(); !spent {
		t.Error("the limit was not reached")
	}
}
