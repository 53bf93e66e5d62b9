// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"slices"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
)

// typeNXName in a bitmap says that the name itself is not there (RFC 9824 §3.1).
const typeNXName uint16 = 128

// denial is the proven records of one zone that say what is not there.
type denial struct {
	s       *session
	nsec    []*dns.NSEC
	nsec3   []*dns.NSEC3
	dear    bool     // NSEC3 with more rounds than are worth the work
	records []dns.RR // all of them with their signatures, and the SOA
	hashed  map[string]string
}

func unproven() error { return bogus(dnswire.EDENoDenial, "an absence is not proven") }

// absent proves that name has no records of a type or, with nx, that it is not
// there at all.
func (s *session) absent(authority []dns.RR, name string, qtype uint16, nx bool) ([]dns.RR, status, error) {
	z, err := s.denier(authority, name)
	if err != nil || z.state == insecure {
		return nil, insecure, err
	}
	d, err := s.denials(authority, z)
	if err != nil {
		return nil, insecure, err
	}
	state, err := d.denies(name, qtype, nx)
	return d.records, state, err
}

// denier is the zone that has signed the denial of a name; the zone of the name
// itself if nobody did.
func (s *session) denier(authority []dns.RR, name string) (*zone, error) {
	for _, rr := range authority {
		sig, ok := rr.(*dns.RRSIG)
		if !ok || sig.TypeCovered != dns.TypeNSEC && sig.TypeCovered != dns.TypeNSEC3 {
			continue
		}
		signer := dns.CanonicalName(sig.SignerName)
		if !dns.IsSubDomain(signer, name) {
			continue
		}
		z, err := s.zone(signer)
		if err != nil || z.state == secure && z.name == signer {
			return z, err
		}
		break
	}
	return s.zone(name)
}

// nothingCloser proves that a wildcard with so many labels was the closest that
// there was to name.
func (s *session) nothingCloser(authority []dns.RR, name string, labels int, signer string) ([]dns.RR, status, error) {
	z, err := s.zone(signer)
	if err != nil {
		return nil, insecure, err
	}
	d, err := s.denials(authority, z)
	if err != nil {
		return nil, insecure, err
	}
	if d.dear {
		return d.records, insecure, nil
	}
	if nsec := d.covering(name); nsec != nil && common(name, nsec) == labels {
		return d.records, secure, nil
	}
	if nsec3 := d.covering3(lastLabels(name, labels+1)); nsec3 != nil {
		return d.records, optOut(nsec3), nil
	}
	return d.records, insecure, unproven()
}

// denials proves the NSEC and NSEC3 records of an answer by a zone's keys. One
// that is not proven makes the answer bogus.
func (s *session) denials(authority []dns.RR, z *zone) (*denial, error) {
	d := &denial{s: s, hashed: map[string]string{}}
	seen := map[string]bool{}
	for _, rr := range authority {
		h := rr.Header()
		owner := dns.CanonicalName(h.Name)
		key := owner + dns.TypeToString[h.Rrtype]
		if seen[key] || h.Rrtype != dns.TypeNSEC && h.Rrtype != dns.TypeNSEC3 && h.Rrtype != dns.TypeSOA {
			continue
		}
		seen[key] = true
		if !dns.IsSubDomain(z.name, owner) || h.Rrtype == dns.TypeSOA && owner != z.name {
			continue // another zone's, of an alias on the way
		}
		set := rrset(authority, owner, h.Rrtype)
		sig, err := s.verify(z.keys, z.name, set)
		if err != nil {
			return nil, err
		}
		set.limit(sig, s.at)
		d.records = append(d.records, set.all()...)
		for _, rr := range set.rrs {
			switch rr := rr.(type) {
			case *dns.NSEC:
				if int(sig.Labels) == labelsOf(owner) { // else a wildcard's, spread over another name (RFC 4035 §5.3.4)
					d.nsec = append(d.nsec, rr)
				}
			case *dns.NSEC3:
				d.add3(rr, z.name)
			}
		}
	}
	return d, nil
}

