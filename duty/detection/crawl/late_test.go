// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"errors"
	"testing"
	"time"

	"lachan/internal/testkit/site"
)

// late is a context that is told of its end some time after its deadline, as on
// a machine that has other work.
type late struct {
	context.Context
	end  time.Time
	done <-chan struct{}
}

func lateContext(end time.Time, by time.Duration) late {
	done := make(chan struct{})
	time.AfterFunc(time.Until(end)+by, func() { close(done) })
	return late{context.Background(), end, done}
}

func (l late) Deadline() (time.Time, bool) { return l.end, true }
func (l late) Done() <-chan struct{}       { return l.done }

func (l late) Err() error {
	select {
	case <-l.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestTheEndOfASliceLosesNoPage: between the deadline of a scan's slice and the
// moment it is told, every dial fails. None of these pages is too slow, and
// robots.txt that could not be read then denies nothing.
func TestTheEndOfASliceLosesNoPage(t *testing.T) {
	s := site.New(t, 400)
	p := Plan{Kind: Page, URLs: []string{s.Main.URL + "/muc/0", s.Main.URL + "/muc/1", s.Main.URL + "/muc/2", s.Main.URL + "/muc/3"}, Depth: 1, Limits: Limits{PageLinks: 2000}}
	for name, begin := range map[string]func() late{
		"before robots.txt": func() late { return lateContext(time.Now().Add(-time.Second), time.Second+200*time.Millisecond) },
		"in the middle":     func() late { return lateContext(time.Now().Add(20*time.Millisecond), 200*time.Millisecond) },
	} {
		l := lookAt(s, quick())
		report, rest, err := Crawl(begin(), p, l.Deps, nil)
		if !errors.Is(err, context.DeadlineExceeded) || rest == nil {
			t.Fatalf("%s: %v", name, err)
		}
		if report, _, err = Crawl(context.Background(), p, l.Deps, rest); err != nil {
			t.Fatal(err)
		}
		if len(l.found) != 404 || report.Counts[TooSlow] > 0 || report.Counts[Failed] > 0 || report.Counts[Robots] > 0 {
			t.Errorf("%s: %d items, %v", name, len(l.found), report.Counts)
		}
	}
}
