// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"time"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
)

// rrSet is the records of one name and type with their signatures.
type rrSet struct {
	name string
	rrs  []dns.RR
	sigs []*dns.RRSIG
}

func rrset(section []dns.RR, name string, rrtype uint16) rrSet {
	set := rrSet{name: name}
	for _, rr := range section {
		h := rr.Header()
		if h.Class != dns.ClassINET || h.Rrtype != rrtype && h.Rrtype != dns.TypeRRSIG || dns.CanonicalName(h.Name) != name {
			continue
		}
		if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == rrtype {
			set.sigs = append(set.sigs, sig)
		} else if h.Rrtype == rrtype {
			set.rrs = append(set.rrs, rr)
		}
	}
	return set
}

func (set rrSet) all() []dns.RR {
	all := append([]dns.RR(nil), set.rrs...)
	for _, sig := range set.sigs {
		all = append(all, sig)
	}
	return all
}

// limit lets no record outlive the TTL that was signed, nor its signature (RFC
// 4035 §5.3.3).
func (set rrSet) limit(sig *dns.RRSIG, now time.Time) {
	most := min(sig.OrigTtl, uint32(max(int32(sig.Expiration-uint32(now.Unix())), 0)))
	for _, rr := range set.all() {
		rr.Header().Ttl = min(rr.Header().Ttl, most)
	}
}

// labelsOf counts labels as a signature does: a wildcard's star is none.
func labelsOf(name string) int {
	n := dns.CountLabel(name)
	if len(name) > 1 && name[:2] == "*." {
		n--
	}
	return n
}

// signed proves a set by the zone that has signed it. An unsigned set is
// insecure if its zone is, else bogus. The signature is that which holds.
func (s *session) signed(set rrSet) (status, *dns.RRSIG, error) {
	missing := bogus(dnswire.EDENoSignature, "a set has no signature")
	last := missing
	tried := map[string]bool{}
	for _, sig := range set.sigs {
		signer := dns.CanonicalName(sig.SignerName)
		if tried[signer] || len(tried) > 2 || !dns.IsSubDomain(signer, set.name) || set.isDS() && signer == set.name {
			continue
		}
		tried[signer] = true
		z, err := s.zone(signer)
		if err != nil {
			return secure, nil, err
		}
		if z.state == insecure || z.name != signer {
			continue // perhaps another; else the zone of the name itself decides
		}
		good, err := s.verify(z.keys, z.name, set)
		if err == nil {
			return secure, good, nil
		}
		last = err
	}
	if last != missing {
		return secure, nil, last
	}
	z, err := s.zone(set.name)
	if err == nil && z.state == secure {
		err = last
	}
	return insecure, nil, err
}

func (set rrSet) isDS() bool { return len(set.rrs) > 0 && set.rrs[0].Header().Rrtype == dns.TypeDS }

// verify finds a signature over a set by one of the keys of a zone.
func (s *session) verify(keys []*dns.DNSKEY, zone string, set rrSet) (*dns.RRSIG, error) {
	why := bogus(dnswire.EDENoSignature, "a set has no signature of its zone")
	for _, sig := range set.sigs {
		if dns.CanonicalName(sig.SignerName) != zone || int(sig.Labels) > labelsOf(set.name) {
			continue
		}
		// RFC 1982: serial numbers, so that the years after 2106 come behind.
		now := uint32(s.at.Unix())
		switch {
		case int32(now-sig.Expiration) > 0:
			why = bogus(dnswire.EDESignatureExpired, "a signature is past its time")
			continue
		case int32(now-sig.Inception) < 0:
			why = bogus(dnswire.EDESignatureEarly, "a signature is before its time")
			continue
		}
		found := false
		for _, key := range keys {
			if key.Algorithm != sig.Algorithm || key.KeyTag() != sig.KeyTag || !signs(key) {
				continue
			}
			found = true
			if s.signatures--; s.signatures < 0 {
				return nil, bogus(dnswire.EDEBogus, "too many signatures to look at")
			}
			if sig.Verify(key, set.rrs) == nil {
				return sig, nil
			}
			why = bogus(dnswire.EDEBogus, "a signature does not hold")
		}
		if !found {
			why = bogus(dnswire.EDENoKey, "the key of a signature is not there")
		}
	}
	return nil, why
}

// signs reports whether a key may sign a zone (RFC 4034 §2.1, RFC 5011 §2.1).
func signs(key *dns.DNSKEY) bool {
	return key.Flags&dns.ZONE != 0 && key.Flags&dns.REVOKE == 0 && key.Protocol == 3
}

// known reports whether signatures of an algorithm can be checked here. A zone
// that has no other is insecure (RFC 4035 §5.2). The two with SHA-1 are still
// to be validated (RFC 9905 §2).
func known(algorithm uint8) bool {
	switch algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512, dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519:
		return true
	}
	return false
}
