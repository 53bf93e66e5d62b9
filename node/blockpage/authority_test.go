// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
)

func named(t *testing.T, texts ...string) (all []bundle.Name) {
	t.Helper()
	for _, text := range texts {
		n, err := bundle.ParseName(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// secure serves a page over HTTPS whose rules refuse quiz.example, truong.gov.vn
// and late.example, and returns its address and the authority's certificate.
func secure(t *testing.T, bounds Bounds) (p *Page, at string, a *Authority, roots *x509.CertPool) {
	t.Helper()
	rules := []bundle.Rule{denied(t)}
	for _, n := range named(t, "truong.gov.vn", "late.example") {
		rules = append(rules, bundle.Rule{Domain: n, Bands: bundle.EveryBand})
	}
	p = page(t, "https://hub.example", nil, rules...)
	p.cfg.Clock = clock.System{} // as the client's
	file := filepath.Join(t.TempDir(), "authority.pem")
	public, err := MakeAuthority(file, "La Chan", bounds, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if a, err = OpenAuthority(file); err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	if !roots.AppendCertsFromPEM(public) {
		t.Fatal("no certificate for the devices")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.ServeTLS(ctx, l, a) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p, l.Addr().String(), a, roots
}

func visit(t *testing.T, at, host string, roots *x509.CertPool) (int, string, error) {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, at)
		},
	}
	resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + host + "/")
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestThePageOverHTTPSWhereTheAuthorityIsInstalled(t *testing.T) {
	_, at, a, roots := secure(t, Bounds{Excluded: named(t, "gov.vn")})
	for _, host := range []string{"quiz.example", "www.quiz.example"} {
		status, body, err := visit(t, at, host, roots)
		if err != nil || status != http.StatusForbidden || !strings.Contains(body, "Nhà trường đã chọn che trang này.") || !strings.Contains(body, "tel:111") {
			t.Errorf("%s: %d %v", host, status, err)
		}
	}
	if _, _, err := visit(t, at, "quiz.example", x509.NewCertPool()); err == nil {
		t.Error("a device without the authority believed it")
	}
	for what, host := range map[string]string{
		"not refused": "lesson.example", "the state's, though refused": "truong.gov.vn", "no name": "127.0.0.1", "a part of a refused name": "example",
	} {
		if _, _, err := visit(t, at, host, roots); err == nil {
			t.Errorf("%s: a certificate for %s", what, host)
		}
		if a.leaves[host] != nil {
			t.Errorf("%s: a certificate was made for %s", what, host)
		}
	}
	if len(a.leaves) != 2 {
		t.Errorf("%d certificates were made, want 2", len(a.leaves))
	}
	for _, c := range a.leaves {
		if c.Leaf.IsCA || c.Leaf.NotAfter.Sub(c.Leaf.NotBefore) > 3*24*time.Hour || len(c.Leaf.DNSNames) != 1 {
			t.Errorf("%+v", c.Leaf)
		}
	}
}

// Devices themselves hold the authority to its bounds, whatever a thief signs
// with its key.
func TestDevicesHoldTheAuthorityToItsBounds(t *testing.T) {
	for what, c := range map[string]struct {
		bounds Bounds
		good   string
		bad    string
	}{
		"excluded": {Bounds{Excluded: named(t, "gov.vn")}, "quiz.example", "bank.gov.vn"},
		"only":     {Bounds{Only: named(t, "quiz.example")}, "www.quiz.example", "late.example"},
	} {
		_, _, a, roots := secure(t, c.bounds)
		for host, want := range map[string]bool{c.good: true, c.bad: false} {
			leaf, err := a.certificate(named(t, host)[0], time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); (err == nil) != want {
				t.Errorf("%s: %s: %v", what, host, err)
			}
			if a.allows(named(t, host)[0]) != want {
				t.Errorf("%s: the node itself: %s", what, host)
			}
		}
	}
}

func TestTheAuthoritysFileIsGuarded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "authority.pem")
	if _, err := OpenAuthority(file); !problem.Is(err, "node/authority-file") {
		t.Errorf("none there: %v", err)
	}
	if _, err := MakeAuthority(file, "La Chan", Bounds{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := MakeAuthority(file, "La Chan", Bounds{}, time.Now()); !problem.Is(err, "node/authority-file") {
		t.Errorf("written over: %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAuthority(file); !problem.Is(err, "node/authority-file") {
		t.Errorf("others may read it: %v", err)
	}
}

// A name that is opened gets no certificate any more, cached or not.
func TestAnOpenedNameGetsNoCertificate(t *testing.T) {
	p, at, _, roots := secure(t, Bounds{})
	if _, _, err := visit(t, at, "late.example", roots); err != nil {
		t.Fatal(err)
	}
	open := page(t, "", nil, denied(t))
	p.cfg.View = open.cfg.View
	if _, _, err := visit(t, at, "late.example", roots); err == nil {
		t.Error("a certificate for a name that is not refused")
	}
}
