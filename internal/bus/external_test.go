// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"lachan/internal/bus"
)

func sign(seed, nonce []byte) ([]byte, error) {
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return nil, err
	}
	return pair.Sign(nonce)
}

// An external server set up with ServerTrust.Config serves the same hub and
// nodes, and keeps a revocation over its own restart.
func TestExternalServerFromSettingsFile(t *testing.T) {
	keys, err := bus.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := keys.Trust(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	text := trust.Config(filepath.Join(dir, "accounts"))
	if err := os.WriteFile(file, []byte("listen: \"127.0.0.1:-1\"\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func() *server.Server {
		opts, err := server.ProcessConfigFile(file)
		if err != nil {
			t.Fatal(err)
		}
		opts.NoSigs, opts.NoLog = true, true
		s, err := server.NewServer(opts)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("not ready")
		}
		return s
	}
	s := run()
	b, err := bus.Open(t.Context(), bus.Config{URLs: []string{s.ClientURL()}, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Serve(t.Context(), &hub{counts: map[string]bus.Counts{}}); err != nil {
		t.Fatal(err)
	}
	key, err := bus.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	token, err := b.Enrol("n1", public, []string{"s1"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := bus.NodeConfig{URLs: []string{s.ClientURL()}, Node: "n1", JWT: token, Key: key, Schools: []string{"s1"}}
	c := dial(t, cfg, bus.Events{})
	if err := c.SendHealth(t.Context(), bus.Health{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Revoke(t.Context(), public, time.Now()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !c.Connected() })
	if err := b.Close(); err != nil {
		t.Fatal(fmt.Errorf("close: %w", err))
	}
	s.Shutdown()
	s.WaitForShutdown()

	s = run()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	cfg.URLs = []string{s.ClientURL()}
	again, err := bus.Dial(cfg, bus.Events{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	time.Sleep(500 * time.Millisecond)
	if again.Connected() {
		t.Error("the revocation was forgotten")
	}
}
