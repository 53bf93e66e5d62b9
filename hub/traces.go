// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"time"

	"lachan/internal/telemetry"
)

// traceEnd is how long a stop waits for the last spans to be taken.
const traceEnd = 3 * time.Second

// openTraces begins to send traces where the settings name a collector.
func (h *Hub) openTraces(ctx context.Context) error {
	if h.opts.Offline || h.cfg.Telemetry.OTLP == "" {
		return nil
	}
	t, err := telemetry.NewTraces(ctx, h.cfg.Telemetry.OTLP, h.opts.Version)
	if err != nil {
		return err
	}
	h.observers = append(h.observers, t.Observe)
	h.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), traceEnd)
		defer cancel()
		// A collector that is gone is no reason to end in failure.
		_ = t.Close(ctx)
		return nil
	})
	return nil
}
