// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

func ask(t testing.TB, name string, qtype uint16, edns bool) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	if edns {
		m.SetEdns0(4096, true)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return append(make([]byte, 0, 512), b...)
}

func unpack(t testing.TB, b []byte) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		t.Fatalf("%v: %x", err, b)
	}
	return m
}

func parse(t testing.TB, b []byte) *Query {
	t.Helper()
	q := new(Query)
	if v := q.Parse(b); v != Good {
		t.Fatalf("verdict %d", v)
	}
	return q
}

func TestAnswersAreReadByAnotherLibrary(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	q := parse(t, ask(t, "Www.Example.", TypeA, true))
	if !q.EDNS || !q.DO || q.UDPSize != MaxUDP || q.Type != TypeA || q.Class != ClassIN {
		t.Fatalf("%+v", q)
	}
	m := unpack(t, q.Address(four, 10, EDECensored))
	if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" || m.Answer[0].Header().Name != "Www.Example." || m.Answer[0].Header().Ttl != 10 {
		t.Errorf("%v", m)
	}
	e := m.IsEdns0().Option[0].(*dns.EDNS0_EDE)
	if e.InfoCode != EDECensored || !m.Response || !m.RecursionAvailable || !m.RecursionDesired {
		t.Errorf("%v", m)
	}
	m = unpack(t, parse(t, ask(t, "a.example.", TypeAAAA, false)).Address(six, 10, EDEBlocked))
	if m.Answer[0].(*dns.AAAA).AAAA.String() != "2001:db8::1" || m.IsEdns0() != nil {
		t.Errorf("%v", m)
	}
	for _, c := range []struct {
		what []byte
		code int
		ns   int
	}{
		{parse(t, ask(t, "a.example.", TypeHTTPS, true)).Address(four, 10, EDEBlocked), NoError, 1},
		{parse(t, ask(t, "a.example.", TypeAAAA, true)).Address(four, 10, EDEBlocked), NoError, 1},
		{parse(t, ask(t, "a.example.", TypeA, true)).Negative(NameError, 10, EDEBlocked), NameError, 1},
		{parse(t, ask(t, "a.example.", TypeA, true)).Error(ServerFailure, EDENoReachable), ServerFailure, 0},
		{parse(t, ask(t, ".", TypeNS, false)).Error(Refused, NoEDE), Refused, 0},
	} {
		m := unpack(t, c.what)
		if m.Rcode != c.code || len(m.Answer) != 0 || len(m.Ns) != c.ns || len(m.Question) != 1 {
			t.Errorf("%v", m)
		}
		if c.ns == 1 && m.Ns[0].(*dns.SOA).Minttl != 10 {
			t.Errorf("%v", m.Ns)
		}
	}
	if m := unpack(t, parse(t, ask(t, "a.example.", TypeA, false)).Truncated()); !m.Truncated {
		t.Errorf("%v", m)
	}
}

func TestVerdicts(t *testing.T) {
	good := ask(t, "a.example.", TypeA, true)
	change := func(f func([]byte) []byte) []byte { return f(slices.Clone(good)) }
	for name, c := range map[string]struct {
		msg  []byte
		want Verdict
	}{
		"answer":      {change(func(b []byte) []byte { b[2] |= 0x80; return b }), Drop},
		"short":       {good[:11], Drop},
		"notify":      {change(func(b []byte) []byte { b[2] = 4 << 3; return b }), Unable},
		"no question": {change(func(b []byte) []byte { b[5] = 0; return b }), Faulty},
		"pointer":     {change(func(b []byte) []byte { b[12] = 0xc0; return b }), Faulty},
		"cut":         {good[:len(good)-3], Faulty},
		"version 1":   {change(func(b []byte) []byte { b[len(b)-5] = 1; return b }), TooNew},
	} {
		var q Query
		if v := q.Parse(c.msg); v != c.want {
			t.Errorf("%s: %d, want %d", name, v, c.want)
		}
	}
	var q Query
	if q.Parse(change(func(b []byte) []byte { b[12] = 0xc0; return b })); len(q.Error(FormatError, NoEDE)) != HeaderSize {
		t.Error("no bare header for a faulty question")
	}
}

