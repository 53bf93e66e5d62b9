// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"lachan/duty/schools"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/internal/telemetry"
)

// openMetrics opens the listener of /metrics where the settings name one.
func (h *Hub) openMetrics(context.Context) (err error) {
	if h.opts.Offline || h.cfg.Metrics.Listen == "" {
		return nil
	}
	if h.metricsAt, err = net.Listen("tcp", h.cfg.Metrics.Listen); err != nil {
		return problem.New("hub/cannot-listen", "address", h.cfg.Metrics.Listen).Wrap(err)
	}
	h.onClose(func() error {
		if err := h.metricsAt.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	h.metrics = telemetry.NewMetrics(h.opts.Version, h.samples)
	h.observers = append(h.observers, h.metrics.Observe)
	return nil
}

// MetricsAddr is where /metrics is served, "" for nowhere.
func (h *Hub) MetricsAddr() string {
	if h.metricsAt == nil {
		return ""
	}
	return h.metricsAt.Addr().String()
}

// serveMetrics serves them on their own address: who may read numbers need
// not reach the pages, and nobody reads them by accident.
func (h *Hub) serveMetrics(ctx context.Context, g *errgroup.Group) {
	if h.metricsAt == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h.metrics.Handler())
	serve(ctx, g, &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(noAddresses{slog.DiscardHandler}, slog.LevelDebug),
	}, h.metricsAt, nil)
}

// observed lets metrics and traces hear of what is done under the context.
func (h *Hub) observed(ctx context.Context) context.Context {
	if len(h.observers) == 0 {
		return ctx
	}
	return logs.Observe(ctx, func(d logs.Done) {
		for _, each := range h.observers {
			each(d)
		}
	})
}

