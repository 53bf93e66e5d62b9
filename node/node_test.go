// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

func TestDecisionBitesAtOnceAndIsTakenBackAsFast(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	if r := w.ask(n, "fresh.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 192.0.2.40"}) {
		t.Fatalf("before: %+v", r)
	}
	asked := w.sites.Asked()
	start := time.Now()
	w.decide(true, w.emergency("fresh.example", true))
	w.until("block", func() bool { return refused(w.ask(n, "fresh.example", dnswire.TypeA)) })
	t.Logf("from decision to refusal seen by a client: %v", time.Since(start))
	if w.sites.Asked() != asked {
		t.Error("the upstream was asked for a name that is in the cache or refused")
	}
	r := w.ask(n, "cdn.www.fresh.example", dnswire.TypeA)
	if !refused(r) || r.EDE[0] != dnswire.EDEBlocked || r.TTL != 10 {
		t.Errorf("below: %+v", r)
	}
	if r := w.ask(n, "fresh.example", dnswire.TypeHTTPS); len(r.Answers) != 0 || r.Rcode != dnswire.NoError || r.TTL != 10 {
		t.Errorf("HTTPS record: %+v", r)
	}
	w.decide(true, w.emergency("fresh.example", false))
	w.until("unblock", func() bool { return !refused(w.ask(n, "fresh.example", dnswire.TypeA)) })
	w.until("health", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.health.Delta == 2 && w.health.Bundle == 1 })
}

func TestWhatIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	for _, c := range []struct {
		name    string
		qtype   uint16
		rcode   int
		answers []string
		ede     []uint16
	}{
		{"bet.example", dnswire.TypeA, dnswire.NoError, []string{"A 127.0.0.1"}, []uint16{dnswire.EDEBlocked}},
		{"a.b.BET.example", dnswire.TypeA, dnswire.NoError, []string{"A 127.0.0.1"}, []uint16{dnswire.EDEBlocked}},
		{"bet.example", dnswire.TypeAAAA, dnswire.NoError, nil, []uint16{dnswire.EDEBlocked}},
		{"bet.example", dnswire.TypeHTTPS, dnswire.NoError, nil, []uint16{dnswire.EDEBlocked}},
		{"cloak.example", dnswire.TypeA, dnswire.NoError, []string{"A 127.0.0.1"}, []uint16{dnswire.EDEBlocked}},
		{"lesson.example", dnswire.TypeAAAA, dnswire.NoError, []string{"AAAA 2001:db8::10"}, nil},
		{"x.lesson.example", dnswire.TypeA, dnswire.NoError, []string{"A 192.0.2.11"}, nil},
		{"none.example", dnswire.TypeA, dnswire.NameError, nil, nil},
		{"use-application-dns.net", dnswire.TypeA, dnswire.NameError, nil, nil}, // though a list has it
		{"mask.icloud.com", dnswire.TypeA, dnswire.NameError, nil, nil},
		{"_dns.resolver.arpa", dnswire.TypeSVCB, dnswire.NoError, nil, nil},
		{"bet.example", dnswire.TypeANY, dnswire.Refused, nil, nil},
	} {
		for range 2 { // the second from the cache
			for _, network := range []string{"udp", "tcp"} {
				r, err := dnswire.Exchange(t.Context(), network, n.DNSAddr(), c.name, c.qtype)
				if err != nil || r.Rcode != c.rcode || !slices.Equal(r.Answers, c.answers) || !slices.Equal(r.EDE, c.ede) {
					t.Errorf("%s %d over %s: %v %+v", c.name, c.qtype, network, err, r)
				}
			}
		}
	}
	if s := n.Stats(); s.Cached == 0 || s.Refused == 0 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

func TestLongAnswerGoesOverTCP(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	const txt = 16
	r := w.ask(n, "big.example", txt)
	if r.Truncated || len(r.Answers) != 2 {
		t.Errorf("1,100 bytes fit a client with EDNS: %+v", r)
	}
	if raw := askPlain(t, n.DNSAddr(), w.name("big.example").Wire(), txt); raw[2]&0x02 == 0 || len(raw) > 512 {
		t.Errorf("%d bytes for a client without EDNS, flags %x", len(raw), raw[2])
	}
	if r, err := dnswire.Exchange(t.Context(), "tcp", n.DNSAddr(), "big.example", txt); err != nil || len(r.Answers) != 2 {
		t.Errorf("%v %+v", err, r)
	}
}

