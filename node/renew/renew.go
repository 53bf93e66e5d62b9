// SPDX-License-Identifier: Apache-2.0

// Package renew keeps the certificate of a node's encrypted ways fresh.
//
// DNS over TLS, HTTPS and QUIC are of use to clause 3 of dispatch
// 4569/UBND-KGVX only as long as devices trust the node's certificate; one that
// ends on a Sunday leaves a school without names on Monday. Where the settings
// name an authority that speaks ACME (RFC 8555) the node asks it for a
// certificate and for the next when a third of its time is left. It shows that
// the host is its own over plain HTTP (http-01), on the port where the block
// page is served. The account's key, the certificate and its key lie in the
// node's folder; the last good certificate stays until there is a newer one.
package renew

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"

	"lachan/internal/clock"
	"lachan/internal/problem"
)

const (
	// ChallengePath is where the authority looks.
	ChallengePath = "/.well-known/acme-challenge/"
	certFile      = "acme.pem" // key and certificates, so that one rename changes both
	accountFile   = "acme-account.pem"
	attemptTime   = 5 * time.Minute
	firstRetry    = time.Minute
	longestRetry  = 12 * time.Hour // authorities bound how often one may fail
	lookAgain     = time.Hour
)

// Config is what a Renewer needs.
type Config struct {
	Directory string         // of the authority: "https://acme.example/directory"
	Host      string         // that the certificate is for
	Contact   string         // mail address for the authority; may be empty
	Roots     *x509.CertPool // that vouch for the authority's own address; nil: the system's
	Dir       string         // the node's folder
	Clock     clock.Clock
	Logger    *slog.Logger
	Changed   func() // called when there is a new certificate
}

// Renewer keeps one certificate. It is an http.Handler for ChallengePath.
type Renewer struct {
	cfg Config

	mu     sync.Mutex
	tokens map[string]string // path to what the authority is to find there
}

// File is where a node with this folder keeps certificate and key, both in PEM.
func File(dir string) string { return filepath.Join(dir, certFile) }

// New makes a Renewer; Run it.
func New(cfg Config) *Renewer { return &Renewer{cfg: cfg, tokens: map[string]string{}} }

// ServeHTTP answers the authority.
func (r *Renewer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	text, ok := r.tokens[req.URL.Path]
	r.mu.Unlock()
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write([]byte(text)) // the authority asks again
}

// Run renews until ctx ends.
func (r *Renewer) Run(ctx context.Context) {
	wait := firstRetry
	for {
		next := lookAgain
		if r.due() {
			err := r.Obtain(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				r.cfg.Logger.Warn("no new certificate; the last one stays", slog.String("error", err.Error()), slog.Duration("again", wait))
				next, wait = wait, min(2*wait, longestRetry)
			default:
				r.cfg.Logger.Info("new certificate")
				wait = firstRetry
				r.cfg.Changed()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// due reports whether a third of the certificate's time or less is left, or
// there is none for the host.
func (r *Renewer) due() bool {
	pair, err := tls.LoadX509KeyPair(File(r.cfg.Dir), File(r.cfg.Dir))
	if err != nil || pair.Leaf.VerifyHostname(r.cfg.Host) != nil {
		return true
	}
	life := pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore)
	return pair.Leaf.NotAfter.Sub(r.cfg.Clock.Now()) <= life/3
}

// Obtain asks the authority for a certificate and keeps it.
func (r *Renewer) Obtain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	if err := r.obtain(ctx); err != nil {
		return problem.New("node/no-renewal").Wrap(err)
	}
	return nil
}

func (r *Renewer) obtain(ctx context.Context) error {
	account, err := r.account()
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.cfg.Roots, MinVersion: tls.VersionTLS12}, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	client := &acme.Client{Key: account, DirectoryURL: r.cfg.Directory, HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second}, UserAgent: "lachan-node"}
	who := &acme.Account{}
	if r.cfg.Contact != "" {
		who.Contact = []string{"mailto:" + r.cfg.Contact}
	}
	if _, err := client.Register(ctx, who, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return fmt.Errorf("renew: register: %w", err)
	}
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(r.cfg.Host))
	if err != nil {
		return fmt.Errorf("renew: order: %w", err)
	}
	for _, url := range order.AuthzURLs {
		if err := r.authorise(ctx, client, url); err != nil {
			return err
		}
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return fmt.Errorf("renew: order: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{r.cfg.Host}}, key)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	chain, _, err := client.CreateOrderCert(ctx, order.FinalizeURL, csr, true)
	if err != nil {
		return fmt.Errorf("renew: certificate: %w", err)
	}
	return r.keep(key, chain)
}

// authorise shows that the host is ours.
func (r *Renewer) authorise(ctx context.Context, client *acme.Client, url string) error {
	authz, err := client.GetAuthorization(ctx, url)
	if err != nil {
		return fmt.Errorf("renew: authorisation: %w", err)
	}
	if authz.Status == acme.StatusValid {
		return nil
	}
	for _, challenge := range authz.Challenges {
		if challenge.Type != "http-01" {
			continue
		}
		text, err := client.HTTP01ChallengeResponse(challenge.Token)
		if err != nil {
			return fmt.Errorf("renew: %w", err)
		}
		path := client.HTTP01ChallengePath(challenge.Token)
		r.mu.Lock()
		r.tokens[path] = text
		r.mu.Unlock()
		defer func() {
			r.mu.Lock()
			delete(r.tokens, path)
			r.mu.Unlock()
		}()
		if _, err := client.Accept(ctx, challenge); err != nil {
			return fmt.Errorf("renew: challenge: %w", err)
		}
		if _, err := client.WaitAuthorization(ctx, url); err != nil {
			return fmt.Errorf("renew: authorisation: %w", err)
		}
		return nil
	}
	return errors.New("renew: the authority offers no http-01")
}

// account is the key that the authority knows the node by, made once.
func (r *Renewer) account() (crypto.Signer, error) {
	path := filepath.Join(r.cfg.Dir, accountFile)
	text, err := os.ReadFile(path)
	if err == nil {
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, errors.New("renew: the account's key is damaged")
		}
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("renew: the account's key: %w", err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("renew: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	var out bytes.Buffer
	if err := encodeKey(&out, key); err != nil {
		return nil, err
	}
	return key, write(path, out.Bytes())
}

// keep checks what the authority sent before it takes the place of what is
// there.
func (r *Renewer) keep(key *ecdsa.PrivateKey, chain [][]byte) error {
	var out bytes.Buffer
	for _, der := range chain {
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return fmt.Errorf("renew: %w", err)
		}
	}
	if err := encodeKey(&out, key); err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(out.Bytes(), out.Bytes())
	if err == nil {
		err = pair.Leaf.VerifyHostname(r.cfg.Host)
	}
	if err != nil {
		return fmt.Errorf("renew: what the authority sent: %w", err)
	}
	return write(File(r.cfg.Dir), out.Bytes())
}

func encodeKey(out *bytes.Buffer, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	if err := pem.Encode(out, &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}); err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	return nil
}

// write puts a file that only the node reads in its place at once or not at all.
func write(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".pem")+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("renew: %w", err), os.Remove(temporary.Name()))
	}
	return nil
}
