// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"time"
)

// Done is what may be counted of a request or a job: by its route, never by
// its address, and nothing of who asked or for what.
type Done struct {
	Name   string // of the event: "request", "api", "job"
	Method string // of a request
	Route  string // of a request, with names in the place of values; "" where none fitted
	Kind   string // of a job
	Status int    // of a request's answer
	Failed bool   // through our own fault
	Start  time.Time
	Took   time.Duration
}

type observerKey struct{}

// Observe lets each hear of every event that begins under the context, at its
// end. It must not wait.
func Observe(ctx context.Context, each func(Done)) context.Context {
	return context.WithValue(ctx, observerKey{}, each)
}

// done tells the observer, with the lock held.
func (e *Event) done(ourFault bool, took time.Duration) {
	if e.observer == nil {
		return
	}
	d := Done{Name: e.name, Failed: ourFault, Start: e.start, Took: took}
	for _, a := range e.attrs {
		switch a.Key {
		case "method":
			d.Method = a.Value.String()
		case "route":
			d.Route = a.Value.String()
		case "kind":
			d.Kind = a.Value.String()
		case "status":
			d.Status = int(a.Value.Int64())
		}
	}
	e.observer(d)
}
