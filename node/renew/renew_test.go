// SPDX-License-Identifier: Apache-2.0

package renew

import (
	"bytes"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
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

// Where nothing can be written, a full disk for one, the last certificate stays
// and the next try is as good as the first.
func TestACertificateThatCannotBeKeptChangesNothing(t *testing.T) {
	a := acmetest.New(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.Server())
	dir := t.TempDir()
	r := New(Config{Directory: a.Directory(), Host: "dns.truong.example", Roots: roots, Dir: dir, Clock: clock.System{}, Logger: slog.New(slog.DiscardHandler)})
	proof := httptest.NewServer(r)
	defer proof.Close()
	a.FetchAt(strings.TrimPrefix(proof.URL, "http://"))
	if err := r.Obtain(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(File(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := r.Obtain(t.Context()); !problem.Is(err, "node/no-renewal") {
		t.Errorf("kept nowhere: %v", err)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(File(dir)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the last certificate changed: %v", err)
	}
	if err := r.Obtain(t.Context()); err != nil {
		t.Error(err)
	}
}