// denies reports whether the records prove that name has none of a type, or is
// not there.
func (d *denial) denies(name string, qtype uint16, nx bool) (status, error) {
	if d.dear {
		return insecure, nil
	}
	if len(d.nsec) == 0 {
		return d.denies3(name, qtype, nx)
	}
	if at := d.matching(name); at != nil {
		return secure, empty(at.TypeBitMap, name, qtype, nx)
	}
	between := d.covering(name)
	if between == nil {
		return d.denies3(name, qtype, nx)
	}
	if dns.IsSubDomain(name, dns.CanonicalName(between.NextDomain)) { // an empty name with names below it
		if nx {
			return insecure, unproven()
		}
		return secure, nil
	}
	wildcard := below(lastLabels(name, common(name, between)))
	if at := d.matching(wildcard); at != nil {
		return secure, empty(at.TypeBitMap, wildcard, qtype, nx)
	}
	if d.covering(wildcard) == nil {
		return insecure, unproven()
	}
	return secure, nil
}

// empty reports, as nil, that a name with these types has none of the asked
// one. The upper side of a zone cut speaks for DS only, the lower for all else
// (RFC 6840 §4.1).
func empty(types []uint16, name string, qtype uint16, nx bool) error {
	has := func(t uint16) bool { return slices.Contains(types, t) }
	upper := has(dns.TypeNS) && !has(dns.TypeSOA)
	switch {
	case nx && !has(typeNXName), has(qtype), has(dns.TypeCNAME):
		return unproven()
	case qtype == dns.TypeDS && has(dns.TypeSOA) && name != ".", qtype != dns.TypeDS && upper:
		return unproven()
	}
	return nil
}

// noDS proves that a name has no DS record and reports whether another zone,
// then an unsigned one, begins or may begin there.
func (d *denial) noDS(name string) (cut bool, err error) {
	if d.dear {
		return true, nil
	}
	var types []uint16
	if at := d.matching(name); at != nil {
		types = at.TypeBitMap
	} else if at := d.matching3(name); at != nil {
		types = at.TypeBitMap
	} else if d.covering(name) != nil {
		return false, nil // a cut would have an NSEC
	} else {
		closer, err := d.closer3(name)
		return err == nil && optOut(closer) == insecure, err
	}
	if err := empty(types, name, dns.TypeDS, slices.Contains(types, typeNXName)); err != nil {
		return false, err
	}
	return slices.Contains(types, dns.TypeNS), nil
}

func (d *denial) matching(name string) *dns.NSEC {
	for _, rr := range d.nsec {
		if dns.CanonicalName(rr.Hdr.Name) == name {
			return rr
		}
	}
	return nil
}

// covering is the NSEC whose gap a name would stand in. One of the upper side
// of a zone cut, or of a DNAME, says nothing of what is below it (RFC 6840 §4.1).
func (d *denial) covering(name string) *dns.NSEC {
	for _, rr := range d.nsec {
		owner, next := dns.CanonicalName(rr.Hdr.Name), dns.CanonicalName(rr.NextDomain)
		if dns.IsSubDomain(owner, name) && ends(rr.TypeBitMap) {
			continue
		}
		after := compare(owner, name) < 0
		before := compare(name, next) < 0
		if wraps := compare(next, owner) <= 0; after && before || wraps && after {
			return rr
		}
	}
	return nil
}

// ends reports whether names below one with these types are another's to speak
// for.
func ends(types []uint16) bool {
	has := func(t uint16) bool { return slices.Contains(types, t) }
	return has(dns.TypeNS) && !has(dns.TypeSOA) || has(dns.TypeDNAME)
}

// common is how many labels name shares with a neighbour in the zone: the
// closest that there is above it.
func common(name string, between *dns.NSEC) int {
	return max(dns.CompareDomainName(name, between.Hdr.Name), dns.CompareDomainName(name, between.NextDomain))
}
