// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/x509"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire/dnssec"
	"lachan/internal/problem"
	"lachan/node/blockpage"
	"lachan/node/renew"
	"lachan/node/resolver"
	"lachan/node/upstream"
)

// Validate lists every faulty field at once, nil if there is none.
func (c Config) Validate() error {
	_, err := c.resolver()
	return err
}

// resolver reads the fields that shape answers.
func (c Config) resolver() (resolver.Config, error) {
	c = c.withDefaults()
	p := problem.New("node/config")
	r := resolver.Config{
		Mode: resolver.Mode(c.Block), BlockTTL: time.Duration(c.BlockTTL) * time.Second,
		Timeout: time.Duration(c.UpstreamTimeoutMS) * time.Millisecond, CacheBytes: c.CacheMB << 20, StripECH: c.StripECH,
	}
	if r.Mode != resolver.Page && r.Mode != resolver.NXDomain && r.Mode != resolver.Zero {
		p.Field("block", "node/bad-choice")
	}
	for _, f := range []struct {
		name      string
		addresses []string
	}{{"listen", c.Listen}, {"listen_tls", c.ListenTLS}, {"listen_https", c.ListenHTTPS}, {"listen_quic", c.ListenQUIC}} {
		for _, a := range f.addresses {
			if _, _, err := net.SplitHostPort(a); err != nil {
				p.Field(f.name, "node/bad-address")
			}
		}
	}
	if c.MetricsListen != "" {
		if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil {
			p.Field("metrics_listen", "node/bad-address")
		}
	}
	c.encrypted(&r, p)
	c.upstreams(&r, p)
	if len(c.Upstreams) == 0 {
		p.Field("upstreams", "node/no-upstream")
	}
	for _, a := range c.PageAddresses {
		at, err := netip.ParseAddr(a)
		switch {
		case err != nil || at.Is4() && r.Page4.IsValid() || at.Is6() && r.Page6.IsValid():
			p.Field("page_addresses", "node/bad-address")
		case at.Is4():
			r.Page4 = at
		default:
			r.Page6 = at
		}
	}
	if r.Mode == resolver.Page && len(c.PageAddresses) == 0 {
		p.Field("page_addresses", "node/no-page-address")
	}
	c.authority(p)
	for _, s := range c.Clients {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			p.Field("clients", "bundle/bad-network")
			continue
		}
		r.Clients = append(r.Clients, prefix.Masked())
	}
	r.AlwaysResolve = names("always_resolve", c.AlwaysResolve, p)
	r.PrivateNames = names("private_names", c.PrivateNames, p)
	r.UDPRate = c.UDPRate
	c.proofs(&r, p)
	if _, ok := bundle.ParseBand(c.StandInBand); !ok {
		p.Field("stand_in_band", "node/bad-choice")
	}
	if c.CacheMB < 0 || c.BlockTTL < 0 || c.UpstreamTimeoutMS < 0 || c.MaxConnections < 0 || c.IdleSeconds < 0 {
		p.Field("cache_mb", "node/bad-choice")
	}
	return r, p.OrNil()
}

func names(field string, texts []string, p *problem.Error) (all []bundle.Name) {
	for _, text := range texts {
		n, err := bundle.ParseName(text)
		if err != nil {
			p.Field(field, "node/bad-address")
			continue
		}
		all = append(all, n)
	}
	return all
}

// proofs reads what is validated.
func (c Config) proofs(r *resolver.Config, p *problem.Error) {
	switch c.DNSSEC {
	case "", "pass":
	case "validate":
		r.Validate = true
	default:
		p.Field("dnssec", "node/bad-choice")
	}
	r.Except = names("dnssec_except", c.DNSSECExcept, p)
	if c.DNSSECAnchors == "" {
		return
	}
	text, err := os.ReadFile(c.DNSSECAnchors)
	if err == nil {
		_, err = dnssec.New(dnssec.Options{Anchors: string(text)})
	}
	if err != nil {
		p.Field("dnssec_anchors", "node/bad-anchors", "file", c.DNSSECAnchors)
		p.Wrap(err)
	}
	r.Anchors = string(text)
}

