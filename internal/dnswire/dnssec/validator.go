// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
)

// Ask puts a question (the name in wire form) with DO and CD set to whoever
// resolves, and returns the packed answer.
type Ask func(ctx context.Context, name []byte, qtype uint16) ([]byte, error)

// Options are what a Validator needs.
type Options struct {
	Ask     Ask
	Now     func() time.Time
	Anchors string   // DS or DNSKEY records, one each line; "" is the root's keys
	Except  []string // names that are not validated, with all below them (RFC 7646)
}

// Validator proves answers. It is safe for concurrent use.
type Validator struct {
	ask     Ask
	now     func() time.Time
	anchors map[string][]dns.RR // DS and DNSKEY by canonical owner
	except  map[string]bool
	zones   zoneCache
}

// rootAnchors are the root's keys of 2017 and 2024 (data.iana.org/root-anchors).
const rootAnchors = `
. 172800 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. 172800 IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
`

// New reads the anchors. There must be one.
func New(o Options) (*Validator, error) {
	v := &Validator{ask: o.Ask, now: o.Now, anchors: map[string][]dns.RR{}, except: map[string]bool{}}
	if o.Anchors == "" {
		o.Anchors = rootAnchors
	}
	p := dns.NewZoneParser(strings.NewReader(o.Anchors), ".", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		switch rr.(type) {
		case *dns.DS, *dns.DNSKEY:
			name := dns.CanonicalName(rr.Header().Name)
			v.anchors[name] = append(v.anchors[name], rr)
		default:
			return nil, fmt.Errorf("dnssec: an anchor is a DS or a DNSKEY record")
		}
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("dnssec: anchors: %w", err)
	}
	if len(v.anchors) == 0 {
		return nil, errors.New("dnssec: no anchor")
	}
	for _, name := range o.Except {
		v.except[dns.CanonicalName(name)] = true
	}
	return v, nil
}

// Bogus is the error for an answer that is proven to be none of the owner's, or
// cannot be proven though it should. EDE is the extended error that says why.
type Bogus struct {
	EDE uint16
	Why string // for people who look for a fault; names no name
}

func (b *Bogus) Error() string { return "dnssec: " + b.Why }

func bogus(ede uint16, why string) error { return &Bogus{ede, why} }

// status is what a proof has come to; the worse of two counts for both.
type status uint8

const (
	secure   status = iota
	insecure        // provably not signed
)

// The budget of one answer. The longest honest chains take about a third.
const (
	maxQuestions  = 40
	maxSignatures = 48
	maxHashes     = 96
	maxAliases    = 12
)

// session is the proof of one answer.
type session struct {
	*Validator
	ctx                           context.Context
	at                            time.Time
	questions, signatures, hashes int
}

// Prove proves msg, the answer to a question (the name in wire form) that was
// asked with DO and CD. It returns the answer for the client: what is proven
// has the AD bit and nothing in it beside the proven records; without do the
// signatures are left out. The error is a *Bogus, or that of Ask.
func (v *Validator) Prove(ctx context.Context, msg, name []byte, qtype uint16, do bool) ([]byte, error) {
	var m dns.Msg
	if err := m.Unpack(msg); err != nil {
		return nil, fmt.Errorf("dnssec: unpack: %w", err)
	}
	asked, _, err := dns.UnpackDomainName(name, 0)
	if err != nil {
		return nil, fmt.Errorf("dnssec: %w", err)
	}
	m.AuthenticatedData = false
	if m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError {
		s := &session{Validator: v, ctx: ctx, at: v.now(), questions: maxQuestions, signatures: maxSignatures, hashes: maxHashes}
		kept, state, err := s.answer(&m, dns.CanonicalName(asked), qtype)
		if err != nil {
			return nil, err
		}
		if state == secure {
			m.AuthenticatedData = true
			m.Answer, m.Ns, m.Extra = kept.answer, kept.authority, nil
		}
	} else {
		m.Answer, m.Ns, m.Extra = nil, nil, nil // nobody proves what stands beside an error
	}
	if !do {
		m.Answer, m.Ns, m.Extra = plain(m.Answer, qtype), plain(m.Ns, qtype), plain(m.Extra, qtype)
	}
	m.Compress = true
	out, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("dnssec: pack: %w", err)
	}
	return out, nil
}

