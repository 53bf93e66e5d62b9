// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/lookalike"
	"lachan/duty/detection/rdap"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/media"
)

// registry is an RDAP service that was asked for names, and when they were
// registered: a date; "" for never; what is no date fails.
type registry struct {
	*httptest.Server
	mu    sync.Mutex
	dates map[string]string
	asked map[string]int
	stall chan struct{} // nil, or closed when answers may go
}

func newRegistry(t *testing.T, dates map[string]string) *registry {
	t.Helper()
	r := &registry{dates: dates, asked: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		name := strings.TrimPrefix(q.URL.Path, "/domain/")
		r.mu.Lock()
		r.asked[name]++
		date, stall := r.dates[name], r.stall
		r.mu.Unlock()
		if stall != nil {
			select {
			case <-stall:
			case <-q.Context().Done():
				return
			}
		}
		if date == "" {
			http.NotFound(w, q)
			return
		}
		fmt.Fprintf(w, `{"objectClassName":"domain","ldhName":%q,"events":[{"eventAction":"registration","eventDate":%q}]}`, name, date)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *registry) set(name, date string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dates[name] = date
}

func (r *registry) times(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[name]
}

// ages has a room ask that registry.
func ages(r *registry) func(*detection.Deps) {
	return func(d *detection.Deps) {
		client := fetch.New(fetch.Options{Agent: "lachan/test", Also: []netip.AddrPort{netip.MustParseAddrPort(r.Listener.Addr().String())}})
		d.Aged = rdap.New(client, clock.System{}, r.URL, 0)
		d.Settings.AgeTime = time.Minute // a machine under load is no fault of the registry's
	}
}

// aged finds something at an address and gives the age that is kept with it.
func (w *world) aged(address string) int {
	w.t.Helper()
	found := w.find(detection.Finding{
		Kind: detection.PageKind, Address: address, Text: samples["gambling"], Lang: "vi", Features: detection.Features{Source: "page", DomainAge: -1, Reach: -1},
	})
	return w.features(found.Item).DomainAge
}

// features are those of an item, as they are stored.
func (w *world) features(item string) detection.Features {
	w.t.Helper()
	var text string
	w.ok(w.db.Writer().QueryRowContext(w.ctx, `SELECT features FROM detection_item WHERE id = $1`, item).Scan(&text))
	var f detection.Features
	w.ok(json.Unmarshal([]byte(text), &f))
	return f
}

// TestADomainIsAskedAboutOnce: what is known is never asked again, what is not
// known after a month, what failed after a day; and never what is protected.
func TestADomainIsAskedAboutOnce(t *testing.T) {
	r := newRegistry(t, map[string]string{"tre.example": "2026-11-20T00:00:00Z", "hong.example": "hôm qua", "truong.example": "2010-01-01"})
	var log bytes.Buffer
	w := newWorld(t, ages(r), func(d *detection.Deps) {
		d.Protected = func(domain string) bool { return domain == "truong.example" }
		d.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	n := 0
	met := func(host string, age, asked int) {
		t.Helper()
		n++
		domain := host[strings.Index(host, ".")+1:]
		if got := w.aged(fmt.Sprintf("https://%s/%d", host, n)); got != age || r.times(domain) != asked {
			t.Fatalf("%s: %d days after %d questions; want %d after %d", host, got, r.times(domain), age, asked)
		}
	}
	met("www.tre.example", 3, 1)
	met("www.tre.example", 3, 1) // another page
	met("kho.tre.example", 3, 1) // another host of the name
	met("www.hong.example", -1, 1)
	met("www.hong.example", -1, 1)
	met("www.khong.example", -1, 1)
	met("www.truong.example", -1, 0)
	r.set("hong.example", "2026-11-01")
	r.set("khong.example", "2026-11-02")
	w.clock.Advance(24*time.Hour - time.Minute)
	met("www.hong.example", -1, 1)
	w.clock.Advance(time.Minute)
	met("www.hong.example", 23, 2)
	met("www.khong.example", -1, 1)
	w.clock.Advance(29 * 24 * time.Hour)
	met("www.khong.example", 51, 2)
	met("www.hong.example", 52, 2)
	r.set("tre.example", "2001-01-01")
	w.clock.Advance(2000 * 24 * time.Hour)
	met("www.tre.example", 2033, 1)
	// Neither the log nor the database says which names were asked about.
	if !strings.Contains(log.String(), "age of a domain") || strings.Contains(log.String(), "example") {
		t.Errorf("log: %s", log.String())
	}
	var rows, open int
	w.ok(w.db.Writer().QueryRowContext(w.ctx, `SELECT COUNT(*), SUM(CASE WHEN domain_hash LIKE '%example%' THEN 1 ELSE 0 END) FROM detection_domain`).Scan(&rows, &open))
	if rows != 3 || open != 0 {
		t.Errorf("%d names, %d of them open", rows, open)
	}
}

// TestFindingsAtOnceAskOnce: scans that meet a name at the same time share the
// answer.
func TestFindingsAtOnceAskOnce(t *testing.T) {
	r := newRegistry(t, map[string]string{"tre.example": "2026-11-20"})
	w := newWorld(t, ages(r))
	found := make([]detection.Found, 8)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() {
			var err error
			found[i], err = w.Find(w.ctx, system(), detection.Finding{
				Kind: detection.PageKind, Address: fmt.Sprintf("https://tre.example/%d", i), Text: samples["gambling"], Lang: "vi",
				Features: detection.Features{Source: "page", DomainAge: -1, Reach: -1},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, f := range found {
		if got := w.features(f.Item).DomainAge; got != 3 {
			t.Errorf("%d days", got)
		}
	}
	if n := r.times("tre.example"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestAFindingDoesNotWaitForItsAge: a registry that does not answer keeps
// nothing out of the queue, and a server that rests is no word about the name.
func TestAFindingDoesNotWaitForItsAge(t *testing.T) {
	r := newRegistry(t, map[string]string{"tre.example": "2026-11-20", "sau.example": "2026-11-20"})
	r.stall = make(chan struct{})
	w := newWorld(t, ages(r), func(d *detection.Deps) { d.Settings.AgeTime = time.Second })
	if got := w.aged("https://tre.example/1"); got != -1 {
		t.Fatalf("%d days, and nobody said so", got)
	}
	if got := w.aged("https://sau.example/1"); got != -1 || r.times("sau.example") != 0 {
		t.Fatalf("%d days; a server that fails was asked %d times", got, r.times("sau.example"))
	}
	r.mu.Lock()
	close(r.stall)
	r.stall = nil
	r.mu.Unlock()
	// A hub that starts anew remembers what failed, and what was not asked.
	ages(r)(&w.deps)
	again, err := detection.New(w.deps)
	w.ok(err)
	defer func() { w.ok(again.Close()) }()
	w.Service = again
	if first, second := w.aged("https://tre.example/2"), w.aged("https://sau.example/2"); first != -1 || second != 3 {
		t.Fatalf("what failed is %d days, what was not asked about %d", first, second)
	}
}

// TestAgesOfOthersAreKnown: a name that looks like another, and the place where
// an officer saw what he brings.
func TestAgesOfOthersAreKnown(t *testing.T) {
	r := newRegistry(t, map[string]string{"vietc0mbank.example": "2026-11-22", "mau.example": "2026-11-13"})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/" {
			http.NotFound(rw, q)
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, `<p>Vườn rau <a href="https://vietc0mbank.example/">xem</a>`)
	}))
	defer server.Close()
	examiner, err := media.New(media.Options{Workers: 1, FFmpeg: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := examiner.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := newWorld(t, looks(netip.MustParseAddrPort(server.Listener.Addr().String())), ages(r), func(d *detection.Deps) {
		d.Examiner, d.Lookalikes = examiner, lookalike.New([]string{"vietcombank.example"})
	})
	_, err = w.AddSource(w.ctx, w.an(), detection.SourceCommand{Kind: "page", Title: "Trang mẫu", Addresses: server.URL})
	w.ok(err)
	w.scan()
	q, err := w.Queue(w.ctx, w.an())
	if w.ok(err); len(q.Items) != 1 || w.features(q.Items[0].ID).DomainAge != 1 {
		t.Fatalf("queue %+v", q.Items)
	}
	var file bytes.Buffer
	w.ok(jpeg.Encode(&file, scene(3, 200), nil))
	found, err := w.Bring(w.ctx, w.an(), bytes.NewReader(file.Bytes()), detection.BringCommand{Address: "https://anh.mau.example/hinh.jpg"})
	if w.ok(err); w.features(found.Item).DomainAge != 10 {
		t.Errorf("brought: %+v", w.features(found.Item))
	}
	file.Reset()
	w.ok(jpeg.Encode(&file, scene(4, 200), nil))
	found, err = w.Bring(w.ctx, w.an(), bytes.NewReader(file.Bytes()), detection.BringCommand{Words: "không rõ nơi thấy"})
	if w.ok(err); w.features(found.Item).DomainAge != -1 {
		t.Errorf("from nowhere: %+v", w.features(found.Item))
	}
}
