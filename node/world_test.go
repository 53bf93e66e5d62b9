// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// world is a hub that behaves, a few sample sites, and a place for a node.
type world struct {
	t      testing.TB
	signer bundle.Signer
	keys   bus.Keys
	server *natsd.Server
	bus    *bus.Bus
	http   *httptest.Server
	sites  *dnswire.Authority
	stop   context.CancelFunc
	listen string

	mu       sync.Mutex
	number   uint64
	file     []byte
	last     []byte // the bundle before
	lie      bool   // patches make something else than they say
	whole    int    // pieces of whole bundles beyond the first that were asked for
	patch    int    // pieces of patches
	deltas   [][]byte
	keyLists [][]byte
	sides    map[string][]byte
	counts   map[uint64]bus.Counts
	asks     []bus.Ask
	health   bus.Health
	stage    int // of the newest bundle; 0: for all
}

const zone = `
lesson.example. 300 IN A 192.0.2.10
lesson.example. 300 IN AAAA 2001:db8::10
*.lesson.example. 300 IN A 192.0.2.11
bet.example. 300 IN A 192.0.2.20
bet.example. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.20
*.bet.example. 300 IN A 192.0.2.21
cloak.example. 300 IN CNAME www.bet.example.
mask.icloud.com. 300 IN A 192.0.2.30
use-application-dns.net. 300 IN A 192.0.2.31
fresh.example. 300 IN A 192.0.2.40
*.many.example. 300 IN A 192.0.2.50
big.example. 300 IN TXT "` + strings64 + `" "` + strings64 + `"
big.example. 300 IN TXT "` + strings64 + `b" "` + strings64 + `"
`

const strings64 = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, sides: map[string][]byte{}, counts: map[uint64]bus.Counts{}}
	w.signer = bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	var err error
	if w.sites, err = dnswire.NewAuthority(zone); err != nil {
		t.Fatal(err)
	}
	w.must(w.sites.Start("127.0.0.1:0"))
	t.Cleanup(func() { w.sites.Close(context.Background()) })
	if w.keys, err = bus.NewKeys(); err != nil {
		t.Fatal(err)
	}
	w.startHub()
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+EnrolPath, func(rw http.ResponseWriter, r *http.Request) {
		var req EnrolRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.Token != "once" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		token, err := w.bus.Enrol("n1", req.NodePublicKey, []string{"s1"})
		if err != nil {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		json.NewEncoder(rw).Encode(Identity{NodeID: "n1", UserJWT: token, BusURLs: []string{w.server.URL()}, BundlePublicKey: w.signer.Public(), SchoolIDs: []string{"s1"}})
	})
	w.http = httptest.NewServer(mux)
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) startHub() {
	trust, err := w.keys.Trust(nil)
	w.must(err)
	listen := "127.0.0.1:0"
	if w.listen != "" {
		listen = w.listen // the nodes know this one
	}
	w.server, err = natsd.Start(natsd.Config{Listen: listen, Trust: trust})
	w.must(err)
	w.listen = strings.TrimPrefix(w.server.URL(), "nats://")
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	w.bus, err = bus.Open(ctx, bus.Config{InProcess: w.server, Keys: w.keys})
	w.must(err)
	w.must(w.bus.Serve(ctx, w))
	go w.bus.Beat(ctx, w.State)
	w.t.Cleanup(w.stopHub)
}

func (w *world) stopHub() {
	w.stop()
	w.bus.Close()
	w.server.Close()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) name(s string) bundle.Name {
	w.t.Helper()
	n, err := bundle.ParseName(s)
	w.must(err)
	return n
}

// compile makes a bundle with bet.example as gambling and extra names.
func (w *world) compile(number, folded uint64, extra ...string) []byte {
	w.t.Helper()
	b, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
	w.must(err)
	if len(w.file) > 0 {
		last, err := bundle.Parse(w.file, bundle.NewTrust(w.signer.Public()))
		w.must(err)
		b.Follow(last)
	}
	for _, n := range append([]string{"bet.example", "use-application-dns.net"}, extra...) {
		w.must(b.Add(w.name(n), "gambling"))
	}
	w.must(b.Policy(bundle.Policy{Band: bundle.Primary, Blocked: []string{"gambling"}}))
	b.NeverBlock(w.name("lesson.example"))
	var out bytes.Buffer
	_, err = b.Build(&out, bundle.Head{Number: number, Folded: folded}, w.signer)
	w.must(err)
	return out.Bytes()
}

func (w *world) publish(number, folded uint64, extra ...string) {
	w.t.Helper()
	file := w.compile(number, folded, extra...)
	w.mu.Lock()
	w.number, w.last, w.file = number, w.file, file
	w.mu.Unlock()
	w.must(w.bus.PublishBundle(number))
}

// decide commits a delta and, if push is set, publishes it.
func (w *world) decide(push bool, entries ...bundle.Entry) {
	w.t.Helper()
	w.mu.Lock()
	sealed, err := bundle.Delta{Number: uint64(len(w.deltas) + 1), Entries: entries}.Seal(w.signer)
	w.deltas = append(w.deltas, sealed)
	w.mu.Unlock()
	w.must(err)
	if push {
		w.must(w.bus.PublishDelta(sealed))
	}
}

