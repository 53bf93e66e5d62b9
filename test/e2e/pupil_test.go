// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// door is a node's entrance for DNS over HTTPS.
type door struct {
	address           string // "127.0.0.1:4430"
	certFile, keyFile string
	pin               string // of the certificate's key, in Base64
}

// newDoor makes a certificate that nobody vouches for; browsers are told its key.
func newDoor(t *testing.T, address string) door {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	check(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	dir := t.TempDir()
	sum := sha256.Sum256(public)
	d := door{address: address, certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), pin: base64.StdEncoding.EncodeToString(sum[:])}
	check(t, os.WriteFile(d.certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(t, os.WriteFile(d.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs}), 0o600))
	return d
}

// device starts Chromium as a school sets its machines up: secure DNS at the
// node and nowhere else, under a word; what it opens goes through a network of
// the school, which gives it an address there. Each start is a browser that
// remembers nothing: Chromium keeps what a name was for a minute at least.
func device(t *testing.T, d door, word, from string) context.Context {
	t.Helper()
	profile := t.TempDir()
	template := "https://" + d.address + "/dns-query"
	if word != "" {
		template += "/" + word
	}
	state, err := json.Marshal(map[string]any{"dns_over_https": map[string]string{"mode": "secure", "templates": template}})
	check(t, err)
	check(t, os.WriteFile(filepath.Join(profile, "Local State"), state, 0o600))
	settings := []chromedp.ExecAllocatorOption{chromedp.Flag("ignore-certificate-errors-spki-list", d.pin)}
	if from != "" {
		settings = append(settings, chromedp.ProxyServer("socks4://"+way(t, from)))
	}
	return launch(t, profile, settings...)
}

// way is one on which connections come from one address, as from a room
// of a school: SOCKS 4 without its later part, so that whoever uses it looks
// names up itself.
func way(t *testing.T, from string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go pass(conn, from)
		}
	}()
	return l.Addr().String()
}

func pass(conn net.Conn, from string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	head := make([]byte, 8) // version, command, port, address
	if _, err := io.ReadFull(in, head); err != nil || head[0] != 4 || head[1] != 1 {
		return
	}
	if _, err := in.ReadString(0); err != nil { // a user, whom nobody asks for
		return
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	to := net.JoinHostPort(net.IP(head[4:]).String(), strconv.Itoa(int(binary.BigEndian.Uint16(head[2:]))))
	out, err := d.DialContext(context.Background(), "tcp", to)
	if err != nil {
		conn.Write([]byte{0, 0x5b, 0, 0, 0, 0, 0, 0}) //nolint:errcheck // it is over either way
		return
	}
	defer out.Close()
	if _, err := conn.Write([]byte{0, 0x5a, 0, 0, 0, 0, 0, 0}); err != nil {
		return
	}
	go func() {
		io.Copy(out, in) //nolint:errcheck // the browser has hung up
		out.Close()
	}()
	io.Copy(conn, out) //nolint:errcheck // the site has hung up
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
