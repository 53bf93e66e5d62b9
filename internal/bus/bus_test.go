// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/internal/problem"
)

// hub is a behaving fake of the hub: it keeps what it is given.
type hub struct {
	mu     sync.Mutex
	file   []byte
	deltas [][]byte
	counts map[string]bus.Counts // by node/sequence
	fail   bool                  // the next commit fails
	asks   []string
}

func (h *hub) State(context.Context) (bus.Heartbeat, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bus.Heartbeat{Bundle: 3, Delta: uint64(len(h.deltas))}, nil
}

func (h *hub) BundlePatch(_ context.Context, _ string, r bus.PatchRequest) (bus.Chunk, error) {
	return bus.Chunk{Number: r.To, Size: 7, Offset: r.Offset, Data: []byte("patched")[r.Offset:]}, nil
}

func (h *hub) BundleChunk(_ context.Context, _ string, r bus.ChunkRequest) (bus.Chunk, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bus.ReadChunk(bytes.NewReader(h.file), 3, uint64(len(h.file)), r)
}

func (h *hub) DeltasAfter(_ context.Context, _ string, after uint64) ([][]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.deltas[min(int(after), len(h.deltas)):], nil
}

func (h *hub) KeyLists(_ context.Context, node string, after uint64) ([][]byte, error) {
	return [][]byte{[]byte("keys of " + node), []byte(fmt.Sprint(after + 1))}, nil
}

func (h *hub) Side(_ context.Context, node, school string) ([]byte, error) {
	return []byte(node + " " + school), nil
}

func (h *hub) Counts(_ context.Context, node string, c bus.Counts) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail {
		h.fail = false
		return errors.New("disk full")
	}
	h.counts[fmt.Sprint(node, "/", c.Sequence)] = c
	return nil
}

func (h *hub) Health(context.Context, string, bus.Health) error { return nil }

func (h *hub) Ask(_ context.Context, node string, a bus.Ask) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asks = append(h.asks, node+" "+a.Domain)
	return nil
}

type world struct {
	keys   bus.Keys
	server *natsd.Server
	bus    *bus.Bus
	hub    *hub
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{hub: &hub{counts: map[string]bus.Counts{}}}
	var err error
	if w.keys, err = bus.NewKeys(); err != nil {
		t.Fatal(err)
	}
	trust, err := w.keys.Trust(nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.server, err = natsd.Start(natsd.Config{Listen: "127.0.0.1:0", WebSocket: "127.0.0.1:0", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.server.Close)
	if w.bus, err = bus.Open(t.Context(), bus.Config{InProcess: w.server, Keys: w.keys}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.bus.Close() })
	if err := w.bus.Serve(t.Context(), w.hub); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) enrol(t *testing.T, node string, schools ...string) (bus.NodeConfig, string) {
	t.Helper()
	key, err := bus.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.bus.Enrol(node, public, schools)
	if err != nil {
		t.Fatal(err)
	}
	return bus.NodeConfig{URLs: []string{w.server.URL()}, Node: node, JWT: token, Key: key, Schools: schools}, public
}

func dial(t *testing.T, cfg bus.NodeConfig, on bus.Events) *bus.Conn {
	t.Helper()
	up := make(chan struct{}, 16)
	before := on.Connected
	on.Connected = func() {
		if before != nil {
			before()
		}
		up <- struct{}{}
	}
	c, err := bus.Dial(cfg, on)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		t.Fatal("not connected")
	}
	return c
}

