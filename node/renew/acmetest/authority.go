// SPDX-License-Identifier: Apache-2.0

// Package acmetest is a small authority that speaks ACME (RFC 8555), for tests
// of the node's renewal: clause 3 of dispatch 4569/UBND-KGVX is served by a
// certificate that is there when the last one ends. It checks signatures and
// nonces, fetches the proof over HTTP and signs what it is sent.
package acmetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Authority serves one order at a time.
type Authority struct {
	server *httptest.Server
	root   *x509.Certificate
	key    *ecdsa.PrivateKey

	mu       sync.Mutex
	nonces   map[string]bool
	accounts map[string]*ecdsa.PublicKey // by address
	state    string                      // of the one order
	host     string
	chain    []byte
	issued   int
	refused  int
	hostPort string
	life     time.Duration
	refuse   bool
}

// New starts an authority until the test ends.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{nonces: map[string]bool{}, accounts: map[string]*ecdsa.PublicKey{}, life: 90 * 24 * time.Hour}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.server = httptest.NewTLSServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.server.Close)
	return a
}

// Directory is the address that settings name.
func (a *Authority) Directory() string { return a.server.URL + "/directory" }

// Server is the certificate of its own address, Root that of what it signs.
func (a *Authority) Server() *x509.Certificate { return a.server.Certificate() }

// Root vouches for what it signs.
func (a *Authority) Root() *x509.Certificate { return a.root }

// FetchAt has proofs fetched at an address ("127.0.0.1:8080") whatever the host.
func (a *Authority) FetchAt(hostPort string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hostPort = hostPort
}

// Sign sets how long certificates last; refuse makes it refuse everything.
func (a *Authority) Sign(life time.Duration, refuse bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life, a.refuse = life, refuse
}

// Refused counts the requests that it refused.
func (a *Authority) Refused() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// Issued counts the certificates.
func (a *Authority) Issued() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.issued
}

func (a *Authority) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	nonce := rand.Text()
	a.nonces[nonce] = true
	w.Header().Set("Replay-Nonce", nonce)
	at := func(path string) string { return a.server.URL + path }
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	order := func() map[string]any {
		o := map[string]any{"status": a.state, "identifiers": []any{map[string]string{"type": "dns", "value": a.host}}, "authorizations": []string{at("/authz")}, "finalize": at("/finalize")}
		if a.state == "valid" {
			o["certificate"] = at("/cert")
		}
		return o
	}
	challenge := func(status string) map[string]any {
		return map[string]any{"type": "http-01", "url": at("/challenge"), "token": "token-1", "status": status}
	}
	authz := map[string]string{"pending": "pending", "ready": "valid", "valid": "valid", "invalid": "invalid"}
	switch r.URL.Path {
	case "/directory":
		say(200, map[string]string{"newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/new-order")})
		return
	case "/nonce":
		return
	}
	payload, key, err := a.open(r)
	if err != nil || a.refuse {
		a.refused++
		say(403, map[string]string{"type": "urn:ietf:params:acme:error:unauthorized", "detail": fmt.Sprint(err)})
		return
	}
	switch r.URL.Path {
	case "/account":
		address := at("/account/1")
		status := 201
		if a.accounts[address] != nil {
			status = 200
		}
		a.accounts[address] = key
		w.Header().Set("Location", address)
		say(status, map[string]string{"status": "valid"})
	case "/new-order":
		var o struct{ Identifiers []struct{ Value string } }
		if json.Unmarshal(payload, &o) != nil || len(o.Identifiers) != 1 {
			say(400, nil)
			return
		}
		a.state, a.host = "pending", o.Identifiers[0].Value
		w.Header().Set("Location", at("/order"))
		say(201, order())
	case "/order":
		say(200, order())
	case "/authz":
		say(200, map[string]any{"status": authz[a.state], "identifier": map[string]string{"type": "dns", "value": a.host}, "challenges": []any{challenge(authz[a.state])}})
	case "/challenge":
		a.state = "invalid"
		if a.fetch() == "token-1."+thumbprint(key) {
			a.state = "ready"
		}
		say(200, challenge("processing"))
	case "/finalize":
		if a.state != "ready" || !a.sign(payload) {
			say(403, map[string]string{"type": "urn:ietf:params:acme:error:orderNotReady"})
			return
		}
		a.state = "valid"
		w.Header().Set("Location", at("/order"))
		say(200, order())
	case "/cert":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		w.Write(a.chain)
	default:
		say(404, nil)
	}
}

// open checks the signature of a request (RFC 7515) and its nonce.
func (a *Authority) open(r *http.Request) (payload []byte, key *ecdsa.PublicKey, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	var jws struct{ Protected, Payload, Signature string }
	var head struct {
		Alg, Nonce, URL, Kid string
		JWK                  *struct{ X, Y string }
	}
	decode := base64.RawURLEncoding.DecodeString
	if err := json.Unmarshal(body, &jws); err != nil {
		return nil, nil, err
	}
	protected, _ := decode(jws.Protected)
	signature, _ := decode(jws.Signature)
	if err := json.Unmarshal(protected, &head); err != nil {
		return nil, nil, err
	}
	if !a.nonces[head.Nonce] || head.Alg != "ES256" || head.URL != a.server.URL+r.URL.Path || len(signature) != 64 {
		return nil, nil, fmt.Errorf("bad request %+v", head)
	}
	delete(a.nonces, head.Nonce)
	if key = a.accounts[head.Kid]; head.JWK != nil {
		x, _ := decode(head.JWK.X)
		y, _ := decode(head.JWK.Y)
		if key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y)); err != nil {
			return nil, nil, err
		}
	}
	digest := sha256.Sum256([]byte(jws.Protected + "." + jws.Payload))
	if key == nil || !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, nil, fmt.Errorf("bad signature")
	}
	payload, err = decode(jws.Payload)
	return payload, key, err
}

func thumbprint(key *ecdsa.PublicKey) string {
	point, err := key.Bytes() // 4, then both coordinates
	if err != nil {
		return ""
	}
	text := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, text(point[1:33]), text(point[33:])))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// fetch is what stands where the node should have put its proof.
func (a *Authority) fetch() string {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, a.hostPort)
	}}}
	resp, err := client.Get("http://" + a.host + "/.well-known/acme-challenge/token-1")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(text))
}

func (a *Authority) sign(payload []byte) bool {
	var body struct{ CSR string }
	if json.Unmarshal(payload, &body) != nil {
		return false
	}
	der, _ := base64.RawURLEncoding.DecodeString(body.CSR)
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil || len(csr.DNSNames) != 1 || csr.DNSNames[0] != a.host {
		return false
	}
	a.issued++
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(1 + a.issued)), DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(a.life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.root, csr.PublicKey, a.key)
	if err != nil {
		return false
	}
	a.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	return true
}