// plain leaves out what only a validating client reads (RFC 4035 §3.2.1).
func plain(rrs []dns.RR, asked uint16) []dns.RR {
	var kept []dns.RR
	for _, rr := range rrs {
		switch t := rr.Header().Rrtype; t {
		case dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
			if t == asked {
				kept = append(kept, rr)
			}
		default:
			kept = append(kept, rr)
		}
	}
	return kept
}

// proven is the records that a proof has looked at.
type proven struct{ answer, authority []dns.RR }

// answer follows the aliases from the asked name and proves each set on the
// way, and at the end the records or their absence.
func (s *session) answer(m *dns.Msg, name string, qtype uint16) (proven, status, error) {
	var kept proven
	if qtype == dns.TypeRRSIG { // there are no signatures over signatures
		return kept, insecure, nil
	}
	total := secure
	for range maxAliases {
		set := rrset(m.Answer, name, qtype)
		alias := len(set.rrs) == 0
		if alias {
			set = rrset(m.Answer, name, dns.TypeCNAME)
		}
		if len(set.rrs) == 0 {
			denied, state, err := s.absent(m.Ns, name, qtype, m.Rcode == dns.RcodeNameError)
			kept.authority = append(kept.authority, denied...)
			return kept, max(total, state), err
		}
		if above := alias && len(set.sigs) == 0; above {
			if dname := redirect(m.Answer, name); len(dname.rrs) > 0 {
				if !synthesised(dname.rrs[0].(*dns.DNAME), name, set.rrs[0].(*dns.CNAME)) {
					return kept, total, bogus(dnswire.EDEBogus, "an alias does not follow from its DNAME")
				}
				state, err := s.prove(dname, m.Ns, &kept)
				if err != nil {
					return kept, total, err
				}
				total = max(total, state)
				kept.answer = append(kept.answer, set.rrs...)
				name = dns.CanonicalName(set.rrs[0].(*dns.CNAME).Target)
				continue
			}
		}
		state, err := s.prove(set, m.Ns, &kept)
		if err != nil {
			return kept, total, err
		}
		total = max(total, state)
		if !alias && m.Rcode == dns.RcodeNameError && state == secure {
			return kept, total, bogus(dnswire.EDEBogus, "a name is there and said not to be")
		}
		if !alias {
			return kept, total, nil
		}
		name = dns.CanonicalName(set.rrs[0].(*dns.CNAME).Target)
	}
	return kept, total, bogus(dnswire.EDEBogus, "too many aliases")
}

// prove proves one set of an answer and, where it comes from a wildcard, that
// there was nothing closer.
func (s *session) prove(set rrSet, authority []dns.RR, kept *proven) (status, error) {
	state, sig, err := s.signed(set)
	if err != nil || state == insecure {
		return state, err
	}
	set.limit(sig, s.at)
	kept.answer = append(kept.answer, set.all()...)
	if int(sig.Labels) == labelsOf(set.name) {
		return secure, nil
	}
	denied, state, err := s.nothingCloser(authority, set.name, int(sig.Labels), dns.CanonicalName(sig.SignerName))
	kept.authority = append(kept.authority, denied...)
	return state, err
}

// redirect is the DNAME above name.
func redirect(answer []dns.RR, name string) rrSet {
	for i, end := dns.NextLabel(name, 0); !end; i, end = dns.NextLabel(name, i) {
		if set := rrset(answer, name[i:], dns.TypeDNAME); len(set.rrs) > 0 {
			return set
		}
	}
	return rrSet{}
}

// synthesised reports whether an alias is what a DNAME makes of name (RFC 6672
// §3.1).
func synthesised(d *dns.DNAME, name string, c *dns.CNAME) bool {
	owner := dns.CanonicalName(d.Hdr.Name)
	prefix := strings.TrimSuffix(name, owner)
	target := dns.CanonicalName(d.Target)
	if target == "." {
		target = ""
	}
	return dns.CanonicalName(c.Target) == prefix+target
}