// encrypted reads the fields of DNS over TLS, HTTPS and QUIC.
func (c Config) encrypted(r *resolver.Config, p *problem.Error) {
	r.OpenToWords, r.MaxConnections, r.Idle = c.OpenToWords, c.MaxConnections, time.Duration(c.IdleSeconds)*time.Second
	r.Homes = c.Homes
	if c.Homes && (c.Host == "" || len(c.ListenTLS)+len(c.ListenHTTPS)+len(c.ListenQUIC) == 0) {
		p.Field("homes", "node/homes-need-host")
	}
	if c.Host != "" {
		n, err := bundle.ParseName(c.Host)
		if err != nil {
			p.Field("host", "node/bad-address")
		}
		r.Host = n.String()
	}
	switch {
	case c.ACMEDirectory != "":
		c.acme(r, p)
	case c.CertFile != "" && c.KeyFile != "":
		var err error
		if r.Certificate, err = resolver.OpenCertificate(c.CertFile, c.KeyFile); err != nil {
			p.Field("cert_file", "node/bad-certificate", "file", c.CertFile)
			p.Wrap(err)
		}
	case len(c.ListenTLS)+len(c.ListenHTTPS)+len(c.ListenQUIC) > 0 || c.CertFile != "" || c.KeyFile != "":
		p.Field("cert_file", "node/no-certificate")
	}
}

// authority reads what the block page over HTTPS needs.
func (c Config) authority(p *problem.Error) {
	if c.PageAuthority == "" {
		if c.PageListenTLS != "" {
			p.Field("page_listen_tls", "node/no-authority")
		}
		return
	}
	if _, err := blockpage.OpenAuthority(c.PageAuthority); err != nil {
		p.Field("page_authority", "node/authority-file", "file", c.PageAuthority)
		p.Wrap(err)
	}
	if c.PageListen == "off" {
		p.Field("page_authority", "node/no-page-address")
	}
	if slices.Contains(c.ListenHTTPS, c.PageListenTLS) {
		p.Field("page_listen_tls", "node/cannot-listen", "address", c.PageListenTLS)
	}
}

// acme reads who gives the certificate. The file may not be there yet.
func (c Config) acme(r *resolver.Config, p *problem.Error) {
	if u, err := url.Parse(c.ACMEDirectory); err != nil || u.Scheme != "https" || u.Host == "" {
		p.Field("acme_directory", "node/bad-address")
	}
	if c.CertFile != "" || c.KeyFile != "" || c.Host == "" || c.PageListen == "off" {
		p.Field("acme_directory", "node/acme-needs")
	}
	if _, err := c.acmeRoots(); err != nil {
		p.Field("acme_ca", "node/bad-certificate", "file", c.ACMECA)
	}
	var err error
	if r.Certificate, err = resolver.AwaitCertificate(renew.File(c.State)); err != nil {
		p.Field("acme_directory", "node/bad-certificate", "file", renew.File(c.State))
		p.Wrap(err)
	}
}

// acmeRoots is nil for the system's.
func (c Config) acmeRoots() (*x509.CertPool, error) {
	if c.ACMECA == "" {
		return nil, nil
	}
	return pool(c.ACMECA)
}

// pool reads authorities from a PEM file.
func pool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, problem.New("node/bad-certificate", "file", file).Wrap(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, problem.New("node/bad-certificate", "file", file)
	}
	return roots, nil
}

// upstreams reads who is asked, and how.
func (c Config) upstreams(r *resolver.Config, p *problem.Error) {
	parse := func(field string, texts []string) (servers []upstream.Server) {
		for _, text := range texts {
			s, err := upstream.Parse(text)
			if err != nil {
				p.Field(field, "node/bad-upstream", "upstream", text)
			}
			servers = append(servers, s)
		}
		return servers
	}
	r.Upstreams = parse("upstreams", c.Upstreams)
	for _, name := range slices.Sorted(maps.Keys(c.Forward)) {
		field := "forward." + name
		n, err := bundle.ParseName(name)
		if err != nil {
			p.Field(field, "node/bad-address")
		}
		if len(c.Forward[name]) == 0 {
			p.Field(field, "node/no-upstream")
		}
		r.Zones = append(r.Zones, resolver.Zone{Name: n, Servers: parse(field, c.Forward[name])})
	}
	r.Race = time.Duration(c.RaceMS) * time.Millisecond
	if c.RaceMS < 0 {
		r.Race = upstream.NoRace
	}
	r.StaleFor = time.Duration(max(c.StaleHours, 0)) * time.Hour
	if c.UpstreamCA != "" {
		var err error
		if r.Roots, err = pool(c.UpstreamCA); err != nil {
			p.Field("upstream_ca", "node/bad-certificate", "file", c.UpstreamCA)
		}
	}
}
