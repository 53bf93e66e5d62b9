// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	stdsync "sync"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/locale"
	"lachan/node/blockpage"
	"lachan/node/counts"
	"lachan/node/faultlog"
	"lachan/node/renew"
	"lachan/node/resolver"
	"lachan/node/sync"
)

// Options are what a node is given besides its settings.
type Options struct {
	Version string
	Clock   clock.Clock            // nil: the machine's
	Logger  *slog.Logger           // nil: silent
	RootCAs []string               // files in PEM with which the bus's certificate is checked; empty: the system's
	Hangup  <-chan os.Signal       // asks Run to read the settings anew; nil: never
	Reread  func() (Config, error) // reads them
}

// Node is an assembled school node. Make it with New, run it with Run.
type Node struct {
	opts      Options
	identity  Identity
	key       bus.NodeKey
	keeper    *sync.Keeper
	outbox    *sync.Outbox
	counter   *counts.Counter
	log       *faultlog.Log
	resolver  *resolver.Resolver
	dns       *resolver.Server
	page      *blockpage.Page
	pageAt    net.Listener // nil: no page is served
	secureAt  net.Listener // for the page over HTTPS; nil: nowhere
	metricsAt net.Listener // nil: no numbers are served
	issuer    *blockpage.Authority
	renewer   *renew.Renewer // nil: the certificate comes from files
	started   time.Time

	errorText func(ede uint16) string
}

// Run is New and Node.Run.
func Run(ctx context.Context, cfg Config, opts Options) error {
	n, err := New(ctx, cfg, opts)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

// New reads the state folder, loads the last good rules and opens the
// sockets; from then on questions queue, and Run answers them. The hub need
// not be there.
func New(ctx context.Context, cfg Config, opts Options) (*Node, error) {
	cfg = cfg.withDefaults()
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	rc, err := cfg.resolver()
	if err != nil {
		return nil, err
	}
	n := &Node{opts: opts, started: opts.Clock.Now()}
	if n.identity, n.key, err = loadIdentity(cfg.State); err != nil {
		return nil, err
	}
	standIn, _ := bundle.ParseBand(cfg.StandInBand)
	n.keeper, err = sync.OpenKeeper(sync.Options{Dir: cfg.State, Keys: n.identity.keys(), KeyList: n.identity.KeyList, Schools: n.identity.SchoolIDs, StandIn: standIn, Logger: opts.Logger})
	if err != nil {
		return nil, err
	}
	if n.outbox, err = sync.OpenOutbox(cfg.State); err != nil {
		return nil, err
	}
	n.counter = counts.New(func(cells []bus.Cell) {
		if err := n.outbox.Add(cells); err != nil {
			opts.Logger.Warn("counts could not be kept", slog.String("error", err.Error()))
		}
	})
	n.log = faultlog.New()
	texts, err := locale.Load()
	if err != nil {
		return nil, err
	}
	n.errorText = errorText(texts)
	if n.resolver, err = resolver.New(n.own(rc)); err != nil {
		return nil, err
	}
	if err := n.prepareRenewal(cfg); err != nil {
		return nil, err
	}
	if err := n.preparePage(cfg, texts); err != nil {
		return nil, err
	}
	if err := n.prepareMetrics(cfg); err != nil {
		return nil, errors.Join(err, n.closePage())
	}
	if n.dns, err = n.resolver.Listen(ctx, resolver.Addresses{Plain: cfg.Listen, TLS: cfg.ListenTLS, HTTPS: cfg.ListenHTTPS, QUIC: cfg.ListenQUIC}); err != nil {
		return nil, errors.Join(err, n.closePage())
	}
	return n, nil
}

// own adds to the settings of the resolver what is not the settings' to say.
func (n *Node) own(rc resolver.Config) resolver.Config {
	rc.View, rc.Counter, rc.Log, rc.Clock, rc.Logger, rc.Text = n.keeper.View, n.counter, n.log, n.opts.Clock, n.opts.Logger, n.errorText
	rc.AlwaysResolve = append(rc.AlwaysResolve, n.identity.hubNames()...)
	return rc
}

// Reload puts other settings in force without closing a socket or losing a
// question: upstreams, certificate, clients, page addresses, cache and ways of
// refusing. What names a folder or an address to listen on waits for the next
// start, and so does stand_in_band. With an error nothing changes.
func (n *Node) Reload(cfg Config) error {
	rc, err := cfg.resolver()
	if err != nil {
		return err
	}
	return n.resolver.Swap(n.own(rc))
}

// reloads follows the wish to read the settings anew.
func (n *Node) reloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.opts.Hangup:
		}
		cfg, err := n.opts.Reread()
		if err == nil {
			err = n.Reload(cfg)
		}
		if err != nil {
			n.opts.Logger.Warn("settings not taken; the old ones stay", slog.String("error", err.Error()))
			continue
		}
		n.opts.Logger.Info("settings read anew")
	}
}

