// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Authority answers for a handful of names over UDP and TCP. The demo's sample
// sites live in one, so that everything can be tried without a network, and so
// do the upstreams of the node's tests. A name that it does not have is
// NXDOMAIN.
type Authority struct {
	records map[string][]dns.RR // by lower-case name with final dot
	servers []*dns.Server
	addr    string
	asked   atomic.Int64
}

// NewAuthority reads records in the form of a zone file, one each line:
// "school.example. 300 IN A 192.0.2.7". A name that begins with "*." stands
// for every name below that has no record of its own.
func NewAuthority(zone string) (*Authority, error) {
	a := &Authority{records: map[string][]dns.RR{}}
	p := dns.NewZoneParser(strings.NewReader(zone), ".", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		name := dns.CanonicalName(rr.Header().Name)
		a.records[name] = append(a.records[name], rr)
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("dnswire: zone: %w", err)
	}
	return a, nil
}

// Start listens on addr ("127.0.0.1:0" takes a free port, the same for UDP and
// TCP) and answers until Close.
func (a *Authority) Start(addr string) error {
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("dnswire: %w", err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		return errors.Join(fmt.Errorf("dnswire: %w", err), tcp.Close())
	}
	a.addr = tcp.Addr().String()
	var ready sync.WaitGroup
	ready.Add(2)
	for _, s := range []*dns.Server{{Listener: tcp}, {PacketConn: udp}} {
		s.Handler, s.NotifyStartedFunc = dns.HandlerFunc(a.answer), ready.Done
		a.servers = append(a.servers, s)
		go func() {
			// The error is that of Shutdown; a server that never started is seen
			// by the first question.
			_ = s.ActivateAndServe()
		}()
	}
	ready.Wait()
	return nil
}

// Addr is "host:port".
func (a *Authority) Addr() string { return a.addr }

// Asked counts the questions so far.
func (a *Authority) Asked() int64 { return a.asked.Load() }

// Close stops both servers.
func (a *Authority) Close(ctx context.Context) error {
	var errs []error
	for _, s := range a.servers {
		errs = append(errs, s.ShutdownContext(ctx))
	}
	return errors.Join(errs...)
}

func (a *Authority) answer(w dns.ResponseWriter, r *dns.Msg) {
	a.asked.Add(1)
	m := new(dns.Msg)
	m.SetReply(r)
	m.Authoritative = true
	m.RecursionAvailable = true
	if len(r.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
	} else {
		a.fill(m, r.Question[0])
	}
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(MaxUDP, opt.Do())
	}
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := r.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
		}
		m.Truncate(size)
	}
	_ = w.WriteMsg(m) // a client that is gone asks again
}

// fill follows CNAMEs within the zone.
func (a *Authority) fill(m *dns.Msg, q dns.Question) {
	name := dns.CanonicalName(q.Name)
	for range 8 {
		rrs, ok := a.find(name)
		if !ok {
			if len(m.Answer) == 0 {
				m.Rcode = dns.RcodeNameError
			}
			break
		}
		next := ""
		for _, rr := range rrs {
			if t := rr.Header().Rrtype; t == q.Qtype || t == dns.TypeCNAME {
				c := dns.Copy(rr)
				c.Header().Name = name
				m.Answer = append(m.Answer, c)
				if cname, ok := rr.(*dns.CNAME); ok && q.Qtype != dns.TypeCNAME {
					next = dns.CanonicalName(cname.Target)
				}
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	if len(m.Answer) == 0 {
		soa, err := dns.NewRR("invalid. 60 IN SOA . . 1 3600 600 604800 60")
		if err == nil {
			m.Ns = append(m.Ns, soa)
		}
	}
}

func (a *Authority) find(name string) ([]dns.RR, bool) {
	if rrs, ok := a.records[name]; ok {
		return rrs, true
	}
	for i, end := dns.NextLabel(name, 0); !end; i, end = dns.NextLabel(name, i) {
		if rrs, ok := a.records["*."+name[i:]]; ok {
			return rrs, true
		}
	}
	return nil, false
}
