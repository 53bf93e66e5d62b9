// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"lachan/internal/problem"
)

type kind uint8

const (
	plain kind = iota // UDP, and TCP for what is too long
	overTLS
	overHTTPS
)

// Server is one upstream as the settings name it.
type Server struct {
	text string
	kind kind
	at   []netip.AddrPort
	name string     // that its certificate must hold for; "" where a pin is enough
	pins [][32]byte // SHA-256 of public keys, one of which it must have
	url  string
}

// String is what Parse was given.
func (s Server) String() string { return s.text }

// Parse reads one upstream:
//
//	192.0.2.53                 plain, port 53; also 192.0.2.53:5353, [2001:db8::1]:53
//	tls://192.0.2.53           port 853; the certificate holds for the address
//	tls://dns.example#at=192.0.2.53,2001:db8::1
//	https://dns.example/dns-query#at=192.0.2.53
//
// "at" are the addresses of a host: it cannot be looked up through itself.
// Behind "#" may also stand "name=", for which the certificate must hold in
// place of the host, and "pin=", the base64 of a public key's SHA-256; with a
// pin and an address as the host no authority need vouch, nor the clock be
// right. Several parts are joined by "&".
func Parse(text string) (Server, error) {
	s := Server{text: text}
	bad := func(why string) (Server, error) {
		return Server{}, problem.New("node/bad-upstream", "upstream", text).Wrap(errors.New("upstream: " + why))
	}
	if !strings.Contains(text, "://") {
		at, ok := address(text, 53)
		if !ok {
			return bad("no address")
		}
		s.at = []netip.AddrPort{at}
		return s, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host == "" {
		return bad("no URL")
	}
	port := uint16(443)
	switch {
	case u.Scheme == "tls" && (u.Path == "" || u.Path == "/") && u.RawQuery == "":
		s.kind, port = overTLS, 853
	case u.Scheme == "https" && u.Path != "":
		s.kind = overHTTPS
		bare := *u
		bare.Fragment = ""
		s.url = bare.String()
	default:
		return bad("no such scheme")
	}
	if p := u.Port(); p != "" {
		n, err := netip.ParseAddrPort("127.0.0.1:" + p)
		if err != nil || n.Port() == 0 {
			return bad("no such port")
		}
		port = n.Port()
	}
	s.name = u.Hostname()
	if at, err := netip.ParseAddr(u.Hostname()); err == nil {
		s.at = []netip.AddrPort{netip.AddrPortFrom(at, port)}
	}
	named := len(s.at) == 0
	for part := range strings.SplitSeq(u.Fragment, "&") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "":
		case "name":
			s.name, named = value, true
		case "at":
			for a := range strings.SplitSeq(value, ",") {
				at, ok := address(a, port)
				if !ok {
					return bad("no address behind at")
				}
				s.at = append(s.at, at)
			}
		case "pin":
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil || len(raw) != sha256.Size {
				return bad("no pin")
			}
			s.pins = append(s.pins, [32]byte(raw))
		default:
			return bad("unknown part " + key)
		}
	}
	if len(s.at) == 0 {
		return bad("a host needs its addresses: at=")
	}
	if len(s.pins) > 0 && !named {
		s.name = ""
	}
	return s, nil
}

func address(text string, port uint16) (netip.AddrPort, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, port), true
	}
	at, err := netip.ParseAddrPort(text)
	return at, err == nil && at.Port() != 0
}

// tls is how the server proves who it is.
func (s Server) tls(roots *x509.CertPool, protocols ...string) *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: s.name, NextProtos: protocols,
		ClientSessionCache: tls.NewLRUClientSessionCache(8),
		InsecureSkipVerify: s.name == "", // then the pin decides, below
	}
	if len(s.pins) > 0 {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			for _, cert := range state.PeerCertificates {
				if slices.Contains(s.pins, sha256.Sum256(cert.RawSubjectPublicKeyInfo)) {
					return nil
				}
			}
			return fmt.Errorf("upstream: no pinned key")
		}
	}
	return c
}
