// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
	"lachan/node/upstream"
)

func sites(t *testing.T, zone string) *dnswire.Authority {
	t.Helper()
	a, err := dnswire.NewAuthority(zone)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()) })
	return a
}

// servers are upstreams as settings write them.
func servers(texts ...string) []upstream.Server {
	var all []upstream.Server
	for _, text := range texts {
		s, err := upstream.Parse(text)
		if err != nil {
			panic(err)
		}
		all = append(all, s)
	}
	return all
}

// serve runs a resolver without rules for the always names.
func serve(t *testing.T, cfg Config, upstreams ...string) (*Resolver, string) {
	t.Helper()
	for _, u := range upstreams {
		cfg.Upstreams = append(cfg.Upstreams, servers(u)...)
	}
	if cfg.View == nil {
		cfg.View = func() *bundle.View { return nil }
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	cfg.Mode = NXDomain
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s, err := r.Listen(ctx, Addresses{Plain: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r, s.Addresses().Plain[0]
}

func names(t *testing.T, all ...string) []bundle.Name {
	t.Helper()
	var out []bundle.Name
	for _, s := range all {
		n, err := bundle.ParseName(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

func exchange(t *testing.T, addr, name string, qtype uint16) dnswire.Reply {
	t.Helper()
	r, err := dnswire.Exchange(t.Context(), "udp", addr, name, qtype)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDeadUpstreamIsPassedOver(t *testing.T) {
	dead, err := net.ListenPacket("udp", "127.0.0.1:0") // takes questions, says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	a := sites(t, "a.example. 60 IN A 192.0.2.1\nb.example. 60 IN A 192.0.2.2")
	r, addr := serve(t, Config{Timeout: 5 * time.Second, CacheBytes: 1 << 20, AlwaysResolve: names(t, "a.example", "b.example")}, dead.LocalAddr().String(), a.Addr())
	for name, want := range map[string]string{"a.example": "A 192.0.2.1", "b.example": "A 192.0.2.2"} {
		if got := exchange(t, addr, name, dnswire.TypeA); !slices.Equal(got.Answers, []string{want}) || got.Took > 4*time.Second {
			t.Errorf("%+v", got)
		}
	}
	if !r.Resolving() {
		t.Error("not resolving")
	}
}

func TestNoUpstreamIsSaidNotWaitedFor(t *testing.T) {
	r, addr := serve(t, Config{Timeout: 50 * time.Millisecond, AlwaysResolve: names(t, "a.example")}, "127.0.0.1:1")
	got := exchange(t, addr, "a.example", dnswire.TypeA)
	if got.Rcode != dnswire.ServerFailure || !slices.Equal(got.EDE, []uint16{dnswire.EDENoReachable}) || r.Resolving() {
		t.Errorf("%+v", got)
	}
}

func TestTTLCountsDownAndNegativeAnswersAreKeptShortly(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, "a.example. 300 IN A 192.0.2.1")
	_, addr := serve(t, Config{Clock: at, CacheBytes: 1 << 20, AlwaysResolve: names(t, "a.example", "none.example")}, a.Addr())
	exchange(t, addr, "a.example", dnswire.TypeA)
	exchange(t, addr, "none.example", dnswire.TypeA)
	at.Advance(40 * time.Second)
	if got := exchange(t, addr, "A.EXAMPLE", dnswire.TypeA); got.TTL != 260 {
		t.Errorf("TTL %d", got.TTL)
	}
	if got := exchange(t, addr, "none.example", dnswire.TypeA); got.Rcode != dnswire.NameError || got.TTL != 20 || a.Asked() != 2 {
		t.Errorf("%+v, asked %d", got, a.Asked())
	}
	at.Advance(30 * time.Second) // past the SOA's minimum of 60
	exchange(t, addr, "none.example", dnswire.TypeA)
	at.Advance(300 * time.Second)
	if got := exchange(t, addr, "a.example", dnswire.TypeA); got.TTL != 300 || a.Asked() != 4 {
		t.Errorf("%+v, asked %d", got, a.Asked())
	}
}

func TestECHIsTakenOutWhereAsked(t *testing.T) {
	a := sites(t, "h.example. 60 IN HTTPS 1 . alpn=h2 ech=AAAA ipv4hint=192.0.2.9")
	for _, strip := range []bool{false, true} {
		_, addr := serve(t, Config{StripECH: strip, CacheBytes: 1 << 20, AlwaysResolve: names(t, "h.example")}, a.Addr())
		got := exchange(t, addr, "h.example", dnswire.TypeHTTPS)
		if len(got.Answers) != 1 || strings.Contains(got.Answers[0], "ech=") == strip || !strings.Contains(got.Answers[0], "ipv4hint") {
			t.Errorf("strip %v: %v", strip, got.Answers)
		}
	}
}

func TestEqualQuestionsAskTheUpstreamOnce(t *testing.T) {
	f := flights{byKey: map[string]*flight{}}
	start, asked := make(chan struct{}), 0
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			e, err := f.start("k", 1, func() (*entry, error) { <-start; asked++; return &entry{key: "k"}, nil }).result(t.Context(), 0)
			if err != nil || e.key != "k" {
				t.Error("another's answer")
			}
		})
	}
	for waiting := false; !waiting; { // all but the first wait on one flight
		f.mu.Lock()
		waiting = len(f.byKey) == 1
		f.mu.Unlock()
	}
	time.Sleep(20 * time.Millisecond)
	if f.start("another", 1, nil) != nil {
		t.Error("more than most are under way")
	}
	close(start)
	wait.Wait()
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestCacheKeepsItsBoundAndWhatIsUsed(t *testing.T) {
	c := newCache(200_000)
	now := time.Now()
	put := func(name string) {
		c.put(&entry{key: name, msg: make([]byte, 100), stored: now, life: time.Hour})
	}
	put("hot")
	for i := range 20_000 {
		put(fmt.Sprint("n", i))
		if e, _, _ := c.get([]byte("hot"), now); e == nil {
			t.Fatalf("the used entry went at %d", i)
		}
	}
	bytes, entries := c.size()
	if bytes > 200_000 || entries < 100 {
		t.Errorf("%d bytes, %d entries", bytes, entries)
	}
	for i := range 10_000 { // the same name again and again
		put("one")
		_ = i
	}
	queue := 0
	for i := range c.shards {
		queue += len(c.shards[i].queue)
	}
	if _, entries := c.size(); queue > 2*entries+64*cacheShards {
		t.Errorf("the queue grew to %d for %d entries", queue, entries)
	}
	if e, _, _ := c.get([]byte("hot"), now.Add(2*time.Hour)); e != nil {
		t.Error("expired and given out")
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	if _, err := New(Config{}); !problem.Is(err, "node/no-upstream") {
		t.Error(err)
	}
	if _, err := New(Config{Mode: Page, Upstreams: servers("192.0.2.1:53")}); !problem.Is(err, "node/no-page-address") {
		t.Error(err)
	}
	r, err := New(Config{Mode: NXDomain, Upstreams: servers("192.0.2.1:53")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Listen(t.Context(), Addresses{Plain: []string{"192.0.2.99:1"}}); !problem.Is(err, "node/cannot-listen") {
		t.Error(err)
	}
}

// The path of a refused and of a cached name allocates nothing.
func TestPathAllocatesNothing(t *testing.T) {
	name := names(t, "bad.example")[0]
	v, err := bundle.NewView(bundle.Parts{StandIn: bundle.Primary, Deltas: []bundle.Delta{{Number: 1, Entries: []bundle.Entry{{Number: 1, Domain: name, Block: true, Source: bundle.Legal, Bands: bundle.EveryBand}}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{
		Mode: NXDomain, View: func() *bundle.View { return v }, Clock: clock.System{}, CacheBytes: 1 << 20,
		AlwaysResolve: names(t, "good.example"), Upstreams: servers("192.0.2.1:53"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{r: r}
	from := asker{addr: netip.MustParseAddr("10.0.0.1")}
	question := func(name string) []byte {
		n := names(t, name)[0]
		return append(append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, n.Wire()...), 0, 1, 0, 1)
	}
	bad, good := question("www.bad.example"), question("good.example")
	buf := make([]byte, packetSize)
	if _, wait := w.begin(buf[:copy(buf, good)], from); !wait {
		t.Fatal("answered from nothing")
	}
	answer := append(slices.Clone(good), 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 1)
	answer[2], answer[7] = 0x81, 1
	e := &entry{key: string(w.asked), msg: answer, ede: dnswire.NoEDE, stored: time.Now(), fresh: time.Hour, life: time.Hour}
	if _, err := e.survey(); err != nil {
		t.Fatal(err)
	}
	r.cache.put(e)
	cookie := func(q []byte) []byte {
		q = dnswire.AppendOPT(slices.Clone(q), 0, false, dnswire.NoEDE)
		return dnswire.AppendOption(q, dnswire.OptionCookie, []byte("eight by"))
	}
	for what, q := range map[string][]byte{"refused": bad, "cached": good, "refused with a cookie": cookie(bad), "cached with a cookie": cookie(good)} {
		if n := testing.AllocsPerRun(200, func() {
			if answer, wait := w.begin(buf[:copy(buf, q)], from); wait || answer == nil {
				t.Error("not answered at once")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	r, err := New(Config{
		Mode: NXDomain, View: func() *bundle.View { return nil }, Clock: clock.System{}, AlwaysResolve: names(t, "a.example"),
		Upstreams: servers("192.0.2.1:53"), Clients: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{r: r}
	question := append(append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, names(t, "a.example")[0].Wire()...), 0, 1, 0, 1)
	for addr, allowed := range map[string]bool{"10.1.2.3": true, "192.168.1.9": true, "127.0.0.1": true, "fd00::1": true, "fe80::1%eth0": true, "::ffff:172.16.0.1": true, "203.0.113.7": true, "198.51.100.1": false, "2001:db8::1": false} {
		answer, wait := w.begin(slices.Grow(slices.Clone(question), 200), asker{addr: netip.MustParseAddr(addr)})
		if wait != allowed || !allowed && answer[3]&0x0f != dnswire.Refused {
			t.Errorf("%s: wait %v, answer %x", addr, wait, answer)
		}
	}
}
