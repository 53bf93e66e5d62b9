// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

func TestOldAnswersBridgeAnOutage(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, "a.example. 300 IN A 192.0.2.1")
	r, addr := serve(t, Config{Clock: at, CacheBytes: 1 << 20, Timeout: 200 * time.Millisecond, StaleFor: 24 * time.Hour, AlwaysResolve: names(t, "a.example", "none.example")}, a.Addr())
	exchange(t, addr, "a.example", dnswire.TypeA)
	exchange(t, addr, "none.example", dnswire.TypeA)
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	at.Advance(10 * time.Minute)
	for range 3 {
		got := exchange(t, addr, "a.example", dnswire.TypeA)
		if !slices.Equal(got.Answers, []string{"A 192.0.2.1"}) || got.TTL != 30 || !slices.Equal(got.EDE, []uint16{dnswire.EDEStale}) || got.Took > 2*time.Second {
			t.Errorf("%+v", got)
		}
		at.Advance(10 * time.Second)
	}
	if r.Resolving() {
		t.Error("resolving though nobody answers")
	}
	if got := exchange(t, addr, "none.example", dnswire.TypeA); got.Rcode != dnswire.NameError || !slices.Equal(got.EDE, []uint16{dnswire.EDEStale}) {
		t.Errorf("%+v", got)
	}
	at.Advance(25 * time.Hour)
	if got := exchange(t, addr, "a.example", dnswire.TypeA); got.Rcode != dnswire.ServerFailure || len(got.Answers) != 0 {
		t.Errorf("after a day: %+v", got)
	}
}

func TestTheNewAnswerCountsWhenUpstreamsAreBack(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, "a.example. 300 IN A 192.0.2.1")
	_, addr := serve(t, Config{Clock: at, CacheBytes: 1 << 20, Timeout: 200 * time.Millisecond, StaleFor: 24 * time.Hour, AlwaysResolve: names(t, "a.example")}, a.Addr())
	exchange(t, addr, "a.example", dnswire.TypeA)
	at.Advance(10 * time.Minute)
	if got := exchange(t, addr, "a.example", dnswire.TypeA); got.TTL != 300 || len(got.EDE) != 0 {
		t.Errorf("the upstream is there: %+v", got)
	}
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	at.Advance(10 * time.Minute)
	exchange(t, addr, "a.example", dnswire.TypeA)
	b, err := dnswire.NewAuthority("a.example. 300 IN A 192.0.2.2")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(a.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(context.Background()) })
	at.Advance(31 * time.Second) // past the time after which it is tried again
	exchange(t, addr, "a.example", dnswire.TypeA)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if got := exchange(t, addr, "a.example", dnswire.TypeA); slices.Equal(got.Answers, []string{"A 192.0.2.2"}) && len(got.EDE) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("still the old answer")
		}
		at.Advance(time.Second)
	}
}

// A block bites on an old answer as on a new one.
func TestABlockHoldsForOldAnswers(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, "a.example. 300 IN CNAME b.example.\nb.example. 300 IN A 192.0.2.1")
	v := bandView(t)
	var view atomic.Pointer[bundle.View]
	view.Store(v)
	_, addr := serve(t, Config{Clock: at, View: view.Load, CacheBytes: 1 << 20, Timeout: 100 * time.Millisecond, StaleFor: time.Hour}, a.Addr())
	exchange(t, addr, "a.example", dnswire.TypeA)
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	at.Advance(10 * time.Minute)
	if got := exchange(t, addr, "a.example", dnswire.TypeA); len(got.Answers) != 2 {
		t.Errorf("%+v", got)
	}
	blocked, err := bundle.NewView(bundle.Parts{Bundle: v.Bundle(), StandIn: bundle.Primary, Deltas: []bundle.Delta{{Number: 1, Entries: []bundle.Entry{{Number: 1, Domain: names(t, "b.example")[0], Block: true, Source: bundle.Legal, Bands: bundle.EveryBand}}}}})
	if err != nil {
		t.Fatal(err)
	}
	view.Store(blocked)
	if got := exchange(t, addr, "a.example", dnswire.TypeA); got.Rcode != dnswire.NameError || !slices.Equal(got.EDE, []uint16{dnswire.EDECensored}) {
		t.Errorf("%+v", got)
	}
}

func TestNamesInUseAreAskedAnewBeforeTheyEnd(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, "hot.example. 300 IN A 192.0.2.1\ncold.example. 300 IN A 192.0.2.2")
	_, addr := serve(t, Config{Clock: at, CacheBytes: 1 << 20, AlwaysResolve: names(t, "hot.example", "cold.example")}, a.Addr())
	exchange(t, addr, "cold.example", dnswire.TypeA)
	for range 3 {
		exchange(t, addr, "hot.example", dnswire.TypeA)
	}
	asked := a.Asked()
	at.Advance(280 * time.Second)
	for range 5 {
		if got := exchange(t, addr, "hot.example", dnswire.TypeA); got.Rcode != dnswire.NoError || len(got.Answers) != 1 {
			t.Errorf("%+v", got)
		}
	}
	exchange(t, addr, "cold.example", dnswire.TypeA) // its first since it came: not in use
	for deadline := time.Now().Add(5 * time.Second); a.Asked() == asked; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not asked anew")
		}
	}
	time.Sleep(50 * time.Millisecond)
	if a.Asked() != asked+1 {
		t.Errorf("asked %d times", a.Asked()-asked)
	}
	at.Advance(60 * time.Second) // past the first answer's end
	if got := exchange(t, addr, "hot.example", dnswire.TypeA); got.TTL != 240 || a.Asked() != asked+1 {
		t.Errorf("%+v, asked %d", got, a.Asked()-asked)
	}
}

