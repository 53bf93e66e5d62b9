// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"sync"
	"time"
)

// flights lets one question wait for the answer of an equal one that is on its
// way, so that a class opening the same page asks the upstream once.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
	wait  sync.WaitGroup
}

// flight is one question on its way.
type flight struct {
	done  chan struct{}
	entry *entry
	err   error
}

// start begins to ask, or gives the equal question that is under way; nil if
// there are already most others.
func (f *flights) start(key string, most int, ask func() (*entry, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if running, ok := f.byKey[key]; ok {
		return running
	}
	if len(f.byKey) >= most {
		return nil
	}
	mine := &flight{done: make(chan struct{})}
	f.byKey[key] = mine
	f.wait.Go(func() {
		mine.entry, mine.err = ask()
		f.mu.Lock()
		delete(f.byKey, key)
		f.mu.Unlock()
		close(mine.done)
	})
	return mine
}

// result waits for the answer, no longer than patience; 0 is for ever.
func (f *flight) result(ctx context.Context, patience time.Duration) (*entry, error) {
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	select {
	case <-f.done:
		return f.entry, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