// askPlain is a client without EDNS.
func askPlain(t *testing.T, addr string, name []byte, qtype uint16) []byte {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q := append([]byte{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name...)
	if _, err := conn.Write(append(q, byte(qtype>>8), byte(qtype), 0, 1)); err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 4096)
	size, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:size]
}

func TestMissedDeltasAreAskedFor(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	w.decide(false, w.emergency("one.many.example", true)) // never pushed
	w.decide(true, w.emergency("two.many.example", true))  // shows the gap
	w.until("both", func() bool {
		return refused(w.ask(n, "one.many.example", dnswire.TypeA)) && refused(w.ask(n, "two.many.example", dnswire.TypeA))
	})
	w.decide(false, w.emergency("three.many.example", true)) // only the heartbeat tells
	w.until("third", func() bool { return refused(w.ask(n, "three.many.example", dnswire.TypeA)) })
}

func TestRestartWithoutHub(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	state := t.TempDir()
	n, stop := w.node(state)
	w.ready(n, 1)
	w.side(1, bundle.Rule{Domain: w.name("school.many.example"), Bands: bundle.EveryBand, Reason: "exam"})
	w.decide(true, w.emergency("fresh.example", true))
	w.until("block", func() bool { return refused(w.ask(n, "fresh.example", dnswire.TypeA)) })
	w.until("side", func() bool { return refused(w.ask(n, "school.many.example", dnswire.TypeA)) })
	stop()
	w.stopHub()

	n, stop = w.run(state)
	for _, name := range []string{"fresh.example", "bet.example", "school.many.example"} {
		if r := w.ask(n, name, dnswire.TypeA); !refused(r) {
			t.Errorf("%s is open without the hub: %+v", name, r)
		}
	}
	if r := w.ask(n, "lesson.example", dnswire.TypeA); len(r.Answers) != 1 {
		t.Errorf("no resolving without the hub: %+v", r)
	}
	stop()

	// The hub comes back, with a newer bundle in which the block is folded.
	w.startHub()
	n, _ = w.run(state)
	w.publish(2, 1, "fresh.example")
	w.ready(n, 2)
	if !refused(w.ask(n, "fresh.example", dnswire.TypeA)) || n.keeper.View().Entries() != 0 {
		t.Error("folding lost the block, or kept the delta")
	}
	w.decide(true, w.emergency("again.many.example", true))
	w.until("next delta", func() bool { return refused(w.ask(n, "again.many.example", dnswire.TypeA)) })
}

func TestOldRulesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.publish(5, 0)
	state := t.TempDir()
	n, stop := w.node(state)
	w.ready(n, 5)
	old := filepath.Join(state, "old.part")
	w.must(os.WriteFile(old, w.compile(4, 0), 0o600))
	if err := n.keeper.ApplyBundle(old); !problem.Is(err, "node/rollback") {
		t.Errorf("an older bundle: %v", err)
	}
	stop()
	// Even with the newer one deleted from the disk, the older does not count.
	found, err := filepath.Glob(filepath.Join(state, "bundle-*.lcb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	w.must(os.WriteFile(found[0], w.compile(4, 0), 0o600))
	w.stopHub()
	n, _ = w.run(state)
	if n.keeper.View().Bundle() != nil {
		t.Error("the older bundle counts after a restart")
	}
}

func TestWithoutRulesNothingIsAnsweredAndItIsSaid(t *testing.T) {
	w := newWorld(t)
	n, _ := w.node(t.TempDir())
	r := w.ask(n, "lesson.example", dnswire.TypeA)
	if r.Rcode != dnswire.ServerFailure || !slices.Equal(r.EDE, []uint16{dnswire.EDENotReady}) {
		t.Errorf("%+v", r)
	}
}

func TestDamagedDeltaAndStrangersDeltaChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	d := bundle.Delta{Number: 1, Entries: []bundle.Entry{w.emergency("fresh.example", true)}}
	stranger, err := d.Seal(bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{66}, 32))))
	w.must(err)
	damaged, err := d.Seal(w.signer)
	w.must(err)
	damaged[20] ^= 1
	w.must(w.bus.PublishDelta(stranger))
	w.must(w.bus.PublishDelta(damaged))
	if _, err := n.keeper.ApplyDeltas(stranger); !problem.Is(err, "bundle/unknown-key") {
		t.Errorf("a stranger's: %v", err)
	}
	if _, err := n.keeper.ApplyDeltas(damaged); !problem.Is(err, "bundle/bad-signature") {
		t.Errorf("damaged: %v", err)
	}
	w.decide(true, w.emergency("one.many.example", true)) // behind them on the same subject
	w.until("the good one", func() bool { return refused(w.ask(n, "one.many.example", dnswire.TypeA)) })
	if refused(w.ask(n, "fresh.example", dnswire.TypeA)) {
		t.Error("a delta that nobody of ours signed counts")
	}
}

