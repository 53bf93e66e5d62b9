// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A key goes to the server that it is for, and to no other that it sends us on
// to.
func TestHeadersStayWithTheirServer(t *testing.T) {
	var leaked, same string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = r.Header.Get("X-Key") + r.Header.Get("Authorization")
	}))
	t.Cleanup(other.Close)
	c, s := inner(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		default:
			same = r.Header.Get("X-Key") + r.Header.Get("Authorization")
		}
	}))
	header := map[string]string{"X-Key": "k", "Authorization": "Basic b"}
	for _, path := range []string{"/away", "/here"} {
		if _, _, err := get(t, c, Request{URL: s.URL + path, Header: header}); err != nil {
			t.Fatal(err)
		}
	}
	if leaked != "" || same != "kBasic b" {
		t.Errorf("to another server %q, to its own %q", leaked, same)
	}
}
