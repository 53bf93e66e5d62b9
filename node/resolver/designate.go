// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

const designatedTTL = 300 // seconds

// designated answers _dns.resolver.arpa, with which a device asks how to reach
// this resolver encrypted (RFC 9462): by the ways that are open, if the
// certificate holds for the node's name and for an address of it, which the
// device checks (§4.2). Else the answer is empty, never an upstream's.
func (w *worker) designated(from asker) []byte {
	at, c := w.r.bound.Load(), w.live.cfg.Certificate
	if at == nil || c == nil || w.q.Type != dnswire.TypeSVCB {
		return w.q.Negative(dnswire.NoError, designatedTTL, dnswire.NoEDE)
	}
	addresses, ok := c.covers(w.live.cfg.Host)
	host, err := bundle.ParseName(w.live.cfg.Host)
	var services []dnswire.Service
	add := func(addresses []string, path string, alpn ...string) {
		if len(addresses) == 0 {
			return
		}
		if a, err := netip.ParseAddrPort(addresses[0]); err == nil {
			services = append(services, dnswire.Service{ALPN: alpn, Port: a.Port(), Path: path})
		}
	}
	add(at.QUIC, "", "doq")
	add(at.HTTPS, dohPath+"{?dns}", "h2", "h3")
	add(at.TLS, "", "dot")
	if !ok || err != nil || len(addresses) == 0 || len(services) == 0 {
		return w.q.Negative(dnswire.NoError, designatedTTL, dnswire.NoEDE)
	}
	limit := 0xffff
	if from.by == byUDP {
		limit = int(w.q.UDPSize)
	}
	return w.q.Services(host.Wire(), services, addresses, designatedTTL, limit)
}