func TestZonesHaveTheirOwnServers(t *testing.T) {
	public := sites(t, "*.example. 60 IN A 192.0.2.1\n*.10.in-addr.arpa. 60 IN PTR leaked.example.\n*.local. 60 IN A 192.0.2.1\nlocalhost. 60 IN A 192.0.2.1\n*.resolver.arpa. 60 IN A 192.0.2.1")
	own := sites(t, "*.truong.local. 60 IN A 192.0.2.7\n*.168.192.in-addr.arpa. 60 IN PTR may-1.truong.local.")
	v := bandView(t)
	zones := []Zone{{Name: names(t, "truong.local")[0], Servers: servers(own.Addr())}, {Name: names(t, "168.192.in-addr.arpa")[0], Servers: servers(own.Addr())}}
	_, addr := serve(t, Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20, Zones: zones}, public.Addr())
	const ptr = 12
	for range 2 {
		for _, c := range []struct {
			name  string
			qtype uint16
			rcode int
			want  []string
		}{
			{"www.truong.local", dnswire.TypeA, dnswire.NoError, []string{"A 192.0.2.7"}},
			{"9.1.168.192.in-addr.arpa", ptr, dnswire.NoError, []string{"PTR may-1.truong.local."}},
			{"9.1.1.10.in-addr.arpa", ptr, dnswire.NameError, nil},
			{"9.1.31.172.in-addr.arpa", ptr, dnswire.NameError, nil},
			{"9.1.32.172.in-addr.arpa", ptr, dnswire.NameError, nil}, // public, and the upstream has none
			{"printer.local", dnswire.TypeA, dnswire.NameError, nil},
			{"localhost", dnswire.TypeA, dnswire.NoError, []string{"A 127.0.0.1"}},
			{"a.localhost", dnswire.TypeAAAA, dnswire.NoError, []string{"AAAA ::1"}},
			{"localhost", 16, dnswire.NoError, nil},
			{"x.resolver.arpa", dnswire.TypeA, dnswire.NameError, nil},
			{"resolver.arpa", dnswire.TypeA, dnswire.NoError, nil},
			{"www.example", dnswire.TypeA, dnswire.NoError, []string{"A 192.0.2.1"}},
		} {
			if got := exchange(t, addr, c.name, c.qtype); got.Rcode != c.rcode || !slices.Equal(got.Answers, c.want) {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
	}
	if public.Asked() != 2 || own.Asked() != 2 {
		t.Errorf("asked %d and %d", public.Asked(), own.Asked())
	}
}

// An upstream that is slow, not gone: a client with an old answer to have waits
// no longer than the client response timer.
func TestNobodyWaitsLongForASlowUpstream(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the client response timer")
	}
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	var silent atomic.Bool
	up := liar(t, func(q []byte) []byte {
		var query dnswire.Query
		if query.Parse(q) != dnswire.Good || silent.Load() {
			return nil
		}
		return query.Address(netip.MustParseAddr("192.0.2.1"), 300, dnswire.NoEDE)
	})
	_, addr := serve(t, Config{Clock: at, CacheBytes: 1 << 20, Timeout: 4 * time.Second, StaleFor: time.Hour, AlwaysResolve: names(t, "a.example")}, up)
	exchange(t, addr, "a.example", dnswire.TypeA)
	silent.Store(true)
	at.Advance(10 * time.Minute)
	got := exchange(t, addr, "a.example", dnswire.TypeA)
	if len(got.Answers) != 1 || !slices.Equal(got.EDE, []uint16{dnswire.EDEStale}) || got.Took < clientPatience-100*time.Millisecond || got.Took > clientPatience+time.Second {
		t.Errorf("%+v", got)
	}
	if got = exchange(t, addr, "a.example", dnswire.TypeA); got.Took > time.Second {
		t.Errorf("the second waited too: %+v", got)
	}
}

// A clock that is a year off, or is put right by a year while the node runs,
// opens nothing that is closed without an end and gives no TTL that was not.
func TestClockAYearOff(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	a := sites(t, doorZone)
	v := bandView(t)
	_, addr := serve(t, Config{Clock: at, View: func() *bundle.View { return v }, CacheBytes: 1 << 20}, a.Addr())
	for _, step := range []time.Duration{0, 365 * 24 * time.Hour, -2 * 365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		at.Advance(step)
		if got := exchange(t, addr, "play.example", dnswire.TypeA); got.Rcode != dnswire.NameError {
			t.Errorf("after %v: %+v", step, got)
		}
		if got := exchange(t, addr, "good.example", dnswire.TypeA); !slices.Equal(got.Answers, []string{"A 192.0.2.3"}) || got.TTL != 90 {
			t.Errorf("after %v: %+v", step, got)
		}
	}
}
