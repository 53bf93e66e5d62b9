// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/problem"
)

func (w *world) importList(name, text string) detection.Pull {
	w.t.Helper()
	p, err := w.ImportList(w.ctx, w.an(), name, strings.NewReader(text))
	w.ok(err)
	return p
}

func TestAFileIsTakenIn(t *testing.T) {
	w := exchangeWorld(t)
	w.exchange(detection.Exchange{Name: "FILES", Format: exchange.CSV})
	w.ok(w.MapColumns(w.ctx, w.an(), "FILES", map[string]string{"signal_value": "Hash", "category": "Cat", "id": "Ref"}))
	head := "Ref;Hash;Cat;status\n"
	p := w.importList("FILES", head+"1;"+md5Of(1)+";A;\n2;"+md5Of(2)+";B;\n3;xyz;B;\n4;;;\n")
	if p.State != detection.PullDone || p.Counts.Fresh != 2 || p.Counts.Skipped == 0 || p.By != w.an().Name() {
		t.Fatalf("%+v %v", p, p.Fault)
	}
	found := w.finds(exchange.MD5, md5Of(2))
	if len(found) != 1 {
		t.Fatal("not found")
	}
	// Known by its id: changed, not doubled; one that somebody here switched
	// off stays off.
	w.ok(w.DisableContent(w.ctx, w.an(), found[0].Content, detection.ForGood()))
	p = w.importList("FILES", head+"1;"+md5Of(1)+";C;\n2;"+md5Of(2)+";D;\n")
	if p.Counts.Changed != 2 || p.Counts.Fresh != 0 || w.contents() != 2 || len(w.finds(exchange.MD5, md5Of(2))) != 0 {
		t.Errorf("%+v, %d contents", p, w.contents())
	}
	c, err := w.Content(w.ctx, w.an(), found[0].Content)
	w.ok(err)
	if c.Category != "D" {
		t.Errorf("%+v", c)
	}
	if p = w.importList("FILES", head+"1;;;withdrawn\n"); p.Counts.Withdrawn != 1 || w.contents() != 1 {
		t.Errorf("%+v", p)
	}
	// Held harmless by its source, and harmful again.
	p = w.importList("FILES", head+"5;"+md5Of(5)+";;harmless\n")
	if p.Counts.Fresh != 1 || len(w.finds(exchange.MD5, md5Of(5))) != 0 {
		t.Errorf("%+v", p)
	}
	p = w.importList("FILES", head+"5;"+md5Of(5)+";;active\n")
	if p.Counts.Changed != 1 || len(w.finds(exchange.MD5, md5Of(5))) != 1 {
		t.Errorf("%+v", p)
	}
	// A list that breaks off gives what stood before.
	w.exchange(detection.Exchange{Name: "JSON", Format: exchange.StopNCII})
	p = w.importList("JSON", strings.TrimSuffix(stopPage("", 1, stopRecord(pdqOf(1), "Active")), "]}"))
	if p.State != detection.PullFailed || p.Fault.Code != "exchange/damaged" || p.Counts.Fresh != 1 {
		t.Errorf("%+v %v", p, p.Fault)
	}
	if w.kinds.count("detection.list_imported") != 6 {
		t.Errorf("%d ledger entries", w.kinds.count("detection.list_imported"))
	}
	w.ok(w.DropExchange(w.ctx, w.an(), "FILES"))
	if w.contents() != 1 {
		t.Errorf("%d contents after it was dropped", w.contents())
	}
	if _, err := w.ImportList(w.ctx, w.an(), "FILES", strings.NewReader("")); !problem.Is(err, "detection/no-exchange") {
		t.Errorf("%v", err)
	}
	w.exchange(detection.Exchange{Name: "FILES", Format: exchange.Lines}) // and begins anew
	if p := w.importList("FILES", md5Of(1)+"\n"); p.Counts.Fresh != 1 {
		t.Errorf("%+v", p)
	}
	w.ok(w.DropBank(w.ctx, w.an(), "OTHERS"))
	if p := w.importList("FILES", md5Of(2)+"\n"); p.State != detection.PullFailed || p.Fault.Code != "detection/no-bank" {
		t.Errorf("into a bank that was dropped: %+v %v", p, p.Fault)
	}
}

