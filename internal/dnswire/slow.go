// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// WithoutOPT takes the OPT record out of an upstream's answer. Nearly always
// it stands last and is cut off; else the message is packed anew.
func WithoutOPT(msg []byte) ([]byte, error) {
	records := ReadRecords(msg)
	var opt RR
	found, last := false, false
	for records.Next() {
		last = false
		if records.Type == TypeOPT && records.Section == AdditionalSection {
			if found {
				return nil, fmt.Errorf("dnswire: two OPT records")
			}
			opt, found, last = records.RR, true, true
		}
	}
	switch {
	case records.Bad:
		return nil, fmt.Errorf("dnswire: damaged answer")
	case !found:
		return msg, nil
	case last:
		msg = msg[:opt.Start]
		count := int(msg[10])<<8 | int(msg[11]) - 1
		msg[10], msg[11] = byte(count>>8), byte(count)
		return msg, nil
	}
	return repack(msg, func(m *dns.Msg) {
		m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT })
	})
}

// WithoutECH takes the encrypted-hello keys out of HTTPS and SVCB records
// (RFC 9460, key 5), so that browsers send the name in clear to a firewall
// that the school runs. The AD bit goes with them: what remains is no longer
// what was signed.
func WithoutECH(msg []byte) ([]byte, error) {
	return repack(msg, func(m *dns.Msg) {
		m.AuthenticatedData = false
		for _, rr := range slices.Concat(m.Answer, m.Extra) {
			var values *[]dns.SVCBKeyValue
			switch rr := rr.(type) {
			case *dns.HTTPS:
				values = &rr.Value
			case *dns.SVCB:
				values = &rr.Value
			default:
				continue
			}
			*values = slices.DeleteFunc(*values, func(kv dns.SVCBKeyValue) bool { return kv.Key() == dns.SVCB_ECHCONFIG })
		}
	})
}

func repack(msg []byte, change func(*dns.Msg)) ([]byte, error) {
	var m dns.Msg
	if err := m.Unpack(msg); err != nil {
		return nil, fmt.Errorf("dnswire: unpack: %w", err)
	}
	change(&m)
	m.Compress = true
	out, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("dnswire: pack: %w", err)
	}
	return out, nil
}

// Reply is an answer as a person would read it.
type Reply struct {
	Rcode     int
	Answers   []string // "A 192.0.2.1", "CNAME a.example.", in order
	TTL       uint32   // of the first answer, or the minimum of the SOA, seconds
	EDE       []uint16 // extended errors, RFC 8914
	Text      string   // of the last of them
	Authentic bool     // the AD bit
	Padded    bool
	Keepalive time.Duration // how long the server lets the connection idle, RFC 7828; 0: it did not say
	Truncated bool
	Took      time.Duration
}

// Exchange asks server ("127.0.0.1:5353") over network ("udp" or "tcp") for a
// name in presentation form, as a stub resolver with EDNS would. It is the
// client of the tests, of `lachan demo --tour` and of set-up checks.
func Exchange(ctx context.Context, network, server, name string, qtype uint16) (Reply, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), qtype)
	m.SetEdns0(MaxUDP, false)
	c := dns.Client{Net: network, Timeout: 5 * time.Second}
	r, took, err := c.ExchangeContext(ctx, m, server)
	if err != nil {
		return Reply{}, fmt.Errorf("dnswire: %w", err)
	}
	if !r.Response { // where nobody listens, a socket may be given that very port, and hear itself
		return Reply{}, errors.New("dnswire: a question came back")
	}
	reply := read(r)
	reply.Took = took
	return reply, nil
}

// ReadReply reads an answer that came by another way than Exchange's.
func ReadReply(msg []byte) (Reply, error) {
	var m dns.Msg
	if err := m.Unpack(msg); err != nil {
		return Reply{}, fmt.Errorf("dnswire: unpack: %w", err)
	}
	return read(&m), nil
}

func read(r *dns.Msg) Reply {
	reply := Reply{Rcode: r.Rcode, Truncated: r.Truncated, Authentic: r.AuthenticatedData}
	for i, rr := range r.Answer {
		if i == 0 {
			reply.TTL = rr.Header().Ttl
		}
		reply.Answers = append(reply.Answers, text(rr))
	}
	for _, rr := range r.Ns {
		if soa, ok := rr.(*dns.SOA); ok && len(r.Answer) == 0 {
			reply.TTL = min(soa.Minttl, soa.Hdr.Ttl)
		}
	}
	if opt := r.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			switch o := o.(type) {
			case *dns.EDNS0_EDE:
				reply.EDE, reply.Text = append(reply.EDE, o.InfoCode), o.ExtraText
			case *dns.EDNS0_PADDING:
				reply.Padded = true
			case *dns.EDNS0_TCP_KEEPALIVE:
				reply.Keepalive = time.Duration(o.Timeout) * 100 * time.Millisecond
			}
		}
	}
	return reply
}

// text is a record without owner, TTL and class.
func text(rr dns.RR) string {
	head := rr.Header().String()
	return dns.TypeToString[rr.Header().Rrtype] + " " + rr.String()[len(head):]
}
