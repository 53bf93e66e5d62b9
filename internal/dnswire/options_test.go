// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

func TestOptionsAreReadByAnotherLibrary(t *testing.T) {
	q := parse(t, ask(t, "www.example.", TypeA, true))
	msg := q.Negative(NameError, 10, EDEBlocked)
	msg = AppendText(msg, "che lại")
	msg = AppendOption(msg, OptionKeepalive, []byte{1, 44})
	msg = Pad(msg, 468)
	if len(msg) != 468 {
		t.Errorf("%d bytes", len(msg))
	}
	o := unpack(t, msg).IsEdns0().Option
	if len(o) != 3 || o[0].(*dns.EDNS0_EDE).ExtraText != "che lại" || o[0].(*dns.EDNS0_EDE).InfoCode != EDEBlocked || o[1].(*dns.EDNS0_TCP_KEEPALIVE).Timeout != 300 || o[2].Option() != dns.EDNS0PADDING {
		t.Errorf("%v", o)
	}
	if rcode, ede, ok := Extra(msg, OptionEDE); rcode != NameError || !ok || !bytes.HasSuffix(ede, []byte("che lại")) {
		t.Errorf("%d %q %v", rcode, ede, ok)
	}
	bare := parse(t, ask(t, "www.example.", TypeA, false)).Negative(NameError, 10, EDEBlocked)
	if got := Pad(AppendOption(AppendText(slices.Clone(bare), "x"), OptionCookie, []byte{1}), 128); !bytes.Equal(got, bare) {
		t.Error("a client without EDNS got an option")
	}
}

func TestClientsOptionsAreFound(t *testing.T) {
	m := new(dns.Msg)
	m.SetQuestion("www.example.", TypeA)
	m.SetEdns0(4096, false)
	o := m.IsEdns0()
	o.Option = append(o.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID}, &dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE}, &dns.EDNS0_PADDING{Padding: make([]byte, 7)})
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	q := parse(t, b)
	if !q.HasOption(OptionKeepalive) || !q.HasOption(OptionPadding) || q.HasOption(OptionCookie) {
		t.Error("not as sent")
	}
	if parse(t, ask(t, "www.example.", TypeA, false)).HasOption(OptionKeepalive) {
		t.Error("without EDNS")
	}
}

func TestServicesAreReadByAnotherLibrary(t *testing.T) {
	q := parse(t, ask(t, "_dns.resolver.arpa.", TypeSVCB, true))
	services := []Service{{ALPN: []string{"h2", "h3"}, Port: 443, Path: "/dns-query{?dns}"}, {ALPN: []string{"dot"}, Port: 853}}
	m := unpack(t, q.Services([]byte("\x03dns\x07example\x00"), services, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, 300, MaxUDP))
	if len(m.Answer) != 2 || m.Answer[0].(*dns.SVCB).String() != "_dns.resolver.arpa.\t300\tIN\tSVCB\t1 dns.example. alpn=\"h2,h3\" port=\"443\" ipv4hint=\"192.0.2.1\" ipv6hint=\"2001:db8::1\" dohpath=\"/dns-query{?dns}\"" {
		t.Errorf("%v", m.Answer)
	}
	q = parse(t, ask(t, "_dns.resolver.arpa.", TypeSVCB, false))
	if m := unpack(t, q.Services([]byte("\x03dns\x07example\x00"), services, nil, 300, 100)); !m.Truncated || len(m.Answer) != 0 {
		t.Errorf("%v", m)
	}
}

func TestFreshness(t *testing.T) {
	for what, c := range map[string]struct {
		records []string
		want    uint32
	}{
		"the least":         {[]string{"a.example. 300 IN CNAME b.example.", "b.example. 60 IN A 192.0.2.1"}, 60},
		"nothing":           {nil, 0},
		"the SOA's minimum": {[]string{"ns:example. 900 IN SOA . . 1 2 3 4 120"}, 120},
		"the SOA's TTL":     {[]string{"ns:example. 90 IN SOA . . 1 2 3 4 120"}, 90},
		"a zero":            {[]string{"a.example. 0 IN A 192.0.2.1", "a.example. 60 IN A 192.0.2.2"}, 0},
	} {
		m := new(dns.Msg)
		m.SetQuestion("a.example.", TypeA)
		for _, text := range c.records {
			text, ns := bytes.CutPrefix([]byte(text), []byte("ns:"))
			rr, err := dns.NewRR(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if ns {
				m.Ns = append(m.Ns, rr)
			} else {
				m.Answer = append(m.Answer, rr)
			}
		}
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if got := Freshness(b); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}

// Any bytes can be given an option, padding, a text, and be read for them; what
// was well formed stays so.
func FuzzOptions(f *testing.F) {
	f.Add(parse(f, ask(f, "www.example.", TypeA, true)).Negative(NameError, 10, EDEBlocked), "text")
	f.Add(parse(f, ask(f, "www.example.", TypeA, false)).Truncated(), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		if len(text) > 1000 {
			return
		}
		good := new(dns.Msg).Unpack(slices.Clone(data)) == nil
		out := AppendOption(Pad(AppendText(slices.Clone(data), text), 468), OptionCookie, []byte(text))
		Extra(out, OptionEDE)
		Freshness(out)
		Hints(data, func(netip.Addr) {})
		if good && len(text) >= 8 && len(text) <= 40 && len(out) < 0xffff {
			if err := new(dns.Msg).Unpack(out); err != nil {
				t.Fatalf("%v: %x", err, out)
			}
		}
	})
}

// Any answer of an upstream makes an alias that others can read, or none.
func FuzzAlias(f *testing.F) {
	question, target := []byte("\x03www\x07example\x00\x00\x01\x00\x01"), []byte("\x04safe\x07example\x00")
	f.Add(append([]byte{0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, "\x04safe\x07example\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"...))
	f.Fuzz(func(t *testing.T, reply []byte) {
		msg, ttlAt, ttl, ok := Alias(question, target, reply, 60)
		if !ok {
			return
		}
		m := new(dns.Msg)
		if err := m.Unpack(msg); err != nil {
			// An address of the wrong length is the upstream's fault and not hidden.
			return
		}
		if ttl > 60 || len(ttlAt) != len(m.Answer) || m.Answer[0].(*dns.CNAME).Target != "safe.example." {
			t.Errorf("%v", m)
		}
		for _, rr := range m.Answer[1:] {
			if rr.Header().Rrtype != TypeA || rr.Header().Name != "safe.example." || rr.Header().Ttl > 60 {
				t.Errorf("%v", rr)
			}
		}
	})
}
