// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"strings"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
)

const maxIterations = 50 // RFC 9276 §3.2; the widest used bound

// add3 takes one proven NSEC3 record. Kinds of hash and flags that mean nothing
// here are passed over (RFC 5155 §8.1, §8.2), and so is one that does not hash
// as those before it.
func (d *denial) add3(rr *dns.NSEC3, zone string) {
	label, rest, _ := strings.Cut(dns.CanonicalName(rr.Hdr.Name), ".")
	if rest == "" {
		rest = "."
	}
	if rr.Hash != dns.SHA1 || rr.Flags > 1 || rest != zone || label == "" {
		return
	}
	if rr.Iterations > maxIterations {
		d.dear = true
		return
	}
	if len(d.nsec3) > 0 && (d.nsec3[0].Iterations != rr.Iterations || d.nsec3[0].Salt != rr.Salt) {
		return
	}
	d.nsec3 = append(d.nsec3, rr)
}

// hash is a name as the zone hashes it, "" beyond the budget.
func (d *denial) hash(name string) string {
	h, ok := d.hashed[name]
	if !ok {
		if d.s.hashes--; d.s.hashes >= 0 {
			h = dns.HashName(name, d.nsec3[0].Hash, d.nsec3[0].Iterations, d.nsec3[0].Salt)
		}
		d.hashed[name] = h
	}
	return h
}

func ownerHash(rr *dns.NSEC3) string {
	label, _, _ := strings.Cut(rr.Hdr.Name, ".")
	return strings.ToUpper(label)
}

func (d *denial) matching3(name string) *dns.NSEC3 {
	if len(d.nsec3) == 0 {
		return nil
	}
	h := d.hash(name)
	for _, rr := range d.nsec3 {
		if h != "" && ownerHash(rr) == h {
			return rr
		}
	}
	return nil
}

func (d *denial) covering3(name string) *dns.NSEC3 {
	if len(d.nsec3) == 0 {
		return nil
	}
	h := d.hash(name)
	if h == "" {
		return nil
	}
	for _, rr := range d.nsec3 {
		owner, next := ownerHash(rr), strings.ToUpper(rr.NextDomain)
		if owner < h && h < next || next <= owner && (owner < h || h < next) {
			return rr
		}
	}
	return nil
}

// closest finds the closest name above name that is there, and the gap in which
// the next closer one would stand (RFC 5155 §8.3).
func (d *denial) closest(name string) (encloser string, closer *dns.NSEC3) {
	next := name
	for i, end := dns.NextLabel(name, 0); ; i, end = dns.NextLabel(name, i) {
		above := "."
		if !end {
			above = name[i:]
		}
		if at := d.matching3(above); at != nil {
			if ends(at.TypeBitMap) {
				return "", nil
			}
			return above, d.covering3(next)
		}
		if end || d.s.hashes < 0 {
			return "", nil
		}
		next = above
	}
}

func (d *denial) closer3(name string) (*dns.NSEC3, error) {
	_, closer := d.closest(name)
	if closer == nil {
		return nil, unproven()
	}
	return closer, nil
}

// optOut is insecure for a gap in which unsigned zones may stand (RFC 5155 §6).
func optOut(rr *dns.NSEC3) status {
	if rr.Flags&1 != 0 {
		return insecure
	}
	return secure
}

func (d *denial) denies3(name string, qtype uint16, nx bool) (status, error) {
	if len(d.nsec3) == 0 {
		return insecure, unproven()
	}
	if at := d.matching3(name); at != nil {
		return secure, empty(at.TypeBitMap, name, qtype, nx)
	}
	encloser, closer := d.closest(name)
	if d.s.hashes < 0 {
		return insecure, bogus(dnswire.EDEBogus, "too many hashes to make")
	}
	if closer == nil {
		return insecure, unproven()
	}
	if qtype == dns.TypeDS && !nx && optOut(closer) == insecure {
		return insecure, nil
	}
	wildcard := below(encloser)
	if at := d.matching3(wildcard); at != nil {
		return optOut(closer), empty(at.TypeBitMap, wildcard, qtype, nx)
	}
	if d.covering3(wildcard) == nil {
		return insecure, unproven()
	}
	return optOut(closer), nil
}
