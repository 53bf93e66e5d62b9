// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net"
	"net/netip"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/node/resolver"
)

// Config is the node's settings file. The zero value of a field is its
// default, as said beside it.
type Config struct {
	// State is the folder of the node's own files: key, rules, counts not yet
	// sent. "lachan-node" if empty.
	State string `toml:"state"`
	// Listen are the addresses for DNS over UDP and TCP. ":53" if empty.
	Listen []string `toml:"listen"`
	// Upstreams are the resolvers asked for names that are not refused,
	// "192.0.2.53:53"; the one that answered last is asked first. Needed.
	Upstreams []string `toml:"upstreams"`
	// UpstreamTimeoutMS is for one try, milliseconds. 1000 if 0.
	UpstreamTimeoutMS int `toml:"upstream_timeout_ms"`
	// Block is how a name is refused: "page", "nxdomain" or "zero". "page" if
	// PageAddresses has one, else "nxdomain".
	Block string `toml:"block"`
	// BlockTTL is how long a client may remember a refusal, seconds. 10 if 0.
	BlockTTL int `toml:"block_ttl"`
	// PageListen is where the block page is served. ":80" if empty and there are
	// PageAddresses; "off" serves none.
	PageListen string `toml:"page_listen"`
	// PageAddresses are the addresses at which pupils' devices reach the block
	// page: one IPv4, one IPv6 at most.
	PageAddresses []string `toml:"page_addresses"`
	// HubPublic is the public site, "https://lachan.example", where the block
	// page's help bar leads. Empty leaves only 111.
	HubPublic string `toml:"hub_public"`
	// CacheMB bounds the cache of answers, MiB. 8 if 0.
	CacheMB int `toml:"cache_mb"`
	// StripECH takes the keys for encrypted hellos out of answers, for schools
	// whose firewall reads server names.
	StripECH bool `toml:"strip_ech"`
	// Clients are networks that may ask besides private and local addresses,
	// "203.0.113.0/24": a school whose devices have public addresses. Others get
	// REFUSED, so that the node is never open to the Internet.
	Clients []string `toml:"clients"`
	// AlwaysResolve are names answered before the first rules have arrived,
	// besides the hub's own.
	AlwaysResolve []string `toml:"always_resolve"`
	// StandInBand is the band of clients while no school's file is there.
	// "primary" if empty, the most sheltered that pupils have.
	StandInBand string `toml:"stand_in_band"`
}

// withDefaults fills what is empty.
func (c Config) withDefaults() Config {
	if c.State == "" {
		c.State = "lachan-node"
	}
	if len(c.Listen) == 0 {
		c.Listen = []string{":53"}
	}
	if c.UpstreamTimeoutMS == 0 {
		c.UpstreamTimeoutMS = 1000
	}
	if c.Block == "" {
		c.Block = string(resolver.NXDomain)
		if len(c.PageAddresses) > 0 {
			c.Block = string(resolver.Page)
		}
	}
	if c.BlockTTL == 0 {
		c.BlockTTL = 10
	}
	if c.PageListen == "" {
		c.PageListen = "off"
		if len(c.PageAddresses) > 0 {
			c.PageListen = ":80"
		}
	}
	if c.CacheMB == 0 {
		c.CacheMB = 8
	}
	if c.StandInBand == "" {
		c.StandInBand = bundle.Primary.String()
	}
	return c
}

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
	for _, a := range c.Listen {
		if _, _, err := net.SplitHostPort(a); err != nil {
			p.Field("listen", "node/bad-address")
		}
	}
	for _, u := range c.Upstreams {
		at, err := netip.ParseAddrPort(u)
		if err != nil || at.Port() == 0 {
			p.Field("upstreams", "node/bad-address")
		}
		r.Upstreams = append(r.Upstreams, at)
	}
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
	for _, s := range c.Clients {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			p.Field("clients", "bundle/bad-network")
			continue
		}
		r.Clients = append(r.Clients, prefix.Masked())
	}
	for _, s := range c.AlwaysResolve {
		n, err := bundle.ParseName(s)
		if err != nil {
			p.Field("always_resolve", "node/bad-address")
			continue
		}
		r.AlwaysResolve = append(r.AlwaysResolve, n)
	}
	if _, ok := bundle.ParseBand(c.StandInBand); !ok {
		p.Field("stand_in_band", "node/bad-choice")
	}
	if c.CacheMB < 0 || c.BlockTTL < 0 || c.UpstreamTimeoutMS < 0 {
		p.Field("cache_mb", "node/bad-choice")
	}
	return r, p.OrNil()
}
