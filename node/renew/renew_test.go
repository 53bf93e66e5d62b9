// SPDX-License-Identifier: Apache-2.0

package renew

import (
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/node/renew/acmetest"
)

// Run asks when a third of the time is left, and not before.
func TestTheNextComesInTime(t *testing.T) {
	a := acmetest.New(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.Server())
	at := clock.NewFixed(time.Now())
	r := New(Config{Directory: a.Directory(), Host: "dns.truong.example", Roots: roots, Dir: t.TempDir(), Clock: at, Logger: slog.New(slog.DiscardHandler)})
	proof := httptest.NewServer(r)
	defer proof.Close()
	a.FetchAt(strings.TrimPrefix(proof.URL, "http://"))
	if !r.due() {
		t.Error("none is there, and none is due")
	}
	if err := r.Obtain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for days, due := range map[int]bool{0: false, 59: false, 61: true, 365: true, -365: false} {
		at.Set(time.Now().AddDate(0, 0, days))
		if r.due() != due {
			t.Errorf("after %d days: due %v", days, !due)
		}
	}
	r.cfg.Host = "another.example"
	if at.Set(time.Now()); !r.due() {
		t.Error("a certificate for another host is enough")
	}
}
