// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// answer adds to m what the zone knows and returns where an alias leads.
func (z *zone) answer(m *dns.Msg, name string, qtype uint16) (next string) {
	at := z.records[name]
	if at == nil {
		for owner, types := range z.records {
			if d := types[dns.TypeDNAME]; d != nil && name != owner && dns.IsSubDomain(owner, name) {
				m.Answer = append(m.Answer, z.sign(owner, d)...)
				target := strings.TrimSuffix(name, owner) + d[0].(*dns.DNAME).Target
				m.Answer = append(m.Answer, &dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 300}, Target: target})
				return dns.CanonicalName(target)
			}
		}
	}
	exists := at != nil || slices.Contains(z.names(true), name)
	closest := name
	if !exists {
		for !slices.Contains(z.names(true), closest) {
			closest = parent(closest)
		}
		at = z.records[below(closest)]
	}
	wild := !exists && at != nil
	for _, t := range []uint16{qtype, dns.TypeCNAME} {
		set := at[t]
		if len(set) == 0 {
			continue
		}
		if wild {
			signed := z.sign(below(closest), set)
			for _, rr := range signed {
				c := dns.Copy(rr)
				c.Header().Name = name
				m.Answer = append(m.Answer, c)
			}
			z.deny(m, name, closest, false)
		} else {
			m.Answer = append(m.Answer, z.sign(name, set)...)
		}
		if cname, ok := set[0].(*dns.CNAME); ok && qtype != dns.TypeCNAME {
			return dns.CanonicalName(cname.Target)
		}
		return ""
	}
	m.Ns = append(m.Ns, z.sign(z.name, z.records[z.name][dns.TypeSOA])...)
	switch {
	case exists:
		z.denyType(m, name)
	case wild:
		z.deny(m, name, closest, false)
		z.denyType(m, below(closest))
	default:
		m.Rcode = dns.RcodeNameError
		z.deny(m, name, closest, true)
	}
	return ""
}

// sign is a set with its signature.
func (z *zone) sign(owner string, set []dns.RR) []dns.RR {
	out := make([]dns.RR, 0, len(set)+1)
	for _, rr := range set {
		out = append(out, dns.Copy(rr))
	}
	if z.Unsigned {
		return out
	}
	sig := &dns.RRSIG{
		Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: set[0].Header().Ttl}, Algorithm: z.Algorithm,
		Inception: uint32(z.Begin.Unix()), Expiration: uint32(z.End.Unix()), KeyTag: z.key.KeyTag(), SignerName: z.name,
	}
	if err := sig.Sign(z.private, out); err != nil {
		panic(err) // a test's own mistake
	}
	return append(out, sig)
}

// deny proves that name is not there: the gap it would stand in, and that of
// the wildcard.
func (z *zone) deny(m *dns.Msg, name, closest string, wildcard bool) {
	if z.NSEC3 {
		z.prove3(m, closest, true)
		next := name
		for {
			if parent(next) == closest {
				break
			}
			next = parent(next)
		}
		z.prove3(m, next, false)
		if wildcard {
			z.prove3(m, below(closest), false)
		}
		return
	}
	z.prove(m, name)
	if wildcard {
		z.prove(m, below(closest))
	}
}

func (z *zone) denyType(m *dns.Msg, name string) {
	if !z.NSEC3 {
		z.prove(m, name)
		return
	}
	if z.hidden(name) { // opted out: the gap is all there is
		z.prove3(m, parent(name), true)
		z.prove3(m, name, false)
		return
	}
	z.prove3(m, name, true)
}

// hidden reports whether a name has no NSEC3 of its own.
func (z *zone) hidden(name string) bool {
	return z.OptOut && z.cuts[name] && z.records[name][dns.TypeDS] == nil
}

func (z *zone) types(name string) []uint16 {
	var types []uint16
	for t := range z.records[name] {
		types = append(types, t)
	}
	if len(types) > 0 && (!z.cuts[name] || z.records[name][dns.TypeDS] != nil) {
		types = append(types, dns.TypeRRSIG)
	}
	return types
}

// prove adds the NSEC at or before name, once.
func (z *zone) prove(m *dns.Msg, name string) {
	if z.Unsigned {
		return
	}
	names := z.names(false)
	i := len(names) - 1
	for i > 0 && reversed(names[i]) > reversed(name) {
		i--
	}
	types := append(z.types(names[i]), dns.TypeNSEC, dns.TypeRRSIG)
	slices.Sort(types)
	z.once(m, names[i], &dns.NSEC{
		Hdr:        dns.RR_Header{Name: names[i], Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 60},
		NextDomain: names[(i+1)%len(names)], TypeBitMap: slices.Compact(types),
	})
}

// prove3 adds the NSEC3 at the hash of name, or that whose gap covers it.
func (z *zone) prove3(m *dns.Msg, name string, at bool) {
	if z.Unsigned {
		return
	}
	const salt = "ab"
	hash := func(name string) string { return dns.HashName(name, dns.SHA1, z.Iterations, salt) }
	byHash := map[string]string{}
	var hashes []string
	for _, n := range z.names(true) {
		if !z.hidden(n) {
			byHash[hash(n)] = n
			hashes = append(hashes, hash(n))
		}
	}
	slices.Sort(hashes)
	i := len(hashes) - 1
	for j, h := range hashes {
		if h == hash(name) || !at && h < hash(name) {
			i = j
		}
	}
	types := z.types(byHash[hashes[i]])
	slices.Sort(types)
	var flags uint8
	if z.OptOut {
		flags = 1
	}
	owner := strings.ToLower(hashes[i]) + "." + strings.TrimPrefix(z.name, ".")
	z.once(m, owner, &dns.NSEC3{
		Hdr:  dns.RR_Header{Name: owner, Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: 60},
		Hash: dns.SHA1, Flags: flags, Iterations: z.Iterations, SaltLength: 1, Salt: salt,
		HashLength: 20, NextDomain: hashes[(i+1)%len(hashes)], TypeBitMap: types,
	})
}

func (z *zone) once(m *dns.Msg, owner string, rr dns.RR) {
	for _, old := range m.Ns {
		if old.Header().Rrtype == rr.Header().Rrtype && old.Header().Name == owner {
			return
		}
	}
	m.Ns = append(m.Ns, z.sign(owner, []dns.RR{rr})...)
}
