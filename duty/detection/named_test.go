// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/fetch"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// named lets a room look at names that a server of the test knows, all inside,
// and counts how often one was asked for.
func named(t *testing.T, asked *atomic.Int64) func(*detection.Deps) {
	t.Helper()
	names, err := dnswire.NewAuthority("bay-mau.example. 300 IN A 127.0.0.1\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := names.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := names.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		asked.Add(1)
		var d net.Dialer
		return d.DialContext(ctx, "udp", names.Addr())
	}}
	return func(d *detection.Deps) {
		client := fetch.New(fetch.Options{Agent: "lachan/test (+mailto:phongto@mau.example)", Resolver: resolver})
		d.Manners = crawl.NewManners(client, clock.System{}, "lachan", crawl.Pace{Pause: time.Nanosecond, Longest: time.Millisecond, Wait: time.Millisecond})
		d.Software = "lachan/test"
		d.Lookalikes = lookalike.New([]string{"truongmau.example"})
		d.Aged = deaf{asked}
		d.Ordinary = func(domain string) bool { return domain != "nen-tang.example" }
	}
}

// deaf counts the questions for ages with the others and knows none.
type deaf struct{ asked *atomic.Int64 }

func (r deaf) Registered(context.Context, string) (time.Time, error) {
	r.asked.Add(1)
	return time.Time{}, nil
}

// hear is a report that links to a name, told by so many.
func (w *world) hear(domain string, reporters int) {
	w.t.Helper()
	w.ok(w.db.Tx(w.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return w.Hear(ctx, tx, []detection.Name{{Domain: domain, Reporters: reporters}})
	}))
}

func (w *world) counts(want detection.NameCounts) {
	w.t.Helper()
	got, err := w.NameCounts(w.ctx, w.an())
	w.ok(err)
	if got != want {
		w.t.Errorf("names %+v, want %+v", got, want)
	}
}

// TestANameOfOneReportIsNotVisited: a visit tells the owner of a site that
// somebody told. One report alone leads to no question, not even for the
// address of the name.
func TestANameOfOneReportIsNotVisited(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, named(t, &asked))
	w.hear("bay-mau.example", 1) // no source of the kind: not kept
	id, err := w.AddSource(w.ctx, w.an(), detection.SourceCommand{Kind: "reported", Title: "Phản ánh", Every: 60})
	w.ok(err)
	w.counts(detection.NameCounts{})
	w.hear("bay-mau.example", 1)
	w.hear("nen-tang.example", 9)
	w.counts(detection.NameCounts{Alone: 1})
	w.scan()
	_, scans, err := w.Source(w.ctx, w.an(), id)
	w.ok(err)
	if len(scans) != 0 || asked.Load() != 0 {
		t.Fatalf("%d scans, %d questions for names", len(scans), asked.Load())
	}

	w.hear("bay-mau.example", 2)
	w.scan() // its time has not come
	w.counts(detection.NameCounts{Next: 1})
	w.clock.Advance(time.Hour)
	w.scan()
	if _, scans, err = w.Source(w.ctx, w.an(), id); err != nil || len(scans) != 1 || asked.Load() == 0 {
		t.Fatalf("%d scans, %d questions, %v", len(scans), asked.Load(), err)
	}
	var tried []string
	for _, samples := range scans[0].Report.Samples {
		tried = append(tried, samples...)
	}
	if len(tried) != 1 || tried[0] != "https://bay-mau.example/" {
		t.Errorf("visited %v", tried)
	}
	w.counts(detection.NameCounts{Visited: 1})

	// A name is new once.
	w.hear("bay-mau.example", 3)
	w.clock.Advance(time.Hour)
	before := asked.Load()
	w.scan()
	if asked.Load() != before {
		t.Error("it was visited again")
	}
	w.counts(detection.NameCounts{Visited: 1})
}

// TestALookalikeInAReportNeedsNoVisit: a name made to be taken for a school's is
// in the queue with the first report, and nobody was asked for it.
func TestALookalikeInAReportNeedsNoVisit(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, named(t, &asked))
	_, err := w.AddSource(w.ctx, w.an(), detection.SourceCommand{Kind: "reported", Title: "Phản ánh", Every: 60})
	w.ok(err)
	w.hear("truong-mau.example", 1)
	w.scan()
	w.scan()
	q, err := w.Queue(w.ctx, w.an())
	w.ok(err)
	if len(q.Items) != 1 || q.Items[0].Kind != detection.LookalikeKind || q.Items[0].Features.Source != "reported" || q.Items[0].Seen != 1 {
		t.Fatalf("queue %+v", q.Items)
	}
	if asked.Load() != 0 {
		t.Errorf("%d questions for names", asked.Load())
	}
}

// TestNamesOfReportsAreForgotten: a name is kept where it waits, under the hub's
// own key, and not for longer.
func TestNamesOfReportsAreForgotten(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, named(t, &asked))
	id, err := w.AddSource(w.ctx, w.an(), detection.SourceCommand{Kind: "reported", Title: "Phản ánh", Every: 60})
	w.ok(err)
	w.hear("bay-mau.example", 2)
	w.hear("le-loi.example", 1)
	w.scan()
	w.clock.Advance(time.Hour)
	w.scan()
	w.counts(detection.NameCounts{Alone: 1, Visited: 1})
	w.clock.Advance(89 * 24 * time.Hour)
	w.ok(w.ForgetNames(w.ctx))
	w.counts(detection.NameCounts{Alone: 1, Visited: 1})
	w.clock.Advance(2 * 24 * time.Hour)
	w.ok(w.ForgetNames(w.ctx))
	w.counts(detection.NameCounts{Visited: 1}) // of which a keyed hash is left

	// Paused, it hears nothing.
	w.ok(w.SetSource(w.ctx, w.an(), id, detection.SourcePaused))
	w.hear("khac-mau.example", 2)
	w.counts(detection.NameCounts{Visited: 1})
}

func TestASourceOfReportsTakesNoAddress(t *testing.T) {
	w := newWorld(t)
	for field, c := range map[string]detection.SourceCommand{
		"addresses": {Kind: "reported", Title: "Phản ánh", Every: 60, Addresses: "https://bay-mau.example/"},
		"every":     {Kind: "reported", Title: "Phản ánh"},
	} {
		_, err := w.AddSource(w.ctx, w.an(), c)
		if p := problem.From(err); err == nil || len(p.Fields) != 1 || !strings.HasPrefix(p.Fields[0].Name, field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
