// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"net/netip"
	"slices"
	"syscall"

	"lachan/internal/problem"
)

// inside are the ranges that netip.Addr has no word for and that are not the
// public Internet (IANA special-purpose address registries).
func inside() []netip.Prefix {
	texts := [...]string{
		"0.0.0.0/8",       // this network, RFC 791
		"100.64.0.0/10",   // carriers' NAT, RFC 6598
		"192.0.0.0/24",    // IETF assignments, RFC 6890
		"192.0.2.0/24",    // documentation, RFC 5737
		"192.88.99.0/24",  // 6to4 relays, RFC 7526
		"198.18.0.0/15",   // benchmarks, RFC 2544
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"240.0.0.0/4",     // reserved, broadcast
		"::/96",           // IPv4-compatible, RFC 4291
		"64:ff9b:1::/48",  // local NAT64, RFC 8215
		"100::/64",        // discard, RFC 6666
		"2001::/23",       // IETF assignments, Teredo among them
		"2001:db8::/32",   // documentation
		"3fff::/20",       // documentation, RFC 9637
		"5f00::/16",       // segment routing, RFC 9602
		"fec0::/10",       // site local, RFC 3879
	}
	ranges := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		ranges[i] = netip.MustParsePrefix(t)
	}
	return ranges
}

// guard refuses addresses that are not the public Internet.
type guard struct {
	inside []netip.Prefix
	nat64  netip.Prefix
	sixTo4 netip.Prefix
	also   []netip.AddrPort
}

func newGuard(also ...netip.AddrPort) guard {
	return guard{inside: inside(), nat64: netip.MustParsePrefix("64:ff9b::/96"), sixTo4: netip.MustParsePrefix("2002::/16"), also: also}
}

// isPublic reports whether an address is one of the public Internet. One that
// carries an IPv4 address inside is judged by it.
func (g guard) isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	switch bytes := a.As16(); {
	case g.nat64.Contains(a):
		return g.isPublic(netip.AddrFrom4([4]byte(bytes[12:])))
	case g.sixTo4.Contains(a):
		return g.isPublic(netip.AddrFrom4([4]byte(bytes[2:6])))
	case !a.IsGlobalUnicast() || a.IsPrivate():
		return false
	}
	for _, p := range g.inside {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// control is called by net.Dialer when the address is known and before
// anything is sent.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err == nil && slices.Contains(g.also, to) {
		return nil
	}
	if err != nil || !g.isPublic(to.Addr()) {
		return problem.New("fetch/inside")
	}
	return nil
}
