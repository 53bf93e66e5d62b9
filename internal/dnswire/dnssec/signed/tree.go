// SPDX-License-Identifier: Apache-2.0

// Package signed is a tree of signed zones with keys of its own, answered as a
// resolver would that passes signatures on. Clause 3 of dispatch
// 4569/UBND-KGVX wants filtering that can be relied on; whether the node's
// proofs can be is only seen against zones whose owner one is, and whose faults
// one can choose. Tests use it, and nothing else.
package signed

import (
	"crypto"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Options say how a zone is signed.
type Options struct {
	Algorithm  uint8 // 0: ECDSA P-256
	Unsigned   bool
	NSEC3      bool // else NSEC
	OptOut     bool
	Iterations uint16
	Begin, End time.Time // of its signatures; zero: around now
}

// Tree is zones below a root of their own.
type Tree struct {
	zones map[string]*zone
	// Twist, if set, changes an answer before it goes out.
	Twist func(*dns.Msg)
	asked atomic.Int64
	addr  string
}

type zone struct {
	Options
	name    string
	key     *dns.DNSKEY
	private crypto.Signer
	records map[string]map[uint16][]dns.RR
	cuts    map[string]bool
}

// New makes a tree without zones.
func New() *Tree { return &Tree{zones: map[string]*zone{}} }

// Add adds a zone by its records in the form of a zone file, parents first. The
// delegation from the zone above, and its DS, are made here.
func (t *Tree) Add(name, records string, o Options) error {
	if o.Algorithm == 0 {
		o.Algorithm = dns.ECDSAP256SHA256
	}
	if o.Begin.IsZero() {
		o.Begin, o.End = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	z := &zone{Options: o, name: name, records: map[string]map[uint16][]dns.RR{}, cuts: map[string]bool{}}
	z.key = &dns.DNSKEY{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300}, Flags: 257, Protocol: 3, Algorithm: o.Algorithm}
	bits := 256
	if o.Algorithm == dns.RSASHA256 {
		bits = 2048
	}
	private, err := z.key.Generate(bits)
	if err != nil {
		return fmt.Errorf("signed: %w", err)
	}
	z.private = private.(crypto.Signer)
	soa := fmt.Sprintf("%s 300 IN SOA . . 1 3600 600 604800 60\n%[1]s 300 IN NS ns.invalid.\n", name)
	p := dns.NewZoneParser(strings.NewReader(soa+records), name, "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.add(rr)
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("signed: %w", err)
	}
	if !o.Unsigned {
		z.add(z.key)
	}
	if parent := t.holder(name, dns.TypeDS); parent != nil {
		parent.add(&dns.NS{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 300}, Ns: "ns.invalid."})
		parent.cuts[name] = true
		if !o.Unsigned {
			parent.add(z.key.ToDS(dns.SHA256))
		}
	}
	t.zones[name] = z
	return nil
}

func (z *zone) add(rr dns.RR) {
	name := dns.CanonicalName(rr.Header().Name)
	if z.records[name] == nil {
		z.records[name] = map[uint16][]dns.RR{}
	}
	z.records[name][rr.Header().Rrtype] = append(z.records[name][rr.Header().Rrtype], rr)
}

// Anchor is the root's key as a resolver is told it.
func (t *Tree) Anchor() string { return t.zones["."].key.ToDS(dns.SHA256).String() }

// Key is a zone's DNSKEY record.
func (t *Tree) Key(name string) *dns.DNSKEY { return t.zones[name].key }

// Replace gives a zone another key without telling the zone above.
func (t *Tree) Replace(name string) error {
	z := t.zones[name]
	fresh := *z.key
	private, err := fresh.Generate(256)
	if err != nil {
		return fmt.Errorf("signed: %w", err)
	}
	z.key, z.private = &fresh, private.(crypto.Signer)
	z.records[name][dns.TypeDNSKEY] = []dns.RR{z.key}
	return nil
}

// Asked counts the questions so far.
func (t *Tree) Asked() int64 { return t.asked.Load() }

// holder is the zone that answers for a name; for DS the one above a cut.
func (t *Tree) holder(name string, qtype uint16) *zone {
	if qtype == dns.TypeDS && name != "." {
		name = parent(name)
	}
	for {
		if z := t.zones[name]; z != nil {
			return z
		}
		if name == "." {
			return nil
		}
		name = parent(name)
	}
}

// Answer answers a question as a resolver does that does not validate.
func (t *Tree) Answer(q *dns.Msg) *dns.Msg {
	t.asked.Add(1)
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	name, qtype := dns.CanonicalName(q.Question[0].Name), q.Question[0].Qtype
	for range 10 {
		next := t.holder(name, qtype).answer(m, name, qtype)
		if next == "" {
			break
		}
		name = next
	}
	if opt := q.IsEdns0(); opt != nil {
		m.SetEdns0(1232, opt.Do())
	}
	if t.Twist != nil {
		t.Twist(m)
	}
	return m
}

// Start answers over UDP and TCP on a free port of this machine.
func (t *Tree) Start() (stop func(), err error) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("signed: %w", err)
	}
	t.addr = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", t.addr)
	if err != nil {
		tcp.Close()
		return nil, fmt.Errorf("signed: %w", err)
	}
	handler := func(datagram bool) dns.HandlerFunc {
		return func(w dns.ResponseWriter, q *dns.Msg) {
			m := t.Answer(q)
			if datagram {
				m.Truncate(1232)
			}
			_ = w.WriteMsg(m) // who is gone asks again
		}
	}
	servers := []*dns.Server{{Listener: tcp, Handler: handler(false)}, {PacketConn: udp, Handler: handler(true)}}
	ready := make(chan struct{}, len(servers))
	for _, s := range servers {
		s.NotifyStartedFunc = func() { ready <- struct{}{} }
		go func() { _ = s.ActivateAndServe() }()
	}
	for range servers {
		<-ready
	}
	return func() {
		for _, s := range servers {
			_ = s.Shutdown()
		}
	}, nil
}

// Addr is where Start listens.
func (t *Tree) Addr() string { return t.addr }

// names are the owners of a zone in its order, with empty ones between.
func (z *zone) names(empty bool) []string {
	all := map[string]bool{}
	for name := range z.records {
		for name != z.name {
			all[name] = true
			if name = parent(name); !empty {
				break
			}
		}
	}
	all[z.name] = true
	var sorted []string
	for name := range all {
		sorted = append(sorted, name)
	}
	slices.SortFunc(sorted, func(a, b string) int { return strings.Compare(reversed(a), reversed(b)) })
	return sorted
}

func parent(name string) string {
	if i, end := dns.NextLabel(name, 0); !end {
		return name[i:]
	}
	return "."
}

// below is the wildcard directly below a name.
func below(name string) string { return "*." + strings.TrimPrefix(name, ".") }

// reversed orders the plain names of tests as RFC 4034 §6.1 does.
func reversed(name string) string {
	l := dns.SplitDomainName(name)
	slices.Reverse(l)
	return strings.Join(l, "\x00")
}
