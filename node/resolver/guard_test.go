// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

// liar is an upstream that answers with the bytes that make gives it.
func liar(t *testing.T, reply func(query []byte) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(reply(slices.Clone(buf[:n])), from)
		}
	}()
	return conn.LocalAddr().String()
}

func TestPublicNamesLeadNowhereInside(t *testing.T) {
	public := sites(t, `
evil.example. 300 IN A 192.168.1.1
evil6.example. 300 IN AAAA fd00::1
mapped.example. 300 IN AAAA ::ffff:10.0.0.1
zero.example. 300 IN A 0.0.0.0
loop.example. 300 IN A 127.0.0.1
both.example. 300 IN A 192.0.2.1
both.example. 300 IN A 10.0.0.1
alias.example. 300 IN CNAME evil.example.
hint.example. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1,192.168.1.1
hint6.example. 300 IN HTTPS 1 . ipv6hint=fe80::1
good.example. 300 IN HTTPS 1 . alpn=h2 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1
hub.example. 300 IN A 10.9.9.9
may-in.school.example. 300 IN A 192.168.1.9
`)
	own := sites(t, "*.truong.local. 300 IN A 192.168.1.7")
	v := bandView(t)
	_, addr := serve(t, Config{
		View: func() *bundle.View { return v }, CacheBytes: 1 << 20, AlwaysResolve: names(t, "hub.example"), PrivateNames: names(t, "school.example"),
		Zones: []Zone{{Name: names(t, "truong.local")[0], Servers: servers(own.Addr())}},
	}, public.Addr())
	for range 2 { // from the upstream, then from the cache
		for _, c := range []struct {
			name  string
			qtype uint16
			out   bool
		}{
			{"evil.example", dnswire.TypeA, true},
			{"evil6.example", dnswire.TypeAAAA, true},
			{"mapped.example", dnswire.TypeAAAA, true},
			{"zero.example", dnswire.TypeA, true},
			{"loop.example", dnswire.TypeA, true},
			{"both.example", dnswire.TypeA, true},
			{"alias.example", dnswire.TypeA, true},
			{"hint.example", dnswire.TypeHTTPS, true},
			{"hint6.example", dnswire.TypeHTTPS, true},
			{"good.example", dnswire.TypeHTTPS, false},
			{"hub.example", dnswire.TypeA, false},
			{"may-in.school.example", dnswire.TypeA, false},
			{"www.truong.local", dnswire.TypeA, false},
		} {
			got := exchange(t, addr, c.name, c.qtype)
			if out := len(got.Answers) == 0 && got.Rcode == dnswire.NoError && slices.Equal(got.EDE, []uint16{dnswire.EDEBlocked}); out != c.out || got.TTL == 0 {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
	}
}

// A network beyond its rate is sent to TCP before it is met with silence; a
// private one never is, and over TCP and encrypted nobody.
func TestAFloodIsSentToTCPAndThenIgnored(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	v := bandView(t)
	r, err := New(Config{
		Mode: NXDomain, View: func() *bundle.View { return v }, Clock: at, Upstreams: servers("192.0.2.1:53"), UDPRate: 100,
		Clients: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{r: r}
	buf := make([]byte, packetSize)
	q := packed(t, 1, "play.example", dnswire.TypeA)
	ask := func(from asker) string {
		answer, wait := w.begin(buf[:copy(buf, q)], from)
		switch {
		case wait:
			return "wait"
		case answer == nil:
			return "silent"
		case answer[2]&0x02 != 0:
			return "tcp"
		}
		return "answered"
	}
	many := func(from func(i int) asker, n int) map[string]int {
		got := map[string]int{}
		for i := range n {
			got[ask(from(i))]++
		}
		return got
	}
	four := func(i int) asker { return asker{addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})} }
	if got := many(four, 1000); got["answered"] != 100 || got["tcp"] != 300 || got["silent"] != 600 {
		t.Errorf("%v", got)
	}
	six := func(i int) asker {
		return asker{addr: netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, byte(i), 15: byte(i)})}
	}
	if got := many(six, 200); got["answered"] != 100 || got["tcp"] != 100 {
		t.Errorf("%v", got)
	}
	if got := many(func(i int) asker { a := four(i); a.by = byTCP; return a }, 1000); got["answered"] != 1000 {
		t.Errorf("over TCP %v", got)
	}
	if got := many(func(i int) asker { return asker{addr: netip.AddrFrom4([4]byte{10, 0, 0, 1})} }, 10_000); got["answered"] != 10_000 {
		t.Errorf("a classroom %v", got)
	}
	at.Advance(time.Second)
	if got := many(four, 100); got["answered"] != 100 {
		t.Errorf("a second later %v", got)
	}
}

// What DNSSEC needs of a forwarder: DO and CD go up, AD comes down to those who
// asked for it, and the three kinds of answer are kept apart.
func TestDNSSECPassesThrough(t *testing.T) {
	type seen struct{ do, cd, ad bool }
	var mu sync.Mutex
	var asked []seen
	up := liar(t, func(q []byte) []byte {
		var query dnswire.Query
		if query.Parse(q) != dnswire.Good {
			return nil
		}
		mu.Lock()
		asked = append(asked, seen{query.DO, query.CheckingDisabled(), q[3]&0x20 != 0})
		mu.Unlock()
		msg := query.Address(netip.MustParseAddr("192.0.2.1"), 300, dnswire.NoEDE)
		msg[3] |= 0x20 // validated
		return msg
	})
	v := bandView(t)
	_, addr := serve(t, Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20}, up)
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	name := names(t, "good.example")[0].Wire()
	for round := range 2 {
		for _, c := range []struct{ do, cd, ad, want bool }{
			{false, false, false, false},
			{false, false, true, true},
			{true, false, false, true},
			{true, true, false, true},
			{false, true, false, false},
		} {
			q := dnswire.AppendQuery(nil, 7, name, dnswire.TypeA, c.do, c.cd)
			if !c.ad {
				q[3] &^= 0x20
			}
			if _, err := conn.Write(q); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 1500)
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if got := buf[3]&0x20 != 0; got != c.want || (buf[3]&0x10 != 0) != c.cd || n < 12 {
				t.Errorf("round %d, %+v: flags %x", round, c, buf[2:4])
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []seen{{false, false, true}, {true, false, true}, {true, true, true}, {false, true, true}}; !slices.Equal(asked, want) {
		t.Errorf("asked %+v", asked)
	}
}

// Whatever an upstream sends, the answer is an error or well formed.
func FuzzUpstreamAnswer(f *testing.F) {
	q := dnswire.AppendQuery(nil, 0, []byte("\x01a\x07example\x00"), dnswire.TypeHTTPS, false, false)
	f.Add(append([]byte{0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, q[12:27]...))
	f.Add(append(append([]byte{0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, q[12:25]...), 0xc0, 12, 0, 65, 0, 1, 0, 0, 0, 9, 0, 11, 0, 1, 0, 0, 4, 0, 4, 10, 0, 0, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < dnswire.HeaderSize || len(data) > 0xffff {
			return
		}
		e := &entry{msg: data, ede: dnswire.NoEDE}
		ttl, err := e.survey()
		if err != nil {
			return
		}
		if ttl < 0 || ttl > maxTTL {
			t.Errorf("TTL %v", ttl)
		}
		for _, at := range e.ttlAt {
			if int(at)+4 > len(data) {
				t.Errorf("a TTL at %d of %d", at, len(data))
			}
		}
		e.past()
	})
}
