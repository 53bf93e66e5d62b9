// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"lachan/internal/problem"
)

// prepareMetrics opens the listener of /metrics where the settings name one:
// on this machine alone, unless they name another address.
func (n *Node) prepareMetrics(cfg Config) (err error) {
	at := cfg.MetricsListen
	if at == "" {
		return nil
	}
	if strings.HasPrefix(at, ":") {
		at = "127.0.0.1" + at
	}
	if n.metricsAt, err = net.Listen("tcp", at); err != nil {
		return problem.New("node/cannot-listen", "address", at).Wrap(err)
	}
	return nil
}

// MetricsAddr is where /metrics is served, "" if nowhere.
func (n *Node) MetricsAddr() string {
	if n.metricsAt == nil {
		return ""
	}
	return n.metricsAt.Addr().String()
}

func (n *Node) serveMetrics(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		n.writeMetrics(w)
	})
	s := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // its lines name clients
	}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(n.metricsAt); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// writeMetrics writes the numbers of this moment in the text format of
// Prometheus. They are counters that the node keeps anyway: a scrape reads
// them, and the path of a question knows nothing of it. No name and no client
// is among them; an upstream is its place in the settings.
func (n *Node) writeMetrics(w io.Writer) {
	head := func(name, kind, help string) { fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	one := func(name, kind, help string, v any) {
		head(name, kind, help)
		fmt.Fprintf(w, "%s %v\n", name, v)
	}
	s, h := n.resolver.Stats(), n.health()
	one("lachan_node_queries_total", "counter", "Questions that came.", s.Queries)
	head("lachan_node_answers_total", "counter", "Answers by what became of the question.")
	for _, o := range []struct {
		outcome string
		n       int64
	}{{"refused", s.Refused}, {"cached", s.Cached}, {"forwarded", s.Forwarded}, {"failed", s.Failed}} {
		fmt.Fprintf(w, "lachan_node_answers_total{outcome=%q} %d\n", o.outcome, o.n)
	}
	states := n.resolver.Upstreams()
	head("lachan_node_upstream_up", "gauge", "0 while an upstream rests after a failure.")
	for i, u := range states {
		fmt.Fprintf(w, "lachan_node_upstream_up{upstream=\"%d\"} %d\n", i+1, bit(!u.Resting))
	}
	head("lachan_node_upstream_seconds", "gauge", "How long its answers take, smoothed.")
	for i, u := range states {
		fmt.Fprintf(w, "lachan_node_upstream_seconds{upstream=\"%d\"} %s\n", i+1, strconv.FormatFloat(u.Usual.Seconds(), 'g', 6, 64))
	}
	one("lachan_node_resolving", "gauge", "0 if no upstream answered the last question.", bit(h.Resolving))
	one("lachan_node_bundle_number", "gauge", "Number of the bundle in force; 0: none.", h.Bundle)
	one("lachan_node_bundle_names", "gauge", "Names in it.", h.Names)
	one("lachan_node_delta_number", "gauge", "Number of the newest delta in force.", h.Delta)
	one("lachan_node_counts_pending", "gauge", "Batches of counts that the hub has not taken yet.", h.Pending)
	head("lachan_node_connections", "gauge", "Open connections of clients.")
	for _, c := range n.dns.Connections() {
		fmt.Fprintf(w, "lachan_node_connections{over=%q} %d\n", c.Over, c.Open)
	}
	one("lachan_node_uptime_seconds", "gauge", "Time since the start.", int64(n.opts.Clock.Now().Sub(n.started).Seconds()))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	one("lachan_node_heap_bytes", "gauge", "Memory in use on the heap.", m.HeapAlloc)
	one("lachan_node_goroutines", "gauge", "Goroutines.", runtime.NumGoroutine())
	head("lachan_node_build_info", "gauge", "Always 1.")
	fmt.Fprintf(w, "lachan_node_build_info{version=%q} 1\n", n.opts.Version)
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}
