// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/dnswire"
	"lachan/internal/sqldb"
	"lachan/node"
	"lachan/test/kit"
)

// step is where the hub that decides ends: its goroutine does not come back,
// and the hub with it is stopped.
type step string

const (
	beforeCommit step = "before the commit"
	afterCommit  step = "between commit and publishing"
	afterPublish step = "after publishing"
)

// dieAt decides and ends at a step.
func (p province) dieAt(domain string, at step) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.DB.Tx(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
			if at == afterCommit {
				tx.OnCommit(runtime.Goexit) // before the room's own, which publishes
			}
			_, err := p.Schools.Enforce(ctx, tx, schools.EnforceCommand{
				DecisionID: domain, Domain: domain, Kind: schools.Provisional, Basis: "4569/2", ProposedBy: "officer",
			})
			if at == beforeCommit {
				runtime.Goexit()
			}
			return err
		})
	}()
	<-done
}

// What a hub has committed is refused in the school within 5 s of a hub being
// there, at whatever step the deciding one ended; what it has not committed is
// open.
func TestTheDecidingHubEndsAtEachStep(t *testing.T) {
	cfg := kit.Config(kit.Folder(t), "")
	cfg.HTTP.Listen, cfg.Bus.Listen = kit.FreePort(t), kit.FreePort(t)
	open := func() (province, func()) {
		h := kit.Open(t, cfg, hub.Options{})
		return province{Hub: h}, kit.Run(t, h)
	}
	first, stopFirst := open()
	first.furnish(t)
	sites, err := dnswire.NewAuthority("*.mau.example. 3600 IN A 192.0.2.10\n")
	must(t, err)
	must(t, sites.Start("127.0.0.1:0"))
	t.Cleanup(func() { sites.Close(context.Background()) })
	state := filepath.Join(t.TempDir(), "node")
	ctx, stop := context.WithCancel(context.Background())
	_, err = node.Enrol(ctx, nil, state, first.URL(), first.token(t), "test")
	must(t, err)
	n, err := node.New(ctx, node.Config{State: state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{sites.Addr()}, PageListen: "off"}, node.Options{Version: "test"})
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() { stop(); must(t, <-done) })
	refused := func(name string) bool {
		r, err := dnswire.Exchange(ctx, "udp", n.DNSAddr(), name, dnswire.TypeA)
		must(t, err)
		return slices.Contains(r.EDE, dnswire.EDEBlocked)
	}
	within := func(limit time.Duration, what string, ok func() bool) {
		t.Helper()
		for start := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Since(start) > limit {
				t.Fatalf("%s: not within %v", what, limit)
			}
		}
	}
	within(20*time.Second, "the first bundle", func() bool { return refused("cuoc-mau.example") })

	p, stopHub := first, stopFirst
	for i, at := range []step{beforeCommit, afterCommit, afterPublish} {
		name := []string{"mot", "hai", "ba"}[i] + ".mau.example"
		if refused(name) {
			t.Fatalf("%s: refused before anybody decided", name)
		}
		p.dieAt(name, at)
		stopHub()
		must(t, p.Close())
		if at == afterCommit && refused(name) {
			t.Fatal("it was published all the same: nothing is shown")
		}
		p, stopHub = open()
		again := time.Now()
		if at == beforeCommit {
			time.Sleep(5 * time.Second)
			if refused(name) {
				t.Errorf("%s: a decision that was never committed is in force", at)
			}
			continue
		}
		within(5*time.Second, string(at), func() bool { return refused(name) })
		t.Logf("%s: refused %v after a hub was there again", at, time.Since(again).Round(time.Millisecond))
	}
}