// samples are the numbers of the moment. One that cannot be read does not take
// the others away.
func (h *Hub) samples(ctx context.Context) ([]telemetry.Sample, error) {
	var all []telemetry.Sample
	var errs []error
	for _, part := range []func(context.Context) ([]telemetry.Sample, error){h.sampleJobs, h.sampleBundle, h.sampleLists, h.sampleNodes, h.sampleStores} {
		some, err := part(ctx)
		all, errs = append(all, some...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

func (h *Hub) sampleJobs(ctx context.Context) ([]telemetry.Sample, error) {
	d, err := h.queue.Depth(ctx)
	if err != nil {
		return nil, err
	}
	return []telemetry.Sample{
		{Name: "lachan_jobs", Help: "Jobs in the queue of all hubs.", Label: "state", Of: "waiting", Value: float64(d.Waiting)},
		{Name: "lachan_jobs", Help: "Jobs in the queue of all hubs.", Label: "state", Of: "running", Value: float64(d.Running)},
		{Name: "lachan_jobs", Help: "Jobs in the queue of all hubs.", Label: "state", Of: "failed", Value: float64(d.Failed)},
		{Name: "lachan_jobs_oldest_seconds", Help: "How long the oldest job that may run waits.", Value: h.age(d.Oldest)},
	}, nil
}

// age is in seconds, 0 for no time.
func (h *Hub) age(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, h.clock.Now().Sub(t).Seconds())
}

func (h *Hub) sampleBundle(ctx context.Context) ([]telemetry.Sample, error) {
	info, err := h.Schools.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return nil, err
	}
	lists, over, err := h.Schools.Stale(ctx)
	if err != nil {
		return nil, err
	}
	delta, err := h.Schools.HighestDelta(ctx)
	if err != nil {
		return nil, err
	}
	r, err := h.Schools.Rollout(ctx)
	if err != nil {
		return nil, err
	}
	stage, halted := 100, 0.0
	if r.Bundle == info.Number && r.Bundle != 0 {
		stage = r.Stage
		if !r.Halted.IsZero() {
			halted = 1
		}
	}
	return []telemetry.Sample{
		{Name: "lachan_bundle_number", Help: "Number of the current bundle.", Value: float64(info.Number)},
		{Name: "lachan_bundle_names", Help: "Names in the current bundle.", Value: float64(info.Names)},
		{Name: "lachan_bundle_bytes", Help: "Size of the current bundle.", Value: float64(info.Bytes)},
		{Name: "lachan_bundle_age_seconds", Help: "Time since the current bundle was built.", Value: h.age(info.Created)},
		{Name: "lachan_bundle_pending_lists", Help: "Lists that the next bundle would take up.", Value: float64(lists)},
		{Name: "lachan_deltas_over_bundle", Help: "Deltas that lie over the current bundle.", Value: float64(over)},
		{Name: "lachan_delta_number", Help: "Number of the newest delta.", Value: float64(delta)},
		{Name: "lachan_rollout_stage_percent", Help: "Nodes in a hundred that are given the current bundle.", Value: float64(stage)},
		{Name: "lachan_rollout_halted", Help: "1 if the roll-out of the current bundle stands still.", Value: halted},
	}, nil
}

func (h *Hub) sampleLists(ctx context.Context) ([]telemetry.Sample, error) {
	lists, err := h.Schools.Lists(ctx, operator())
	if err != nil {
		return nil, err
	}
	var subscribed, due, failed, held int
	for _, l := range lists {
		if l.Held != nil {
			held++
		}
		if s := l.Subscription; s != nil {
			subscribed++
			if s.Due.Before(h.clock.Now()) {
				due++
			}
			if s.Outcome == schools.Failed {
				failed++
			}
		}
	}
	of := func(state string, n int) telemetry.Sample {
		return telemetry.Sample{Name: "lachan_lists", Help: "Block lists.", Label: "state", Of: state, Value: float64(n)}
	}
	return []telemetry.Sample{of("all", len(lists)), of("subscribed", subscribed), of("due", due), of("failed", failed), of("held", held)}, nil
}

// nodeStates are the words of the states of nodes.
var nodeStates = [...]struct {
	state schools.NodeState
	word  string
}{{schools.NodeOK, "ok"}, {schools.NodeBehind, "behind"}, {schools.NodeSilent, "silent"}, {schools.NodeWaiting, "waiting"}}

func (h *Hub) sampleNodes(ctx context.Context) ([]telemetry.Sample, error) {
	nodes, err := h.Schools.Nodes(ctx, operator())
	if err != nil {
		return nil, err
	}
	info, err := h.Schools.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return nil, err
	}
	r, err := h.Schools.Rollout(ctx)
	if err != nil {
		return nil, err
	}
	delta, err := h.Schools.HighestDelta(ctx)
	if err != nil {
		return nil, err
	}
	count := map[schools.NodeState]int{}
	for _, n := range nodes {
		if n.Revoked.IsZero() {
			count[h.Schools.State(n, r.Expected(n.ID, info.Number), delta)]++
		}
	}
	var all []telemetry.Sample
	for _, s := range nodeStates {
		all = append(all, telemetry.Sample{Name: "lachan_nodes", Help: "Nodes in schools, without those revoked.", Label: "state", Of: s.word, Value: float64(count[s.state])})
	}
	if h.natsd != nil {
		all = append(all, telemetry.Sample{Name: "lachan_bus_connections", Help: "Connections to the embedded bus.", Value: float64(h.natsd.Connections())})
	}
	return all, nil
}

func (h *Hub) sampleStores(ctx context.Context) ([]telemetry.Sample, error) {
	size, err := h.DB.Size(ctx)
	if err != nil {
		return nil, err
	}
	head, err := h.Ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	waiting, oldest, err := h.Ledger.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	return []telemetry.Sample{
		{Name: "lachan_database_bytes", Help: "Room that the database takes.", Value: float64(size)},
		{Name: "lachan_ledger_entries", Help: "Entries under the signed head of the ledger.", Value: float64(head.Size)},
		{Name: "lachan_ledger_waiting", Help: "Entries that wait for the sequencer.", Value: float64(waiting)},
		{Name: "lachan_ledger_waiting_seconds", Help: "How long the oldest of them waits.", Value: h.age(oldest)},
	}, nil
}
