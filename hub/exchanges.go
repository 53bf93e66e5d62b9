// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/jobs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// How foreign lists of signals are kept up to date: once a minute one hub
// claims the exchanges that are due, and a job for each asks for what is new.
const (
	exchangesEvery = time.Minute
	exchangeLimit  = 10 * time.Minute // of one turn; less than a claim holds
)

type exchangesDueJob struct{}

// Kind implements jobs.Args.
func (exchangesDueJob) Kind() string { return "detection.exchanges_due" }

// exchangePullJob asks one exchange.
type exchangePullJob struct {
	Exchange string `json:"exchange"`
}

// Kind implements jobs.Args.
func (exchangePullJob) Kind() string { return "detection.exchange_pull" }

func (h *Hub) handleExchanges() {
	jobs.Handle(h.queue, func(ctx context.Context, _ exchangesDueJob) error {
		return h.Detection.ClaimExchanges(ctx, func(ctx context.Context, tx *sqldb.Tx, name string) error {
			return h.queue.Insert(ctx, tx, exchangePullJob{name}, time.Time{})
		})
	})
	jobs.Every(h.queue, exchangesEvery, exchangesDueJob{})
	jobs.HandleLong(h.queue, exchangeLimit, func(ctx context.Context, j exchangePullJob) error {
		err := h.Detection.PullExchange(ctx, authz.System("detection.exchange_pull"), j.Exchange)
		if problem.KindOf(err) == problem.NotFound {
			return nil // dropped since
		}
		return err
	})
}
