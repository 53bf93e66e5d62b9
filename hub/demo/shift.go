// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"sync/atomic"
	"time"

	"lachan/internal/clock"
)

// Shift is a clock that runs at its own offset from the machine's, so that
// what happened last year can be made to happen. It is safe for concurrent
// use.
type Shift struct{ offset atomic.Int64 }

var _ clock.Clock = (*Shift)(nil)

// Now implements clock.Clock.
func (s *Shift) Now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load())).In(clock.Vietnam)
}

// To sets the clock to t; it goes on from there.
func (s *Shift) To(t time.Time) { s.offset.Store(int64(time.Until(t))) }

// Back sets the clock d behind the machine's.
func (s *Shift) Back(d time.Duration) { s.offset.Store(-int64(d)) }

// Right sets the clock to the machine's.
func (s *Shift) Right() { s.offset.Store(0) }
