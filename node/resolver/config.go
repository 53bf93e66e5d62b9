// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire/dnssec"
	"lachan/internal/problem"
	"lachan/node/faultlog"
	"lachan/node/upstream"
)

// Mode is how a name is refused.
type Mode string

// The modes.
const (
	// Page answers A and AAAA with the block page's address.
	Page Mode = "page"
	// NXDomain says that the name does not exist.
	NXDomain Mode = "nxdomain"
	// Zero answers 0.0.0.0 and ::, for devices that retry on NXDOMAIN.
	Zero Mode = "zero"
)

// Counter takes note of a refusal. It must be quick and keep nothing that
// tells who asked.
type Counter interface {
	Refused(school *bundle.School, band bundle.Band, code string, client netip.Addr, now time.Time)
}

// Config is what a Resolver needs.
type Config struct {
	View          func() *bundle.View // the rules in force; nil before the first
	Mode          Mode
	Page4, Page6  netip.Addr    // of the block page, for Mode Page; zero: that type is empty
	BlockTTL      time.Duration // of refusals; short, so that an unblock acts at once
	Upstreams     []upstream.Server
	Zones         []Zone         // names with upstreams of their own
	Timeout       time.Duration  // for one try of one upstream
	Race          time.Duration  // upstream.Options.Race
	Roots         *x509.CertPool // upstream.Options.Roots
	StaleFor      time.Duration  // how long past its time an answer is given out where no upstream has a newer one (RFC 8767)
	CacheBytes    int
	StripECH      bool           // take encrypted-hello keys out of answers, where the firewall reads names
	Clients       []netip.Prefix // who may ask besides private and local addresses
	AlwaysResolve []bundle.Name  // answered before the first bundle: the hub's own hosts
	Counter       Counter        // nil: nothing is counted
	Log           *faultlog.Log  // of a school that looks for a fault; nil: no line is ever kept
	Clock         clock.Clock
	Logger        *slog.Logger

	Certificate    *Certificate  // of the encrypted ways; nil: there are none
	Host           string        // the node's own name, lower case; below it stand the words
	OpenToWords    bool          // a known word is let in from anywhere, over an encrypted way
	Homes          bool          // the words of bundle.Homes are let in from anywhere, over an encrypted way
	MaxConnections int           // of each kind at once; 0: 4096
	Idle           time.Duration // until a connection without a question is closed; 0: 30 s
	// Text says an extended error in words, "" for nothing. It goes out over
	// streams only: an answer over UDP stays small.
	Text func(ede uint16) string

	PrivateNames []bundle.Name // names, with all below them, that may have addresses of this network
	Validate     bool          // prove answers by DNSSEC; else what upstreams say passes through
	Anchors      string        // dnssec.Options.Anchors
	Except       []bundle.Name // names that are not validated, with all below them

	UDPRate int // questions a second over UDP of one network of public addresses; 0: 2000; below 0: no bound
}

const (
	defaultConnections = 4096
	defaultIdle        = 30 * time.Second
)

// live is the settings in force with what is made of them. It never changes; a
// new one is swapped in while questions go on with theirs.
type live struct {
	cfg     Config
	zones   *zones
	always  map[string]bool   // by wire form
	private map[string]bool   // suffixes by wire form
	proofs  *dnssec.Validator // nil: what upstreams say passes through
}

func newLive(cfg Config) (*live, error) {
	if len(cfg.Upstreams) == 0 {
		return nil, problem.New("node/no-upstream")
	}
	if cfg.Mode == Page && !cfg.Page4.IsValid() && !cfg.Page6.IsValid() {
		return nil, problem.New("node/no-page-address")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.BlockTTL <= 0 {
		cfg.BlockTTL = 10 * time.Second
	}
	if cfg.MaxConnections <= 0 {
		cfg.MaxConnections = defaultConnections
	}
	if cfg.Idle <= 0 {
		cfg.Idle = defaultIdle
	}
	if cfg.UDPRate == 0 {
		cfg.UDPRate = defaultUDP
	}
	l := &live{cfg: cfg, always: map[string]bool{}, private: map[string]bool{}, zones: newZones(cfg)}
	for _, n := range cfg.AlwaysResolve {
		l.always[string(n.Wire())] = true
	}
	for _, n := range cfg.PrivateNames {
		l.private[string(n.Wire())] = true
	}
	if err := l.validate(); err != nil {
		l.zones.close()
		return nil, err
	}
	return l, nil
}