// errorText says the extended errors of DNS in Vietnamese.
func errorText(texts *locale.Texts) func(ede uint16) string {
	say := texts.Printer("vi")
	words := map[uint16]string{
		dnswire.EDEBlocked: say.T("node.ede.blocked"), dnswire.EDECensored: say.T("node.ede.legal"), dnswire.EDENotReady: say.T("node.ede.unready"),
		dnswire.EDEFiltered:    say.T("node.ede.home"),
		dnswire.EDENoReachable: say.T("node.ede.upstream"), dnswire.EDEStale: say.T("node.ede.stale"),
	}
	for _, ede := range []uint16{
		dnswire.EDEBogus, dnswire.EDESignatureExpired, dnswire.EDESignatureEarly, dnswire.EDENoKey, dnswire.EDENoSignature, dnswire.EDENoDenial,
	} {
		words[ede] = say.T("node.ede.bogus")
	}
	return func(ede uint16) string { return words[ede] }
}

// Run answers until ctx ends, then stops in order: no new questions, the
// running hour is closed, what is countable is on the disk.
func (n *Node) Run(ctx context.Context) error {
	syncer := sync.NewSyncer(n.identity.NodeID, n.keeper, n.outbox, n.health, n.opts.Logger)
	conn, err := bus.Dial(bus.NodeConfig{
		URLs: n.identity.BusURLs, Node: n.identity.NodeID, JWT: n.identity.UserJWT, Key: n.key,
		Schools: n.identity.SchoolIDs, RootCAs: n.opts.RootCAs,
	}, syncer.Events())
	if err != nil {
		return errors.Join(err, n.closePage())
	}
	defer n.keeper.Settle() // after the last message of the bus
	defer conn.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wait stdsync.WaitGroup
	errs := make([]error, 4)
	wait.Go(func() { syncer.Run(ctx, conn) })
	wait.Go(func() { n.keepTime(ctx) })
	if n.renewer != nil {
		wait.Go(func() { n.renewer.Run(ctx) })
	}
	if n.opts.Hangup != nil {
		wait.Go(func() { n.reloads(ctx) })
	}
	wait.Go(func() {
		errs[0] = n.dns.Serve(ctx)
		stop()
	})
	if n.pageAt != nil {
		wait.Go(func() {
			errs[1] = n.page.Serve(ctx, n.pageAt)
			stop()
		})
	}
	if n.secureAt != nil {
		wait.Go(func() {
			errs[2] = n.page.ServeTLS(ctx, n.secureAt, n.issuer)
			stop()
		})
	}
	if n.metricsAt != nil {
		wait.Go(func() {
			errs[3] = n.serveMetrics(ctx)
			stop()
		})
	}
	n.opts.Logger.Info("node is answering", slog.String("dns", n.DNSAddr()))
	wait.Wait()
	n.counter.Settle()
	return errors.Join(errs...)
}

// keepTime closes hours, days and weeks of counts when they end, and ends fault
// logs.
func (n *Node) keepTime(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.counter.Advance(n.opts.Clock.Now())
			n.log.Advance(n.keeper.View(), n.opts.Clock.Now())
		}
	}
}

// health is what the node says of itself to the hub.
func (n *Node) health() bus.Health {
	h := bus.Health{Version: n.opts.Version, Started: n.started, Resolving: n.resolver.Resolving(), Pending: n.outbox.Pending()}
	h.Bundle, h.Delta = n.keeper.Numbers()
	if b := n.keeper.View().Bundle(); b != nil {
		h.Names = b.Names()
	}
	return h
}

// Health is what the hub is told, for /healthz of the node and for tests.
func (n *Node) Health() bus.Health { return n.health() }

// Stats reads the resolver's counters.
func (n *Node) Stats() resolver.Counts { return n.resolver.Stats() }

// DNSAddr is the first address that answers DNS, "127.0.0.1:5353".
func (n *Node) DNSAddr() string { return n.dns.Addresses().Plain[0] }

// PageAddr is where the block page is served, "" if nowhere.
func (n *Node) PageAddr() string {
	if n.pageAt == nil {
		return ""
	}
	return n.pageAt.Addr().String()
}

// SettleCounts closes the running hour, day and week now, as a stop does: what
// has five devices is sent, the rest is forgotten. For a school that is taken
// off, and for the demo, which cannot wait an hour.
func (n *Node) SettleCounts() { n.counter.Settle() }