func TestPathAllocatesNothing(t *testing.T) {
	msg := ask(t, "a.example.", TypeA, true)
	buf := make([]byte, 0, len(msg)+Spare)
	var q Query
	four := netip.MustParseAddr("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() {
		b := append(buf, msg...)
		if q.Parse(b) != Good || &q.Address(four, 10, EDEBlocked)[0] != &b[0] {
			t.Error("not in place")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSpareIsEnough(t *testing.T) {
	msg := ask(t, "a.example.", TypeAAAA, true)
	for _, answer := range [][]byte{
		parse(t, slices.Clone(msg)).Address(netip.MustParseAddr("2001:db8::1"), 1, EDEBlocked),
		parse(t, slices.Clone(msg)).Negative(NameError, 1, EDEBlocked),
	} {
		if len(answer)-len(msg) > Spare {
			t.Errorf("%d bytes more than the query", len(answer)-len(msg))
		}
	}
}

func TestAuthorityExchangeAndRecords(t *testing.T) {
	a, err := NewAuthority("site.example. 300 IN A 192.0.2.7\nwww.site.example. 60 IN CNAME site.example.\n*.wild.example. 5 IN AAAA 2001:db8::2\nh.example. 60 IN HTTPS 1 . alpn=h2 ech=AAAA ipv4hint=192.0.2.9")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	t.Cleanup(func() { a.Close(ctx) })
	for _, c := range []struct {
		network, name string
		qtype         uint16
		rcode         int
		answers       []string
	}{
		{"udp", "www.site.example", TypeA, NoError, []string{"CNAME site.example.", "A 192.0.2.7"}},
		{"tcp", "x.wild.example", TypeAAAA, NoError, []string{"AAAA 2001:db8::2"}},
		{"udp", "none.example", TypeA, NameError, nil},
		{"udp", "site.example", TypeAAAA, NoError, nil},
	} {
		r, err := Exchange(ctx, c.network, a.Addr(), c.name, c.qtype)
		if err != nil || r.Rcode != c.rcode || !slices.Equal(r.Answers, c.answers) {
			t.Errorf("%s %s: %v %+v", c.network, c.name, err, r)
		}
	}
	if a.Asked() != 4 {
		t.Errorf("asked %d", a.Asked())
	}
}

func TestWithoutOPTAndECH(t *testing.T) {
	https, err := dns.NewRR("h.example. 60 IN HTTPS 1 . alpn=h2 ech=AAAA ipv4hint=192.0.2.9")
	if err != nil {
		t.Fatal(err)
	}
	glue, err := dns.NewRR("x.h.example. 60 IN A 192.0.2.9")
	if err != nil {
		t.Fatal(err)
	}
	for _, last := range []bool{true, false} {
		m := new(dns.Msg)
		m.SetQuestion("h.example.", TypeHTTPS)
		m.Response, m.AuthenticatedData = true, true
		m.Answer = []dns.RR{https}
		m.SetEdns0(1232, false)
		if m.Extra = append(m.Extra, glue); last {
			slices.Reverse(m.Extra)
		}
		packed, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		bare, err := WithoutOPT(packed)
		if err != nil {
			t.Fatal(err)
		}
		if got := unpack(t, bare); got.IsEdns0() != nil || len(got.Extra) != 1 {
			t.Errorf("last %v: %v", last, got)
		}
		if bare, err = WithoutECH(bare); err != nil {
			t.Fatal(err)
		}
		got := unpack(t, bare)
		for _, kv := range got.Answer[0].(*dns.HTTPS).Value {
			if kv.Key() == dns.SVCB_ECHCONFIG {
				t.Error("the key is still there")
			}
		}
		if got.AuthenticatedData || len(got.Answer[0].(*dns.HTTPS).Value) != 2 {
			t.Errorf("%v", got)
		}
	}
}

// Any bytes give a verdict; an answer to them is one that others can read.
func FuzzQuery(f *testing.F) {
	f.Add(ask(f, "www.example.", TypeA, true))
	f.Add(ask(f, ".", TypeNS, false))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, make := range []func(*Query) []byte{
			func(q *Query) []byte { return q.Address(netip.MustParseAddr("192.0.2.1"), 1, EDEBlocked) },
			func(q *Query) []byte { return q.Negative(NameError, 1, EDEBlocked) },
			func(q *Query) []byte { return q.Error(Refused, EDEBlocked) },
		} {
			var q Query
			if q.Parse(slices.Clone(data)) == Good {
				if err := new(dns.Msg).Unpack(make(&q)); err != nil {
					t.Fatalf("%v", err)
				}
			}
		}
	})
}

// Any bytes can be walked, and every name in them expanded.
func FuzzRecords(f *testing.F) {
	m := new(dns.Msg)
	m.SetQuestion("www.example.", TypeA)
	m.Response, m.Compress = true, true
	rr, err := dns.NewRR("www.example. 5 IN CNAME a.www.example.")
	if err != nil {
		f.Fatal(err)
	}
	m.Answer = append(m.Answer, rr)
	m.SetEdns0(1232, true)
	seed, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var name [255]byte
		for r := ReadRecords(data); r.Next(); {
			Expand(data, r.Start, &name)
			if r.Type == TypeCNAME {
				if w := Expand(data, r.DataAt, &name); w != nil && w[len(w)-1] != 0 {
					t.Fatal("a name without end")
				}
			}
		}
	})
}
