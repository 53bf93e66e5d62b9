// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/problem"
	"lachan/node/renew"
	"lachan/node/renew/acmetest"
)

// A node with an authority and no certificate gets one, and the next without
// closing a connection.
func TestACertificateIsHadAndRenewed(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	a := acmetest.New(t)
	state := t.TempDir()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	w.must(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Server().Raw}), 0o600))
	_, err := Enrol(t.Context(), nil, state, w.http.URL, "once", "test")
	w.must(err)
	a.Sign(time.Hour, true) // it refuses at first
	n, stop := w.runWith(state, Options{Version: "test"}, func(c *Config) {
		c.ListenTLS, c.Host, c.ACMEDirectory, c.ACMECA, c.ACMEContact = []string{"127.0.0.1:0"}, "dns.truong.example", a.Directory(), ca, "it@truong.example"
	})
	defer stop()
	w.ready(n, 1)
	w.until("the first try", func() bool { return a.Refused() > 0 }) // the next is a minute away
	roots := x509.NewCertPool()
	roots.AddCert(a.Root())
	dial := func() (*tls.Conn, error) {
		return tls.Dial("tcp", n.dns.Addresses().TLS[0], &tls.Config{RootCAs: roots, ServerName: "dns.truong.example", NextProtos: []string{"dot"}})
	}
	if c, err := dial(); err == nil {
		c.Close()
		t.Error("a connection without a certificate")
	}
	if err := n.renewer.Obtain(t.Context()); !problem.Is(err, "node/no-renewal") {
		t.Errorf("refused: %v", err)
	}
	a.Sign(90*24*time.Hour, false)
	if err := n.renewer.Obtain(t.Context()); !problem.Is(err, "node/no-renewal") || a.Issued() != 0 {
		t.Errorf("without the proof at the host: %v, %d issued", err, a.Issued())
	}
	a.FetchAt(n.PageAddr())
	w.must(n.renewer.Obtain(t.Context()))
	n.resolver.RefreshCertificate(t.Context())
	first, err := dial()
	w.must(err)
	defer first.Close()
	ask := func(c *tls.Conn) {
		t.Helper()
		q := dnswire.AppendQuery(nil, 9, w.name("lesson.example").Wire(), dnswire.TypeA, false, false)
		c.SetDeadline(time.Now().Add(5 * time.Second))
		_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...))
		w.must(err)
		var size [2]byte
		_, err = io.ReadFull(c, size[:])
		w.must(err)
		_, err = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(size[:])))
		w.must(err)
	}
	ask(first)
	w.must(n.renewer.Obtain(t.Context()))
	n.resolver.RefreshCertificate(t.Context())
	ask(first) // still open
	second, err := dial()
	w.must(err)
	defer second.Close()
	ask(second)
	if first.ConnectionState().PeerCertificates[0].SerialNumber.Cmp(second.ConnectionState().PeerCertificates[0].SerialNumber) == 0 || a.Issued() != 2 {
		t.Errorf("the same certificate, %d issued", a.Issued())
	}
	for _, name := range []string{"acme.pem", "acme-account.pem"} {
		if info, err := os.Stat(filepath.Join(state, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	resp, err := http.Get("http://" + n.PageAddr() + renew.ChallengePath + "token-1")
	w.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the proof is still there: %d", resp.StatusCode)
	}
	stop()
	_, again := w.runWith(state, Options{Version: "test"}, func(c *Config) { // it starts with what it has
		c.ListenTLS, c.Host, c.ACMEDirectory, c.ACMECA = []string{"127.0.0.1:0"}, "dns.truong.example", a.Directory(), ca
	})
	again()
	if a.Issued() != 2 {
		t.Errorf("a fresh certificate was not used: %d issued", a.Issued())
	}
}

func TestSettingsOfAnAuthority(t *testing.T) {
	good := Config{State: t.TempDir(), Upstreams: []string{"192.0.2.1"}, PageAddresses: []string{"192.0.2.2"}, Host: "dns.truong.example", ListenTLS: []string{":853"}, ACMEDirectory: "https://acme.example/directory"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*Config){
		"no host":             func(c *Config) { c.Host = "" },
		"nowhere to be asked": func(c *Config) { c.PageListen = "off" },
		"in clear":            func(c *Config) { c.ACMEDirectory = "http://acme.example/directory" },
		"files too":           func(c *Config) { c.CertFile, c.KeyFile = "a", "b" },
		"no such authorities": func(c *Config) { c.ACMECA = "/nowhere" },
		"a damaged file": func(c *Config) {
			c.State = t.TempDir()
			if err := os.WriteFile(renew.File(c.State), bytes.Repeat([]byte("x"), 10), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "node/config") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
