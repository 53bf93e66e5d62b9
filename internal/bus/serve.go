// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"lachan/internal/problem"
)

const (
	// problemHeader carries the code of a problem in a reply.
	problemHeader = "Lachan-Problem"
	// maxServing is how many requests one hub works on at once.
	maxServing = 64
	// serveTimeout bounds one request at the hub.
	serveTimeout = 30 * time.Second
)

// Serve answers the nodes' requests by h until ctx ends. Several hubs share
// the work: each request reaches one of them.
func (b *Bus) Serve(ctx context.Context, h Hub) error {
	slots := make(chan struct{}, maxServing)
	handle := map[string]func(context.Context, string, []byte) ([]byte, error){
		verbState: func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			s, err := h.State(ctx)
			if err != nil {
				return nil, err
			}
			return json.Marshal(s)
		},
		verbChunk: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			r, err := read[ChunkRequest](data)
			if err != nil {
				return nil, err
			}
			c, err := h.BundleChunk(ctx, node, r)
			return c.encode(), err
		},
		verbPatch: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			r, err := read[PatchRequest](data)
			if err != nil {
				return nil, err
			}
			c, err := h.BundlePatch(ctx, node, r)
			return c.encode(), err
		},
		verbDeltas: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			after, err := read[uint64](data)
			if err != nil {
				return nil, err
			}
			deltas, err := h.DeltasAfter(ctx, node, after)
			return encodeRun(deltas), err
		},
		verbKeys: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			after, err := read[uint64](data)
			if err != nil {
				return nil, err
			}
			lists, err := h.KeyLists(ctx, node, after)
			return encodeRun(lists), err
		},
		verbSide: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			school, err := read[string](data)
			if err != nil {
				return nil, err
			}
			return h.Side(ctx, node, school)
		},
		verbCounts: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			c, err := read[Counts](data)
			if err != nil {
				return nil, err
			}
			if err := c.Validate(); err != nil {
				return nil, err
			}
			return nil, h.Counts(ctx, node, c)
		},
		verbHealth: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			m, err := read[Health](data)
			if err != nil {
				return nil, err
			}
			return nil, h.Health(ctx, node, m)
		},
		verbAsk: func(ctx context.Context, node string, data []byte) ([]byte, error) {
			m, err := read[Ask](data)
			if err != nil {
				return nil, err
			}
			return nil, h.Ask(ctx, node, m)
		},
	}
	var subs []*nats.Subscription
	for verb, f := range handle {
		sub, err := b.conn.QueueSubscribe(subjectRequest("*", verb), "hub", func(m *nats.Msg) {
			slots <- struct{}{}
			b.serving.Add(1)
			go func() {
				defer func() { b.serving.Done(); <-slots }()
				ctx, cancel := context.WithTimeout(ctx, serveTimeout)
				defer cancel()
				data, err := f(ctx, nodeOf(m.Subject), m.Data)
				b.reply(ctx, m, data, err)
			}()
		})
		if err != nil {
			return problem.New("bus/unreachable").Wrap(err)
		}
		subs = append(subs, sub)
	}
	if err := b.conn.FlushTimeout(5 * time.Second); err != nil {
		return problem.New("bus/unreachable").Wrap(err)
	}
	go func() {
		<-ctx.Done()
		for _, s := range subs {
			_ = s.Drain() // the connection may be gone already
		}
	}()
	return nil
}

func (b *Bus) reply(ctx context.Context, m *nats.Msg, data []byte, err error) {
	out := nats.NewMsg(m.Reply)
	out.Data = data
	if err != nil {
		out.Data = nil
		out.Header.Set(problemHeader, problem.From(err).Code)
		b.log.LogAttrs(ctx, slog.LevelWarn, "bus request failed",
			slog.String("subject", m.Subject), slog.String("error", err.Error()))
	}
	if err := b.conn.PublishMsg(out); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "bus reply lost", slog.String("subject", m.Subject), slog.String("error", err.Error()))
	}
}

func read[T any](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, problem.New("bus/bad-request")
	}
	return v, nil
}
