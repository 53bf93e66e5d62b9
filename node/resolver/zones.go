// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/node/upstream"
)

// Zone is names, with all below them, that have upstreams of their own: the
// school's domain at its own server.
type Zone struct {
	Name    bundle.Name
	Servers []upstream.Server
}

// zones says who is asked for a name.
type zones struct {
	rest     *upstream.Group
	bySuffix map[string]*upstream.Group // by wire form; nil: answered here
}

// find is the group for a name by its longest suffix, or the suffix of a zone
// that is answered here.
func (z *zones) find(name string) (group *upstream.Group, local string) {
	for at := 0; at < len(name) && name[at] != 0; at += int(name[at]) + 1 {
		if g, ok := z.bySuffix[name[at:]]; ok {
			if g == nil {
				return nil, name[at:]
			}
			return g, ""
		}
	}
	return z.rest, ""
}

func (z *zones) close() {
	z.rest.Close()
	for _, g := range z.bySuffix {
		if g != nil {
			g.Close()
		}
	}
}

// localZones are names that mean something on this network only, so that no
// question about them may leave it: reverse names of private addresses (RFC
// 6303, whose servers drown in them), and names that do not live in DNS (RFC
// 6761, 6762, 7686, 8375, 9462). Settings may give each an upstream.
func localZones() []string {
	zones := []string{
		"localhost", "local", "invalid", "onion", "home.arpa", "resolver.arpa",
		"0.in-addr.arpa", "10.in-addr.arpa", "127.in-addr.arpa", "254.169.in-addr.arpa", "168.192.in-addr.arpa",
		"d.f.ip6.arpa", "8.e.f.ip6.arpa", "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa",
	}
	for i := 16; i < 32; i++ {
		zones = append(zones, fmt.Sprintf("%d.172.in-addr.arpa", i))
	}
	return zones
}

const localTTL = 3600 // seconds

// local answers a name of a zone that is answered here: localhost with the
// loopback address, everything else with its absence.
func (r *Resolver) local(l *live, q question, zone string) (*entry, error) {
	query, err := bare(q)
	if err != nil {
		return nil, err
	}
	e := &entry{key: q.key, ede: dnswire.NoEDE, stored: l.cfg.Clock.Now()}
	host := zone == "\x09localhost\x00"
	switch {
	case host && q.qtype == dnswire.TypeA:
		e.msg = query.Address(netip.AddrFrom4([4]byte{127, 0, 0, 1}), localTTL, dnswire.NoEDE)
	case host && q.qtype == dnswire.TypeAAAA:
		e.msg = query.Address(netip.IPv6Loopback(), localTTL, dnswire.NoEDE)
	case host || q.name == zone:
		e.msg = query.Negative(dnswire.NoError, localTTL, dnswire.NoEDE)
	default:
		e.msg = query.Negative(dnswire.NameError, localTTL, dnswire.NoEDE)
	}
	ttl, err := e.survey()
	if err != nil {
		return nil, err
	}
	r.keep(l, e, ttl)
	return e, nil
}

// bare is the question as a query without EDNS, to be answered in place.
func bare(q question) (*dnswire.Query, error) {
	msg := make([]byte, dnswire.HeaderSize, dnswire.HeaderSize+len(q.name)+4+dnswire.Spare)
	msg[5] = 1
	msg = append(msg, q.name...)
	msg = binary.BigEndian.AppendUint16(msg, q.qtype)
	msg = binary.BigEndian.AppendUint16(msg, dnswire.ClassIN)
	query := new(dnswire.Query)
	if query.Parse(msg) != dnswire.Good {
		return nil, fmt.Errorf("resolver: no question")
	}
	return query, nil
}

// absent is an answer without records, as an upstream would pack it.
func absent(q question, rcode int, ttl uint32) ([]byte, error) {
	query, err := bare(q)
	if err != nil {
		return nil, err
	}
	return query.Negative(rcode, ttl, dnswire.NoEDE), nil
}

func newZones(cfg Config) *zones {
	o := upstream.Options{Timeout: cfg.Timeout, Race: cfg.Race, Roots: cfg.Roots}
	z := &zones{rest: upstream.NewGroup(cfg.Upstreams, o), bySuffix: map[string]*upstream.Group{}}
	for _, name := range localZones() {
		z.bySuffix[suffix(name)] = nil
	}
	for _, zone := range cfg.Zones {
		z.bySuffix[string(zone.Name.Wire())] = upstream.NewGroup(zone.Servers, o)
	}
	return z
}

// suffix is the wire form of a name that is known to be one.
func suffix(name string) string {
	wire, start := make([]byte, 0, len(name)+2), 0
	for i := range len(name) + 1 {
		if i == len(name) || name[i] == '.' {
			wire = append(append(wire, byte(i-start)), name[start:i]...)
			start = i + 1
		}
	}
	return string(append(wire, 0))
}
