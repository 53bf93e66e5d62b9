// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

const (
	authorityLife = 2 * 365 * 24 * time.Hour
	leafLife      = 48 * time.Hour
	leafRenewal   = 24 * time.Hour // a leaf that is older is made anew
	clockSlack    = time.Hour      // a device's clock may be behind
	maxLeaves     = 256
)

// Authority is a school's own certificate authority for the block page over
// HTTPS. Devices on which it is installed believe what it signs, so it is as
// dangerous as it is handy: it is made by an explicit command, signs for
// refused names only, for two days each, and never for the names that it was
// made to exclude, which devices check too (RFC 5280 §4.2.1.10).
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	leaf *ecdsa.PrivateKey // of all that it signs; it lives as long as the process

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// Bounds are the names, with all below them, that an authority may speak for.
type Bounds struct {
	Only     []bundle.Name // if any: no others
	Excluded []bundle.Name
}

// MakeAuthority makes an authority that ends after two years, and writes its key
// and certificate to file, which only the node may read. It returns the
// certificate, in PEM, for the devices. An existing file is never overwritten.
func MakeAuthority(file, name string, bounds Bounds, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-clockSlack), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, // it signs no other authority
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: texts(bounds.Only), ExcludedDNSDomains: texts(bounds.Excluded),
		ExcludedIPRanges: []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, problem.New("node/authority-file", "file", file).Wrap(err)
	}
	_, err = f.Write(append(bytes.Clone(public), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})...))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, problem.New("node/authority-file", "file", file).Wrap(err)
	}
	return public, nil
}

func texts(names []bundle.Name) (all []string) {
	for _, n := range names {
		all = append(all, n.String())
	}
	return all
}

// OpenAuthority reads what MakeAuthority wrote. A file that others on the machine
// may read is refused.
func OpenAuthority(file string) (*Authority, error) {
	bad := func(err error) (*Authority, error) {
		return nil, problem.New("node/authority-file", "file", file).Wrap(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return bad(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return bad(errors.New("blockpage: others may read the authority's key"))
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return bad(err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return bad(errors.New("blockpage: no authority of the node's making"))
	}
	a := &Authority{cert: pair.Leaf, key: key, leaves: map[string]*tls.Certificate{}}
	if a.leaf, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return bad(err)
	}
	return a, nil
}

// allows reports whether a device would believe the authority for a name.
func (a *Authority) allows(name bundle.Name) bool {
	within := func(bounds []string) bool {
		for _, text := range bounds {
			if bound, err := bundle.ParseName(text); err == nil && bound.Labels() <= name.Labels() && name.Suffix(bound.Labels()) == bound {
				return true
			}
		}
		return false
	}
	return !within(a.cert.ExcludedDNSDomains) && (len(a.cert.PermittedDNSDomains) == 0 || within(a.cert.PermittedDNSDomains))
}

// certificate is a leaf for a name that the caller has found refused.
func (a *Authority) certificate(name bundle.Name, now time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text := name.String()
	if c := a.leaves[text]; c != nil && now.Before(c.Leaf.NotBefore.Add(clockSlack+leafRenewal)) && now.After(c.Leaf.NotBefore) {
		return c, nil
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, DNSNames: []string{text}, NotBefore: now.Add(-clockSlack), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.leaf.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("blockpage: %w", err)
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	c := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leaf, Leaf: leaf}
	a.leaves[text] = c
	return c, nil
}

// tls is the server side: a certificate for a name that is refused to whoever
// asks, now, and a closed door for every other. Without tickets each visit is
// decided anew.
func (p *Page) tls(a *Authority) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name, err := bundle.ParseName(hello.ServerName)
			if err != nil {
				return nil, errNotRefused
			}
			from, err := netip.ParseAddrPort(hello.Conn.RemoteAddr().String())
			if err != nil {
				return nil, errNotRefused
			}
			if f := p.decide(name, from.Addr()); !f.decision.Blocked || !a.allows(name) {
				return nil, errNotRefused
			}
			return a.certificate(name, p.cfg.Clock.Now())
		},
	}
}

// errNotRefused names no name: who asks for it is nobody's business.
var errNotRefused = errors.New("blockpage: the authority speaks for refused names only")