func TestSwapUnderLoadLosesNoAnswer(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	var asked, wrong atomic.Int64
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		wait.Go(func() {
			for j := 0; ; j++ {
				select {
				case <-stop:
					return
				default:
				}
				name, want := fmt.Sprintf("h%d.bet.example", j%50), true
				if j%2 == 1 {
					name, want = fmt.Sprintf("h%d.many.example", j%50), false
				}
				r, err := dnswire.Exchange(context.Background(), "udp", n.DNSAddr(), name, dnswire.TypeA)
				asked.Add(1)
				if err != nil || refused(r) != want || len(r.Answers) != 1 {
					wrong.Add(1)
					t.Errorf("client %d: %s: %v %+v", i, name, err, r)
				}
			}
		})
	}
	for number := uint64(2); number <= 15; number++ {
		w.publish(number, 0, fmt.Sprintf("x%d.other.example", number))
		w.ready(n, number)
	}
	close(stop)
	wait.Wait()
	if asked.Load() < 100 {
		t.Errorf("only %d questions", asked.Load())
	}
	t.Logf("%d questions during 14 swaps, %d wrong", asked.Load(), wrong.Load())
}

func TestCountsReachTheHubOnceFiveDevicesAsked(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	w.side(1)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	w.until("school", func() bool { return len(n.keeper.View().Schools()) == 1 })
	from := func(addr, name string) {
		conn, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(addr)}}).Dial("udp", n.DNSAddr())
		w.must(err)
		defer conn.Close()
		q := append([]byte{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, w.name(name).Wire()...)
		_, err = conn.Write(append(q, 0, 1, 0, 1))
		w.must(err)
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 512))
		w.must(err)
	}
	for range 500 {
		from("127.0.0.1", "bet.example")
	}
	for i := range 6 {
		from(fmt.Sprintf("127.0.0.%d", 10+i), "lesson.example") // never blocked, never counted
	}
	n.SettleCounts()
	if p := n.outbox.Pending(); p != 0 {
		t.Fatalf("one client's 500 questions left the school: %d batches", p)
	}
	for i := range 6 {
		from(fmt.Sprintf("127.0.0.%d", 10+i), fmt.Sprintf("h%d.bet.example", i))
	}
	n.SettleCounts()
	w.until("counts", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.counts) == 1 })
	cell := w.counts[1].Cells
	if len(cell) != 1 || cell[0].Devices != 6 || cell[0].Category != "gambling" || cell[0].School != "s1" || cell[0].Band != "primary" {
		t.Errorf("%+v", cell)
	}
	w.until("acknowledged", func() bool { return n.outbox.Pending() == 0 })
}

