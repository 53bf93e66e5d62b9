// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// How the hub's own loops run.
const (
	followEvery = 2 * time.Second // other hubs' changes to organisation and totals
	drain       = 20 * time.Second
)

// Run serves until ctx is done, then drains: requests in flight end, running
// jobs end, and everything that was acknowledged is on the disk already.
func (h *Hub) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return h.Ledger.Run(ctx, func(err error) { h.log.ErrorContext(ctx, "ledger", slog.String("error", err.Error())) })
	})
	if err := h.queue.Start(h.observed(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return h.queue.Stop(stop)
	})
	edge := schools.NewEdge(h.Schools)
	if err := h.bus.Serve(ctx, edge); err != nil {
		return err
	}
	g.Go(func() error { h.bus.Beat(ctx, edge.State); return nil })
	g.Go(func() error { return h.follow(ctx) })
	g.Go(func() error { h.tryBrowser(ctx); return nil })
	if err := h.firstBundle(ctx); err != nil {
		return err
	}
	h.serveZones(ctx, g)
	admin, err := h.listenAdmin()
	if err != nil {
		return err
	}
	serve(ctx, g, &http.Server{Handler: h.adminHandler()}, admin, nil)
	certificates, err := h.certificates()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           h.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a list of half a million names on a slow line
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(noAddresses{slog.DiscardHandler}, slog.LevelDebug), // its lines name clients
	}
	if len(h.observers) > 0 {
		server.BaseContext = func(net.Listener) context.Context { return h.observed(context.Background()) }
	}
	serve(ctx, g, server, h.listener, certificates)
	h.serveMetrics(ctx, g)
	h.log.InfoContext(ctx, "serving", slog.String("url", h.URL()), slog.String("version", h.opts.Version))
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// noAddresses drops everything: the lines of net/http name clients.
type noAddresses struct{ slog.Handler }

// serve runs a server on a listener until ctx is done.
func serve(ctx context.Context, g *errgroup.Group, server *http.Server, on net.Listener, certificates *tls.Config) {
	g.Go(func() error {
		if certificates != nil {
			on = tls.NewListener(on, certificates)
		}
		if err := server.Serve(on); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return server.Shutdown(stop)
	})
}

// certificates reads the hub's own certificate at each handshake, so that a
// renewed one is used without a restart. nil without one: a proxy ends TLS.
func (h *Hub) certificates() (*tls.Config, error) {
	c := h.cfg.HTTP
	if c.CertFile == "" {
		return nil, nil
	}
	read := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		return &cert, err
	}
	if _, err := read(nil); err != nil {
		return nil, problem.New("hub/bad-certificate", "file", c.CertFile).Wrap(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: read, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// follow takes up what other hubs changed.
func (h *Hub) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	revoked, err := h.Schools.RevokedKeys(ctx) // the bus was opened with these
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		_, err := h.Org.Refresh(ctx)
		if err == nil {
			err = h.Reporting.Refresh(ctx)
		}
		if err == nil {
			err = h.shutOut(ctx, revoked)
		}
		if err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "follow", slog.String("error", err.Error()))
		}
	}
}

// shutOut cuts nodes off the bus whose keys were revoked since known was read.
func (h *Hub) shutOut(ctx context.Context, known map[string]time.Time) error {
	now, err := h.Schools.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	for key, at := range now {
		if _, done := known[key]; done {
			continue
		}
		if err := h.bus.Revoke(ctx, key, at); err != nil {
			return err
		}
		known[key] = at
	}
	return nil
}

// firstBundle makes the first bundle, without any list: a school that joins
// before the first list was imported still gets the never-block names, the
// policies of all bands and every decision.
func (h *Hub) firstBundle(ctx context.Context) error {
	_, err := h.Schools.CurrentBundle(ctx)
	if !problem.Is(err, "schools/no-bundle") {
		return err
	}
	_, err = h.Schools.BuildBundle(ctx, authz.System("hub.start"))
	return err
}

// rolloutJob takes a bundle that goes by stages one step on, or halts it.
type rolloutJob struct{}

// Kind implements jobs.Args.
func (rolloutJob) Kind() string { return "schools.rollout" }

// sweepJob clears what has ended.
type sweepJob struct{}

// Kind implements jobs.Args.
func (sweepJob) Kind() string { return "hub.sweep" }

func (h *Hub) sweep(ctx context.Context, _ sweepJob) error {
	if err := h.Identity.Sweep(ctx); err != nil {
		return fmt.Errorf("hub: sweep sessions: %w", err)
	}
	if _, err := h.Schools.SweepLists(ctx); err != nil {
		return fmt.Errorf("hub: sweep lists: %w", err)
	}
	return nil
}

// listenAdmin opens the admin socket, for the owner of the data folder alone.
func (h *Hub) listenAdmin() (net.Listener, error) {
	path := filepath.Join(h.cfg.DataDir, socketName)
	if err := os.MkdirAll(h.cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("hub: admin socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // of a hub that was killed
		return nil, fmt.Errorf("hub: admin socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("hub: admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("hub: admin socket: %w", err), l.Close())
	}
	return l, nil
}
