// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

// record is one A record, or with other types and data any.
func record(name string, rrtype uint16, data ...byte) []byte {
	rr := append([]byte(suffix(name)), byte(rrtype>>8), byte(rrtype), 0, byte(dnswire.ClassIN), 0, 0, 1, 0x2c, byte(len(data)>>8), byte(len(data)))
	return append(rr, data...)
}

// reply answers a query with records in three sections.
func reply(q []byte, answer, authority, additional [][]byte) []byte {
	var query dnswire.Query
	if query.Parse(q) != dnswire.Good {
		return nil
	}
	msg := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, byte(len(answer)), 0, byte(len(authority)), 0, byte(len(additional))}, query.Question()...)
	return slices.Concat(msg, slices.Concat(answer...), slices.Concat(authority...), slices.Concat(additional...))
}

// What an upstream says beside what it was asked counts for nothing: neither
// for other names, nor against a refusal.
func TestRecordsBesideTheAnswerCountForNothing(t *testing.T) {
	stray := [][]byte{record("bank.example", dnswire.TypeA, 198, 51, 100, 66), record("play.example", dnswire.TypeA, 198, 51, 100, 66)}
	up := liar(t, func(q []byte) []byte {
		var query dnswire.Query
		query.Parse(q)
		if name := string(query.NameWire()); name[1] == 'b' || name[1] == 'B' {
			return reply(q, [][]byte{record("bank.example", dnswire.TypeA, 192, 0, 2, 9)}, nil, nil)
		}
		return reply(q, append([][]byte{record("good.example", dnswire.TypeA, 192, 0, 2, 1)}, stray...), stray, stray)
	})
	v := bandView(t)
	_, addr := serve(t, Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20}, up)
	for range 2 {
		exchange(t, addr, "good.example", dnswire.TypeA)
		if got := exchange(t, addr, "bank.example", dnswire.TypeA); !slices.Equal(got.Answers, []string{"A 192.0.2.9"}) {
			t.Errorf("%+v", got)
		}
		if got := exchange(t, addr, "play.example", dnswire.TypeA); got.Rcode != dnswire.NameError {
			t.Errorf("%+v", got)
		}
	}
}

// An upstream that only sends on is passed over, whether in a circle or not; and
// it leaves no absence behind.
func TestReferralsAreNotFollowed(t *testing.T) {
	var asked atomic.Int64
	circle := liar(t, func(q []byte) []byte {
		asked.Add(1)
		return reply(q, nil, [][]byte{record("example", dnswire.TypeNS, []byte(suffix("ns.example"))...)}, [][]byte{record("ns.example", dnswire.TypeA, 127, 0, 0, 1)})
	})
	good := sites(t, "good.example. 300 IN A 192.0.2.1")
	v := bandView(t)
	cfg := Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20, Timeout: time.Second}
	_, addr := serve(t, cfg, circle, good.Addr())
	if got := exchange(t, addr, "good.example", dnswire.TypeA); !slices.Equal(got.Answers, []string{"A 192.0.2.1"}) {
		t.Errorf("%+v", got)
	}
	r, alone := serve(t, cfg, circle)
	for range 2 {
		if got := exchange(t, alone, "good.example", dnswire.TypeA); got.Rcode != dnswire.ServerFailure || !slices.Equal(got.EDE, []uint16{dnswire.EDENoReachable}) {
			t.Errorf("%+v", got)
		}
	}
	if _, entries := r.cache.size(); entries != 0 || asked.Load() > 10 {
		t.Errorf("%d answers were kept, %d questions asked", entries, asked.Load())
	}
}

// Aliases in a circle end, with and without proofs.
func TestAliasesInACircleEnd(t *testing.T) {
	up := liar(t, func(q []byte) []byte {
		return reply(q, [][]byte{
			record("good.example", dnswire.TypeCNAME, []byte(suffix("b.example"))...), record("b.example", dnswire.TypeCNAME, []byte(suffix("good.example"))...),
		}, nil, nil)
	})
	v := bandView(t)
	for _, validate := range []bool{false, true} {
		tr := signedTree(t)
		_, addr := serve(t, Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20, Validate: validate, Anchors: tr.Anchor(), Timeout: time.Second}, up)
		if got := exchange(t, addr, "good.example", dnswire.TypeA); got.Took > 4*time.Second || validate != (got.Rcode == dnswire.ServerFailure) {
			t.Errorf("validate %v: %+v", validate, got)
		}
	}
}

