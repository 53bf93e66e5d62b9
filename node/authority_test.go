// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lachan/internal/problem"
)

// Without an authority nothing listens for HTTPS; with one the block page is
// there for devices that have its certificate, and for names that the rules in
// force refuse.
func TestTheBlockPageOverHTTPS(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	state, dir := t.TempDir(), t.TempDir()
	n, stop := w.node(state)
	w.ready(n, 1)
	if n.secureAt != nil {
		t.Error("something listens for HTTPS without an authority")
	}
	stop()
	cfg := Config{State: state, PageAuthority: filepath.Join(dir, "authority.pem"), Host: "dns.truong.example"}
	path, err := MakeAuthority(cfg, nil)
	w.must(err)
	if _, err := MakeAuthority(cfg, nil); !problem.Is(err, "node/authority-file") {
		t.Errorf("made twice: %v", err)
	}
	if _, err := MakeAuthority(Config{}, nil); !problem.Is(err, "node/config") {
		t.Errorf("nowhere to put it: %v", err)
	}
	public, err := os.ReadFile(path)
	w.must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	n, stop = w.runWith(state, Options{Version: "test"}, func(c *Config) {
		c.PageAuthority, c.PageListenTLS = cfg.PageAuthority, "127.0.0.1:0"
	})
	defer stop()
	w.ready(n, 1)
	get := func(host string, roots *x509.CertPool) (int, error) {
		client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, network, n.secureAt.Addr().String())
			},
		}}
		resp, err := client.Get("https://" + host + "/")
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	if status, err := get("bet.example", roots); err != nil || status != http.StatusForbidden {
		t.Errorf("%d %v", status, err)
	}
	if _, err := get("bet.example", x509.NewCertPool()); err == nil {
		t.Error("a device without the authority believed it")
	}
	if _, err := get("fresh.example", roots); err == nil {
		t.Error("a certificate for a name that is not refused")
	}
	w.decide(true, w.emergency("fresh.example", true))
	w.until("the page of a fresh refusal", func() bool {
		status, err := get("fresh.example", roots)
		return err == nil && status == http.StatusForbidden
	})
	if err := (Config{Upstreams: []string{"192.0.2.1"}, PageListenTLS: ":443"}).Validate(); err == nil {
		t.Error("HTTPS without an authority")
	}
	both := Config{Upstreams: []string{"192.0.2.1"}, PageAddresses: []string{"192.0.2.2"}, PageAuthority: cfg.PageAuthority}
	if err := both.Validate(); err != nil {
		t.Error(err)
	}
	both.ListenHTTPS = []string{":443"}
	if err := both.Validate(); err == nil {
		t.Error("two of one address")
	}
}
