// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// moment is one thing that happened, at a time of the past.
type moment struct {
	at time.Time
	do func(context.Context) error
	of string // for an error's text
}

// past is what happened before the demo began.
type past struct {
	in      *instance
	moments []moment
}

func (p *past) at(t time.Time, of string, do func(context.Context) error) {
	p.moments = append(p.moments, moment{t, do, of})
}

// happen lets everything happen in the order of time, each with the hub's
// clock at its moment, and puts the clock right in the end.
func (p *past) happen(ctx context.Context) error {
	slices.SortStableFunc(p.moments, func(a, b moment) int { return a.at.Compare(b.at) })
	now := time.Now()
	for _, m := range p.moments {
		if m.at.Before(now) {
			p.in.clock.To(m.at)
		} else {
			p.in.clock.Right()
		}
		if err := m.do(ctx); err != nil {
			return fmt.Errorf("demo: %s: %w", m.of, err)
		}
	}
	p.in.clock.Right()
	return nil
}