// What ends by time is right as soon as the clock is, whatever was answered in
// between.
func TestEndsAreRightOnceTheClockIs(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam)
	at := clock.NewFixed(now)
	name := names(t, "soon.example")[0]
	v, err := bundle.NewView(bundle.Parts{StandIn: bundle.Primary, Deltas: []bundle.Delta{{Number: 1, Entries: []bundle.Entry{{
		Number: 1, Domain: name, Block: true, Source: bundle.Emergency, Bands: bundle.EveryBand, Until: clock.Micro(now.Add(72 * time.Hour)),
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	a := sites(t, "soon.example. 300 IN A 192.0.2.1")
	_, addr := serve(t, Config{Clock: at, View: func() *bundle.View { return v }, CacheBytes: 1 << 20, AlwaysResolve: names(t, "soon.example")}, a.Addr())
	for _, c := range []struct {
		years   int
		refused bool
	}{{0, true}, {1, false}, {0, true}, {-1, true}, {0, true}} {
		at.Set(now.AddDate(c.years, 0, 0))
		if got := exchange(t, addr, "soon.example", dnswire.TypeA); (got.Rcode == dnswire.NameError) != c.refused {
			t.Errorf("%+d years: %+v", c.years, got)
		}
	}
	at.Set(now.Add(73 * time.Hour))
	if got := exchange(t, addr, "soon.example", dnswire.TypeA); !slices.Equal(got.Answers, []string{"A 192.0.2.1"}) {
		t.Errorf("after its end: %+v", got)
	}
}

// A client that opens TLS and goes silent, and one that asks and takes no
// answer, hold up nobody and go.
func TestClientsThatStandInTheWayGo(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for their time to run out")
	}
	d := openDoors(t, Config{})
	halfway, err := net.Dial("tcp", d.at.TLS[0])
	if err != nil {
		t.Fatal(err)
	}
	defer halfway.Close()
	if _, err := halfway.Write([]byte{0x16, 3, 1, 1, 0}); err != nil { // the first bytes of a hello
		t.Fatal(err)
	}
	deaf, err := net.Dial("tcp", d.at.Plain[0])
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	deaf.(*net.TCPConn).SetReadBuffer(1 << 10)
	q := framed(packed(t, 1, "play.example", dnswire.TypeA))
	for start := time.Now(); d.s.gates.tcp.size() == 0 && time.Since(start) < messageTime; {
		time.Sleep(time.Millisecond)
	}
	if d.s.gates.tcp.size() != 1 {
		t.Fatal("it never came in")
	}
	go func() {
		for {
			if _, err := deaf.Write(q); err != nil {
				return // its own end, below, at the latest
			}
		}
	}()
	fine, err := tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
	if err != nil {
		t.Fatal(err)
	}
	defer fine.Close()
	if _, err := fine.Write(q); err != nil {
		t.Fatal(err)
	}
	fine.SetReadDeadline(time.Now().Add(messageTime))
	if _, err := readFrame(fine); err != nil {
		t.Errorf("another client was held up: %v", err)
	}
	halfway.SetReadDeadline(time.Now().Add(handshakeTime + 30*time.Second))
	if _, err := halfway.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("half a hello is still there: %v", err)
	}
	// What a client's own system does with a connection that is gone, and that it
	// never reads from, is its affair: ours must have let go of it.
	for start := time.Now(); d.s.gates.tcp.size() > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > messageTime+time.Minute {
			t.Fatal("a client that takes no answer is still there")
		}
	}
}

// Who takes no answers is reset: what was written for it leaves the kernel with
// the connection, and does not wait there for a reader that will not come. The
// client sends nothing that we have not read, as otherwise any end is a reset.
func TestWhoTakesNoAnswersIsReset(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for their time to run out")
	}
	d := openDoors(t, Config{})
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "TCP", true: "TLS"}[secure], func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			deaf, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer deaf.Close()
			ours, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			st := &stream{s: d.s, conn: ours}
			if secure {
				greeted := make(chan error, 1)
				go func() { greeted <- tls.Client(deaf, d.tls(nodeHost)).Handshake() }()
				if !st.encrypt(t.Context(), d.s.r.tlsConfig("dot")) || <-greeted != nil {
					t.Fatal("no handshake")
				}
			}
			for st.write(make([]byte, 60_000)) {
			}
			ours.Close()
			deaf.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := io.Copy(io.Discard, deaf); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the connection ended with %v, want a reset", err)
			}
		})
	}
}
