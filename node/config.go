// SPDX-License-Identifier: Apache-2.0

package node

import (
	"lachan/internal/bundle"
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
	// Upstreams are the resolvers asked for names that are not refused, in this
	// order: "192.0.2.53", "tls://192.0.2.53#name=dns.example",
	// "https://dns.example/dns-query#at=192.0.2.53" (upstream.Parse has the whole
	// form). One that fails rests. Needed.
	Upstreams []string `toml:"upstreams"`
	// Forward gives names, with all below them, upstreams of their own:
	// "truong.local" = ["192.168.1.1"]. Reverse names of private addresses, and
	// names such as "local", are answered here unless they stand here.
	Forward map[string][]string `toml:"forward"`
	// UpstreamCA is a PEM file of authorities that vouch for upstreams over TLS and
	// HTTPS. The system's if empty.
	UpstreamCA string `toml:"upstream_ca"`
	// RaceMS is how late an upstream must be for the next to be asked beside it,
	// milliseconds. Measured if 0; never if -1.
	RaceMS int `toml:"race_ms"`
	// StaleHours is how long past its time an answer is given out while no upstream
	// has a newer one. 24 if 0; never if -1.
	StaleHours int `toml:"stale_hours"`
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
	// PageAuthority is the file of the school's own certificate authority, as made
	// by `lachan node authority`. With it the block page is shown over HTTPS too, on
	// devices that have its certificate. None if empty, and then nothing listens
	// there.
	PageAuthority string `toml:"page_authority"`
	// PageListenTLS is where the block page is served over HTTPS. ":443" if empty and
	// there is a PageAuthority. DNS over HTTPS then needs another address.
	PageListenTLS string `toml:"page_listen_tls"`
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
	// PrivateNames are names, with all below them, that may have private addresses,
	// "may-in.truong.example". From any other public name such an answer is kept
	// out, so that no page from outside reaches the school's machines. Names of
	// Forward may have them anyway.
	PrivateNames []string `toml:"private_names"`
	// DNSSEC is "pass" or "validate": whether what upstreams say of signatures
	// passes through, or the node proves each answer itself. "pass" if empty.
	DNSSEC string `toml:"dnssec"`
	// DNSSECAnchors is a file of DS or DNSKEY records that are trusted in place of
	// the root's keys that the program knows.
	DNSSECAnchors string `toml:"dnssec_anchors"`
	// DNSSECExcept are names, with all below them, that are not validated: a zone
	// whose signatures are broken and which lessons need.
	DNSSECExcept []string `toml:"dnssec_except"`
	// UDPRate is how many questions a second one network of public addresses may
	// ask over UDP before its clients are sent to TCP. 2000 if 0; no bound if -1.
	// Private networks have none.
	UDPRate int `toml:"udp_rate"`
	// AlwaysResolve are names answered before the first rules have arrived,
	// besides the hub's own.
	AlwaysResolve []string `toml:"always_resolve"`
	// ListenTLS, ListenHTTPS and ListenQUIC are the addresses for DNS over TLS
	// (":853"), HTTPS (":443", HTTP/3 too) and QUIC (":853"). None if empty. They
	// need CertFile and KeyFile.
	ListenTLS   []string `toml:"listen_tls"`
	ListenHTTPS []string `toml:"listen_https"`
	ListenQUIC  []string `toml:"listen_quic"`
	// CertFile and KeyFile are PEM files, read again within a minute when they
	// change. For words below Host the certificate holds for "*.HOST" too.
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
	// ACMEDirectory is the address of an authority that gives a certificate for
	// Host and renews it (RFC 8555), in place of CertFile and KeyFile:
	// "https://acme.example/directory". To set it is to agree to its terms. It looks
	// for the node's proof at port 80 of Host, where PageListen must answer.
	ACMEDirectory string `toml:"acme_directory"`
	// ACMEContact is a mail address that the authority may write to.
	ACMEContact string `toml:"acme_contact"`
	// ACMECA is a PEM file of authorities that vouch for ACMEDirectory's own
	// address. The system's if empty.
	ACMECA string `toml:"acme_ca"`
	// Host is the node's own name, "dns.truong.example". A device that asks
	// "phong-may-2.dns.truong.example" over TLS or QUIC calls itself phong-may-2.
	Host string `toml:"host"`
	// OpenToWords lets in whoever names a word that a school lists, from anywhere,
	// over the encrypted ways. A word is no password: whoever knows it may ask.
	OpenToWords bool `toml:"open_to_words"`
	// Homes lets in families from anywhere over the encrypted ways, for the three
	// bands of pupils: "https://HOST/tre-em/tieu-hoc", "tieu-hoc.HOST". For a node
	// that the province runs for them; they are not counted.
	Homes bool `toml:"homes"`
	// MaxConnections bounds the open connections of each kind; one more closes the
	// one that was silent longest. 4096 if 0. Count 20 kB for each over TLS.
	MaxConnections int `toml:"max_connections"`
	// IdleSeconds is how long a connection may be silent. 30 if 0.
	IdleSeconds int `toml:"idle_seconds"`
	// MetricsListen is where numbers for Prometheus are, ":9101" for this machine
	// alone. None if empty.
	MetricsListen string `toml:"metrics_listen"`
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
	if c.StaleHours == 0 {
		c.StaleHours = 24
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
	if c.PageListenTLS == "" && c.PageAuthority != "" {
		c.PageListenTLS = ":443"
	}
	if c.CacheMB == 0 {
		c.CacheMB = 8
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 4096
	}
	if c.IdleSeconds == 0 {
		c.IdleSeconds = 30
	}
	if c.StandInBand == "" {
		c.StandInBand = bundle.Primary.String()
	}
	return c
}