func (w *world) emergency(domain string, block bool) bundle.Entry {
	return bundle.Entry{Domain: w.name(domain), Block: block, Source: bundle.Emergency, Bands: bundle.EveryBand, Reason: "grooming"}
}

func (w *world) side(number uint64, rules ...bundle.Rule) {
	w.t.Helper()
	s := bundle.Side{School: "s1", Number: number, Default: bundle.Primary, Rules: rules}
	sealed, err := s.Seal(w.signer)
	w.must(err)
	w.mu.Lock()
	w.sides["s1"] = sealed
	w.mu.Unlock()
	w.must(w.bus.PublishSide("s1", sealed))
}

func (w *world) State(context.Context) (bus.Heartbeat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := bus.Heartbeat{Bundle: w.number, Delta: uint64(len(w.deltas))}
	h.Keys = uint64(len(w.keyLists))
	if w.stage > 0 {
		h.Stage, h.Before = w.stage, w.number-1
	}
	return h, nil
}

func (w *world) BundleChunk(_ context.Context, _ string, r bus.ChunkRequest) (bus.Chunk, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Number != 0 && r.Number != w.number {
		return bus.Chunk{}, problem.New("bus/bad-request")
	}
	if r.Offset > 0 {
		w.whole++
	}
	return bus.ReadChunk(bytes.NewReader(w.file), w.number, uint64(len(w.file)), r)
}

func (w *world) BundlePatch(_ context.Context, _ string, r bus.PatchRequest) (bus.Chunk, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.To != w.number || r.From != w.number-1 {
		return bus.Chunk{Number: r.To, Offset: r.Offset}, nil
	}
	to := w.file
	if w.lie {
		to = slices.Clone(to)
		to[len(to)/2] ^= 1
	}
	patch, err := bundle.Patch(w.last, to)
	if err != nil {
		return bus.Chunk{}, err
	}
	w.patch++
	return bus.ReadChunk(bytes.NewReader(patch), r.To, uint64(len(patch)), bus.ChunkRequest{Offset: r.Offset})
}

func (w *world) DeltasAfter(_ context.Context, _ string, after uint64) ([][]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deltas[min(int(after), len(w.deltas)):], nil
}

func (w *world) KeyLists(_ context.Context, _ string, after uint64) ([][]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keyLists[min(int(after), len(w.keyLists)):], nil
}

func (w *world) Side(_ context.Context, _, school string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sides[school], nil
}

func (w *world) Counts(_ context.Context, _ string, c bus.Counts) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[c.Sequence] = c
	return nil
}

func (w *world) Health(_ context.Context, _ string, h bus.Health) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.health = h
	return nil
}

func (w *world) Ask(_ context.Context, _ string, a bus.Ask) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asks = append(w.asks, a)
	return nil
}

// node enrols if needed and runs a node; stop ends it and waits.
func (w *world) node(state string) (n *Node, stop func()) {
	w.t.Helper()
	if _, err := Enrol(context.Background(), nil, state, w.http.URL, "once", "test"); err != nil && !problem.Is(err, "node/enrolled") {
		w.t.Fatal(err)
	}
	return w.run(state)
}

func (w *world) run(state string) (n *Node, stop func()) {
	w.t.Helper()
	return w.runWith(state, Options{Version: "test"}, func(*Config) {})
}

// runWith runs an enrolled node with other settings.
func (w *world) runWith(state string, o Options, change func(*Config)) (n *Node, stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cfg := Config{State: state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{w.sites.Addr()}, PageAddresses: []string{"127.0.0.1"}, PageListen: "127.0.0.1:0", HubPublic: "https://hub.example"}
	change(&cfg)
	n, err := New(ctx, cfg, o)
	w.must(err)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Error(err)
			}
		})
	}
	w.t.Cleanup(stop)
	return n, stop
}

// ask puts one question over UDP.
func (w *world) ask(n *Node, name string, qtype uint16) dnswire.Reply {
	w.t.Helper()
	r, err := dnswire.Exchange(context.Background(), "udp", n.DNSAddr(), name, qtype)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return r
}

// until polls, generously, for what happens on its own.
func (w *world) until(what string, ok func() bool) time.Duration {
	w.t.Helper()
	start := time.Now()
	for time.Since(start) < 20*time.Second {
		if ok() {
			return time.Since(start)
		}
		time.Sleep(time.Millisecond)
	}
	w.t.Fatalf("%s: not within 20 s", what)
	return 0
}

func refused(r dnswire.Reply) bool {
	return len(r.Answers) == 1 && r.Answers[0] == "A 127.0.0.1" && len(r.EDE) == 1
}

func (w *world) ready(n *Node, number uint64) {
	w.t.Helper()
	w.until(fmt.Sprint("bundle ", number), func() bool { b, _ := n.keeper.Numbers(); return b == number })
}