// A bank written as a list is read again as the same bank.
func TestABankGoesOutAndComesBack(t *testing.T) {
	for _, f := range detection.OutFormats() {
		t.Run(string(f), func(t *testing.T) {
			w := exchangeWorld(t)
			var gone int64
			for n := range 5 {
				id, err := w.AddContent(w.ctx, w.an(), detection.Content{Bank: "OTHERS", Signals: []detection.Signal{{Type: exchange.PDQ, Value: pdqOf(n)}, {Type: exchange.MD5, Value: md5Of(n)}}})
				w.ok(err)
				gone = id
			}
			w.ok(w.DropContent(w.ctx, w.an(), gone))
			var out bytes.Buffer
			_, err := w.ExportBank(w.ctx, w.an(), "OTHERS", f, exchange.Head{Source: "mau.example", URL: "https://mau.example"}, func() io.Writer { return &out })
			w.ok(err)
			if w.kinds.count("detection.bank_exported") != 1 {
				t.Error("no ledger entry")
			}
			w.ok(w.AddBank(w.ctx, w.an(), detection.Bank{Name: "BACK", Label: detection.OtherLabel, Severity: 3, Permille: 1000}))
			w.ok(w.AddExchange(w.ctx, w.an(), detection.Exchange{Name: "BACK", Bank: "BACK", Format: f}))
			p := w.importList("BACK", out.String())
			if p.State != detection.PullDone {
				t.Fatalf("%+v %v\n%s", p, p.Fault, out.String())
			}
			for n := range 5 {
				want := 2
				if n == 4 {
					want = 0
				}
				for _, found := range [][]detection.Match{w.finds(exchange.PDQ, pdqOf(n)), w.finds(exchange.MD5, md5Of(n))} {
					if len(found) != want {
						t.Errorf("%d: %+v", n, found)
					}
				}
			}
		})
	}
	w := exchangeWorld(t)
	begun := false
	begin := func() io.Writer { begun = true; return io.Discard }
	if _, err := w.ExportBank(w.ctx, w.an(), "OTHERS", exchange.TechAgainst, exchange.Head{}, begin); len(problem.From(err).Fields) != 1 {
		t.Errorf("%v", err)
	}
	if _, err := w.ExportBank(w.ctx, reviewerOf("x"), "NONE", exchange.CSV, exchange.Head{}, begin); !problem.Is(err, "detection/no-bank") || begun {
		t.Errorf("%v", err)
	}
}

// The samples of others, where they are at hand.
func TestSamplesOfOthersAreTakenIn(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data", "exchange")
	taken := 0
	for _, s := range []struct {
		pattern string
		format  exchange.Format
	}{{"vics/*.json", exchange.VICS}, {"stix/*.json", exchange.STIX}} {
		files, err := filepath.Glob(filepath.Join(root, s.pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				w := exchangeWorld(t)
				data, err := os.ReadFile(file)
				w.ok(err)
				w.exchange(detection.Exchange{Name: "SAMPLE", Format: s.format})
				first, again := w.importList("SAMPLE", string(data)), w.importList("SAMPLE", string(data))
				if first.State != detection.PullDone || again.Counts.Fresh != 0 || again.Counts.Changed != 0 && first.Counts.Changed == 0 {
					t.Errorf("%+v %v, again %+v", first, first.Fault, again)
				}
				taken += first.Counts.Fresh
			})
		}
	}
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		t.Skip("no samples here")
	}
	if taken == 0 {
		t.Error("nothing was taken of any sample")
	}
}

// many is a list of n digests that is never whole in memory.
type many struct{ n, at int }

func (m *many) Read(p []byte) (int, error) {
	const line = len("md5 ") + 32 + 1
	if m.at == m.n {
		return 0, io.EOF
	}
	n := 0
	for m.at < m.n && n+line <= len(p) {
		n += copy(p[n:], fmt.Sprintf("md5 %032x\n", m.at+1))
		m.at++
	}
	return n, nil
}

// TestSoakImport takes a million items in and says how fast and in how much
// memory.
func TestSoakImport(t *testing.T) {
	n := 20_000
	if os.Getenv("LACHAN_SOAK") != "" {
		n = 1_000_000
	}
	w := exchangeWorld(t)
	w.exchange(detection.Exchange{Name: "MANY", Format: exchange.Lines})
	peak := uint64(0)
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	began := time.Now()
	p, err := w.ImportList(w.ctx, w.an(), "MANY", &many{n: n})
	took := time.Since(began)
	close(done)
	<-stopped
	w.ok(err)
	if p.Counts.Fresh != n || w.contents() != n {
		t.Fatalf("%+v", p)
	}
	t.Logf("%d items in %s: %.0f a second, heap at most %d MiB", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), peak>>20)
	if peak > 200<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
}
