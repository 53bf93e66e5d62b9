// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
)

const (
	maxZones   = 1024
	zoneLife   = time.Hour        // how long a link of the chain is kept at most
	bogusLife  = 30 * time.Second // and a broken one
	maxKeys    = 32               // of one zone
	shortLived = time.Second      // what has a TTL of 0 is still kept for its own chain
)

// zone is a link of the chain of trust: a zone with the keys that were proven
// to be its own, or the topmost one that is provably not signed.
type zone struct {
	name  string
	state status
	keys  []*dns.DNSKEY
	until time.Time
	err   error // the chain is broken here
}

// zoneCache keeps links by every name that was asked for: names inside a zone
// lead to the zone.
type zoneCache struct {
	mu     sync.Mutex
	byName map[string]*zone
}

func (c *zoneCache) get(name string, now time.Time) *zone {
	c.mu.Lock()
	defer c.mu.Unlock()
	if z := c.byName[name]; z != nil && now.Before(z.until) && z.until.Sub(now) <= zoneLife {
		return z
	}
	return nil
}

func (c *zoneCache) put(name string, z *zone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil || len(c.byName) >= maxZones {
		c.byName = map[string]*zone{} // the chains that are in use are soon back
	}
	c.byName[name] = z
}

// zone is the link for a name: the zone that it is in, as far as its chain from
// the anchor is signed.
func (s *session) zone(name string) (*zone, error) {
	if s.except[name] {
		return &zone{name: name, state: insecure, until: s.at.Add(zoneLife)}, nil
	}
	if z := s.zones.get(name, s.at); z != nil {
		return z, z.err
	}
	z, err := s.link(name)
	if err != nil {
		b, ok := err.(*Bogus)
		if !ok { // nobody answered: no word about the zone
			return nil, err
		}
		if s.questions < 0 || s.signatures < 0 || s.hashes < 0 {
			return nil, err // the budget of this answer; another may get further
		}
		z = &zone{name: name, err: b, until: s.at.Add(bogusLife)}
	}
	s.zones.put(name, z)
	return z, err
}

func (s *session) link(name string) (*zone, error) {
	if trusted := s.anchors[name]; len(trusted) > 0 {
		return s.keysOf(name, trusted, s.at.Add(zoneLife))
	}
	if name == "." {
		return &zone{name: ".", state: insecure, until: s.at.Add(zoneLife)}, nil
	}
	above := "."
	if i, end := dns.NextLabel(name, 0); !end {
		above = name[i:]
	}
	parent, err := s.zone(above)
	if err != nil || parent.state == insecure {
		return parent, err
	}
	m, err := s.query(name, dns.TypeDS)
	if err != nil {
		return nil, err
	}
	if ds := rrset(m.Answer, name, dns.TypeDS); len(ds.rrs) > 0 {
		sig, err := s.verify(parent.keys, parent.name, ds)
		if err != nil {
			return nil, err
		}
		ds.limit(sig, s.at)
		return s.keysOf(name, ds.rrs, earliest(parent.until, s.end(ds.rrs)))
	}
	if alias := rrset(m.Answer, name, dns.TypeCNAME); len(alias.rrs) > 0 {
		if _, err := s.verify(parent.keys, parent.name, alias); err != nil {
			return nil, err
		}
		return parent, nil // an alias has no zone of its own
	}
	d, err := s.denials(m.Ns, parent)
	if err != nil {
		return nil, err
	}
	cut, err := d.noDS(name)
	if err != nil {
		return nil, err
	}
	until := earliest(parent.until, s.end(m.Ns))
	if cut {
		return &zone{name: name, state: insecure, until: until}, nil
	}
	return &zone{name: parent.name, state: secure, keys: parent.keys, until: until}, nil
}

// keysOf fetches the keys of a zone and proves them by what the zone above, or
// an anchor, says of one of them.
func (s *session) keysOf(name string, trusted []dns.RR, until time.Time) (*zone, error) {
	usable := false
	strong := false // a better digest than SHA-1 (RFC 4509 §3)
	for _, rr := range trusted {
		ds, ok := rr.(*dns.DS)
		usable = usable || !ok || known(ds.Algorithm) && digests(ds.DigestType)
		strong = strong || ok && known(ds.Algorithm) && (ds.DigestType == dns.SHA256 || ds.DigestType == dns.SHA384)
	}
	if !usable {
		return &zone{name: name, state: insecure, until: until}, nil
	}
	m, err := s.query(name, dns.TypeDNSKEY)
	if err != nil {
		return nil, err
	}
	set := rrset(m.Answer, name, dns.TypeDNSKEY)
	if len(set.rrs) > maxKeys {
		return nil, bogus(dnswire.EDEBogus, "a zone has too many keys")
	}
	var all, entry []*dns.DNSKEY
	for _, rr := range set.rrs {
		key := rr.(*dns.DNSKEY)
		all = append(all, key)
		for _, t := range trusted {
			if signs(key) && s.names(t, key, strong) {
				entry = append(entry, key)
				break
			}
		}
	}
	if len(entry) == 0 {
		return nil, bogus(dnswire.EDENoKey, "no key of a zone is the one that the zone above names")
	}
	sig, err := s.verify(entry, name, set)
	if err != nil {
		return nil, err
	}
	set.limit(sig, s.at)
	return &zone{name: name, keys: all, until: earliest(until, s.end(set.rrs))}, nil
}

// names reports whether a DS or an anchor means this key.
func (s *session) names(trusted dns.RR, key *dns.DNSKEY, strong bool) bool {
	switch t := trusted.(type) {
	case *dns.DNSKEY:
		return t.Algorithm == key.Algorithm && t.PublicKey == key.PublicKey
	case *dns.DS:
		if t.Algorithm != key.Algorithm || t.KeyTag != key.KeyTag() || !digests(t.DigestType) || strong && t.DigestType == dns.SHA1 {
			return false
		}
		s.hashes--
		made := key.ToDS(t.DigestType)
		return s.hashes >= 0 && made != nil && strings.EqualFold(made.Digest, t.Digest)
	}
	return false
}

func digests(kind uint8) bool { return kind == dns.SHA1 || kind == dns.SHA256 || kind == dns.SHA384 }

// query asks for a link of the chain.
func (s *session) query(name string, qtype uint16) (*dns.Msg, error) {
	if s.questions--; s.questions < 0 {
		return nil, bogus(dnswire.EDEBogus, "the chain is too long")
	}
	wire := make([]byte, 255)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("dnssec: %w", err)
	}
	reply, err := s.ask(s.ctx, wire[:n], qtype)
	if err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	if err := m.Unpack(reply); err != nil {
		return nil, fmt.Errorf("dnssec: unpack: %w", err)
	}
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("dnssec: a link of the chain: code %d", m.Rcode)
	}
	return m, nil
}

// end is until when records may be kept.
func (s *session) end(rrs []dns.RR) time.Time {
	end := s.at.Add(zoneLife)
	for _, rr := range rrs {
		end = earliest(end, s.at.Add(max(time.Duration(rr.Header().Ttl)*time.Second, shortLived)))
	}
	return end
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