func TestEveryMessageBothWays(t *testing.T) {
	w := start(t)
	w.hub.mu.Lock()
	w.hub.file = bytes.Repeat([]byte("0123456789"), 60_000) // three chunks
	for i := range 5 {
		w.hub.deltas = append(w.hub.deltas, bytes.Repeat([]byte{byte(i)}, 300<<10))
	}
	w.hub.mu.Unlock()
	got := make(chan string, 16)
	cfg, _ := w.enrol(t, "n1", "s1", "s2")
	cfg.URLs = []string{w.server.WebSocketURL()} // the narrow way
	c := dial(t, cfg, bus.Events{
		Heartbeat: func(h bus.Heartbeat) { got <- fmt.Sprint("beat ", h.Bundle, " ", h.Delta) },
		Bundle:    func() { got <- "bundle" },
		Delta:     func(b []byte) { got <- "delta " + string(b) },
		Side:      func(s string, b []byte) { got <- "side " + s + " " + string(b) },
	})
	ctx := t.Context()
	if s, err := c.State(ctx); err != nil || s != (bus.Heartbeat{Bundle: 3, Delta: 5}) {
		t.Errorf("%+v %v", s, err)
	}
	var file []byte
	for len(file) < len(w.hub.file) {
		chunk, err := c.Chunk(ctx, 3, uint64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, chunk.Data...)
	}
	if !bytes.Equal(file, w.hub.file) {
		t.Error("the file changed on the way")
	}
	if p, err := c.Patch(ctx, 3, 4, 2); err != nil || p.Number != 4 || p.Size != 7 || string(p.Data) != "tched" {
		t.Errorf("%+v %v", p, err)
	}
	var after uint64
	for {
		run, err := c.DeltasAfter(ctx, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(run) == 0 {
			break
		}
		for _, d := range run {
			if !bytes.Equal(d, w.hub.deltas[after]) {
				t.Fatalf("delta %d differs", after)
			}
			after++
		}
	}
	if after != 5 {
		t.Errorf("%d deltas", after)
	}
	if side, err := c.Side(ctx, "s1"); err != nil || string(side) != "n1 s1" {
		t.Errorf("%q %v", side, err)
	}
	if err := c.SendHealth(ctx, bus.Health{Version: "test"}); err != nil {
		t.Error(err)
	}
	if err := c.SendAsk(ctx, bus.Ask{Domain: "a.example"}); err != nil {
		t.Error(err)
	}
	w.hub.mu.Lock()
	if !slices.Equal(w.hub.asks, []string{"n1 a.example"}) {
		t.Errorf("%v", w.hub.asks)
	}
	w.hub.mu.Unlock()
	for _, f := range []func() error{
		func() error { return w.bus.PublishDelta([]byte("d")) },
		func() error { return w.bus.PublishBundle(4) },
		func() error { return w.bus.PublishSide("s2", []byte("x")) },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go w.bus.Beat(beating, func(context.Context) (bus.Heartbeat, error) { return bus.Heartbeat{Bundle: 4, Delta: 9}, nil })
	want := []string{"delta d", "bundle", "side s2 x", "beat 4 9"}
	for range want {
		select {
		case s := <-got:
			if !slices.Contains(want, s) {
				t.Errorf("got %q", s)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a message is missing")
		}
	}
}

func TestCountsAreAcknowledgedAfterTheCommitOnly(t *testing.T) {
	w := start(t)
	cfg, _ := w.enrol(t, "n1", "s1")
	c := dial(t, cfg, bus.Events{})
	hour := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cell := bus.Cell{School: "s1", Band: "primary", Category: "gambling", Period: bus.Hour, Start: hour, Devices: 7}
	batch := bus.Counts{Sequence: 1, Cells: []bus.Cell{cell}}
	w.hub.mu.Lock()
	w.hub.fail = true
	w.hub.mu.Unlock()
	if err := c.SendCounts(t.Context(), batch); !problem.Is(err, "bus/hub-refused") {
		t.Errorf("acknowledged though not committed: %v", err)
	}
	for range 2 { // sending again is harmless
		if err := c.SendCounts(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	w.hub.mu.Lock()
	if len(w.hub.counts) != 1 || w.hub.counts["n1/1"].Cells[0].Devices != 7 {
		t.Errorf("%v", w.hub.counts)
	}
	w.hub.mu.Unlock()
	for name, spoil := range map[string]func(*bus.Cell){
		"four devices": func(c *bus.Cell) { c.Devices = 4 },
		"a million":    func(c *bus.Cell) { c.Devices = 1_000_000 },
		"a minute":     func(c *bus.Cell) { c.Start = hour.Add(time.Minute) },
		"no period":    func(c *bus.Cell) { c.Period = "minute" },
		"wild school":  func(c *bus.Cell) { c.School = "s1.>" },
	} {
		bad := cell
		spoil(&bad)
		if err := c.SendCounts(t.Context(), bus.Counts{Sequence: 2, Cells: []bus.Cell{bad}}); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func TestNodeIsHeldToItsOwnSubjects(t *testing.T) {
	w := start(t)
	cfg, _ := w.enrol(t, "n1", "s1")
	refused := make(chan error, 8)
	conn, err := nats.Connect(w.server.URL(), nats.UserJWT(func() (string, error) { return cfg.JWT, nil }, func(nonce []byte) ([]byte, error) {
		seed, err := cfg.Key.Seed()
		if err != nil {
			return nil, err
		}
		return sign(seed, nonce)
	}), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, subject := range []string{"lachan.v1.node.n2.counts", bus.SubjectDelta, bus.SubjectHeartbeat, "lachan.v1.side.s1", "$SYS.REQ.SERVER.PING", "_INBOX.n2.x"} {
		if err := conn.Publish(subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
		expectRefusal(t, refused, "publish "+subject)
	}
	for _, subject := range []string{"lachan.v1.side.s2", "lachan.v1.side.*", "lachan.v1.node.n1.counts", "_INBOX.n2.>", ">"} {
		if _, err := conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		expectRefusal(t, refused, "subscribe "+subject)
	}
	if _, err := w.bus.Enrol("n.>", "", nil); !problem.Is(err, "bus/bad-id") {
		t.Errorf("an id with a wildcard: %v", err)
	}
}

func expectRefusal(t *testing.T, refused chan error, what string) {
	t.Helper()
	select {
	case err := <-refused:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s was allowed", what)
	}
}

func TestRevokedNodeIsCutOffAndStaysOut(t *testing.T) {
	w := start(t)
	cfg, public := w.enrol(t, "n1", "s1")
	other, _ := w.enrol(t, "n2", "s1")
	c, o := dial(t, cfg, bus.Events{}), dial(t, other, bus.Events{})
	if err := c.SendHealth(t.Context(), bus.Health{}); err != nil {
		t.Fatal(err)
	}
	if err := w.bus.Revoke(t.Context(), public, time.Now()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !c.Connected() })
	time.Sleep(1500 * time.Millisecond) // it tries again after a second
	if c.Connected() {
		t.Error("it came back")
	}
	if err := o.SendHealth(t.Context(), bus.Health{}); err != nil {
		t.Errorf("the other node was hit: %v", err)
	}
}

func TestForeignHubsNodeCannotConnect(t *testing.T) {
	w, foreign := start(t), start(t)
	cfg, _ := foreign.enrol(t, "n1", "s1")
	cfg.URLs = []string{w.server.URL()}
	c, err := bus.Dial(cfg, bus.Events{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(500 * time.Millisecond)
	if c.Connected() {
		t.Error("connected")
	}
}

func TestKeysSurviveStorageAndAreNotPrinted(t *testing.T) {
	k, err := bus.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	data, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := bus.DecodeKeys(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := k.Trust(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := again.Trust(nil)
	if err != nil || a.Operator != b.Operator || a.System != b.System {
		t.Errorf("%v", err)
	}
	if s := fmt.Sprint(k); s != "bus.Keys(hidden)" {
		t.Error(s)
	}
	if _, err := bus.DecodeKeys([]byte(`{"operator":"x"}`)); !problem.Is(err, "bus/bad-keys") {
		t.Error(err)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("did not happen within 10 s")
}