func TestCountsWaitOnTheDiskForTheHub(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	w.side(1)
	state := t.TempDir()
	n, stop := w.node(state)
	w.ready(n, 1)
	w.until("school", func() bool { return len(n.keeper.View().Schools()) == 1 })
	w.stopHub()
	for i := range 7 {
		conn, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, byte(20+i))}}).Dial("udp", n.DNSAddr())
		w.must(err)
		q := append([]byte{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, w.name("bet.example").Wire()...)
		_, err = conn.Write(append(q, 0, 1, 0, 1))
		w.must(err)
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 512))
		w.must(err)
		conn.Close()
	}
	stop() // closes the hour
	data, err := os.ReadFile(filepath.Join(state, "outbox.json"))
	w.must(err)
	if !bytes.Contains(data, []byte(`"devices":7`)) || bytes.Contains(data, []byte("127.0.0")) {
		t.Errorf("%s", data)
	}
	w.startHub()
	w.run(state)
	w.until("counts", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.counts) == 1 })
}

func TestBlockPageAndTheWishToOpen(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	w.side(1)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	w.until("school", func() bool { return len(n.keeper.View().Schools()) == 1 })
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, n.PageAddr())
	}}}
	get := func(method, url string, header ...string) (int, string) {
		req, err := http.NewRequest(method, url, nil)
		w.must(err)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(req)
		w.must(err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		w.must(err)
		if res.Header.Get("Set-Cookie") != "" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("headers of %s: %v", url, res.Header)
		}
		return res.StatusCode, string(body)
	}
	status, page := get("GET", "http://www.bet.example/some/page?q=1")
	for _, want := range []string{"Trang này đang được che", "Trang này có cờ bạc.", "Em không làm gì sai", "tel:111", "https://hub.example/report", "Xin mở trang này", "leafface"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if status != 403 || strings.Contains(page, "bet.example") || strings.Contains(page, "⟨") || strings.Contains(page, "style=") {
		t.Errorf("%d: the page names the site, or a text is missing, or styles inline\n%s", status, page)
	}
	if _, english := get("GET", "http://bet.example/.lachan/en"); !strings.Contains(english, "There is gambling on this page.") {
		t.Error("no English")
	}
	for _, asset := range []string{"tokens.css", "base.css", "block.css", "back.js"} {
		if status, body := get("GET", "http://bet.example/.lachan/"+asset); status != 200 || len(body) == 0 {
			t.Errorf("%s: %d", asset, status)
		}
	}
	if status, body := get("GET", "http://bet.example/x.png", "Accept", "image/png"); status != 403 || body != "" {
		t.Errorf("picture: %d %q", status, body)
	}
	for range 2 { // twice is once
		if status, body := get("POST", "http://www.bet.example/.lachan/ask"); status != 200 || !strings.Contains(body, "Lời xin đã được ghi lại") {
			t.Errorf("%d %s", status, body)
		}
	}
	if status, _ := get("POST", "http://bet.example/.lachan/ask", "Sec-Fetch-Site", "cross-site"); status != 403 {
		t.Errorf("another site's form: %d", status)
	}
	w.until("wish", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.asks) > 0 })
	if len(w.asks) != 1 || w.asks[0].Domain != "www.bet.example" || w.asks[0].Band != "primary" || w.asks[0].School != "s1" {
		t.Errorf("%+v", w.asks)
	}
	w.decide(true, bundle.Entry{Domain: w.name("law.example"), Block: true, Source: bundle.Legal, Bands: bundle.EveryBand})
	w.until("legal", func() bool {
		r := w.ask(n, "law.example", dnswire.TypeA)
		return refused(r) && r.EDE[0] == dnswire.EDECensored
	})
	if status, page := get("GET", "http://law.example/"); status != 451 || strings.Contains(page, "Xin mở trang này") {
		t.Errorf("legal: %d", status)
	}
}

