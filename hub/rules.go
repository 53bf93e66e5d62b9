// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"time"

	"lachan/internal/jobs"
)

// forgetEvery is how often what back-tests no longer need is dropped.
const forgetEvery = 6 * time.Hour

type forgetJob struct{}

// Kind implements jobs.Args.
func (forgetJob) Kind() string { return "detection.forget" }

func (h *Hub) handleRules() {
	jobs.Handle(h.queue, func(ctx context.Context, _ forgetJob) error { return h.Detection.Forget(ctx) })
	jobs.Every(h.queue, forgetEvery, forgetJob{})
}
