// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"lachan/flow"
	"lachan/hub"
	"lachan/internal/config"
	"lachan/internal/dnswire"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/internal/vault"
	"lachan/node"
)

// instance is one hub with what stands around it.
type instance struct {
	dir   string
	clock *Shift
	hub   *hub.Hub
	sites *dnswire.Authority
	node  *node.Node
	site  *sampleSite

	runs *errgroup.Group // hub and node, once started
	ctx  context.Context // ends with any of them
	stop context.CancelFunc
}

// cheap is what unlocking costs in the demo. The product's own parameters make
// a stolen database expensive to guess at (package vault); here the
// passphrases are printed on the screen anyway, and twenty people would take
// ten seconds to set up.
func cheap() vault.KDF { return vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1} }

// setting is where an instance lives.
type setting struct {
	dir     string
	listen  string // of the pages, "127.0.0.1:8080"
	bus     string
	place   string // shown beside the name
	baseURL string // "" for http and the listening address
	off     []flow.Arrow
	logs    io.Writer // nil: nowhere
	version string
	site    string // name of the sample site that is scanned
}

// open puts the hub together. It serves from serve on; the clock may be set
// back before that.
func open(ctx context.Context, clk *Shift, s setting) (*instance, error) {
	cfg := config.Default()
	cfg.DataDir, cfg.SecretsDir = filepath.Join(s.dir, "hub"), filepath.Join(s.dir, "hub-secrets")
	cfg.Database.URL = "sqlite:" + filepath.Join(cfg.DataDir, "lachan.db")
	cfg.HTTP.Listen, cfg.Bus.Listen = s.listen, s.bus
	cfg.HTTP.PublicURL = s.baseURL
	cfg.Province.Name = s.place
	cfg.Transfer.Listen = "127.0.0.1:0"
	cfg.Homes.Host, cfg.Homes.Addresses = "dns.tinh-mau.example", []string{"192.0.2.53"} // a name that is nobody's
	cfg.Lists.AllowInside = true                                                         // the sample list is published on this machine
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Detection.Pause = 1
	cfg.Media.FFmpeg = "-" // the sample site has no films
	site, err := newSampleSite()
	if err != nil {
		return nil, err
	}
	if err := site.name(s.site); err != nil {
		return nil, errors.Join(err, site.close())
	}
	out, level := s.logs, "warn"
	if out == nil {
		out, level = io.Discard, "error"
	}
	h, err := hub.New(ctx, cfg, hub.Options{
		Version: s.version, Clock: clk, Logger: logs.New(out, level, false), Demo: true, Off: s.off, KDF: cheap(),
		Sites: []netip.AddrPort{site.address()}, Names: site.resolver(),
	})
	if err != nil {
		return nil, errors.Join(err, site.close())
	}
	return &instance{dir: s.dir, clock: clk, hub: h, site: site}, nil
}

// serve runs the hub until close.
func (i *instance) serve(ctx context.Context) {
	ctx, i.stop = context.WithCancel(ctx)
	i.runs, i.ctx = errgroup.WithContext(ctx)
	run := i.ctx
	i.runs.Go(func() error { return i.hub.Run(run) })
}

// answer starts the name server of the sample sites: one address for each
// name, all from the documentation range (RFC 5737).
func (i *instance) answer(domains []string) error {
	var zone strings.Builder
	for n, d := range domains {
		fmt.Fprintf(&zone, "%s. 300 IN A 192.0.2.%d\n*.%s. 300 IN A 192.0.2.%d\n", d, 10+n, d, 10+n)
	}
	sites, err := dnswire.NewAuthority(zone.String())
	if err != nil {
		return err
	}
	i.sites = sites
	return sites.Start("127.0.0.1:0")
}

// join enrols the node with a token, over HTTP as a school would, and starts
// it. The block page is served at the address that refused names get.
func (i *instance) join(ctx context.Context, token, dns, page, version string) error {
	state := filepath.Join(i.dir, "node")
	if _, err := node.Enrol(ctx, nil, state, i.hub.URL(), token, version); err != nil && !problem.Is(err, "node/enrolled") {
		return err
	}
	n, err := node.New(ctx, node.Config{
		State: state, Listen: []string{dns}, Upstreams: []string{i.sites.Addr()}, PageAddresses: []string{pageAddress},
		PageListen: page, HubPublic: i.hub.URL(),
	}, node.Options{Version: version, Clock: i.clock})
	if err != nil {
		return err
	}
	i.node = n
	run := i.ctx
	i.runs.Go(func() error { return n.Run(run) })
	return nil
}

// pageAddress is what a refused name resolves to: the block page's address.
const pageAddress = "127.0.0.1"

// wait blocks until the hub or the node has ended.
func (i *instance) wait() error {
	err := i.runs.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// close ends everything, in order.
func (i *instance) close() error {
	var errs []error
	if i.stop != nil {
		i.stop()
		errs = append(errs, i.wait())
	}
	if i.sites != nil {
		errs = append(errs, i.sites.Close(context.Background()))
	}
	return errors.Join(append(errs, i.hub.Close(), i.site.close())...)
}

// freePort is addr, or the next port above it that nobody listens on.
func freePort(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	first, err := strconv.Atoi(port)
	if err != nil || first == 0 {
		return addr
	}
	for p := first; p < first+100; p++ {
		at := net.JoinHostPort(host, strconv.Itoa(p))
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
	return net.JoinHostPort(host, "0")
}
