// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// ZoneRule is one name of a response policy zone; it means itself and all
// below it.
type ZoneRule struct {
	Name string // A-labels, without a dot at its end
	Open bool   // answered as it is ("rpz-passthru."); else it does not exist
}

// ZoneStep is what changed from one serial to another.
type ZoneStep struct {
	From, To       uint32
	Removed, Added []ZoneRule
}

// ZoneVersion is a zone as it is now, for one key.
type ZoneVersion interface {
	Serial() uint32
	// Since is what changed since a serial, oldest first; false if that is not
	// known.
	Since(ctx context.Context, serial uint32) ([]ZoneStep, bool, error)
	// Whole calls with every rule.
	Whole(ctx context.Context, call func(ZoneRule) error) error
}

// ZoneSource has the keys and zones of a Transfers. Names are in lower case and
// have no dot at their end.
type ZoneSource interface {
	// Secret is a key's, with its algorithm ("hmac-sha256"); an error if it does
	// not count.
	Secret(ctx context.Context, key string) (secret []byte, algorithm string, err error)
	// Zone opens a zone for the holder of a key: an error if it is not for him,
	// nil if there is none yet.
	Zone(ctx context.Context, key, zone string) (ZoneVersion, error)
}

// Times of a zone, seconds. A name server that hears no notice asks every five
// minutes; one that cannot reach the hub keeps the rules for two weeks.
const (
	zoneTTL     = 60
	zoneRefresh = 300
	zoneRetry   = 60
	zoneExpire  = 14 * 24 * 3600
)

func soaOf(zone string, serial uint32) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: zoneTTL},
		Ns:  "localhost.", Mbox: "root.localhost.", Serial: serial,
		Refresh: zoneRefresh, Retry: zoneRetry, Expire: zoneExpire, Minttl: zoneTTL,
	}
}

func nsOf(zone string) dns.RR {
	return &dns.NS{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: zoneTTL}, Ns: "localhost."}
}

// recordsOf are a rule's two records: for the name, and for all below it.
func recordsOf(zone string, r ZoneRule) [2]dns.RR {
	target := "."
	if r.Open {
		target = "rpz-passthru."
	}
	record := func(owner string) dns.RR {
		return &dns.CNAME{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: zoneTTL}, Target: target}
	}
	owner := r.Name + "." + zone
	return [2]dns.RR{record(owner), record("*." + owner)}
}

// sender packs records into messages of a transfer as they come, so that a
// zone is never in memory as a whole.
type sender struct {
	w     dns.ResponseWriter
	asked *dns.Msg
	rrs   []dns.RR
	size  int // bytes that rrs need at most
}

// messageSize is how many bytes of records go into a message; with names
// compressed it is a third of that.
const messageSize = 48 << 10

func (s *sender) add(rr dns.RR) error {
	s.rrs = append(s.rrs, rr)
	if s.size += dns.Len(rr); s.size < messageSize {
		return nil
	}
	return s.flush()
}

func (s *sender) rules(zone string, rules []ZoneRule) error {
	for _, r := range rules {
		for _, rr := range recordsOf(zone, r) {
			if err := s.add(rr); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sender) flush() error {
	if len(s.rrs) == 0 {
		return nil
	}
	m := replyTo(s.asked)
	m.Answer, m.Compress = s.rrs, true
	signAs(s.asked, m)
	err := s.w.WriteMsg(m)
	s.w.TsigTimersOnly(true) // of all messages behind the first, RFC 8945 §5.3.1
	s.rrs, s.size = s.rrs[:0], 0
	return err
}

// whole sends all of a zone (RFC 5936).
func (s *sender) whole(ctx context.Context, zone string, v ZoneVersion) error {
	soa := soaOf(zone, v.Serial())
	if err := s.start(soa, nsOf(zone)); err != nil {
		return err
	}
	err := v.Whole(ctx, func(r ZoneRule) error { return s.rules(zone, []ZoneRule{r}) })
	if err != nil {
		return err
	}
	return s.end(soa)
}

// changes sends differences (RFC 1995 §4).
func (s *sender) changes(zone string, now uint32, steps []ZoneStep) error {
	soa := soaOf(zone, now)
	if err := s.start(soa); err != nil {
		return err
	}
	for _, step := range steps {
		for _, half := range []struct {
			serial uint32
			rules  []ZoneRule
		}{{step.From, step.Removed}, {step.To, step.Added}} {
			if err := s.add(soaOf(zone, half.serial)); err != nil {
				return err
			}
			if err := s.rules(zone, half.rules); err != nil {
				return err
			}
		}
	}
	return s.end(soa)
}

func (s *sender) start(rrs ...dns.RR) error {
	for _, rr := range rrs {
		if err := s.add(rr); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) end(soa dns.RR) error {
	if err := s.add(soa); err != nil {
		return err
	}
	return s.flush()
}

// Notify tells a name server that a zone has a new version (RFC 1996), signed
// with its key. It asks three times over UDP; the answer only says that it was
// heard.
func Notify(ctx context.Context, server, zone string, serial uint32, key string, source ZoneSource) (err error) {
	zone = dns.Fqdn(zone)
	_, algorithm, err := source.Secret(ctx, key)
	if err != nil {
		return err
	}
	m := new(dns.Msg)
	m.SetNotify(zone)
	m.Answer = []dns.RR{soaOf(zone, serial)}
	c := dns.Client{Net: "udp", Timeout: notifyWait, TsigProvider: provider{ctx: ctx, source: source}}
	for range 3 {
		signed := m.Copy()
		sign(signed, dns.Fqdn(key), algorithm)
		var reply *dns.Msg
		if reply, _, err = c.ExchangeContext(ctx, signed, server); err == nil {
			if reply.Rcode != dns.RcodeSuccess {
				return fmt.Errorf("dnswire: notify: %s", dns.RcodeToString[reply.Rcode])
			}
			return nil
		}
	}
	return fmt.Errorf("dnswire: notify: %w", err)
}

func plainName(name string) string { return strings.TrimSuffix(dns.CanonicalName(name), ".") }