func TestEnrolment(t *testing.T) {
	w := newWorld(t)
	state := filepath.Join(t.TempDir(), "state")
	if _, err := Enrol(t.Context(), nil, state, w.http.URL, "wrong", "test"); !problem.Is(err, "node/enrol-refused") {
		t.Errorf("wrong token: %v", err)
	}
	if _, err := New(t.Context(), Config{State: state, Upstreams: []string{w.sites.Addr()}}, Options{}); !problem.Is(err, "node/not-enrolled") {
		t.Errorf("not enrolled: %v", err)
	}
	if _, err := Enrol(t.Context(), nil, state, "http://127.0.0.1:1", "once", "test"); !problem.Is(err, "node/enrol-unreachable") {
		t.Errorf("no hub: %v", err)
	}
	id, err := Enrol(t.Context(), nil, state, w.http.URL+"/", "once", "test")
	if err != nil || id.NodeID != "n1" {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(state, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := Enrol(t.Context(), nil, state, w.http.URL, "once", "test"); !problem.Is(err, "node/enrolled") {
		t.Errorf("twice: %v", err)
	}
}

func TestHangupReadsTheSettingsAnew(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	state := t.TempDir()
	if _, err := Enrol(t.Context(), nil, state, w.http.URL, "once", "test"); err != nil {
		t.Fatal(err)
	}
	var cfg atomic.Pointer[Config]
	first := Config{State: state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{w.sites.Addr()}, Block: "nxdomain"}
	cfg.Store(&first)
	hangup := make(chan os.Signal)
	ctx, cancel := context.WithCancel(t.Context())
	n, err := New(ctx, first, Options{Hangup: hangup, Reread: func() (Config, error) { return *cfg.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	w.ready(n, 1)
	again := func(next Config) {
		cfg.Store(&next)
		hangup <- os.Interrupt
		hangup <- os.Interrupt // taken when the first has been done
	}
	if r := w.ask(n, "bet.example", dnswire.TypeA); r.Rcode != dnswire.NameError {
		t.Errorf("%+v", r)
	}
	next := first
	next.Block, next.PageAddresses = "page", []string{"192.0.2.80"}
	again(next)
	if r := w.ask(n, "bet.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 192.0.2.80"}) {
		t.Errorf("new settings: %+v", r)
	}
	faulty := next
	faulty.Upstreams = []string{"nobody"}
	again(faulty)
	if r := w.ask(n, "bet.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 192.0.2.80"}) {
		t.Errorf("faulty settings: %+v", r)
	}
	if r := w.ask(n, "fresh.example", dnswire.TypeA); len(r.Answers) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	err := Config{
		ListenTLS: []string{":853"}, Host: "10.0.0.1", Forward: map[string][]string{"truong.local": nil, "b.local": {"tls://nobody"}}, UpstreamCA: "no-such-file",
		Upstreams: []string{"https://dns.example/dns-query"}, PrivateNames: []string{"*"},
	}.Validate()
	var fields []string
	for _, f := range problem.From(err).Fields {
		fields = append(fields, f.Name)
	}
	if want := []string{"host", "cert_file", "upstreams", "forward.b.local", "forward.truong.local", "upstream_ca", "private_names"}; !slices.Equal(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
	good := Config{
		Upstreams: []string{"192.0.2.53", "tls://192.0.2.53#name=dns.example", "https://dns.example/dns-query#at=192.0.2.53"}, Host: "dns.truong.example",
		Forward: map[string][]string{"truong.local": {"192.168.1.1"}, "168.192.in-addr.arpa": {"192.168.1.1"}}, PrivateNames: []string{"may-in.truong.example"}, RaceMS: -1, StaleHours: -1, UDPRate: -1,
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if err := (Config{Upstreams: []string{"192.0.2.1"}, Homes: true}).Validate(); len(problem.From(err).Fields) != 1 || problem.From(err).Fields[0].Name != "homes" {
		t.Errorf("homes without a host: %v", err)
	}
	err = Config{Block: "loud", Listen: []string{"53"}, Upstreams: []string{"dns.example:53"}, PageAddresses: []string{"x"}, StandInBand: "adult", AlwaysResolve: []string{"10.0.0.1"}}.Validate()
	p := problem.From(err)
	fields = nil
	for _, f := range p.Fields {
		fields = append(fields, f.Name)
	}
	if want := []string{"block", "listen", "upstreams", "page_addresses", "always_resolve", "stand_in_band"}; !slices.Equal(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
	if err := (Config{Upstreams: []string{"192.0.2.1:53"}}).Validate(); err != nil {
		t.Error(err)
	}
}

// The next bundle comes as a patch; one that makes something else than it says
// is refused, and the bundle fetched whole.
func TestTheNextBundleComesAsAPatch(t *testing.T) {
	w := newWorld(t)
	var long []string
	for i := range 60_000 { // a file of several pieces
		long = append(long, fmt.Sprintf("n%d.list.example", i))
	}
	w.publish(1, 0, long...)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	w.mu.Lock()
	first := w.whole
	w.mu.Unlock()
	if first == 0 {
		t.Fatal("the bundle is one piece: nothing is shown")
	}
	w.publish(2, 0, append(long, "fresh.example")...)
	w.ready(n, 2)
	w.mu.Lock()
	if w.whole != first || w.patch == 0 {
		t.Errorf("%d pieces of the whole file, %d of a patch", w.whole-first, w.patch)
	}
	w.lie, w.patch = true, 0
	w.mu.Unlock()
	if r := w.ask(n, "fresh.example", dnswire.TypeA); !refused(r) {
		t.Errorf("the new name is answered: %+v", r)
	}
	w.publish(3, 0, long...)
	w.ready(n, 3)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.patch == 0 || w.whole == first {
		t.Errorf("after a false patch: %d pieces of it, %d of the whole file", w.patch, w.whole-first)
	}
	if r := w.ask(n, "fresh.example", dnswire.TypeA); refused(r) {
		t.Errorf("the name that is gone is refused: %+v", r)
	}
}

// A bundle that goes by stages is not for us until our turn comes; decisions
// are for everybody at once.
func TestABundleByStages(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	// The slot of "n1" in bundle 2: the smallest stage that takes it in.
	ours := 1
	for ; (bus.Heartbeat{Bundle: 2, Stage: ours, Before: 1}).For("n1") != 2; ours++ {
	}
	if ours == 1 {
		t.Fatal("this node is always the first: choose another id")
	}
	w.mu.Lock()
	w.stage = ours - 1
	w.mu.Unlock()
	w.publish(2, 0, "fresh.example")
	w.decide(true, w.emergency("lesson2.example", true))
	w.until("the decision", func() bool { _, d := n.keeper.Numbers(); return d == 1 })
	time.Sleep(3 * time.Second) // a heartbeat has come by
	if b, _ := n.keeper.Numbers(); b != 1 {
		t.Fatalf("the node took bundle %d before its turn", b)
	}
	w.mu.Lock()
	w.stage = ours
	w.mu.Unlock()
	w.ready(n, 2)
}

// A bundle that came whole and cannot be used is said to the hub, and not
// fetched again and again.
func TestABundleThatCannotBeUsedIsSaid(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	n, _ := w.node(t.TempDir())
	w.ready(n, 1)
	good := w.compile(2, 0)
	w.mu.Lock()
	w.number, w.file, w.whole = 2, slices.Clone(good), 0
	w.file[len(w.file)-1] ^= 1 // the signature
	w.mu.Unlock()
	w.must(w.bus.PublishBundle(2))
	w.until("the hub hears of it", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.health.Rejected == 2 })
	if b, _ := n.keeper.Numbers(); b != 1 {
		t.Errorf("bundle %d counts", b)
	}
	w.mu.Lock()
	w.file = good
	w.mu.Unlock()
	w.publish(3, 0, "fresh.example")
	w.ready(n, 3)
}

// A piece that an earlier try left, and that the disk spoilt, is not held
// against the bundle: it is fetched once more from its beginning, and the hub
// hears of no fault.
func TestASpoiltPieceIsNotTheBundlesFault(t *testing.T) {
	w := newWorld(t)
	var long []string
	for i := range 30_000 {
		long = append(long, fmt.Sprintf("n%d.list.example", i))
	}
	w.publish(1, 0, long...)
	state := t.TempDir()
	if _, err := Enrol(context.Background(), nil, state, w.http.URL, "once", "test"); err != nil {
		t.Fatal(err)
	}
	spoilt := slices.Clone(w.file[:len(w.file)/2])
	spoilt[len(spoilt)/2] ^= 1
	w.must(os.WriteFile(filepath.Join(state, fmt.Sprintf("bundle-%020d.part", 1)), spoilt, 0o600))
	n, _ := w.run(state)
	w.ready(n, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.health.Rejected != 0 || w.whole == 0 {
		t.Errorf("rejected %d, %d later pieces fetched", w.health.Rejected, w.whole)
	}
}
