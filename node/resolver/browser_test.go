// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

// A browser set as the page for families says (secure DNS, custom address)
// opens what the band may see and nothing that it may not.
func TestChromiumUsesAHomesBand(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (apt-get install chromium)")
	}
	sites, err := dnswire.NewAuthority("play.example. 60 IN A 127.0.0.1\ngood.example. 60 IN A 127.0.0.1\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := sites.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sites.Close(context.Background()) })
	var inside []bundle.Name
	for _, text := range []string{"play.example", "good.example"} {
		n, err := bundle.ParseName(text)
		if err != nil {
			t.Fatal(err)
		}
		inside = append(inside, n) // the test's sites are on this machine
	}
	d := openDoors(t, Config{Homes: true, Upstreams: servers(sites.Addr()), PrivateNames: inside})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "mau mở được") }))
	t.Cleanup(site.Close)
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", d.at.HTTPS[0], d.tls(nodeHost))
	if err != nil {
		t.Fatal(err)
	}
	pin := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	conn.Close()
	profile := t.TempDir()
	settings, err := json.Marshal(map[string]any{"dns_over_https": map[string]string{"mode": "secure", "templates": "https://" + d.at.HTTPS[0] + bundle.HomePath + "tieu-hoc"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "Local State"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(name string) string {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+profile,
			"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(pin[:]),
			"--dump-dom", "http://"+name+":"+port+"/").Output()
		if err != nil {
			t.Fatalf("chromium: %v", err)
		}
		return string(out)
	}
	asked := d.r.Stats().Queries
	if body := open("good.example"); !strings.Contains(body, "mau mở được") {
		t.Errorf("an allowed site does not open: %.300s", body)
	}
	if d.r.Stats().Queries == asked {
		t.Error("the browser did not ask here")
	}
	if body := open("play.example"); strings.Contains(body, "mau mở được") {
		t.Error("a closed site opens")
	}
}
